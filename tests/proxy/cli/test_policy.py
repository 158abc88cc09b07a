from __future__ import annotations

import json
from typing import TYPE_CHECKING

from policies.loader import load_policy, load_policy_text

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.cli import Sluicegate


def test_validate_names_every_valid_policy_and_its_revision(sluicegate: Sluicegate, policy_file: Path) -> None:
    ran = sluicegate("policy", "validate", str(policy_file))
    revision = load_policy(policy_file).revision[:12]
    assert (ran.code, ran.out) == (0, f"{policy_file}: valid: small@{revision}, 2 rules, mode enforce\n")


def test_validate_reports_the_problems_of_all_files(
    sluicegate: Sluicegate, policy_file: Path, tmp_path: Path
) -> None:
    bad = [tmp_path / "a.yaml", tmp_path / "b.yaml"]
    for path in bad:
        path.write_text("version: 2\nrules: []\n")
    ran = sluicegate("policy", "validate", *map(str, bad), str(policy_file), str(tmp_path / "nix.yaml"))
    assert ran.code == 2
    assert [line.split(":")[0] for line in ran.err.splitlines()] == [*map(str, bad), str(tmp_path / "nix.yaml")]
    assert ran.out.startswith(f"{policy_file}: valid")


def test_show_writes_a_policy_that_loads_to_the_same_revision(sluicegate: Sluicegate, policy_file: Path) -> None:
    ran = sluicegate("policy", "show", str(policy_file))
    revision = load_policy(policy_file).revision
    assert ran.code == 0
    assert ran.out.startswith(f"# revision: {revision}\n")
    assert load_policy_text(ran.out).revision == revision


def test_show_as_json_holds_the_same(sluicegate: Sluicegate, policy_file: Path) -> None:
    shown = json.loads(sluicegate("policy", "show", "--json", str(policy_file)).out)
    assert shown["revision"] == load_policy(policy_file).revision
    assert [rule["id"] for rule in shown["policy"]["rules"]] == ["stop", "soften"]
    assert shown["warnings"] == []


def test_the_tests_of_a_policy_run_through_the_guard(sluicegate: Sluicegate, policy_file: Path) -> None:
    ran = sluicegate("policy", "test", str(policy_file))
    assert (ran.code, ran.out) == (0, f"PASS {policy_file}:9 gosh is masked\n")
    assert ran.err == "1 of 1 tests passed.\n"


def test_a_test_that_fails_says_what_it_expected_and_exits_1(sluicegate: Sluicegate, policy_file: Path) -> None:
    policy_file.write_text(policy_file.read_text().replace("oh <MILD>, no", "oh dear, no"))
    ran = sluicegate("policy", "test", str(policy_file))
    assert ran.code == 1
    assert ran.out.splitlines() == [
        f"FAIL {policy_file}:9 gosh is masked",
        "     text: 'oh gosh, no'",
        "     output: expected 'oh dear, no', got 'oh <MILD>, no'.",
    ]
    assert ran.err == "0 of 1 tests passed.\n"


def test_a_policy_without_tests_is_told_so(sluicegate: Sluicegate, tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text("version: 1\nrules: []\n")
    ran = sluicegate("policy", "test", str(path))
    assert ran.code == 0
    assert "has no tests" in ran.err


def test_a_policy_that_does_not_load_exits_2_before_any_test_runs(
    sluicegate: Sluicegate, policy_file: Path, tmp_path: Path
) -> None:
    ran = sluicegate("policy", "test", str(policy_file), str(tmp_path / "nix.yaml"))
    assert (ran.code, ran.out) == (2, "")


def test_validate_warns_of_patterns_that_can_take_long(sluicegate: Sluicegate, tmp_path: Path) -> None:
    """Each at its line, in whichever file; a policy that can be used is valid all the same."""
    policy, staff = tmp_path / "p.yaml", tmp_path / "staff.yaml"
    policy.write_text(
        "version: 1\ndetectors:\n  people:\n    type: presidio\n    recognizers:\n"
        "      - name: claims\n        supported_entity: CLAIM\n        patterns:\n"
        "          - {name: digits, regex: '(?<!\\d)\\d{7}(?!\\d)', score: 0.5}\n"
        "          - {name: endless, regex: '(?:\\d+(?=\\d))+x', score: 0.5}\n"
        "    recognizers_file: staff.yaml\n"
        "rules:\n  - {id: people, detector: people, action: redact}\n"
    )
    staff.write_text(
        "recognizers:\n  - name: twice\n    supported_entity: TWICE\n"
        "    patterns:\n      - {name: word, regex: '(\\w+) \\1', score: 0.4}\n"
    )
    ran = sluicegate("policy", "validate", str(policy))
    assert (ran.code, ran.out.startswith(f"{policy}: valid: ")) == (0, True)
    first, second = ran.err.splitlines()
    assert first.startswith(
        f'warning: {policy}:10:29 detector "people": recognizers[0].patterns[1].regex: pattern '
    )
    assert "'endless' of 'claims' backtracks, because of its look-ahead (character 7)" in first
    assert second.startswith(f'warning: {staff}:5:22 detector "people": recognizers[0].patterns[0].regex: pattern ')
    assert second.endswith("write the repeated part out, or one alternative for each.")
    shown = json.loads(sluicegate("policy", "show", "--json", str(policy)).out)
    assert [f"warning: {one}" for one in shown["warnings"]] == [first, second]
