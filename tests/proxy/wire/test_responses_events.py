"""Events: every one of the SDK is known, no text in one is unseen, and each says how its text is to be read."""

from __future__ import annotations

from typing import Any

import pytest

from detectors.types import ChannelKind as K
from proxy.wire.openai_responses import RESPONSES
from proxy.wire.responses_events import KNOWN_EVENTS, LIFECYCLE
from proxy.wire.types import Channel, Ended, FrameRole, SlotMode
from tests.support.responses import RECORDINGS, numbered, response, sse, stream, stream_events
from tests.support.responses_reader import MODELS
from tests.support.responses_types import CANARY, planted, samples
from tests.support.wire import frames_of

VLLM = {"response.reasoning_part.added", "response.reasoning_part.done"}
WITH_ITEMS = LIFECYCLE | {"response.output_item.added", "response.output_item.done"}
"""Events whose content has tests of its own."""


def frame_of(event: dict[str, Any]) -> Any:
    return frames_of(RESPONSES.stream_codec(), sse(event))[0]


def test_every_event_of_the_sdk_is_known() -> None:
    """A new version of the SDK with a new event makes itself known."""
    assert len(MODELS) == 59
    assert set(MODELS) == KNOWN_EVENTS - VLLM


@pytest.mark.parametrize("name", sorted(set(MODELS) - WITH_ITEMS))
@pytest.mark.parametrize("more", [False, True])
def test_no_text_of_an_event_is_unseen(name: str, more: bool) -> None:
    """In listed places, and in unlisted members of every object in it."""
    for sample in samples(MODELS[name]):
        event, count = planted(sample, more=more)
        codec = RESPONSES.stream_codec()
        frame = frames_of(codec, sse(event))[0]
        seen = "\n".join(slot.text for slot in frame.slots)
        written = codec.encode(frame, {}).decode()
        for canary in (f"{CANARY} {number}." for number in range(count)):
            assert canary in seen or canary not in written, (sample, canary)


@pytest.mark.parametrize("name", RECORDINGS)
def test_texts_grow_are_repeated_and_end(name: str) -> None:
    """Pieces add up to what is repeated; each text ends with the event that says it whole, or with its item."""
    texts: dict[Channel, str] = {}
    ended: list[Ended] = []
    for frame in frames_of(RESPONSES.stream_codec(), stream(stream_events(RECORDINGS[name]))):
        for slot in frame.slots:
            if slot.mode is SlotMode.APPEND:
                assert not any(end.covers(slot.channel) for end in ended)
                texts[slot.channel] = texts.get(slot.channel, "") + slot.text
            elif slot.mode is SlotMode.REPEAT and slot.channel in texts:
                assert slot.text == texts[slot.channel]
        ended += frame.ends
    assert all(any(end.covers(channel) for end in ended) for channel in texts)


def test_tool_names_are_complete_at_once() -> None:
    """What follows does not wait for them."""
    call = {
        "type": "function_call",
        "id": "fc_1",
        "call_id": "c",
        "name": "f",
        "arguments": "",
        "status": "in_progress",
    }
    frame = frame_of({"type": "response.output_item.added", "output_index": 2, "item": call})
    assert frame.ends == (Ended(2, None, K.TOOL_NAME),)


def test_an_end_without_a_number_ends_nothing() -> None:
    """Servers that leave the index out may speak of several texts."""
    assert frame_of({"type": "response.output_text.done", "item_id": "m", "text": "x"}).ends == ()


def test_reasoning_of_two_sorts_ends_apart() -> None:
    """The end of a summary is not that of the reasoning."""
    summary = frame_of(
        {"type": "response.reasoning_summary_text.done", "output_index": 0, "summary_index": 0, "text": "x"}
    )
    assert not summary.ends[0].covers(Channel(K.REASONING))
    assert summary.ends[0].covers(Channel(K.REASONING, name="summary"))


def test_an_unknown_event_is_text() -> None:
    """Its name, its strings, which may grow, and its type, which does not."""
    first, second = numbered(
        [{"type": "response.future.delta", "output_index": 1, "delta": piece} for piece in ("zq", "v")]
    )
    frames = frames_of(RESPONSES.stream_codec(), sse(first) + sse(second))
    grown = [slot.text for frame in frames for slot in frame.slots if slot.mode is SlotMode.APPEND]
    assert grown == ["zq", "v"]
    assert {slot.text for slot in frames[0].slots} == {"response.future.delta", "zq", "delta"}


def test_errors_are_failures() -> None:
    """Both forms: the plain one of the SDK's types, and the one that the API sends."""
    plain = {"type": "error", "code": "server_error", "message": "It broke.", "param": None, "sequence_number": 3}
    sent = {"type": "error", "error": {"type": "server_error", "message": "It broke."}, "sequence_number": 3}
    for event in (plain, sent):
        frame = frame_of(event)
        assert frame.role is FrameRole.FAILURE
        assert "It broke." in [slot.text for slot in frame.slots]


def test_what_is_echoed_is_judged_and_no_part_of_the_answer() -> None:
    """Instructions, given as items too, and variables of a prompt never run into the text of the answer."""
    echoed = [{"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "Be brief."}]}]
    variables = {"x": {"type": "input_text", "text": "Say hi."}}
    begun = response([], "in_progress", instructions=echoed, prompt={"id": "p", "variables": variables})
    slots = frame_of({"type": "response.created", "sequence_number": 0, "response": begun}).slots
    modes = {slot.text: slot.mode for slot in slots if slot.text in {"Be brief.", "Say hi."}}
    assert modes == dict.fromkeys(["Be brief.", "Say hi."], SlotMode.CONSTANT)
