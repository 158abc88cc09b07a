"""Pieces of disguised texts, and ways to disguise a value: each as the corpora of evasion write them."""

from __future__ import annotations

PIECES = (
    "jane", "roe", "@", "example", ".com", " ", "  ", "a", "b", "j", "c", ".", "-", "&#64;", "&", "&am", "amp;",
    "%40", "%", "%C3", "%A9", "\\u0040", "\\", "\u200b", "\ufe0f", "\ufe00", "\u0430", "\u0440", "\u043e", "\u0436",
    "\uff41", "1", "4", "0", "<b>", "</b>", "**", "*", "<", "<!-- x -->", "!", "j a n e @ e x . c o m", "4 1 1 1",
    "1 1 1 1", "4111111111111111", "j.a.n", "f4lc0n", "falcon", "f a l c o n", "Project Orion", "p a y p a l",
    "\u0440a\u0443p\u0430l", "\U000e006a", "\U0001f3f4\U000e0067\U000e007f", "\n", "x", "$", "5", "\u00bd", "_",
)  # fmt: skip
"""Values, their parts, and what disguises are made of."""
