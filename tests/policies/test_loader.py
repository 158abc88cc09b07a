"""Loading policies: every message of the broken ones, inheritance, what is resolved, and the revision."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from detectors.types import ChannelKind
from policies.encryption import trial_encryption
from policies.loader import Keys, load, load_policy, load_policy_text, resolve_policy
from policies.problems import PolicyError
from policies.types import Action, Direction, Limits, Mode, OnError, PolicyTest, Rule

CONTRACT = """
version: 1
name: acme
extends: default
mode: enforce
on_error: block
limits: {deadline: 500ms, max_hold: 2s, max_hold_chars: 2000}

detectors:
  pii:       {type: presidio, entities: [EMAIL_ADDRESS, PHONE_NUMBER, CREDIT_CARD, US_SSN, IBAN_CODE]}
  secrets:   {type: secrets}
  codenames: {type: keywords, words: [Project Orion, falcon-9b]}
  tickets:   {type: patterns, patterns: {ticket: 'TKT-[0-9]{6}'}}

rules:
  - id: contact-details
    detector: pii
    categories: [EMAIL_ADDRESS, PHONE_NUMBER]
    min_score: 0.4
    direction: response
    channels: [text, reasoning, tool_arguments]
    action: redact
    replacement: "<{category}>"
  - id: tickets
    detector: tickets
    action: block
    message: "This answer was stopped by a safety policy."
  - id: names
    detector: codenames
    min_score: 0.6
    action: rewrite
    replacement: "[removed]"

tests:
  - name: an e-mail address is masked
    text: "write to jane.roe@example.com today"
    expect: {action: redact, output: "write to <EMAIL_ADDRESS> today"}
"""

SMALL = """
version: 1
detectors:
  words: {type: keywords, words: [falcon]}
rules:
  - {id: words, detector: words, action: redact}
"""


def problems_of(path: Path | str) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        load_policy(path)
    return [str(p) for p in caught.value.problems]


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


def test_everything_in_the_contract_loads() -> None:
    """The policy that the contract shows, with the detectors that exist."""
    policy = load_policy_text(CONTRACT, "acme.yaml", hash_key=b"k")
    assert (policy.name, policy.mode, policy.limits, policy.hash_key) == ("acme", Mode.ENFORCE, Limits(), b"k")
    assert [rule.id for rule in policy.rules] == [
        "secrets",
        "payment-data",
        "government-ids",
        "contact-details",
        "ip-addresses",
        "markings",
        "control-tokens",
        "tickets",
        "names",
    ]
    assert policy.rules[3] == Rule(
        id="contact-details",
        detector="pii",
        action=Action.REDACT,
        categories=frozenset({"EMAIL_ADDRESS", "PHONE_NUMBER"}),
        min_score=0.4,
        channels=frozenset({ChannelKind.TEXT, ChannelKind.REASONING, ChannelKind.TOOL_ARGUMENTS}),
        replacement="<{category}>",
    )
    assert policy.tests == (
        PolicyTest(
            name="an e-mail address is masked",
            text="write to jane.roe@example.com today",
            action=Action.REDACT,
            output="write to <EMAIL_ADDRESS> today",
            direction=Direction.RESPONSE,
            channel=ChannelKind.TEXT,
            line=35,
        ),
    )
    assert set(policy.detectors) == {
        "personal-data",
        "pii",
        "secrets",
        "codenames",
        "tickets",
        "markings",
        "control-tokens",
    }


def test_only_detectors_in_use_are_built() -> None:
    """A detector that no rule names is checked, shown, and not built."""
    unused = "detectors:\n  other: {type: keywords, words: [x]}"
    loaded = load_policy_text(SMALL.replace("detectors:", unused))
    assert set(loaded.detectors) == {"words"}


def test_defaults_of_the_policy_reach_its_rules() -> None:
    """`on_error` of the policy holds for rules that say nothing, and a rule's own wins."""
    own = "\n  - {id: own, detector: words, action: flag, on_error: block}\n"
    policy = load_policy_text(SMALL + "on_error: allow\n")
    assert [r.on_error for r in policy.rules] == [OnError.ALLOW]
    policy = load_policy_text(SMALL.rstrip() + own + "on_error: allow\n")
    assert [r.on_error for r in policy.rules] == [OnError.ALLOW, OnError.BLOCK]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """Missing, a folder, a device, no permission: each has its line."""
    assert problems_of(tmp_path / "no.yaml") == [f"{tmp_path}/no.yaml: there is no such file. Check the path."]
    assert problems_of("no-such") == [
        "no-such: 'no-such' is neither a bundled policy (default, safety, shadow, strict) nor a file."
    ]
    assert problems_of(tmp_path) == [f"{tmp_path}: is a directory. Name a file in it."]
    os.mkfifo(tmp_path / "pipe")
    assert problems_of(tmp_path / "pipe") == [f"{tmp_path}/pipe: cannot be read: not a regular file."]


def test_a_file_without_permission(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The line says who must be let in. (Root may read everything, so the refusal is put in by hand.)"""

    def refuse(_path: Path, _limit: int) -> bytes:
        raise PermissionError(13, "Permission denied")

    with pytest.raises(PolicyError) as caught:
        load(tmp_path / "p.yaml", read=refuse)
    assert str(caught.value) == (
        f"{tmp_path}/p.yaml: cannot be read: permission denied. Let the user that runs Sluicegate read it."
    )


@pytest.mark.parametrize("source", ["default", "safety", "strict", "shadow"])
def test_show_loads_to_the_same_revision(source: str) -> None:
    """The resolved policy, written out, is the same policy without its parents."""
    resolved = resolve_policy(source)
    again = load_policy_text(resolved.to_yaml())
    assert (again.revision, again.name, again.mode, again.limits) == (
        resolved.revision,
        resolved.name,
        resolved.mode,
        resolved.limits,
    )
    assert again.rules == resolved.rules
    assert [(t.name, t.text, t.action, t.output) for t in again.tests] == [
        (t.name, t.text, t.action, t.output) for t in resolved.tests
    ]


def test_show_keeps_texts_that_look_like_something_else(tmp_path: Path) -> None:
    """Words such as `1e5` and `null` come back as texts."""
    write(tmp_path, p=SMALL.replace("[falcon]", "['1e5', 'null', 'no', '12', '~', 'a: b', '#x', 'é', '1_0']"))
    resolved = resolve_policy(tmp_path / "p.yaml")
    assert load_policy_text(resolved.to_yaml()).revision == resolved.revision


def test_the_revision_is_of_what_decides() -> None:
    """Name, tests, comments, order of keys and unused detectors do not change it; everything else does."""
    base = load_policy_text(SMALL).revision
    same = [
        SMALL + "name: other\n",
        "# comment\n" + SMALL,
        SMALL + "tests:\n  - {name: t, text: x, expect: {action: allow}}\n",
        SMALL.replace("detectors:", "detectors:\n  more: {type: secrets}"),
        SMALL.replace(
            "{id: words, detector: words, action: redact}", "{action: redact, detector: words, id: words}"
        ),
        SMALL.replace("words: [falcon]", "words: [falcon], whole_word: true"),
        SMALL + "limits: {deadline: 0.5s}\n",
    ]
    assert [load_policy_text(text).revision for text in same] == [base] * len(same)
    other = [
        SMALL + "mode: shadow\n",
        SMALL + "on_error: allow\n",
        SMALL + "limits: {deadline: 501ms}\n",
        SMALL.replace("falcon", "falcons"),
        SMALL.replace("words: [falcon]", "words: [falcon], whole_word: false"),
        SMALL.replace("action: redact", "action: redact, min_score: 0.1"),
        SMALL.replace("action: redact", "action: redact, replacement: '<{category}>'"),
    ]
    assert len({load_policy_text(text).revision for text in other} | {base}) == len(other) + 1


def test_a_word_file_is_found_beside_the_policy_and_counts_by_content(tmp_path: Path) -> None:
    """`file` is taken from the policy's folder; other words are another revision."""
    (tmp_path / "words.txt").write_text("falcon\n", encoding="utf-8")
    write(tmp_path, p=SMALL.replace("words: [falcon]", "file: words.txt"))
    resolved = resolve_policy(tmp_path / "p.yaml")
    assert [file.path.name for file in resolved.files] == ["p.yaml", "words.txt"]
    (tmp_path / "words.txt").write_text("eagle\n", encoding="utf-8")
    assert resolve_policy(tmp_path / "p.yaml").revision != resolved.revision
    (tmp_path / "words.txt").unlink()
    said = f"cannot read the word list '{tmp_path}/words.txt': No such file or directory."
    assert problems_of(tmp_path / "p.yaml") == [f'{tmp_path}/p.yaml:4:27 detector "words": file: {said}']


def test_a_policy_without_a_name_has_that_of_its_file(tmp_path: Path) -> None:
    """Only characters that a header may hold."""
    path = tmp_path / "acme corp (new).yaml"
    path.write_text(SMALL, encoding="utf-8")
    assert load_policy(path).name == "acme-corp--new"


def test_a_file_called_like_a_bundled_policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bare name is the bundled one, a path is the file."""
    (tmp_path / "default").write_text(SMALL, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert len(load_policy("default").rules) > 1
    assert len(load_policy("./default").rules) == 1
    assert len(load_policy(Path("default")).rules) == 1


def test_token_details_are_part_of_what_a_policy_says() -> None:
    """They are inherited and shown, and change the revision; what holds anyway changes nothing."""
    plain, never = load_policy_text(SMALL), load_policy_text(SMALL + "token_details: never\n")
    assert not plain.drops_token_details
    assert never.drops_token_details
    assert plain.revision != never.revision
    assert plain.revision == load_policy_text(SMALL + "token_details: with_text\n").revision
    assert not load_policy_text(SMALL + "token_details: never\nmode: shadow\n").drops_token_details


def test_a_server_needs_a_key_for_what_it_encrypts(tmp_path: Path) -> None:
    """Each rule is named; a rule that is dropped needs none. The key is no part of the revision."""
    rules = "  - {id: a, detector: w, action: redact, encrypt: true}\n  - {id: b, detector: w, action: redact}\n"
    text = "version: 1\ndetectors: {w: {type: keywords, words: [x]}}\nrules:\n"
    path = tmp_path / "p.yaml"
    path.write_text(text + rules)
    with pytest.raises(PolicyError) as caught:
        load(path, Keys(are_needed=True))
    assert [one.line for one in caught.value.problems] == [4]
    assert 'rule "a": encrypt: needs a key.' in str(caught.value)
    with_key = load(path, Keys(encryption=trial_encryption(), are_needed=True)).policy
    assert with_key.revision == load_policy(path).revision
    path.write_text("version: 1\nextends: q.yaml\nrules:\n  - {id: a, enabled: false}\n")
    (tmp_path / "q.yaml").write_text(text + rules)
    load(path, Keys(are_needed=True))
    assert repr(Keys(b"secret")) == "<Keys>"
