"""Ways in which people and evaders write words wrong: typing errors, signs for letters, spreading, look-alikes."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

_NEIGHBOURS = {
    "a": "qs", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj", "i": "uo",
    "j": "hk", "k": "jl", "l": "k", "m": "n", "n": "bm", "o": "ip", "p": "o", "q": "wa", "r": "et",
    "s": "ad", "t": "ry", "u": "yi", "v": "cb", "w": "qe", "x": "zc", "y": "tu", "z": "x",
}  # fmt: skip
_SIGNS = {"a": "4@", "e": "3", "i": "1!", "o": "0", "s": "5$", "t": "7"}
_LOOK_ALIKES = {
    "a": "\u0430", "c": "\u0441", "e": "\u0435", "i": "\u0456", "o": "\u043e", "p": "\u0440",
    "s": "\u0455", "x": "\u0445", "y": "\u0443", "A": "\u0410", "E": "\u0415", "O": "\u041e", "T": "\u0422",
}  # fmt: skip
MIN_LETTERS = 4
"""Shorter words are left alone: people misspell and hide the words that carry the meaning."""


def _word_typo(word: str, random: Random) -> str:
    place = random.randrange(1, len(word) - 1)
    kind = random.randrange(4)
    if kind == 0:
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    if kind == 1:
        return word[:place] + word[place + 1 :]
    if kind == 2:  # noqa: PLR2004
        return word[:place] + word[place] + word[place:]
    return word[:place] + random.choice(_NEIGHBOURS.get(word[place].lower(), word[place])) + word[place + 1 :]


def _word_signs(word: str, random: Random) -> str:
    signed = [
        random.choice(_SIGNS[char.lower()]) if char.lower() in _SIGNS and random.random() < 0.7 else char  # noqa: PLR2004
        for char in word
    ]
    return "".join(signed)


def _word_spread(word: str, random: Random) -> str:
    return random.choice(" .-_*").join(word)


def _word_look_alike(word: str, random: Random) -> str:
    return "".join(_LOOK_ALIKES.get(char, char) if random.random() < 0.7 else char for char in word)  # noqa: PLR2004


Family = Callable[[str, Random], str]
FAMILIES: dict[str, tuple[Family, float]] = {
    "typos": (_word_typo, 0.3),
    "signs for letters": (_word_signs, 0.4),
    "spread words": (_word_spread, 0.25),
    "look-alike letters": (_word_look_alike, 0.5),
}
"""Each family's change to a word, and the share of words that it changes."""


def noisy(text: str, family: str, random: Random) -> str:
    """Return the text with some of its longer words changed; one at least, where there is one."""
    change, share = FAMILIES[family]
    words = text.split(" ")
    long = [place for place, word in enumerate(words) if len(word) >= MIN_LETTERS and word.isalpha()]
    if not long:
        return text
    chosen = {place for place in long if random.random() < share} or {random.choice(long)}
    return " ".join(change(word, random) if place in chosen else word for place, word in enumerate(words))
