"""The least that could be held: what a reader who knew all that may follow would have to keep back.

After a token, a character must be kept back if some text that may follow makes it a part of a value: let out, it
would be out before the value is found. One such text is proof. So each token is followed, in turn, by the rest of
values cut anywhere, until what is found begins as early as what the detector holds; what no rest reaches is told as
held in vain. The search knows few of all texts that may follow, so that the least is never less than told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from benchmarks.prose import tokens
from detectors.types import ChannelKind, Window

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from detectors.types import Detector

_ADDRESS: Final = ("@example.com", "a@example.com")
"""What makes an address of nearly everything that can be one: tried first."""
_VALUES: Final = (
    "jane.roe@example.com",
    "212-555-0142",
    "+44 20 7946 0958",
    "(212) 555-0123",
    "4111 1111 1111 1111",
    "536-90-4399",
    "GB82 WEST 1234 5698 7654 32",
    "203.0.113.7",
    "2001:db8::17",
    "1BoatSLRHtKNngkdXEeobR76b53LETtpyT",
)
_RESTS: Final = tuple(dict.fromkeys((*_ADDRESS, *(value[at:] for value in _VALUES for at in range(len(value))))))
_SEEN_CHARS: Final = 80
"""How much of the text before a token's end is shown: more than is held after any token of prose."""


def least_held(detector: Detector, text: str, held: Sequence[int]) -> list[int]:
    """Return, for each token of `text` and what is held after it, how much of that could not have been let out."""
    least, end = [], 0
    for token, chars in zip(tokens(text), held, strict=True):
        end += len(token)
        seen = text[max(0, end - _SEEN_CHARS) : end]
        is_last = end == len(text)
        least.append(0 if is_last else max(_needed(detector, seen, chars), default=0))
    return least


def _needed(detector: Detector, seen: str, held: int) -> Iterator[int]:
    """Yield how much of `seen` is part of a value with one text behind it, then another, until all held is."""
    size, best = len(seen), 0
    for rest in _RESTS:
        if best >= held:
            return
        found = detector.scan(Window(ChannelKind.TEXT, "", seen + rest, 0, final=True)).findings
        best = max([best, *(size - one.start for one in found if one.start < size < one.end)])
        yield best
