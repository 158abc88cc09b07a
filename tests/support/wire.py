"""Feeds codecs: inputs whole, byte by byte and at random cuts; events written short."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

from proxy.wire.types import SlotMode, WireError, each_frame

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from proxy.wire.types import Codec, Frame

DONE = b"data: [DONE]\n\n"


def sse(payload: Any, *, before: bytes = b"") -> bytes:
    """Return an event."""
    return before + b"data: " + json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode() + b"\n\n"


def chunk(*choices: dict[str, Any], **top: Any) -> dict[str, Any]:
    """Return a chat chunk."""
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1700000000, "model": "toy-1"}
    return {**head, "choices": list(choices), **top}


def delta(index: int = 0, reason: str | None = None, **members: Any) -> dict[str, Any]:
    """Return a choice of a chat chunk."""
    return {"index": index, "delta": members, "logprobs": None, "finish_reason": reason}


def body(*choices: dict[str, Any], **top: Any) -> dict[str, Any]:
    """Return a whole chat answer."""
    head = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1700000000, "model": "toy-1"}
    return {**head, "choices": list(choices), **top}


def message(index: int = 0, reason: str = "stop", **members: Any) -> dict[str, Any]:
    """Return a choice of a whole chat answer."""
    said = {"role": "assistant", "content": None, "refusal": None, **members}
    return {"index": index, "message": said, "logprobs": None, "finish_reason": reason}


def nothing_said(_channel: Any) -> str:
    """No text left before: enough for formats that say nothing twice."""
    return ""


def read(codec: Codec, parts: Sequence[bytes]) -> tuple[list[Frame], str | None]:
    """Feed a codec to the end. Returns its frames and the fault it met, if any."""
    frames: list[Frame] = []
    try:
        for part in parts:
            frames += each_frame(codec.receive(part))
        frames += codec.receive_end()
    except WireError as error:
        return [*frames, *each_frame(error.frames)], error.public
    return frames, None


def frames_of(codec: Codec, data: bytes) -> list[Frame]:
    """Feed a codec in one piece and expect no fault."""
    frames, fault = read(codec, [data])
    assert fault is None, fault
    return frames


def cuts(data: bytes, seed: int = 7, rounds: int = 4) -> Iterator[list[bytes]]:
    """Return the input whole, byte by byte, and at random cuts."""
    yield [data]
    yield [data[i : i + 1] for i in range(len(data))]
    for number in range(rounds):
        yield cut_at(data, random.Random(seed + number))


def cut_at(data: bytes, chance: random.Random) -> list[bytes]:
    """Return the input at random cuts, with empty pieces now and then."""
    places = sorted(chance.randrange(len(data) + 1) for _ in range(chance.randrange(1, 8)))
    return [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]


def texts(frames: Sequence[Frame]) -> dict[Any, str]:
    """Return the joined text of each growing channel."""
    joined: dict[Any, str] = {}
    for frame in frames:
        for slot in frame.slots:
            if slot.mode is SlotMode.APPEND:
                joined[slot.channel] = joined.get(slot.channel, "") + slot.text
    return joined


def payloads(data: bytes) -> list[Any]:
    """Read an LF stream by the simplest means: the JSON of each event, `[DONE]` as text."""
    events = [block for block in data.split(b"\n\n") if block]
    values = [b"\n".join(line[6:] for line in event.split(b"\n") if line.startswith(b"data: ")) for event in events]
    return [value.decode() if value == b"[DONE]" else json.loads(value) for value in values if value]
