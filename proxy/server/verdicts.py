"""What models said of texts not long ago, so that repeated boilerplate is scored once. Never the texts.

A text is known by a keyed hash of it; the key is made at start and never leaves the process.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from detectors.types import Scores

MAX_VERDICTS: Final = 8192
"""Some two megabytes: a few hundred answers' worth of windows."""

_DIGEST_BYTES: Final = 16


class VerdictCache:
    """The scores of the texts that were last asked about."""

    def __init__(self, key: bytes, limit: int = MAX_VERDICTS) -> None:
        self._key = key
        self._limit = limit
        self._known: OrderedDict[bytes, Scores] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def get(self, text: str) -> Scores | None:
        """Return the scores of a text that is known, and keep it longer."""
        digest = self._digest(text)
        scores = self._known.get(digest)
        if scores is not None:
            self._known.move_to_end(digest)
        return scores

    def put(self, text: str, scores: Scores) -> None:
        """Keep the scores of a text, and forget the text that was asked about longest ago."""
        self._known[self._digest(text)] = scores
        if len(self._known) > self._limit:
            self._known.popitem(last=False)

    def _digest(self, text: str) -> bytes:
        data = text.encode("utf-8", "surrogatepass")
        return hashlib.blake2b(data, digest_size=_DIGEST_BYTES, key=self._key).digest()
