"""How answers of Ollama end before their time, read by the types of the official SDK and by its client."""

from __future__ import annotations

import json
from typing import Any

import httpx
import ollama
import pytest
from ollama import ChatResponse, GenerateResponse

from detectors.types import ChannelKind
from proxy.wire.endings import MAX_RENAMED
from proxy.wire.ollama import OLLAMA
from proxy.wire.ollama_endings import NEUTRAL_TIME, OllamaStreamEnding
from proxy.wire.types import Channel, Slot, SlotMode, each_frame
from tests.support.ollama import COUNTS, HEAD, call, closed, generates, read, says, shown, written
from tests.support.wire import frames_of, nothing_said

MESSAGE = "Stopped by a policy."


def ended(before: list[dict[str, Any]], event: dict[str, Any], text: str, kept: str = "") -> bytes:
    """Let lines through, then block at the slot that says `text`, of which `kept` was released."""
    stream = OLLAMA.stream_codec()
    out = b""
    for frame in each_frame(stream.receive(written(before))):
        out += stream.encode(frame, {})
        stream.sent(frame, {})
    frame = next(each_frame(stream.receive(written([event]))))
    at = next(number for number, slot in enumerate(frame.slots) if slot.text == text)
    edits: dict[int, str | None] = {at: None if frame.slots[at].drop else kept}
    edits |= {n: "" for n in range(at + 1, len(frame.slots)) if frame.slots[n].channel.kind is not ChannelKind.ID}
    return out + stream.encode_blocked(frame, edits, at, MESSAGE, nothing_said)


def test_block_in_the_middle_of_a_chat() -> None:
    """The released part, the message, the last line with its reason and counts, with the answer's own head."""
    out = ended([says("good ")], says("fine bad"), "fine bad", "fine ")
    lines = [ChatResponse(**event) for event in read(out)]
    assert [one.message.content for one in lines] == ["good ", "fine ", MESSAGE, ""]
    assert [(one.done, one.done_reason) for one in lines] == [(False, None)] * 3 + [(True, "content_filter")]
    assert {(one.model, one.created_at) for one in lines} == {tuple(HEAD.values())}
    assert (lines[-1].eval_count, lines[-1].total_duration) == (0, 0)


def test_block_in_the_last_line() -> None:
    """Its counts stay, its reason does not."""
    lines = read(ended([generates("good ")], closed(generates("bad"), "length"), "bad"))
    assert [line["response"] for line in lines] == ["good ", MESSAGE, ""]
    assert lines[-1] == {**HEAD, "response": "", "done": True, "done_reason": "content_filter", **COUNTS}


def test_block_of_the_first_text() -> None:
    """The line that was stopped says which route it is."""
    assert [line["message"]["content"] for line in read(ended([], says("bad"), "bad"))] == [MESSAGE, ""]
    assert [line["response"] for line in read(ended([], generates("bad"), "bad"))] == [MESSAGE, ""]


def test_block_before_any_line_is_known() -> None:
    """Both members are there, so that either client finds its own."""
    for event, text in (({"error": "bad"}, "bad"), ({"bad": 1}, "bad")):
        lines = read(ended([], event, text))
        assert [ChatResponse(**line).message.content for line in lines] == [MESSAGE, ""]
        assert [GenerateResponse(**line).response for line in lines] == [MESSAGE, ""]
        assert lines[-1]["created_at"] == NEUTRAL_TIME
        assert lines[-1]["done"] is True


def test_block_in_thinking() -> None:
    """What was thought before stays, and nothing of the answer in the same line."""
    out = ended([says(thinking="a ")], says("answer", thinking="fine bad"), "fine bad", "fine ")
    assert shown(out) == {"thinking": "a fine ", "content": MESSAGE}
    assert b"answer" not in out
    out = ended([], generates("answer", thinking="bad"), "bad")
    assert shown(out) == {"response": MESSAGE}


@pytest.mark.parametrize(("text", "kept"), [("g", ""), ('{"g":1}', '{"g')])
def test_block_in_a_tool_call(text: str, kept: str) -> None:
    """Calls before the blocked one stay; it and those after it go."""
    calls = [call(name, {name: 1}) for name in "fgh"]
    out = ended([says("I will ")], says("look", tool_calls=calls), text, kept)
    assert shown(out) == {"content": "I will look" + MESSAGE, "name0": "f", "args0": '{"f": 1}'}
    assert all(ChatResponse(**line) for line in read(out))


@pytest.mark.parametrize(
    "event",
    [
        says("fine", foo="bad"),
        {**says("fine"), "foo": "bad"},
        {**says("fine"), "logprobs": [{"token": "bad", "logprob": -1}]},
        generates("fine", image="bad"),
    ],
)
def test_block_of_any_text(event: dict[str, Any]) -> None:
    """Whatever member it was, the stream ends as filtered, and the text is not in it."""
    out = ended([], event, "bad")
    assert b"bad" not in out
    assert set(shown(out).values()) == {"fine" + MESSAGE}


def test_an_edited_model_name_does_not_come_back() -> None:
    """An ending has the name as it was edited; after too many of them, none."""
    ending = OllamaStreamEnding()
    slot = Slot(Channel(ChannelKind.ID, name="model"), "secret-1", ("model",), SlotMode.CONSTANT)
    ending.sent({**HEAD, "model": "secret-1", "response": "x"})
    ending.rename(slot, "hidden")
    ending.rename(slot._replace(path=("remote_model",)), "other")
    assert ending.blocked(None, [], slot, MESSAGE, nothing_said)[-1]["model"] == "hidden"
    for number in range(MAX_RENAMED):
        ending.rename(slot._replace(text=f"m{number}"), "hidden")
    assert ending.blocked(None, [], slot, MESSAGE, nothing_said)[-1]["model"] == ""


# --- Whole answers


def block_whole(answer: dict[str, Any], text: str, kept: str = "") -> dict[str, Any]:
    whole = OLLAMA.body_codec()
    frame = frames_of(whole, json.dumps(answer).encode())[0]
    at = next(number for number, slot in enumerate(frame.slots) if slot.text == text)
    edits: dict[int, str | None] = {at: None if frame.slots[at].drop else kept}
    edits |= {n: "" for n in range(at + 1, len(frame.slots)) if frame.slots[n].channel.kind is not ChannelKind.ID}
    return json.loads(whole.encode_blocked(frame, edits, at, MESSAGE, nothing_said))


def test_block_in_a_whole_answer() -> None:
    """The released part and the message; the counts of the answer stay, log-probabilities and pictures go."""
    answer = closed(says("fine bad", thinking="Hm."), logprobs=[{"token": "fine bad", "logprob": -1}], image="x")
    ended = block_whole(answer, "fine bad", "fine ")
    assert ended == {
        **HEAD,
        "message": {"role": "assistant", "content": f"fine {MESSAGE}", "thinking": "Hm."},
        "done": True,
        "done_reason": "content_filter",
        **COUNTS,
    }
    assert ChatResponse(**ended).message.content == f"fine {MESSAGE}"
    ended = block_whole(closed(generates("fine bad", thinking="Hm.")), "Hm.")
    assert (ended["thinking"], ended["response"], ended["done_reason"]) == ("", MESSAGE, "content_filter")


def test_block_in_a_tool_call_of_a_whole_answer() -> None:
    """Calls before the blocked one stay."""
    answer = closed(says("I will", tool_calls=[call(name, {name: 1}) for name in "fgh"]))
    assert block_whole(answer, '{"g":1}')["message"] == {
        "role": "assistant",
        "content": f"I will{MESSAGE}",
        "tool_calls": [call("f", {"f": 1})],
    }
    assert "tool_calls" not in block_whole(answer, "f")["message"]


@pytest.mark.parametrize("answer", [{"error": "bad"}, {"note": "bad", "message": 5}, {"bad": 1}])
def test_block_where_no_answer_is(answer: dict[str, Any]) -> None:
    """The ending is a complete answer of either route."""
    ended = block_whole(answer, "bad")
    assert "bad" not in json.dumps(ended)
    assert ChatResponse(**ended).message.content == GenerateResponse(**ended).response == MESSAGE


# --- The official client


def client(content: bytes, status: int = 200) -> ollama.Client:
    """Return an SDK client whose server answers with `content`."""
    made = ollama.Client(host="http://test")
    made._client = httpx.Client(
        base_url="http://test", transport=httpx.MockTransport(lambda _: httpx.Response(status, content=content))
    )
    return made


def test_the_sdk_reads_a_blocked_stream() -> None:
    """It iterates to the end, and sees the filter as the reason."""
    lines = list(client(ended([says("good")], says("bad"), "bad")).chat("m", stream=True))
    assert "".join(line.message.content or "" for line in lines) == f"good{MESSAGE}"
    assert lines[-1].done_reason == "content_filter"


def test_the_sdk_raises_on_a_broken_stream() -> None:
    """After the lines that came, its own exception with our message."""
    codec = OLLAMA.stream_codec()
    seen = []
    broken = client(written([says("good")]) + codec.end_failed("upstream died", "upstream_reset"))
    with pytest.raises(ollama.ResponseError, match="upstream died"):
        seen.extend(broken.chat("m", stream=True))
    assert len(seen) == 1
    assert json.loads(OLLAMA.body_codec().end_failed("upstream died", "x")) == {"error": "upstream died"}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 502, 503])
@pytest.mark.parametrize("stream", [False, True])
def test_the_sdk_raises_its_own_error(status: int, stream: bool) -> None:
    """The envelope carries our message into the SDK's exception, with the status."""
    answered = client(OLLAMA.error_body(status, "content_filter", MESSAGE), status)
    with pytest.raises(ollama.ResponseError) as caught:
        list(answered.generate("m", "hi", stream=stream))
    assert (caught.value.error, caught.value.status_code) == (MESSAGE, status)
