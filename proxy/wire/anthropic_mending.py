"""Takes out of a request what an edit of an earlier answer left behind, and the API would refuse.

A client sends the answers it got back as history. Thinking that was cut off in an answer has an empty signature
there (see docs/adr), and a block of text may have lost all of it to a value that began in the block before. The API
takes a conversation without such blocks, but not with them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from proxy.wire.jsontext import Json


def mended(payload: Json) -> Json:
    """Return a parsed request without blocks that lost their signature or text; the same object when there is none.

    A message of which nothing is left goes too: the API refuses an empty one, and joins its neighbours.
    """
    messages = payload.get("messages") if isinstance(payload, dict) else None
    if not isinstance(messages, list):
        return payload
    kept = [left for message in messages for left in _mended_message(message)]
    is_same = len(kept) == len(messages) and all(one is other for one, other in zip(kept, messages, strict=True))
    return payload if is_same else {**payload, "messages": kept}


def _mended_message(message: Json) -> list[Json]:
    """Return what is left of a message: itself, a changed one, or nothing."""
    content = message.get("content") if isinstance(message, dict) else None
    if not isinstance(content, list) or message.get("role") != "assistant":
        return [message]
    kept = [block for block in content if not _is_left_behind(block)]
    if len(kept) == len(content):
        return [message]
    return [{**message, "content": kept}] if kept else []


def _is_left_behind(block: Json) -> bool:
    """Whether a block has an empty signature where the API set one, as in all thinking, or an empty text."""
    kind = block.get("type") if isinstance(block, dict) else None
    if kind == "text":
        return bool(block.get("text") == "")
    if kind == "thinking":
        return not block.get("signature")
    return kind == "compaction" and "" in (block.get("signature"), block.get("encrypted_content"))
