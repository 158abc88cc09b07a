"""Patterns of request paths, as routes and the configuration spell them. They match byte by byte, undecoded.

A pattern is literal, or holds `{name}` for one segment, or ends in `/*` for one or more segments.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

NAME: Final = r"[A-Za-z0-9_~@:+-][A-Za-z0-9._~@:+-]*"
"""What fills a `{name}`: one segment without escapes that does not begin with a dot."""

MAX_PATTERN_CHARS: Final = 200

_PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)\}")
_PLAIN: Final = re.compile(rf"/|(?:/{NAME})+")
_PATTERN: Final = re.compile(rf"/|(?:/(?:{NAME})?(?:\{{[a-z_]+\}}(?::[A-Za-z]+)?)?)+")
_REST: Final = "/*"


class PathPattern(NamedTuple):
    """A pattern ready for use."""

    text: str
    regex: re.Pattern[str] | None
    """None for a literal path."""

    def match(self, path: str) -> dict[str, str] | None:
        """Return what fills the names (`rest` for a final `/*`) when the whole path matches, else None."""
        if self.regex is None:
            return {} if path == self.text else None
        found = self.regex.fullmatch(path)
        return None if found is None else found.groupdict()

    @property
    def start(self) -> str:
        """The literal part before the first name or `*`."""
        return re.split(r"[{*]", self.text, maxsplit=1)[0]

    @property
    def is_prefix(self) -> bool:
        """Whether it ends in `/*`."""
        return self.text.endswith(_REST)

    def covers(self, other: PathPattern) -> bool:
        """Whether it surely matches all that `other` does."""
        if self.text == other.text:
            return True
        if self.is_prefix:
            base = self.text[:-1]
            return other.start.startswith(base) and other.text != base
        return other.regex is None and self.match(other.text) is not None


def path_pattern(text: str) -> PathPattern:
    """Compile a pattern. The text is one for which `pattern_problem` finds nothing."""
    if "{" not in text and not text.endswith(_REST):
        return PathPattern(text, None)
    head, rest = (text[: -len(_REST)], rf"/(?P<rest>{NAME}(?:/{NAME})*)") if text.endswith(_REST) else (text, "")
    parts = _PLACEHOLDER.split(head)
    written = "".join(rf"(?P<{part}>{NAME})" if at % 2 else re.escape(part) for at, part in enumerate(parts))
    return PathPattern(text, re.compile(written + rest))


def pattern_problem(text: str) -> str | None:
    """Return what is wrong with a pattern, or None. Double slashes and dots that lead elsewhere are."""
    body = text.removesuffix(_REST)
    names = _PLACEHOLDER.findall(body)
    is_sound = text == "/" or (
        len(text) <= MAX_PATTERN_CHARS
        and (not body or _PATTERN.fullmatch(body))
        and text.startswith("/")
        and not text.endswith("/")
        and "//" not in text
        and ".." not in text
    )
    if not is_sound:
        return "is not a path. Write it as /v2/answer, /v2/answers/{id} or /v2/*, with letters, digits and ._~@:+-."
    if len(set(names)) != len(names) or "rest" in names:
        return "uses a {name} twice, or the name {rest}. Give each its own."
    return None


def is_plain(path: str) -> bool:
    """Whether a path has one spelling only: no escapes, no empty segment, none that begins with a dot."""
    return _PLAIN.fullmatch(path) is not None
