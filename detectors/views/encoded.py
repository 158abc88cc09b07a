"""Values inside of encoded text: base64, base32, hexadecimal and binary digits are decoded, and then judged.

An encoded text is a run of its letters. It is decoded as a whole, twice if need be, and a finding in it is one in
the run: all of it from the first digit, or the first capital behind a letter, on. Before that it may be a word, and
words are not held for it.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
from typing import TYPE_CHECKING, Final

import regex

from detectors.regex_tree import PatternSource
from detectors.screening import Hold, Screen, screen_of
from detectors.types import Finding, ScanResult, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from detectors.types import Detector

MIN_CHARS: Final = 12
"""Shorter runs, counted from their first digit or inner capital, are not decoded: they hold nine characters at
most, and every second id would be one."""

MAX_CHARS: Final = 1200
"""Only so much of a run is decoded: it is held until it ends, and a policy holds 2,000 characters."""

MAX_DEPTH: Final = 2
"""How often what was decoded is decoded again."""

MAX_UNREADABLE: Final = 0.1
"""Share of characters that are no text in what counts as text: the first of a run may belong to something else."""

_RUN: Final = regex.compile(r"[A-Za-z0-9+/_\-]{12,}+={0,6}")
_SEED: Final = r"[0-9]|(?<=[A-Za-z])[A-Z]"
_FIRST_SEED: Final = regex.compile(_SEED)
_LAST_RUN: Final = regex.compile(r"[A-Za-z0-9+/_\-]++={0,6}\Z")
_RUN_BEFORE: Final = regex.compile(r"(?r)[A-Za-z0-9+/_\-]*+")
"""Matches from the right to the left."""
_HEX: Final = regex.compile(r"(?:[0-9a-fA-F]{2})+")
_BITS: Final = regex.compile(r"(?:[01]{8})+")
_BASE32: Final = regex.compile(r"[A-Z2-7]+=*")


class EncodedDetector:
    """Detectors behind a decoder. It stands beside them, with the name of the first."""

    def __init__(self, inner: Sequence[Detector]) -> None:
        first = inner[0]
        self.name = first.name
        self.stability = first.stability
        self.cost_class = first.cost_class
        self.categories = first.categories
        self.kinds = first.kinds
        self.context_chars = MAX_CHARS + MIN_CHARS
        self.max_span = MAX_CHARS + MIN_CHARS
        self.screen = _screen(screen_of(first))
        self._inner = tuple(inner)

    def scan(self, window: Window) -> ScanResult:
        """Report runs in which something is found, and hold a run that goes on."""
        text = window.context + window.text
        base = window.start - len(window.context)
        begin = len(window.context)
        watermark = window.end if window.final else max(self._open_from(text), begin) + base
        findings = []
        for run in _RUN.finditer(text, _run_start(text, begin)):
            seed = _seed_of(text, *run.span())
            if seed is None or seed < begin or seed + base >= watermark or run.end() - seed < MIN_CHARS:
                continue
            end = min(run.end(), seed + MAX_CHARS)
            found = self._found(window, text[run.start() : end])
            findings += [Finding(self.name, f.category, seed + base, end + base, f.score) for f in found.values()]
        return ScanResult(findings, watermark)

    @staticmethod
    def _open_from(text: str) -> int:
        """Return where a run begins that is not over; the end of the text when none is."""
        run = _LAST_RUN.search(text, max(0, len(text) - MAX_CHARS - MIN_CHARS))
        if run is None:
            return len(text)
        start = _run_start(text, run.start())
        seed = _FIRST_SEED.search(text, start)
        return len(text) if seed is None or len(text) - seed.start() > MAX_CHARS else seed.start()

    def _found(self, window: Window, run: str) -> dict[str, Finding]:
        """Return the surest finding of each category in what a run decodes to."""
        found: dict[str, Finding] = {}
        for decoded in _decoded(run, MAX_DEPTH):
            for detector in self._inner:
                answer = detector.scan(Window(window.kind, "", decoded, 0, final=True))
                for finding in answer.findings:
                    known = found.get(finding.category)
                    if known is None or known.score < finding.score:
                        found[finding.category] = finding
        return found


def _run_start(text: str, at: int) -> int:
    found = _RUN_BEFORE.match(text, 0, at)
    return at if found is None else found.start()


def _seed_of(text: str, start: int, end: int) -> int | None:
    seed = _FIRST_SEED.search(text, start, end)
    return None if seed is None else seed.start()


def _decoded(run: str, depth: int) -> Iterator[str]:
    for text in dict.fromkeys(_readings(run)):
        yield text
        if depth > 1:
            for inner in _RUN.finditer(text):
                yield from _decoded(inner[0], depth - 1)


def _readings(run: str) -> Iterator[str]:
    """Yield every text that a run may stand for."""
    if _BITS.fullmatch(run):
        yield from _text(int(run, 2).to_bytes(len(run) // 8, "big"))
    if _HEX.fullmatch(run):
        yield from _text(bytes.fromhex(run))
    if _BASE32.fullmatch(run):
        bare = run.rstrip("=")
        yield from _try(base64.b32decode, bare + "=" * (-len(bare) % 8))
    bare = run.rstrip("=").replace("-", "+").replace("_", "/")
    for skipped in range(4):  # what stands before it, with nothing between, may be letters of base64 too
        rest = bare[skipped:]
        rest = rest[: len(rest) - (len(rest) % 4 == 1)]
        yield from _try(base64.b64decode, rest + "=" * (-len(rest) % 4))


def _try(decode: Callable[[str], bytes], written: str) -> Iterator[str]:
    with contextlib.suppress(binascii.Error):  # not written in this way
        yield from _text(decode(written))


def _text(data: bytes) -> Iterator[str]:
    text = data.decode("utf-8", "replace")
    unreadable = sum(char == "\ufffd" or not (char.isprintable() or char.isspace()) for char in text)
    if unreadable <= MAX_UNREADABLE * len(text):
        yield text


def _screen(offered: Screen | None) -> Screen | None:
    if offered is None:
        return None
    run = PatternSource(rf"(?:{_SEED})[A-Za-z0-9+/_\-]*={{0,6}}[^=]")
    return Screen(finds=(rf"[A-Z0-9][A-Za-z0-9+/_\-=]{{{MIN_CHARS - 1}}}",), holds=(Hold(run, MAX_CHARS),))
