"""The form of a numbered placeholder, `<EMAIL_ADDRESS_1>`: how it is written, and how models write it again."""

from __future__ import annotations

import re
import zlib

MAX_DIGITS = 5
"""Of a number: as many as there can be values in one exchange (`policies.substitutes.MAX_SUBSTITUTES`)."""

FIRST_NUMBERS = 80_000
"""How many numbers the first of a request is chosen from: with all its values it still has `MAX_DIGITS`."""

_NOT_PLAIN = re.compile(r"[^A-Z0-9]+")
_PARTS = re.compile(r"[A-Za-z0-9]+")
_BRACKET = re.compile(r"(?i)&[lg]t;|%3[ce]|\\u003[ce]")
_OPEN = r"(?:\\?<|&lt;|%3c|\\u003c)"
_CLOSE = r"(?:\\?>|&gt;|%3e|\\u003e)"


def label_of(category: str) -> str:
    """Return what a category is called in a placeholder: capital letters, digits and single underscores."""
    return _NOT_PLAIN.sub("_", category.upper()).strip("_") or "VALUE"


def placeholder(label: str, number: int) -> str:
    """Return the placeholder with this number."""
    return f"<{label}_{number}>"


def first_number(request_id: str) -> int:
    """Return a number after which those of a request may begin: they hardly meet those of an earlier one."""
    return zlib.crc32(request_id.encode()) % FIRST_NUMBERS


def pattern_of(label: str) -> str:
    r"""Return an RE2 pattern for the ways in which a placeholder of this label may be written.

    In angle brackets, escaped or not (`<`, `\<`, `&lt;`, `%3C`, `\u003c`), case does not matter, and an underscore
    may be escaped, a space or a hyphen. Without brackets it is only the capital letters and underscores, escaped or
    not, that no letter, digit or underscore adjoins: `email address 1` is English.
    """
    words = label.split("_")
    loose = r"(?:\\?_|[ -])".join([*words, f"[0-9]{{1,{MAX_DIGITS}}}"])
    bare = r"\\?_".join([*words, f"[0-9]{{1,{MAX_DIGITS}}}"])
    return rf"(?i:{_OPEN} ?{loose} ?{_CLOSE})|\b{bare}\b"


def canonical(text: str) -> str:
    """Return the placeholder that a text which `pattern_of` matches is a way to write; of others, anything."""
    *words, number = _PARTS.findall(_BRACKET.sub(" ", text)) or [""]
    return placeholder("_".join(words).upper(), int(number)) if number.isdecimal() else ""
