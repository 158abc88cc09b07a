"""The names of the views, as policies write them. What each of them does is in `detectors.views.catalogue`."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class View(StrEnum):
    """A way of reading a text."""

    CHARACTERS = "characters"
    """Invisible characters left out, styled and escaped ones as the plain ones."""
    LOOKALIKES = "lookalikes"
    """Letters of other scripts inside words as the ASCII letters they look like."""
    MARKUP = "markup"
    """Markup inside words left out."""
    SPACING = "spacing"
    """Single characters in a row as one word."""
    LEETSPEAK = "leetspeak"
    """Digits and signs inside words as letters; for lists of words only."""
    ENCODED = "encoded"
    """Base64, base32, hexadecimal and binary digits as the text they stand for."""
    CIPHERS = "ciphers"
    """Every text as if it were written in rot13, and in atbash."""


DEFAULT_VIEWS: Final = (View.CHARACTERS, View.LOOKALIKES, View.MARKUP, View.SPACING)
"""Where a policy does not say: what costs ordinary text next to nothing."""
