"""How answers of Gemini end before their time: what stays, what is closed, what is not brought back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from google.genai import types

from proxy.wire import endings
from proxy.wire.gemini import GEMINI
from proxy.wire.gemini_endings import GeminiStreamEnding
from proxy.wire.types import Form, Slot, SlotMode
from tests.support.gemini import SIGNATURE, USAGE, around, array, call, chunk, events, read, says, text, thought
from tests.support.wire import frames_of, nothing_said

if TYPE_CHECKING:
    from collections.abc import Sequence

STOPPED = {"content": {"role": "model", "parts": [text("Stop.")]}, "finishReason": "SAFETY", "index": 0}
NAMES = {"modelVersion": "gemini-2.5-flash", "responseId": "mAIkaZ6RMY2Knvg"}


def cut(slots: Sequence[Slot], number: int, kept: str) -> dict[int, str | None]:
    """Return the edits by which the guard takes out slot `number` but for what is `kept`, and all after it."""
    edits: dict[int, str | None] = {number: None if slots[number].drop else kept}
    for later in range(number + 1, len(slots)):
        if slots[later].channel.kind.value != "id":
            edits[later] = "" if slots[later].mode is SlotMode.APPEND else None
    return edits


def number_of(slots: Sequence[Slot], bad: str) -> int:
    return next(number for number, slot in enumerate(slots) if bad in slot.text)


def blocked(elements: list[dict[str, Any]], bad: str, kept: str = "", form: Form = Form.EVENTS) -> list[Any]:
    """Block a stream at the first slot with the text `bad`; return the elements that the client gets."""
    codec = GEMINI.stream_codec(form=form)
    out = b""
    for frame in frames_of(codec, (array if form is Form.ARRAY else events)(elements)):
        if not any(bad in slot.text for slot in frame.slots):
            out += frame.raw
            codec.sent(frame, {})
            continue
        number = number_of(frame.slots, bad)
        out += codec.encode_blocked(frame, cut(frame.slots, number, kept), number, "Stop.", nothing_said)
        break
    answers = read(out)
    for answer in answers:
        types.GenerateContentResponse.model_validate(answer)
    return answers


def blocked_whole(payload: dict[str, Any], bad: str, kept: str = "") -> Any:
    """Block a whole answer in the same way."""
    codec = GEMINI.body_codec()
    (frame,) = frames_of(codec, json.dumps(payload).encode())
    number = number_of(frame.slots, bad)
    edits = cut(frame.slots, number, kept)
    answer = json.loads(codec.encode_blocked(frame, edits, number, "Stop.", nothing_said))
    types.GenerateContentResponse.model_validate(answer)
    return answer


def parts_of(answer: Any, place: int = 0) -> list[Any]:
    parts: list[Any] = answer["candidates"][place]["content"]["parts"]
    return parts


@pytest.mark.parametrize("form", [Form.EVENTS, Form.ARRAY])
def test_a_text(form: Form) -> None:
    """The clean beginning stays, then the message with the reason; names and counts are those of the stream."""
    answers = blocked(says(["One. ", "Two bad", "three"]), "bad", "Two ", form)
    assert [parts_of(answer) for answer in answers] == [[text("One. ")], [text("Two ")], [text("Stop.")]]
    assert answers[-1] == {"candidates": [STOPPED], "usageMetadata": USAGE, **NAMES}
    whole = blocked_whole(chunk(text("One. Two bad three")), "bad", "One. Two ")
    assert parts_of(whole) == [text("One. Two "), text("Stop.")]
    assert whole["candidates"][0]["finishReason"] == "SAFETY"


def test_the_first_text() -> None:
    """Nothing of it remains: the stream is the message alone."""
    answers = blocked(says(["bad"]), "bad")
    assert answers == [{"candidates": [STOPPED], "usageMetadata": USAGE, **NAMES}]
    assert parts_of(blocked_whole(chunk(text("bad")), "bad")) == [text("Stop.")]


def test_the_last_text_has_a_reason_of_its_own() -> None:
    """It is not shown: an answer ends once."""
    answers = blocked(says(["One. ", "Two bad"]), "bad", "Two ")
    assert [answer["candidates"][0].get("finishReason") for answer in answers] == [None, None, "SAFETY"]


def test_a_call() -> None:
    """Those before the blocked one stay, with their signature; it and what follows go."""
    parts = [call("f", {"a": 1}, thoughtSignature=SIGNATURE), call("g", {"a": "bad"}), call("h", {})]
    answers = blocked([chunk(text("I call.")), chunk(*parts)], "bad")
    assert [parts_of(answer) for answer in answers] == [[text("I call.")], parts[:1], [text("Stop.")]]
    assert parts_of(blocked_whole(chunk(*parts), "bad")) == [*parts[:1], text("Stop.")]
    assert parts_of(blocked_whole(chunk(call("bad", {})), "bad")) == [text("Stop.")]


def test_a_signed_thought() -> None:
    """What is left of it is not signed."""
    part = {**thought("Hm. bad"), "thoughtSignature": SIGNATURE}
    for answer in (blocked([chunk(part, text("So"))], "bad", "Hm. ")[0], blocked_whole(chunk(part), "bad", "Hm. ")):
        assert parts_of(answer)[0] == thought("Hm. ")


def test_what_a_candidate_says_about_its_text() -> None:
    """It goes whole when it is blocked, and the text before it stays."""
    element = chunk(text("Fine."), groundingMetadata={"webSearchQueries": ["bad"]}, citationMetadata={})
    answers = blocked([element], "bad")
    assert [parts_of(answer) for answer in answers] == [[text("Fine.")], [text("Stop.")]]
    whole = blocked_whole(element, "bad")
    assert parts_of(whole) == [text("Fine."), text("Stop.")]
    assert whole["candidates"][0].keys() == {"content", "finishReason", "index"}
    early = around({"finishMessage": "bad", "content": {"parts": [text("Fine.")], "role": "model"}, "index": 0})
    assert [parts_of(answer) for answer in blocked([early], "bad")] == [[text("Stop.")]]
    assert parts_of(blocked_whole(early, "bad")) == [text("Stop.")]


def test_every_open_candidate_is_closed() -> None:
    """One that had finished stays as it was; one that never spoke is not made up."""
    elements = [chunk(text("a"), index=1), chunk(text("b"), index=2, finish="STOP"), chunk(text("bad"), index=0)]
    (*_, last) = blocked(elements, "bad")
    closed = {one["index"]: (one["finishReason"], one["content"]["parts"]) for one in last["candidates"]}
    assert closed == {0: ("SAFETY", [text("Stop.")]), 1: ("SAFETY", [text("")])}


def test_candidates_of_one_element() -> None:
    """Those before the blocked one were judged and stay, those after it are ended."""
    ones = [chunk(text(said), index=index, finish="STOP") for index, said in enumerate(["Fine", "bad", "unread"])]
    element = around(*(one["candidates"][0] for one in ones))
    remains, last = blocked([element], "bad")
    assert remains["candidates"] == element["candidates"][:1]
    assert [one["index"] for one in last["candidates"]] == [1]
    whole = blocked_whole(element, "bad")
    assert whole["candidates"][0] == element["candidates"][0]
    assert [one["finishReason"] for one in whole["candidates"]] == ["STOP", "SAFETY", "SAFETY"]
    assert [parts_of(whole, place) for place in (1, 2)] == [[text("Stop.")], [text("")]]


def test_text_outside_of_candidates() -> None:
    """The first candidate says the message; what was not judged before does not stay."""
    before = {"modelStatus": {"message": "bad"}, **chunk(text("unread"))}
    after = {**chunk(text("Fine."), finish="STOP"), "modelStatus": {"message": "bad"}}
    assert [parts_of(answer) for answer in blocked([before], "bad")] == [[text("Stop.")]]
    assert [parts_of(answer) for answer in blocked([after], "bad")] == [[text("Fine.")], [text("Stop.")]]
    assert parts_of(blocked_whole(before, "bad")) == [text("Stop.")]
    assert parts_of(blocked_whole(after, "bad")) == [text("Fine."), text("Stop.")]
    feedback = {"promptFeedback": {"blockReason": "OTHER", "blockReasonMessage": "bad"}, "modelVersion": "m"}
    assert blocked([feedback], "bad") == [{"candidates": [STOPPED], "modelVersion": "m"}]
    assert blocked_whole(feedback, "bad") == {"candidates": [STOPPED], "modelVersion": "m"}


def test_both_spellings_are_understood() -> None:
    """A reason in snake_case closes a candidate, too."""
    spoken = {"content": {"parts": [text("a")]}, "finish_reason": "STOP", "index": 1}
    first = {"candidates": [spoken], "model_version": "m-1", "response_id": "r-1"}
    (*_, last) = blocked([first, {"candidates": chunk(text("bad"))["candidates"]}], "bad")
    assert [one["index"] for one in last["candidates"]] == [0]
    assert (last["modelVersion"], last["responseId"]) == ("m-1", "r-1")


def test_an_edited_name_does_not_come_back() -> None:
    codec = GEMINI.stream_codec()
    first, second = frames_of(codec, events([chunk(text("a")), chunk(text("bad"))]))
    number = number_of(first.slots, "mAIka")
    out = codec.encode(first, {number: "hidden"})
    codec.sent(first, {number: "hidden"})
    at = number_of(second.slots, "bad")
    out += codec.encode_blocked(second, cut(second.slots, at, ""), at, "Stop.", nothing_said)
    assert b"mAIka" not in out
    assert read(out)[-1]["responseId"] == "hidden"


def test_too_many_edited_names_leave_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endings, "MAX_RENAMED", 0)
    ending = GeminiStreamEnding()
    element = chunk(text("a"))
    ending.sent(element)
    (slot,) = [one for one in frames_of(GEMINI.stream_codec(), events([element]))[0].slots if "mAIka" in one.text]
    ending.rename(slot, "hidden")
    (last,) = ending.blocked(None, [], slot._replace(path=()), "Stop.", nothing_said)
    assert last.keys() == {"candidates", "usageMetadata"}


@pytest.mark.parametrize(
    ("code", "status", "name"),
    [
        ("upstream_broken", 502, "UNAVAILABLE"),
        ("upstream_timeout", 504, "DEADLINE_EXCEEDED"),
        ("shutting_down", 503, "UNAVAILABLE"),
        ("internal_error", 500, "INTERNAL"),
    ],
)
def test_a_broken_stream(code: str, status: int, name: str) -> None:
    """`error` stands first, which is how the SDK knows it; a body has the same envelope."""
    for codec in (GEMINI.stream_codec(), GEMINI.body_codec()):
        (value,) = read(codec.end_failed("Broken.", code))
        assert list(value) == ["error"]
        assert (value["error"]["code"], value["error"]["status"]) == (status, name)


def test_an_error_in_the_stream_that_is_blocked() -> None:
    """Nothing of it remains."""
    answers = blocked([{"error": {"code": 500, "message": "bad", "status": "INTERNAL"}}], "bad")
    assert answers == [{"candidates": [STOPPED]}]
    whole = {"error": {"code": 500, "message": "bad", "status": "INTERNAL"}}
    assert blocked_whole(whole, "bad") == {"candidates": [STOPPED]}
