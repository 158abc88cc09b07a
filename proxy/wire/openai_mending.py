"""Takes out of a chat request what an edit of an earlier answer left without its signature, and would be refused.

OpenRouter hands on reasoning with the provider's signature in `reasoning_details`, and clients send it back as
history. A detail that was cut off in an answer has an empty signature there (see docs/adr).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from proxy.wire.jsontext import Json

_MEMBER = "reasoning_details"


def mended(payload: Json) -> Json:
    """Return a parsed request without details that lost their signature; the same object when there is none."""
    messages = payload.get("messages") if isinstance(payload, dict) else None
    if not isinstance(messages, list):
        return payload
    kept = [_mended_message(message) for message in messages]
    is_same = all(one is other for one, other in zip(kept, messages, strict=True))
    return payload if is_same else {**payload, "messages": kept}


def _mended_message(message: Json) -> Json:
    details = message.get(_MEMBER) if isinstance(message, dict) else None
    if not isinstance(details, list):
        return message
    kept = [one for one in details if not (isinstance(one, dict) and one.get("signature") == "")]
    if len(kept) == len(details):
        return message
    rest = {key: value for key, value in message.items() if key != _MEMBER}
    return {**rest, _MEMBER: kept} if kept else rest
