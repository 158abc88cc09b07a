from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from policies.loader import load_policy

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.support.cli import Sluicegate


def test_a_clean_text_leaves_as_it_came(sluicegate: Sluicegate, policy_file: Path) -> None:
    """Line ends, empty lines and letters of other scripts are not touched."""
    text = "héllo\r\n\r\nworld \N{SNOWMAN}"
    ran = sluicegate("check", "--policy", str(policy_file), "-", stdin=text.encode())
    assert (ran.code, ran.out) == (0, text)
    assert "allow" in ran.err


def test_json_has_the_shape_of_the_contract(sluicegate: Sluicegate, policy_file: Path) -> None:
    """The findings are those that rules acted on, in order of start."""
    ran = sluicegate("check", "--policy", str(policy_file), "--json", "-", stdin=b"oh gosh, gosh")
    policy = load_policy(policy_file)
    finding = {"detector": "words", "category": "MILD", "score": 1.0, "rule": "soften"}
    assert json.loads(ran.out) == {
        "action": "redact",
        "output": "oh <MILD>, <MILD>",
        "findings": [finding | {"start": 3, "end": 7}, finding | {"start": 9, "end": 13}],
        "policy": "small",
        "revision": policy.revision,
    }
    assert ran.code == 0


def test_a_blocked_text_exits_1_with_what_a_client_would_get(sluicegate: Sluicegate, policy_file: Path) -> None:
    """What came before the block stays, then comes the rule's message."""
    ran = sluicegate("check", "-p", str(policy_file), "--json", "-", stdin=b"gosh, falcon-9b flies")
    said = json.loads(ran.out)
    assert (ran.code, said["action"], said["output"]) == (1, "block", "<MILD>, \n\nStopped.")


def test_without_json_the_text_is_on_stdout_and_the_findings_are_on_stderr(
    sluicegate: Sluicegate, policy_file: Path, tmp_path: Path
) -> None:
    path = tmp_path / "text.txt"
    path.write_text("oh gosh")
    ran = sluicegate("check", "-p", str(policy_file), str(path))
    assert ran.out == "oh <MILD>"
    assert "redact" in ran.err
    assert "MILD" in ran.err
    assert "gosh" not in ran.err


@pytest.mark.parametrize(
    ("arguments", "output"),
    [
        ((), "oh <MILD> \n\nStopped."),
        (("--direction", "request"), "oh <MILD> falcon-9b"),
        (("--channel", "tool_name"), "oh <MILD> Stopped."),
    ],
)
def test_direction_and_channel_decide_which_rules_look(
    sluicegate: Sluicegate, policy_file: Path, arguments: Sequence[str], output: str
) -> None:
    """The blocking rule is for responses alone; a message after text has an empty line before it."""
    ran = sluicegate("check", "-p", str(policy_file), "--json", *arguments, "-", stdin=b"oh gosh falcon-9b")
    assert json.loads(ran.out)["output"] == output


def test_a_blocked_request_lets_nothing_through_but_the_message(sluicegate: Sluicegate, tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(
        "version: 1\ndetectors: {w: {type: keywords, words: [gosh]}}\n"
        "rules: [{id: r, detector: w, action: block, direction: request, message: No.}]\n"
    )
    ran = sluicegate("check", "-p", str(path), "--json", "--direction", "request", "-", stdin=b"well, gosh")
    assert (ran.code, json.loads(ran.out)["output"]) == (1, "No.")


def test_an_empty_text_is_a_text(sluicegate: Sluicegate, policy_file: Path) -> None:
    ran = sluicegate("check", "-p", str(policy_file), "--json", "-", stdin=b"")
    assert ran.code == 0
    assert json.loads(ran.out)["output"] == ""


@pytest.mark.parametrize(
    ("path", "data", "said"),
    [
        ("-", b"ab\xff", "<stdin>: is not UTF-8 text (byte 0xff at offset 2)."),
        ("-", b"\x89PNG\r\n\x1a\n\x00\x00", "<stdin>: is not UTF-8 text (byte 0x89 at offset 0)."),
        ("no-such-file.txt", b"", "no-such-file.txt: no such file."),
        (".", b"", ".: is a directory."),
    ],
)
def test_input_that_cannot_be_read_is_one_line_and_exit_2(
    sluicegate: Sluicegate, policy_file: Path, path: str, data: bytes, said: str
) -> None:
    ran = sluicegate("check", "-p", str(policy_file), path, stdin=data)
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err.startswith(said)
    assert ran.err.count("\n") == 1


def test_a_text_longer_than_any_answer_is_refused(
    sluicegate: Sluicegate, policy_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("proxy.cli.inputs.MAX_INPUT_BYTES", 1 << 20)
    ran = sluicegate("check", "-p", str(policy_file), "-", stdin=b"a" * ((1 << 20) + 1))
    assert (ran.code, ran.err) == (2, "<stdin>: is longer than 1 MiB, the longest answer taken. Split it.\n")


def test_every_problem_of_a_policy_is_a_line(sluicegate: Sluicegate, tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text("version: 1\nrules:\n  - {id: a, detector: nix, action: blok}\n")
    ran = sluicegate("check", "-p", str(path), "-", stdin=b"x")
    assert ran.code == 2
    assert all(line.startswith(f"{path}:3:") for line in ran.err.splitlines())
    assert "Did you mean 'block'?" in ran.err


def test_a_detector_that_fails_blocks_and_says_so(
    sluicegate: Sluicegate, policy_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`on_error` is block: what could not be judged does not leave."""

    def broken(_self: Any, _window: Any) -> Any:
        raise RuntimeError("secret words of the text")

    monkeypatch.setattr("detectors.keywords.KeywordDetector.scan", broken)
    # A word that the detector looks for: text in which nothing can be found is not shown to it.
    ran = sluicegate("check", "-p", str(policy_file), "-", stdin=b"hello, gosh")
    assert ran.code == 1
    assert "hello" not in ran.out
    assert 'detector "words" could not judge' in ran.err
    assert "secret words" not in ran.err
