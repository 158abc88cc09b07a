"""What the user said in a request: the texts of its messages with the role of a user, in any of the dialects.

Not what a system prompt, a tool, an attached document or the model's own earlier answers say. Where it cannot be
told who said a text, the user did not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MESSAGES = ("messages", "contents", "input")
_PROMPTS = ("input", "prompt", "inputs", "text_input")
"""Members that are one text, or a list of some: Responses, completions and Ollama, TGI, KServe."""
_REMEMBERED = ("previous_response_id", "conversation", "context", "cachedContent", "cached_content")
"""Members that name what a provider remembers: Responses, Ollama, Gemini."""
_ROLELESS = "contents"
"""Gemini: a content that names no role is the user's."""
_TEXT_TYPES = (None, "text", "input_text")
"""No set: what stands there may be a list, which no set can be asked for."""


def typed_texts(payload: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the user said in a parsed request, in its order."""
    for member in _PROMPTS:
        yield from _strings(payload.get(member))
    for member in _MESSAGES:
        value = payload.get(member)
        for message in [value] if isinstance(value, dict) else value if isinstance(value, list) else ():
            if isinstance(message, dict) and _is_user(message, member):
                yield from _said(message)


def goes_on_from_elsewhere(payload: Mapping[str, Any]) -> bool:
    """Whether the provider puts earlier messages before those of a request: texts that nobody here sees."""
    return any(payload.get(member) for member in _REMEMBERED)


def _is_user(message: Mapping[str, Any], member: str) -> bool:
    role = message.get("role")
    return role == "user" or (role is None and member == _ROLELESS)


def _said(message: Mapping[str, Any]) -> Iterator[str]:
    for content in (message.get("content"), message.get("parts")):
        yield from _strings(content)
        for part in content if isinstance(content, list) else ():
            if isinstance(part, dict) and part.get("type") in _TEXT_TYPES and isinstance(part.get("text"), str):
                yield part["text"]


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        yield from (one for one in value if isinstance(one, str))
