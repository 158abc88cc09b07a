"""Strict JSON: one meaning or an error, and edits at a path.

It refuses what parsers disagree about, or reports it so that the text is never forwarded as it came. It is not
a general JSON library: numbers beyond 64 bits come back as floats, as orjson reads them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TypeAlias

import orjson

from proxy.wire.types import Path, WireError

if TYPE_CHECKING:
    from collections.abc import Iterable

Json: TypeAlias = Any
"""A parsed JSON value."""

MAX_DEPTH = 100
"""Deepest nesting. JSON schemas of tools, the deepest thing seen in the wild, stay below 40; the walkers
recurse, and Python's stack ends near 1000."""

NOT_JSON = "the peer sent a body or an event that is not valid JSON"
TOO_DEEP = f"the peer sent JSON nested deeper than {MAX_DEPTH} levels"


class Parsed(NamedTuple):
    """A JSON value and whether its text could be read in another way."""

    value: Json
    is_ambiguous: bool
    """Duplicate keys (parsers differ in which one wins) or lone surrogates (here replaced by U+FFFD)."""


def loads(raw: bytes) -> Parsed:
    """Parse UTF-8 JSON. Raises `WireError` for anything that is not exactly one JSON value."""
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        # A lone surrogate is the one thing orjson refuses that the grammar allows.
        if b"\\u" not in raw:
            raise WireError(NOT_JSON) from None
        return Parsed(_scrub(_loads_slowly(raw)[0]), is_ambiguous=True)
    return weighed(raw, value)


def weighed(raw: bytes, value: Json) -> Parsed:
    """Say of a text what orjson read in it and whether it could be read in another way. Raises `WireError`."""
    if raw.count(b"{") + raw.count(b"[") <= MAX_DEPTH and orjson.dumps(value) == raw:
        return Parsed(value, is_ambiguous=False)  # Compact JSON, as most servers write it: written again, the same.
    members = _count_members(value)
    if _may_repeat_key(raw, members):
        value, repeats = _loads_slowly(raw)
        return Parsed(value, repeats)
    return Parsed(value, is_ambiguous=False)


def dumps(value: Json) -> bytes:
    """Write compact UTF-8 JSON on one line, also for readers that take U+0085, U+2028 and U+2029 as line ends."""
    text = orjson.dumps(value)
    if not text.isascii():
        for mark, escape in _LINE_MARKS:
            text = text.replace(mark, escape)
    return text


_LINE_MARKS = (("\x85".encode(), b"\\u0085"), ("\u2028".encode(), b"\\u2028"), ("\u2029".encode(), b"\\u2029"))


def _count_members(value: Json) -> int:
    """Count the members of all objects, by levels. Raises `WireError` when there are too many levels."""
    members = 0
    level = [value]
    for _ in range(MAX_DEPTH):
        below: list[Json] = []
        for item in level:
            if item.__class__ is dict:
                members += len(item)
                below += filter(_is_container, item.values())
            elif item.__class__ is list:
                below += filter(_is_container, item)
        if not below:
            return members
        level = below
    raise WireError(TOO_DEEP)


def _is_container(value: Json) -> bool:
    return isinstance(value, (dict, list))


def _may_repeat_key(raw: bytes, members: int) -> bool:
    """Whether the text may hold more members than were parsed, that is, a key twice. Never wrong when False.

    Each member has one colon outside strings, so as many colons as members leave no room for another. Colons
    inside strings need a closer look: a member's colon follows the quote that ends its key. `":` with a
    backslash before it is inside a string, unless the key itself ends in a backslash; and a colon may come
    after blanks. Where neither of these occurs, the count bounds the members of the text from above.
    """
    if raw.count(b":") == members:
        return False
    bound = raw.count(b'":') - raw.count(b'\\":')
    if bound != members:
        return True
    return b'\\\\":' in raw or b" :" in raw or b"\n:" in raw or b"\t:" in raw or b"\r:" in raw


def _loads_slowly(raw: bytes) -> tuple[Json, bool]:
    """Parse with the standard library, which can see each pair. Returns the value and whether a key repeats."""
    repeats = False

    def collect(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        nonlocal repeats
        members = dict(pairs)
        repeats |= len(members) != len(pairs)
        return members

    try:
        value = json.loads(
            raw.decode("utf-8"), object_pairs_hook=collect, parse_constant=_refuse_constant, parse_int=_read_int
        )
        _count_members(value)
        _refuse_infinity(value)
    except (ValueError, RecursionError):
        raise WireError(NOT_JSON) from None
    return value, repeats


def _read_int(digits: str) -> Json:
    """Read an integer as orjson does: beyond 64 bits it is a float."""
    if len(digits) <= _MAX_INT_DIGITS and -(2**63) <= (value := int(digits)) < 2**64:
        return value
    return float(digits)


_MAX_INT_DIGITS = 20
"""Of 64 bits, sign included. Python refuses to read integers of thousands of digits."""


def _refuse_constant(_name: str) -> NoReturn:
    raise ValueError


def _refuse_infinity(value: Json) -> None:
    """Refuse 1e999, which the standard library reads as infinity and orjson refuses."""
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        raise ValueError
    for child in _children(value):
        _refuse_infinity(child)


def _children(value: Json) -> Iterable[Json]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _scrub(value: Json) -> Json:
    """Replace lone surrogates, in keys too."""
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, list):
        return [_scrub(item) for item in value]
    if isinstance(value, dict):
        return {_scrub(key): _scrub(item) for key, item in value.items()}
    return value


class Editor:
    """Changes a JSON value without touching the original: containers are copied along the edited paths only."""

    __slots__ = ("_copied", "value")

    def __init__(self, value: Json) -> None:
        self.value: Json = value.copy() if isinstance(value, (dict, list)) else value
        self._copied: dict[Path, Json] = {(): self.value}

    def get(self, path: Path) -> Json:
        """Return the value at `path`, None where there is none."""
        value = self.value
        for step in path:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    def set(self, path: Path, value: Json) -> None:
        """Write at `path`. A path whose container is gone (dropped by another edit) is left alone."""
        holder = self._own(path[:-1])
        step: Json = path[-1]
        if isinstance(holder, list) and not (isinstance(step, int) and 0 <= step < len(holder)):
            return
        if isinstance(holder, (dict, list)):
            holder[step] = value
            self._forget_below(path)

    def drop(self, path: Path) -> None:
        """Remove the member at `path`; an element of a list becomes null, so that the others keep their place."""
        if isinstance(path[-1], int):
            self.set(path, None)
            return
        holder = self._own(path[:-1])
        if isinstance(holder, dict):
            holder.pop(path[-1], None)
            self._forget_below(path)

    def _own(self, path: Path) -> Json:
        """Return the container at `path` as a copy that is ours; None when nothing is there."""
        if path in self._copied:
            return self._copied[path]
        holder = self._own(path[:-1])
        try:
            child = holder[path[-1]]
        except (KeyError, IndexError, TypeError):
            return None
        copy = child.copy() if isinstance(child, (dict, list)) else None
        if copy is not None:
            holder[path[-1]] = copy
            self._copied[path] = copy
        return copy

    def _forget_below(self, path: Path) -> None:
        size = len(path)
        for known in [known for known in self._copied if known[:size] == path]:
            del self._copied[known]
