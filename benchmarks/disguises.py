"""Ways to disguise a value, by family: what the corpora of evasion (garak, PyRIT, PromptShield) do, written anew.

Deterministic: a way is a function of the value and of a seeded generator that it is given.
"""

from __future__ import annotations

import base64
import codecs
from string import ascii_lowercase, ascii_uppercase
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    Disguise = Callable[[str, random.Random], str]

INVISIBLE: Final = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u3164\uffa0\u180e\u202e\u202c\u2066\u034f\ufe0e"
_MARKS: Final = "\u0300\u0301\u0323\u0336\u0334\u20dd\u0489"
_HOMOGLYPHS: Final = {
    "a": "\u0430", "c": "\u0441", "e": "\u0435", "o": "\u043e", "p": "\u0440", "x": "\u0445", "y": "\u0443",
    "i": "\u0456", "j": "\u0458", "s": "\u0455", "A": "\u0410", "B": "\u0412", "E": "\u0415", "K": "\u039a",
    "M": "\u039c", "O": "\u039f", "P": "\u03a1", "T": "\u03a4",
}  # fmt: skip
_MATH_LETTERS: Final = (0x1D400, 0x1D468, 0x1D4D0, 0x1D56C, 0x1D5A0, 0x1D5D4, 0x1D608, 0x1D63C, 0x1D670)
_MATH_DIGITS: Final = (0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6)
_LEET: Final = {"o": "0", "e": "3", "a": "4", "s": "5", "t": "7", "i": "1", "O": "0", "E": "3", "A": "4", "S": "5"}
_ATBASH: Final = str.maketrans(ascii_lowercase + ascii_uppercase, ascii_lowercase[::-1] + ascii_uppercase[::-1])
_TAGS: Final = (("<b>", "</b>"), ("<i>", "</i>"), ("<!-- -->", ""), ("<span>", "</span>"), ("<sub>", "</sub>"))


def _inside(value: str, chance: random.Random, piece: Callable[[], str], share: float = 0.4) -> str:
    """Put something between the characters of a value, at least once."""
    places = [place for place in range(1, len(value)) if chance.random() < share] or [len(value) // 2]
    return "".join(piece() + char if place in places else char for place, char in enumerate(value))


def _each(value: str, one: Callable[[str], str]) -> str:
    return "".join(map(one, value))


def _math(value: str, chance: random.Random) -> str:
    letters, digits = chance.choice(_MATH_LETTERS), chance.choice(_MATH_DIGITS)

    def one(char: str) -> str:
        if char.isdigit():
            return chr(digits + int(char))
        base = ord("A") if char.isupper() else ord("a") - 26
        return chr(letters + ord(char) - base) if char.isalpha() else char

    return _each(value, one)


def _fullwidth(value: str, _: random.Random) -> str:
    return _each(value, lambda char: chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char)


def _circled(value: str, _: random.Random) -> str:
    def one(char: str) -> str:
        if char.isalpha():
            return chr(0x24B6 + ord(char) - 65) if char.isupper() else chr(0x24D0 + ord(char) - 97)
        return chr(0x2460 + int(char) - 1) if char in "123456789" else char

    return _each(value, one)


def _homoglyphs(value: str, chance: random.Random) -> str:
    words = [[char for char in word if char in _HOMOGLYPHS] for word in value.split(" ")]
    chosen = {chance.choice(letters) for letters in words if letters}
    return _each(value, lambda char: _HOMOGLYPHS[char] if char in chosen else char)


def _entity(char: str, chance: random.Random) -> str:
    code = ord(char)
    return chance.choice((f"&#{code};", f"&#x{code:x};", f"&#x{code:04X};", f"&#{code:05d};"))


def _code(char: str, chance: random.Random) -> str:
    code = ord(char)
    return chance.choice((f"\\u{code:04x}", f"\\x{code:02x}", f"\\u{{{code:x}}}"))


def _some(value: str, chance: random.Random, one: Callable[[str, random.Random], str]) -> str:
    first = chance.randrange(len(value))
    return "".join(
        one(char, chance) if place == first or chance.random() < 0.5 else char for place, char in enumerate(value)
    )


def _selectors(value: str, _: random.Random) -> str:
    return _each(value, lambda char: chr(0xE0100 + ord(char) - 16))


def _markup(value: str, chance: random.Random) -> str:
    places = [p for p in range(1, len(value)) if value[p - 1].isalnum() and value[p].isalnum()]
    at = chance.choice(places)
    if chance.random() < 0.4:
        sign = chance.choice(("*", "**", "~~", "`"))
        return value[:at] + sign + value[at:]
    opening, closing = chance.choice(_TAGS)
    until = chance.choice([p for p in places if p > at] or [at])
    return value[:at] + opening + value[at:until] + closing + value[until:]


def _spaced(value: str, chance: random.Random) -> str:
    gap = chance.choice((" ", "\u00a0", "\u2009"))
    return gap.join(value.replace(" ", ""))


DISGUISES: Final[dict[str, Disguise]] = {
    "invisible characters": lambda value, chance: _inside(value, chance, lambda: chance.choice(INVISIBLE)),
    "combining marks": lambda value, chance: _inside(value, chance, lambda: chance.choice(_MARKS)),
    "tag characters": lambda value, _: _each(value, lambda char: chr(0xE0000 + ord(char))),
    "variation selectors": _selectors,
    "fullwidth": _fullwidth,
    "mathematical": _math,
    "circled": _circled,
    "look-alikes": _homoglyphs,
    "HTML entities": lambda value, chance: _some(value, chance, _entity),
    "URL escapes": lambda value, chance: _some(value, chance, lambda char, _: f"%{ord(char):02X}"),
    "code escapes": lambda value, chance: _some(value, chance, _code),
    "markup": _markup,
    "spaced": _spaced,
}
"""Any value can be written in these ways."""


def _base64(value: str, _: random.Random) -> str:
    return base64.b64encode(f"is {value} ok".encode()).decode()


ENCODINGS: Final[dict[str, Disguise]] = {
    "base64": _base64,
    "base64 for URLs": lambda value, _: base64.urlsafe_b64encode(f"it is {value}".encode()).decode().rstrip("="),
    "base64 twice": lambda value, chance: base64.b64encode(_base64(value, chance).encode()).decode(),
    "base32": lambda value, _: base64.b32encode(f"it is {value}".encode()).decode(),
    "hexadecimal": lambda value, _: value.encode().hex(),
    "binary": lambda value, _: _each(value, lambda char: f"{ord(char):08b}"),
    "rot13": lambda value, _: codecs.encode(value, "rot13"),
    "atbash": lambda value, _: value.translate(_ATBASH),
}
"""Written in other letters. Of an encoded text the first few characters may be left."""

WORD_DISGUISES: Final[dict[str, Disguise]] = {
    "punctuated": lambda value, chance: _inside(value, chance, lambda: chance.choice(".-_*|/"), share=1.0),
    "leetspeak": lambda value, _: _each(value, lambda char: _LEET.get(char, char)),
}
"""Words only: in an address or a number the punctuation, and every digit, means something."""
