"""Recordings: what the upstream sent, readable again, for its owner only."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from proxy.server.recording import (
    RecordedEnd,
    RecordedRead,
    Recorder,
    RecordingError,
    RecordingStore,
    read_recording,
)
from tests.support.gateway import guarded
from tests.support.upstream import chat_stream, completion, says


@pytest.mark.parametrize("stream", [True, False])
async def test_recording_of_an_exchange(tmp_path: Path, stream: bool) -> None:
    """The bytes of the upstream come back, with what the proxy knew about them."""
    async with guarded(says("a zebra", "-47 b"), record_dir=tmp_path / "rec") as proxy:
        answer = await proxy.chat(stream=stream)
        label = f"test@{proxy.policy.revision[:12]}"
    (path,) = (tmp_path / "rec").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    head, parts = read_recording(path)
    read = list(parts)
    data = b"".join(part.data for part in read if isinstance(part, RecordedRead))
    assert data == (b"".join(chat_stream("a zebra", "-47 b")) if stream else completion("a zebra-47 b"))
    assert isinstance(read[-1], RecordedEnd)
    assert read[-1].end == "eof" or stream
    assert (head.request_id, head.stream, head.policy) == (
        answer.headers["x-sluicegate-request-id"], stream, label,
    )  # fmt: skip


def test_write_and_read_back(tmp_path: Path) -> None:
    """Reads keep their order, and their times do not go back."""
    recorder = RecordingStore(tmp_path).begin(
        request_id="r", dialect="openai-chat", stream=True, status=200, content_type="x/y", policy="p@1"
    )
    for piece in (b"\x00\xff", b"two"):
        recorder.add(piece)
    recorder.close("aborted")
    recorder.close("eof")
    head, parts = read_recording(tmp_path / "r.jsonl")
    read = list(parts)
    assert (head.dialect, head.status) == ("openai-chat", 200)
    assert [type(part) for part in read] == [RecordedRead, RecordedRead, RecordedEnd]
    times = [part.t_s for part in read]
    assert times == sorted(times)


@pytest.mark.parametrize("stream", [True, False])
async def test_a_full_disk_ends_the_recording_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stream: bool
) -> None:
    """The client gets its answer, the exchange its event, and the log a line."""
    opened: list[Recorder] = []

    def begin(*_args: object, **head: object) -> Recorder:
        opened.append(Recorder(Path("/dev/full").open("wb"), dict(head)))  # noqa: SIM115 - it closes it
        return opened[-1]

    monkeypatch.setattr(RecordingStore, "begin", begin)
    words = ("a " * 30_000, "zebra", "-47 b")
    with capture_logs() as lines:
        async with guarded(says(*words), record_dir=tmp_path) as proxy:
            answer = await proxy.chat(stream=stream)
    (about,) = proxy.sink.ended
    assert answer.complete
    assert b"[hidden]" in answer.body
    assert about.decision == "redact"
    assert len(opened) == 1
    failed = [line for line in lines if line["event"] == "recording_failed"]
    assert [line["error"] for line in failed] == ["OSError"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ":1: not a recording"), ("[]\n", ":1: not a JSON object"), ("{}\n", ":1: not a recording"),
        ('{"version":1}\n', ":1: the head lacks"), ("what\n", ":1: not JSON"),
    ],
)  # fmt: skip
def test_other_files_are_refused(tmp_path: Path, text: str, message: str) -> None:
    """The error names the file and line."""
    path = tmp_path / "x.jsonl"
    path.write_text(text)
    with pytest.raises(RecordingError, match=message):
        read_recording(path)
