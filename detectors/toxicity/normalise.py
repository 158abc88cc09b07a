"""The text as the bundled model reads it: common disguises of letters are undone before the tokenizer.

It is for a classifier that needs words, not offsets: the answer is about the whole window, so nothing maps back.
It is not the folding of the other detectors, which must know where every character came from.
"""

from __future__ import annotations

import re
import unicodedata

NORMALISER = "letters-1"
"""Name and version of what is done here; a card names the one its model was trained behind."""

_LOOK_ALIKE = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u04bb\u0501\u0261\u0432\u043d\u043a\u043c\u0442"
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0406\u0408\u0405\u0423"
    "\u03b1\u03bf\u03c1\u03bd\u03b9\u03ba\u03c5\u03c4\u03b5\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d"
    "\u039f\u03a1\u03a4\u03a5\u03a7\u0131\u0585\u057d\u0578",
    "aeopcyxijshdgbhkmtABEKMHOPCTXIJSYaopvikuteABEZHIKMNOPTYXioun",
)
_WORD = re.compile(r"[^\W\d_]+")
_LATIN = re.compile(r"[A-Za-z]")
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]"
)
_MARKED = re.compile("([A-Za-z])[\u0300-\u036f]+")
_LETTER_FOR = {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i", "|": "i"}
_SIGNED_WORD = re.compile(r"(?<![\w@$.])[A-Za-z013457@$!|]{3,}(?![\w@]|\.\w)")
_INNER_SIGN = re.compile(r"[A-Za-z][013457@$!|]{1,3}[A-Za-z]|^[@$][A-Za-z]{2}")
_SPACED = re.compile(r"(?<![^\s\"'(])[A-Za-z](?:([ .\-_*])[A-Za-z])(?:\1[A-Za-z])+(?![^\s\"').,!?;:])")
_STRETCHED = re.compile(r"([A-Za-z])\1{2,}")
_SPACE = re.compile(r"\s+")


def _latin_word(match: re.Match[str]) -> str:
    """A word of another script stays; one that has Latin letters, or could be Latin throughout, is folded."""
    word = match.group()
    if word.isascii():
        return word
    folded = word.translate(_LOOK_ALIKE)
    return folded if _LATIN.search(word) or (folded.isascii() and len(folded) > 1) else word


def _signs_as_letters(match: re.Match[str]) -> str:
    """Only where a sign stands between letters (`@` and `$` also before them): `mp3` and `4th` stay."""
    word = match.group()
    if not _INNER_SIGN.search(word):
        return word
    body = word.rstrip("!")
    return "".join(_LETTER_FOR.get(char, char) for char in body) + word[len(body) :]


def _joined(match: re.Match[str]) -> str:
    return match.group()[::2]


def normalise(text: str) -> str:
    """Return the text with look-alike letters, invisible characters, signs for letters and spread words undone."""
    if not text.isascii():
        text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
        text = unicodedata.normalize("NFC", _MARKED.sub(r"\1", unicodedata.normalize("NFD", text)))
        text = _WORD.sub(_latin_word, text)
    text = _SIGNED_WORD.sub(_signs_as_letters, text)
    text = _SPACED.sub(_joined, text)
    text = _STRETCHED.sub(r"\1\1", text)
    return _SPACE.sub(" ", text).strip()
