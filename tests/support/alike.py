"""Streams of frames that look alike, in every dialect and layout, and such that nearly do.

A case makes the payload of one frame out of a text and what changes from frame to frame; `write` lays frames out.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from proxy.wire.registry import DIALECTS
from proxy.wire.types import Form
from tests.support.described import example, tgi_token

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from proxy.wire.stream import StreamCodec

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Frames:
    """One sort of frame."""

    dialect: str
    """A described one after the name of its file and a slash."""
    form: Form
    payload: Callable[[str, Any], Json]
    """Of a text and of a value that changes, mostly the number of the frame."""
    end: str = "\n\n"
    name: str = ""
    """Of the event."""
    indent: int | None = None
    compact: bool = True

    def codec(self, *, is_fast: bool = True) -> StreamCodec:
        """Return a codec; a slow one parses every frame."""
        file, _, name = self.dialect.partition("/")
        dialect = example(file, name) if name else DIALECTS[self.dialect]
        codec: Any = dialect.stream_codec(form=self.form)
        if not is_fast:
            codec._use_templates = False
            codec._recurring = None
        return codec

    def written(self, payload: Json, *, is_ascii: bool = True) -> str:
        """Return a payload as JSON, as this sort of server writes it."""
        separators = (",", ":") if self.compact else None
        return json.dumps(payload, ensure_ascii=is_ascii, indent=self.indent, separators=separators)

    def stream(self, written: Sequence[str]) -> bytes:
        """Lay written payloads out."""
        if self.form is Form.ARRAY:
            return f"[{(self.end + ',' + self.end).join(written)}{self.end}]{self.end}".encode()
        name = f"event: {self.name}{self.end[: len(self.end) // 2]}" if self.name else ""
        head = name + "data: " if self.form is Form.EVENTS else ""
        return "".join(f"{head}{one}{self.end}" for one in written).encode()


def time_of(change: Any) -> Any:
    """Return a time stamp that changes; what is no count stays as it is."""
    is_count = change.__class__ is int and 0 <= change < 10**6
    return f"2025-07-07T20:22:19.{change:06d}Z" if is_count else change


def chat(text: str, change: Any) -> Json:
    delta = {"index": 0, "delta": {"content": text}, "logprobs": None, "finish_reason": None}
    usage = {"prompt_tokens": 9, "completion_tokens": change, "total_tokens": change}
    return {"id": "c-1", "created": 1700000000, "model": "toy-1", "choices": [delta], "usage": usage}


def padded(text: str, change: Any) -> Json:
    delta = {"index": 0, "delta": {"content": text}, "finish_reason": None}
    padding = "aZ9" * (change % 4 + 1) if change.__class__ is int and 0 <= change < 99 else change
    return {"id": "c-1", "created": 1700000000, "choices": [delta], "obfuscation": padding}


def responses(text: str, change: Any) -> Json:
    head = {"type": "response.output_text.delta", "sequence_number": change, "item_id": "msg_1"}
    return {**head, "output_index": 0, "content_index": 0, "delta": text, "logprobs": [], "obfuscation": "Ab1x"}


def anthropic(text: str, change: Any) -> Json:
    index = change if change.__class__ is not int else change // 3
    return {"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": text}}


def thinking(text: str, change: Any) -> Json:
    delta = {"type": "thinking_delta", "thinking": text} if change == 4 else {"type": "text_delta", "text": text}
    return {"type": "content_block_delta", "index": 0, "delta": delta}


def thoughts(text: str, change: Any) -> Json:
    payload = gemini(text, change)
    if change in [3, 4, 8]:
        payload["candidates"][0]["content"]["parts"][0]["thought"] = True
    return payload


def gemini(text: str, change: Any) -> Json:
    said = {"content": {"parts": [{"text": text}], "role": "model"}, "index": 0}
    counts = {"promptTokenCount": 8, "candidatesTokenCount": change, "totalTokenCount": change}
    details = [{"modality": "TEXT", "tokenCount": 8}]
    usage = {**counts, "promptTokensDetails": details}
    return {"candidates": [said], "usageMetadata": usage, "modelVersion": "gemini-2.5-flash", "responseId": "mAI"}


def ollama_chat(text: str, change: Any) -> Json:
    head = {"model": "llama3.2", "created_at": time_of(change)}
    return {**head, "message": {"role": "assistant", "content": text}, "done": False}


def ollama_generate(text: str, change: Any) -> Json:
    return {"model": "llama3.2", "created_at": time_of(change), "response": text, "done": False}


CASES: dict[str, Frames] = {
    "chat": Frames("openai-chat", Form.EVENTS, chat),
    "chat, CR LF": Frames("openai-chat", Form.EVENTS, chat, "\r\n\r\n"),
    "chat, padded": Frames("openai-chat", Form.EVENTS, padded),
    "responses": Frames("openai-responses", Form.EVENTS, responses, name="response.output_text.delta"),
    "anthropic": Frames("anthropic-messages", Form.EVENTS, anthropic, name="content_block_delta"),
    "anthropic, thinking": Frames("anthropic-messages", Form.EVENTS, thinking, name="content_block_delta"),
    "gemini": Frames("gemini", Form.EVENTS, gemini, compact=False),
    "gemini, CR LF": Frames("gemini", Form.EVENTS, gemini, "\r\n\r\n", compact=False),
    "gemini, thoughts": Frames("gemini", Form.EVENTS, thoughts, "\r\n\r\n"),
    "gemini, array": Frames("gemini", Form.ARRAY, gemini, "\r\n", indent=2, compact=False),
    "ollama, chat": Frames("ollama", Form.LINES, ollama_chat, "\n"),
    "ollama, generate": Frames("ollama", Form.LINES, ollama_generate, "\r\n"),
    "described": Frames("tgi/tgi", Form.EVENTS, tgi_token),
}
