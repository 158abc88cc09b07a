"""Server-sent events as a layout: names, the terminator, what ends a stream."""

from __future__ import annotations

from proxy.wire.framing import SseFraming


def test_endings_are_named_after_a_member_and_terminated() -> None:
    """A client that dispatches on the name of an event finds it."""
    plain = SseFraming().write_ending([{"a": 1}], after_open=False)
    assert plain == b'data: {"a":1}\n\ndata: [DONE]\n\n'
    named = SseFraming(terminator=None, name_member="type").write_ending([{"type": "error"}], after_open=True)
    assert named == b'\n\nevent: error\ndata: {"type":"error"}\n\n'


def test_blocks_come_apart_and_together() -> None:
    """What was not changed is written as it was read."""
    framing = SseFraming()
    (block,) = framing.receive(b"event: x\ndata: {}\n\nda")
    event = framing.parse(block, first=True)
    assert framing.write([line.raw for line in event.lines], event.data, block) == block
    assert framing.open_bytes == 2
    assert framing.receive_end() == b"da"


def test_a_terminator_that_is_known_but_not_written() -> None:
    """Some servers add one to a format that has none."""
    framing = SseFraming(writes_terminator=False)
    assert framing.terminator == b"[DONE]"
    assert framing.write_ending([{"a": 1}], after_open=False) == b'data: {"a":1}\n\n'


def test_an_event_is_steady_with_line_ends_of_one_kind() -> None:
    """Others could end another event sooner."""
    framing = SseFraming()
    assert [framing.is_steady(b"data: 1" + end) for end in (b"\n\n", b"\r\n\r\n", b"\r\r", b"\n\r", b"\r\n\n")] == [
        True, True, False, False, False,
    ]  # fmt: skip
    assert not framing.is_steady(b"event: x\ndata: 1\r\n\r\n")
