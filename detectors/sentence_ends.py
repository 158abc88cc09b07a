"""Where a sentence ends, as a pattern: the one that the guard cuts by and that detectors look back to.

Not a linguistic splitter: "Dr. Roe" is two sentences here.
"""

from __future__ import annotations

import re

SENTENCE_END = re.compile(r"[.!?\u2026][\"')\]\u201d\u2019]{0,8}\s|[\u3002\uff01\uff1f]|\n")
"""Matches the end of a sentence, with the one white space after it."""

SENTENCE_END_CHARS = 10
"""Longest match of `SENTENCE_END`."""


def sentence_start(text: str) -> int:
    """Return where the last sentence of a text begins, its length when the text ends with one."""
    start = 0
    for match in SENTENCE_END.finditer(text):
        start = match.end()
    return start
