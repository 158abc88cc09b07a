from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from detectors.keywords import KeywordDetector
from proxy.cli.score import BATCH_LINES

if TYPE_CHECKING:
    from pathlib import Path

    from detectors.types import ScanResult, Window
    from tests.support.cli import Sluicegate


def lines(*values: object) -> Any:
    return "".join(json.dumps(value) + "\n" for value in values).encode()


def test_each_text_gets_its_scores_and_findings(sluicegate: Sluicegate, policy_file: Path) -> None:
    data = lines({"id": "a", "text": "gosh, gosh"}, {"id": 2, "text": ""}, {"id": "c", "text": "falcon-9b gosh"})
    ran = sluicegate("score", "-p", str(policy_file), "--detector", "words", "-", stdin=data)
    rows = [json.loads(line) for line in ran.out.splitlines()]
    assert ran.code == 0
    assert [row["id"] for row in rows] == ["a", 2, "c"]
    assert [row["scores"] for row in rows] == [{"MILD": 1.0}, {}, {"SECRET": 1.0, "MILD": 1.0}]
    found = {"detector": "words", "category": "MILD", "score": 1.0}
    assert rows[0]["findings"] == [found | {"start": 0, "end": 4}, found | {"start": 6, "end": 10}]
    assert "3 texts scored by words, 0 lines could not be." in ran.err


def test_no_line_is_lost_and_every_bad_one_is_named(
    sluicegate: Sluicegate, policy_file: Path, tmp_path: Path
) -> None:
    """Bad lines in the middle of batches; all others are written, in order."""
    path = tmp_path / "texts.jsonl"
    good = [json.dumps({"id": number, "text": "gosh"}) for number in range(2 * BATCH_LINES + 3)]
    bad = {
        5: b"{",
        9: b"[1]",
        70: b'{"id": 1}',
        71: b'{"text": "x"}',
        72: b'\xff{"id": 1}',
        73: b"{}",
        74: b'"gosh"',
    }
    data = [line.encode() for line in good]
    for number, line in sorted(bad.items()):
        data.insert(number - 1, line)
    data.insert(1, b"   ")
    path.write_bytes(b"\n".join(data) + b"\n\n")
    ran = sluicegate("score", "-p", str(policy_file), "-d", "words", str(path))
    assert ran.code == 2
    assert [json.loads(line)["id"] for line in ran.out.splitlines()] == list(range(len(good)))
    named = [int(line.split(":")[1]) for line in ran.err.splitlines()[:-1]]
    assert named == [number + 1 for number in sorted(bad)]
    assert ran.err.endswith(f"{len(good)} texts scored by words, {len(bad)} lines could not be.\n")
    assert "gosh" not in ran.err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"id": 1, "text": "a"', "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b'{"id": null, "text": "a"}', '"id" is missing, or neither a string nor an integer.'),
        (b'{"id": true, "text": "a"}', '"id" is missing, or neither a string nor an integer.'),
        (b'{"id": 1, "text": 3}', '"text" is missing or not a string.'),
    ],
)
def test_what_is_wrong_with_a_line(sluicegate: Sluicegate, policy_file: Path, line: bytes, said: str) -> None:
    ran = sluicegate("score", "-p", str(policy_file), "-d", "words", "-", stdin=line + b"\n")
    assert ran.code == 2
    assert ran.err.startswith(f"<stdin>:1: {said}")


def test_an_unknown_detector_is_named_with_those_that_are_there(sluicegate: Sluicegate, policy_file: Path) -> None:
    ran = sluicegate("score", "-p", str(policy_file), "-d", "word", "-")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "Policy small has no detector 'word'. It has: words. Did you mean 'words'?\n"


def test_a_detector_that_fails_on_a_text_fails_that_line(
    sluicegate: Sluicegate, policy_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = KeywordDetector.scan

    def sometimes(self: KeywordDetector, window: Window) -> ScanResult:
        if "boom" in window.text:
            raise RuntimeError("boom")
        return scan(self, window)

    monkeypatch.setattr(KeywordDetector, "scan", sometimes)
    data = lines({"id": 1, "text": "boom"}, {"id": 2, "text": "gosh"})
    ran = sluicegate("score", "-p", str(policy_file), "-d", "words", "-", stdin=data)
    assert ran.code == 2
    assert [json.loads(line)["id"] for line in ran.out.splitlines()] == [2]
    assert ran.err.startswith("<stdin>:1: the detector failed (RuntimeError).")


def test_a_lone_surrogate_is_written_as_json_reads_it(sluicegate: Sluicegate, policy_file: Path) -> None:
    ran = sluicegate("score", "-p", str(policy_file), "-d", "words", "-", stdin=b'{"id": "\\ud800", "text": "x"}\n')
    assert ran.code == 0
    assert json.loads(ran.out)["id"] == "\ud800"


def test_no_text_at_all(sluicegate: Sluicegate, policy_file: Path) -> None:
    ran = sluicegate("score", "-p", str(policy_file), "-d", "words", "-", stdin=b"")
    assert (ran.code, ran.out, ran.err) == (0, "", "0 texts scored by words, 0 lines could not be.\n")
