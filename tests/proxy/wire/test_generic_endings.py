"""How answers of described dialects end: by their templates, filled from what the client has seen."""

from __future__ import annotations

import json
from typing import Any

from detectors.types import ChannelKind
from proxy.wire.endings import MAX_RENAMED
from proxy.wire.generic import Description, described
from proxy.wire.generic_endings import GenericStreamEnding, Templates, member, spoken
from proxy.wire.generic_table import Field
from proxy.wire.selectors import EVERY, parse_selector
from proxy.wire.types import Channel, Form, Slot, SlotMode, each_frame
from tests.support.described import events, example, read_events, tgi_token
from tests.support.wire import frames_of, nothing_said

MESSAGE = "Stopped by a policy."

CHOICES = described(
    Description(
        name="choices",
        whole=(Field(("out", EVERY, "text"), "text"), Field(("id",), "id")),
        stream=(Field(("out", EVERY, "text"), "text"), Field(("id",), "id")),
        whole_choice=parse_selector("$.out[*].n"),
        stream_choice=parse_selector("$.out[*].n"),
        form=Form.EVENTS,
        terminator=b"[END]",
        templates=Templates(
            whole={"id": "{$.id}", "out": [{"n": "{choice}", "text": "{text}{message}"}]},
            events=({"id": "{$.id}", "out": [{"n": "{choice}", "text": "{text}{message}", "end": True}]},),
            failed=({"error": "{message}", "why": "{code}"},),
            error={"error": "{message}", "status": "{status}"},
            choice=parse_selector("$.out[*].n"),
        ),
    )
)


def said(text: str, choice: int = 0) -> dict[str, Any]:
    return {"id": "r-1", "out": [{"n": choice, "text": text}]}


def block(codec: Any, payload: dict[str, Any], text: str, kept: str = "") -> bytes:
    frame = next(each_frame(codec.receive(events(payload))))
    at = next(number for number, slot in enumerate(frame.slots) if slot.text == text)
    edits: dict[int, str | None] = {at: None if frame.slots[at].drop else kept}
    edits |= {n: "" for n in range(at + 1, len(frame.slots)) if frame.slots[n].channel.kind is not ChannelKind.ID}
    ended: bytes = codec.encode_blocked(frame, edits, at, MESSAGE, nothing_said)
    return ended


def test_a_stream_of_choices() -> None:
    """The blocked one says what remains and the message; each other that was seen is closed."""
    codec = CHOICES.stream_codec()
    for frame in each_frame(codec.receive(events(said("a", 0), said("b", 2)))):
        codec.sent(frame, {})
    out = block(codec, said("fine bad", 1), "fine bad", "fine ")
    *ended, last = out.split(b"\n\n")[:-1]
    assert last == b"data: [END]"
    assert [json.loads(event.removeprefix(b"data: ")) for event in ended] == [
        {"id": "r-1", "out": [{"n": 1, "text": f"fine {MESSAGE}", "end": True}]},
        {"id": "r-1", "out": [{"n": 0, "text": "", "end": True}]},
        {"id": "r-1", "out": [{"n": 2, "text": "", "end": True}]},
    ]


def test_a_block_elsewhere() -> None:
    """In an unknown member, in an error, before anything: the ending is whole, and the text is not in it."""
    for payload in ({"bad": 1}, {"error": "bad"}, {**said("fine "), "note": "bad"}):
        out = block(CHOICES.stream_codec(), payload, "bad")
        assert b"bad" not in out
        assert MESSAGE.encode() in out
    assert b"fine " in out


def test_a_broken_stream() -> None:
    """The templates of failures; the terminator after them."""
    out = CHOICES.stream_codec().end_failed("upstream died", "upstream_reset")
    assert out == b'data: {"error":"upstream died","why":"upstream_reset"}\n\ndata: [END]\n\n'
    assert json.loads(CHOICES.body_codec().end_failed("x", "y")) == {"error": "x", "status": 502}
    assert json.loads(CHOICES.error_body(403, "y", "no")) == {"error": "no", "status": 403}


def test_a_whole_answer() -> None:
    """What stood before the blocked text of its choice, and the message."""
    codec = CHOICES.body_codec()
    answer = {"id": "r-1", "out": [{"n": 0, "text": "other"}, {"n": 4, "text": "fine bad"}], "x": "late"}
    frame = frames_of(codec, json.dumps(answer).encode())[0]
    at = next(number for number, slot in enumerate(frame.slots) if slot.text == "fine bad")
    edits = {n: "fine " if n == at else "" for n in range(at, len(frame.slots))}
    ended = json.loads(codec.encode_blocked(frame, edits, at, MESSAGE, nothing_said))
    assert ended == {"id": "r-1", "out": [{"n": 4, "text": f"fine {MESSAGE}"}]}


def test_a_text_that_is_repeated() -> None:
    """`{said}` is all that the client has, so that the end of a stream agrees with it."""
    codec = example("tgi", "tgi").stream_codec()
    assert codec.repeats_text
    frame = next(each_frame(codec.receive(events(tgi_token("fine bad")))))
    at = next(number for number, slot in enumerate(frame.slots) if slot.text == "fine bad")
    heard = {Channel(ChannelKind.TEXT, 0, 0, "$.token.text"): "good fine "}
    out = codec.encode_blocked(frame, {at: "fine "}, at, MESSAGE, lambda channel: heard.get(channel, ""))
    (ended,) = read_events(out.replace(b"data: ", b"data:"))
    assert ended["token"]["text"] == f"fine {MESSAGE}"
    assert ended["generated_text"] == f"good fine {MESSAGE}"


def test_edited_ids_do_not_come_back() -> None:
    """A member that a template repeats is the edited one; when there were too many, none."""
    ending = GenericStreamEnding(CHOICES.description.templates, CHOICES.stream_table, ("$.out[*].text",))
    slot = Slot(Channel(ChannelKind.ID, name="id"), "r-1", ("id",), SlotMode.CONSTANT)
    ending.sent(said("a"))
    ending.rename(slot, "hidden")
    assert ending.blocked(None, [], slot, MESSAGE, nothing_said)[0]["id"] == "hidden"
    for number in range(MAX_RENAMED + 1):
        ending.rename(slot._replace(text=f"r{number}"), "hidden")
    ending.sent(said("b"))
    assert ending.blocked(None, [], slot, MESSAGE, nothing_said)[0]["id"] is None


def test_members_and_spoken_text() -> None:
    """Structures are not repeated; only the text of the choice is."""
    assert member({"a": [{"b": 5}]}, "$.a[0].b") == 5
    assert member({"a": [{"b": 5}]}, "$.a") is None
    assert member({}, "$.a") is None
    assert (
        spoken(CHOICES.whole_table, {"out": [{"n": 1, "text": "x"}, {"n": 2, "text": "y"}]}, 2, is_stream=False)
        == "y"
    )
