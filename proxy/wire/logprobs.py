"""Reads log-probabilities, which say a text once more, token by token, beside tokens that might have been.

It understands three shapes strictly; anything else is None, and the caller takes the whole as unknown text.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from detectors.types import ChannelKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from proxy.wire.fields import Logprobs
    from proxy.wire.jsontext import Json
    from proxy.wire.types import Path

_ENTRY_KEYS = frozenset({"token", "logprob", "bytes", "top_logprobs"})
_LISTS = {"content": ChannelKind.TEXT, "refusal": ChannelKind.REFUSAL}
_LEGACY_KEYS = frozenset({"tokens", "token_logprobs", "top_logprobs", "text_offset"})
_MAX_LOGPROB = 1e6


class Tokens(NamedTuple):
    """One list of tokens."""

    kind: ChannelKind
    """Of the text that the tokens should repeat."""
    path: Path
    joined: str | None
    """The text the tokens spell; None when tokens and bytes do not agree on one."""
    text: str
    """All the text in the list, for when it repeats nothing."""
    alternatives: str
    """Tokens that might have been, one a line."""


def read_lists(node: Logprobs, value: Json, path: Path) -> list[Tokens] | None:
    """Read log-probabilities of the shape that a table names."""
    if node.is_legacy:
        return read_legacy(value, path)
    return read_flat(value, path) if node.is_flat else read_tokens(value, path)


def read_tokens(value: Json, path: Path) -> list[Tokens] | None:
    """Read the chat API's `{"content": [entry...], "refusal": [entry...]}`."""
    if value.__class__ is not dict or not value.keys() <= _LISTS.keys():
        return None
    lists = []
    for key, entries in value.items():
        if entries is None:
            continue
        tokens = _read_entries(entries, _LISTS[key], (*path, key))
        if tokens is None:
            return None
        lists.append(tokens)
    return lists


def read_flat(value: Json, path: Path) -> list[Tokens] | None:
    """Read a bare `[entry...]`, as Ollama has it beside the answer."""
    tokens = _read_entries(value, ChannelKind.TEXT, path)
    return None if tokens is None else [tokens]


def _read_entries(entries: Json, kind: ChannelKind, path: Path) -> Tokens | None:
    if entries.__class__ is not list or not all(_is_entry(entry) for entry in entries):
        return None
    pieces = [_piece(entry) for entry in entries]
    joined = _decode(b"".join(piece for piece in pieces if piece is not None))
    text = "".join(entry["token"] for entry in entries)
    hidden = "".join(_lossy(entry) for entry in entries if _piece(entry) is None)
    # On a line of its own: no word of the bytes may be hidden by the letters of a token beside it.
    text = f"{text}\n{hidden}" if hidden else text
    alternatives = [line for entry in entries for line in _alternatives(entry)]
    return Tokens(kind, path, None if None in pieces else joined, text, "\n".join(alternatives))


def _is_entry(entry: Json, *, nested: bool = False) -> bool:
    if entry.__class__ is not dict or not entry.keys() <= _ENTRY_KEYS or not isinstance(entry.get("token"), str):
        return False
    if not _is_logprob(entry.get("logprob")) or not _is_bytes(entry.get("bytes")):
        return False
    others = entry.get("top_logprobs")
    if others is None:
        return True
    return not nested and others.__class__ is list and all(_is_entry(other, nested=True) for other in others)


def _is_logprob(value: Json) -> bool:
    return value is None or (value.__class__ in {int, float} and abs(value) < _MAX_LOGPROB)


def _is_bytes(value: Json) -> bool:
    if value is None:
        return True
    return value.__class__ is list and all(item.__class__ is int and 0 <= item < 256 for item in value)  # noqa: PLR2004


def _piece(entry: dict[str, Json]) -> bytes | None:
    """Return the bytes of an entry's token; None when its two forms say different things."""
    token: bytes = entry["token"].encode("utf-8")
    listed = entry.get("bytes")
    if listed is None:
        return token
    piece = bytes(listed)
    if piece == token:
        return piece
    # Half a character has no token text of its own; OpenAI writes its bytes, others U+FFFD.
    escaped = "bytes:" + "".join(f"\\x{byte:02x}" for byte in piece)
    return piece if entry["token"] in {escaped, piece.decode("utf-8", "replace")} else None


def _lossy(entry: dict[str, Json]) -> str:
    return bytes(entry["bytes"]).decode("utf-8", "replace")


def _decode(piece: bytes) -> str | None:
    try:
        return piece.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _alternatives(entry: dict[str, Json]) -> list[str]:
    lines = []
    for other in entry.get("top_logprobs") or ():
        lines.append(other["token"])
        if _piece(other) is None:
            lines.append(_lossy(other))
    return lines


def read_legacy(value: Json, path: Path) -> list[Tokens] | None:
    """Read the completions API's parallel lists."""
    if value.__class__ is not dict or not value.keys() <= _LEGACY_KEYS:
        return None
    tokens = value.get("tokens") or []
    tops = value.get("top_logprobs") or []
    if not _is_list(tokens, lambda item: isinstance(item, str)):
        return None
    if not _is_list(value.get("token_logprobs") or [], _is_logprob):
        return None
    if not _are_offsets(value.get("text_offset") or []):
        return None
    if not _is_list(tops, _is_top):
        return None
    joined = "".join(tokens)
    return [Tokens(ChannelKind.TEXT, path, joined, joined, "\n".join(key for top in tops if top for key in top))]


def _is_list(value: Json, is_item: Callable[[Json], bool]) -> bool:
    return value.__class__ is list and all(is_item(item) for item in value)


def _are_offsets(value: Json) -> bool:
    """Whether the numbers can be places in a text: they never go back, so they spell nothing that people write."""
    if not _is_list(value, lambda item: item.__class__ is int and 0 <= item < _MAX_LOGPROB):
        return False
    return all(a <= b for a, b in pairwise(value))


def _is_top(value: Json) -> bool:
    return value is None or (value.__class__ is dict and all(_is_logprob(item) for item in value.values()))
