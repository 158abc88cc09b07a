"""What models said of texts not long ago, so that repeated boilerplate is scored once. Never the texts.

A text is known by a keyed hash of it and of the version of the model that judged it; the key is made at start and
never leaves the process. Verdicts of another version than the model's last one do not answer.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections import OrderedDict
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from detectors.types import Scores

MAX_VERDICTS: Final = 8192
"""Some two megabytes: a few hundred answers' worth of windows."""

_DIGEST_BYTES: Final = 16


class VerdictCache:
    """The scores of the texts that were last asked about."""

    def __init__(
        self,
        key: bytes,
        limit: int = MAX_VERDICTS,
        remember_s: float = math.inf,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """After `remember_s` a verdict is none: the model may be another one by then."""
        self._key = key
        self._limit = limit
        self._remember_s = remember_s
        self._now_s = now_s
        self._known: OrderedDict[bytes, tuple[Scores, float]] = OrderedDict()
        self.version = ""
        """What the model said last about which one it is; only its own verdicts are returned."""

    def __len__(self) -> int:
        return len(self._known)

    def get(self, text: str) -> Scores | None:
        """Return the scores of a text that is known, and keep it longer."""
        digest = self._digest(text, self.version)
        known = self._known.get(digest)
        if known is None:
            return None
        scores, until_s = known
        if self._now_s() >= until_s:
            del self._known[digest]
            return None
        self._known.move_to_end(digest)
        return scores

    def put(self, text: str, scores: Scores, version: str = "") -> None:
        """Keep the scores that a version gave a text, and forget the text that was asked about longest ago."""
        digest = self._digest(text, version)
        self._known[digest] = (scores, self._now_s() + self._remember_s)
        self._known.move_to_end(digest)
        if len(self._known) > self._limit:
            self._known.popitem(last=False)

    def _digest(self, text: str, version: str) -> bytes:
        data = text.encode("utf-8", "surrogatepass")
        return hashlib.blake2b(data, digest_size=_DIGEST_BYTES, key=self._key, salt=_salt(version)).digest()


@lru_cache(maxsize=16)
def _salt(version: str) -> bytes:
    return hashlib.blake2b(version.encode("utf-8", "surrogatepass"), digest_size=hashlib.blake2b.SALT_SIZE).digest()
