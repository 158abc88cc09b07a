from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from proxy.demo.model import scenario_for, stream_events, whole_answer
from proxy.server.recording import RecordingStore

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.support.cli import Sluicegate


def stream(prompt: str) -> list[bytes]:
    return [b"data: " + event + b"\n\n" for event in stream_events(scenario_for(prompt))]


def record(folder: Path, reads: Sequence[bytes], *, dialect: str = "openai-chat", end: str = "eof") -> Path:
    recorder = RecordingStore(folder).begin(
        request_id="r1", dialect=dialect, stream=True, status=200, content_type="text/event-stream", policy="p@1"
    )
    for data in reads:
        recorder.add(data)
    recorder.close(end)
    return folder / "r1.jsonl"


def test_a_recording_is_shown_step_by_step(sluicegate: Sluicegate, policy_file: Path, tmp_path: Path) -> None:
    path = record(tmp_path, stream("oh gosh, no"))
    ran = sluicegate("replay", "-p", str(policy_file), str(path))
    assert ran.code == 0
    assert "redact MILD" in ran.out
    assert "redact, done; held at most" in ran.err


def test_json_holds_every_step(sluicegate: Sluicegate, policy_file: Path, tmp_path: Path) -> None:
    reads = stream("oh gosh, no")
    ran = sluicegate("replay", "-p", str(policy_file), "--json", str(record(tmp_path, reads)))
    said = json.loads(ran.out)
    assert said["action"] == "redact"
    assert "".join(step["received"] for step in said["steps"]) == "You said: oh gosh, no"
    assert "".join(step["released"] for step in said["steps"]) == "You said: oh <MILD>, no"
    assert [one["category"] for one in said["findings"]] == ["MILD"]
    assert max(step["held_chars"] for step in said["steps"]) == said["held_chars"]["peak"] > 0
    assert all(step["t_s"] is not None for step in said["steps"][: len(reads)])


@pytest.mark.parametrize("name", ["answer.sse", "answer.txt"])
def test_a_raw_stream_has_a_step_for_each_event(
    sluicegate: Sluicegate, policy_file: Path, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    events = stream("oh gosh, no")
    path.write_bytes(b"".join(events))
    said = json.loads(sluicegate("replay", "-p", str(policy_file), "--json", str(path)).out)
    assert [step["received"] for step in said["steps"]] != []
    assert len(said["steps"]) == len(events)
    assert "".join(step["released"] for step in said["steps"]) == "You said: oh <MILD>, no"


def test_a_whole_answer_has_the_same_text(sluicegate: Sluicegate, policy_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "answer.json"
    path.write_text(json.dumps(whole_answer(scenario_for("oh gosh, no"))))
    ran = sluicegate("replay", "-p", str(policy_file), "--json", str(path))
    said = json.loads(ran.out)
    assert json.loads(said["output"])["choices"][0]["message"]["content"] == "You said: oh <MILD>, no"


def test_a_blocked_answer_exits_1(sluicegate: Sluicegate, policy_file: Path, tmp_path: Path) -> None:
    ran = sluicegate("replay", "-p", str(policy_file), str(record(tmp_path, stream("the falcon-9b flies"))))
    assert ran.code == 1
    assert "block SECRET" in ran.out


def test_an_answer_that_broke_off_exits_2(sluicegate: Sluicegate, policy_file: Path, tmp_path: Path) -> None:
    path = record(tmp_path, stream("oh dear")[:3], end="aborted")
    ran = sluicegate("replay", "-p", str(policy_file), str(path))
    assert ran.code == 2
    assert "the answer broke" in ran.err


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.jsonl", b"{}", "a.jsonl:1: not a recording of version 1. Give a file that the proxy recorded."),
        ("a.jsonl", b"\xff", "a.jsonl:1: not JSON."),
        ("a.jsonl", b"", "a.jsonl:1: not a recording of version 1."),
        ("a.sse", b" \n", "a.sse: is empty."),
    ],
)
def test_what_is_no_recording_is_one_line(
    sluicegate: Sluicegate, policy_file: Path, tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    ran = sluicegate("replay", "-p", str(policy_file), str(path))
    assert ran.code == 2
    assert ran.err.startswith(f"{tmp_path}/{said}")
    assert ran.err.count("\n") == 1


def test_a_missing_recording_is_one_line(sluicegate: Sluicegate, policy_file: Path) -> None:
    ran = sluicegate("replay", "-p", str(policy_file), "nix.jsonl")
    assert (ran.code, ran.err) == (2, "nix.jsonl: cannot be read (No such file or directory). Check the path.\n")


def test_a_dialect_of_a_newer_proxy_is_named(sluicegate: Sluicegate, policy_file: Path, tmp_path: Path) -> None:
    path = record(tmp_path, [b"x"], dialect="newer")
    ran = sluicegate("replay", "-p", str(policy_file), str(path))
    assert ran.code == 2
    assert ran.err.startswith("The recording's dialect 'newer' is not known.")


def test_bytes_that_are_no_stream_do_not_leave(sluicegate: Sluicegate, policy_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.sse"
    path.write_bytes(b"data: {not json gosh\n\n")
    ran = sluicegate("replay", "-p", str(policy_file), "--json", str(path))
    assert ran.code == 2
    assert "gosh" not in json.loads(ran.out)["output"]
