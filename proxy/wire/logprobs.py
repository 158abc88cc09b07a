"""Reads log-probabilities, which say a text once more, token by token, beside tokens that might have been.

It understands a few shapes strictly; anything else is None, and the caller takes the whole as unknown text.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from detectors.types import ChannelKind
from proxy.wire.types import Channel, Path

if TYPE_CHECKING:
    from collections.abc import Callable

    from proxy.wire.fields import Logprobs
    from proxy.wire.jsontext import Json
    from proxy.wire.types import Slot

_ENTRY_KEYS = frozenset({"token", "logprob", "bytes", "top_logprobs"})
_LISTS = {"content": ChannelKind.TEXT, "refusal": ChannelKind.REFUSAL}
_LEGACY_KEYS = frozenset({"tokens", "token_logprobs", "top_logprobs", "text_offset"})
_MAX_LOGPROB = 1e6
_CHOSEN_KEYS = frozenset({"chosenCandidates", "chosen_candidates"})
_TOP_KEYS = frozenset({"topCandidates", "top_candidates"})
_SUM_KEYS = frozenset({"logProbabilitySum", "log_probability_sum"})
_CHOSEN_ENTRY_KEYS = frozenset({"token", "tokenId", "token_id", "logProbability", "log_probability"})
_MAX_TOKEN_ID = 2**24
"""Vocabularies have some 300,000 tokens."""


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
    """Read log-probabilities in the shape that a table names."""
    if node.is_legacy:
        return read_legacy(value, path)
    if node.is_flat:
        return read_flat(value, path)
    return read_chosen(value, path) if node.is_chosen else read_tokens(value, path)


def bound(tokens: Tokens, slots: list[Slot], own_from: int, text: Channel, node: Logprobs) -> bool:
    """Make tokens a dependent of the one slot, from `own_from` on, whose text they repeat. False without one.

    `text` is the channel of text that is nearest to them.
    """
    kinds = (tokens.kind, ChannelKind.REASONING) if node.is_flat else (tokens.kind,)
    for kind in kinds:
        channel = text._replace(kind=kind)
        found = [number for number in range(own_from, len(slots)) if slots[number].channel == channel]
        if len(found) == 1:
            slot = slots[found[0]]
            if slot.text == tokens.joined:
                slots[found[0]] = slot._replace(dependents=(*slot.dependents, tokens.path))
            return slot.text == tokens.joined
    return False


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


def read_chosen(value: Json, path: Path) -> list[Tokens] | None:
    """Read Gemini's lists of chosen tokens and of the candidates for each. They go together."""
    if value.__class__ is not dict or not value.keys() <= _CHOSEN_KEYS | _TOP_KEYS | _SUM_KEYS:
        return None
    chosen = [token for key in _CHOSEN_KEYS for token in value.get(key) or ()]
    tops = [top for key in _TOP_KEYS for top in value.get(key) or ()]
    if not all(top.__class__ is dict and top.keys() <= {"candidates"} for top in tops):
        return None
    others = [token for top in tops for token in top.get("candidates") or ()]
    sums = [value.get(key) for key in _SUM_KEYS]
    if not all(map(_is_chosen, [*chosen, *others])) or not all(map(_is_logprob, sums)):
        return None
    joined = "".join(_token_of(token) for token in chosen)
    return [Tokens(ChannelKind.TEXT, path, joined, joined, "\n".join(map(_token_of, others)))]


def _is_chosen(entry: Json) -> bool:
    if entry.__class__ is not dict or not entry.keys() <= _CHOSEN_ENTRY_KEYS:
        return False
    ids = [entry.get("tokenId"), entry.get("token_id")]
    chances = [entry.get("logProbability"), entry.get("log_probability")]
    has_ids = all(number is None or (number.__class__ is int and abs(number) < _MAX_TOKEN_ID) for number in ids)
    return isinstance(entry.get("token", ""), str) and has_ids and all(map(_is_logprob, chances))


def _token_of(entry: dict[str, Json]) -> str:
    token: str = entry.get("token", "")
    return token
