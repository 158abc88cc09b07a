"""Addresses of the web without what only looks like one: file names, attributes of objects, ends of sentences.

Presidio's own recognizer takes any word with a dot and the first letters of a known ending for an address: `np.ar`
of `np.array`, `setup.py`, `end.Th` of `end.The`. And it ends an address before its port. This one takes its place
where a policy says `refined: true`.
"""

from __future__ import annotations

import re
from typing import Final

from presidio_analyzer import Pattern
from presidio_analyzer.predefined_recognizers import UrlRecognizer
from presidio_analyzer.predefined_recognizers.generic import email_recognizer

PATH_CHARS: Final = 900
"""Longest path with query: with its host an address stays within the span that is held for a URL."""

_LABEL: Final = r"[\p{L}\p{N}](?:[\p{L}\p{N}_\-]{0,61}[\p{L}\p{N}])?"
_HOST: Final = rf"(?:{_LABEL}\.){{1,8}}(?:xn--[a-z0-9\-]{{2,40}}|\p{{L}}{{2,24}})"
_MACHINE: Final = r"\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]{2,45}\]"
_PORT: Final = r"(?::\d{1,5})?"
_REST: Final = rf"(?:[/?#](?:[^\s<>\"'()]{{0,{PATH_CHARS}}}[^\s<>\"'().,;:!?\]}}])?)?"
_USER: Final = r"(?:[^\s/?#@<>\"'()]{1,64}@)?"

_SCHEME = re.compile(r"(?:https?|ftp)://", re.IGNORECASE)
_HOST_ENDS = re.compile(r"[:/?#]")

PLAIN: Final = frozenset({
    "com", "org", "net", "edu", "gov", "mil", "int", "biz", "app", "dev", "tech", "online", "shop", "store", "site",
    "xyz", "wiki", "cloud", "travel", "museum", "jobs", "mobi", "asia",
})  # fmt: skip
"""Endings of three letters and more that end an address also where nothing else says that it is one: the others are
words, such as `name` and `run`, and stand after dots in every program."""
FILES: Final = frozenset({"cc", "id", "is", "md", "ml", "mm", "pl", "ps", "py", "rs", "sh", "so", "zip", "mov"})
"""Endings of files, and two of objects' attributes, that are endings of addresses, too."""
_OBJECTS: Final = frozenset({"self", "cls", "this", "os", "sys", "np", "pd", "re", "args", "obj", "e", "i", "x"})


class LinkRecognizer(UrlRecognizer):
    """Presidio's recognizer with patterns of its own and a look at the ending."""

    STANDS_FOR = UrlRecognizer.__name__
    PATTERNS = [  # noqa: RUF012 - as its base class has it
        Pattern("with scheme", rf"(?<!\w)(?:https?|ftp)://{_USER}(?:{_HOST}|{_MACHINE}){_PORT}(?!\w){_REST}", 0.6),
        Pattern("without", rf"(?<![\w@.\-/\\]){_HOST}{_PORT}(?!\w){_REST}(?![\w(@\[]|\.\w)", 0.5),
    ]

    def invalidate_result(self, pattern_text: str) -> bool:
        """Whether the ending is none, or more likely that of something else."""
        scheme = _SCHEME.match(pattern_text)
        if scheme is not None:
            return False
        ends = _HOST_ENDS.search(pattern_text)
        host = pattern_text if ends is None else pattern_text[: ends.start()]
        return not _is_address(host, is_alone=ends is None)


def _is_address(host: str, *, is_alone: bool) -> bool:
    labels = host.split(".")
    ending = labels[-1]
    if not ending.islower() and not host.isupper():
        return False  # the next sentence begins after a dot
    known = vars(email_recognizer)["tldextract"].extract(host.lower())  # the one that is offline: see `catalogue`
    if not known.suffix or not known.domain:
        return False
    if labels[0].lower().rstrip("0123456789") == "www":
        return len(labels) > len(("www", "ending"))
    if not is_alone:
        return True
    ending = ending.lower()
    if ending in PLAIN:
        return True
    is_country = len(ending) == len("uk") or not ending.isascii()
    return is_country and ending not in FILES and labels[0].lower() not in _OBJECTS
