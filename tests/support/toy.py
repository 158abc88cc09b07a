"""A small dialect and small detectors for testing the guard: simple enough to be right by reading.

The dialect has one JSON object a line; its fields name the channel. The detectors are brute force.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from detectors.types import ALL_KINDS, ChannelKind, CostClass, Detector, Finding, ScanResult, Stability, Window
from policies.types import Action, Limits, Mode, Policy, Rule
from proxy.wire.types import Channel, Frame, FrameRole, Slot, SlotMode, WireError

if TYPE_CHECKING:
    from proxy.wire.types import Said

END = b'{"end":true}\n'


def line(text: str, *, choice: int = 0, kind: str = "text", part: int = 0, mode: str = "append") -> bytes:
    """One frame with one text."""
    value = {"c": choice, "k": kind, "p": part, "t": text, "m": mode}
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"


def multi(*texts: tuple[str, int, str]) -> bytes:
    """One frame with several texts: (text, choice, kind)."""
    return json.dumps([{"c": c, "k": k, "p": 0, "t": t, "m": "append"} for t, c, k in texts]).encode() + b"\n"


class ToyCodec:
    """Frames are lines; `sent` is kept for tests to look at."""

    repeats_text = True
    edits_constants = False

    def __init__(self) -> None:
        self._rest = b""
        self.sent_frames: list[Frame] = []

    def leave_out_details(self) -> None:
        pass

    def receive(self, data: bytes) -> list[Frame]:
        *lines, self._rest = (self._rest + data).split(b"\n")
        frames: list[Frame] = []
        for raw in lines:
            try:
                frames.append(self._frame(raw + b"\n"))
            except ValueError as error:
                raise WireError("not JSON", frames) from error
        return frames

    def receive_end(self) -> list[Frame]:
        if self._rest:
            raise WireError("cut line")
        return []

    @staticmethod
    def _frame(raw: bytes) -> Frame:
        value = json.loads(raw)
        if value == {"end": True}:
            return Frame(raw, (), FrameRole.TERMINATOR, value)
        items = value if isinstance(value, list) else [value]
        slots = tuple(
            Slot(Channel(ChannelKind(v["k"]), v["c"], v["p"]), v["t"], (i, "t"), SlotMode(v["m"]))
            for i, v in enumerate(items)
        )
        return Frame(raw, slots, FrameRole.DATA, items)

    def encode(self, frame: Frame, edits: Mapping[int, str | None]) -> bytes:
        items = [dict(v) for v in frame.payload]
        for index, text in edits.items():
            items[index]["t"] = text
        return json.dumps(items, ensure_ascii=False).encode() + b"\n"

    def sent(self, frame: Frame, edits: Mapping[int, str | None]) -> None:
        self.sent_frames.append(frame)

    def encode_blocked(
        self, frame: Frame, edits: Mapping[int, str | None], slot: int, message: str, said: Said
    ) -> bytes:
        ended = {"blocked": message, "c": frame.slots[slot].channel.choice}
        return self.encode(frame, edits) + json.dumps(ended).encode() + b"\n" + END

    def end_failed(self, message: str, code: str) -> bytes:
        return json.dumps({"failed": message, "code": code}).encode() + b"\n"


def texts(data: bytes) -> dict[tuple[str, int, int], str]:
    """The text of every channel in written bytes, and under ("blocked", choice, 0) the message of a block."""
    found: dict[tuple[str, int, int], str] = {}
    for raw in data.splitlines():
        value: Any = json.loads(raw)
        for item in value if isinstance(value, list) else [value]:
            if "t" in item and item["m"] == "append":
                key = (item["k"], item["c"], item["p"])
                found[key] = found.get(key, "") + item["t"]
            elif "blocked" in item:
                found["blocked", item["c"], 0] = item["blocked"]
    return found


@dataclass(frozen=True)
class WordDetector:
    """Finds literal words, longest hold, by brute force. Prefix-stable."""

    name: str
    words: tuple[str, ...]
    score: float = 1.0
    categories: tuple[str, ...] = ("WORD",)
    kinds: frozenset[ChannelKind] = ALL_KINDS
    stability: Stability = Stability.PREFIX_STABLE
    cost_class: CostClass = CostClass.INLINE
    context_chars: int = 0

    @property
    def max_span(self) -> int:
        return max(map(len, self.words))

    def scan(self, window: Window) -> ScanResult:
        text = window.text
        spans = [
            (at, at + len(word)) for word in self.words for at in range(len(text)) if text.startswith(word, at)
        ]
        live = len(text)
        if not window.final:
            live = min(
                (at for at in range(len(text)) for w in self.words if w != text[at:] and w.startswith(text[at:])),
                default=live,
            )
        for start, end in sorted(spans, reverse=True):
            if start < live < end:
                live = start
        found = [
            Finding(self.name, self.categories[0], window.start + s, window.start + e, self.score)
            for s, e in spans
            if e <= live
        ]
        return ScanResult(found, window.start + live)


@dataclass(frozen=True)
class SegmentDetector:
    """Judges whole segments: one finding over a segment that holds the word. A window detector."""

    name: str
    word: str
    categories: tuple[str, ...] = ("SEGMENT",)
    kinds: frozenset[ChannelKind] = ALL_KINDS
    stability: Stability = Stability.WINDOW
    cost_class: CostClass = CostClass.THREAD
    context_chars: int = 40
    max_span: int = 160
    seen: list[Window] = field(default_factory=list)

    def scan(self, window: Window) -> ScanResult:
        self.seen.append(window)
        found = []
        if self.word in window.text:
            found.append(Finding(self.name, "SEGMENT", window.start, window.end, 0.9))
        return ScanResult(found, window.end)


@dataclass(frozen=True)
class BrokenDetector:
    """Answers with whatever it was given; an exception is raised."""

    name: str
    answer: object
    categories: tuple[str, ...] = ("X",)
    kinds: frozenset[ChannelKind] = ALL_KINDS
    stability: Stability = Stability.PREFIX_STABLE
    cost_class: CostClass = CostClass.INLINE
    context_chars: int = 0
    max_span: int = 10

    def scan(self, window: Window) -> ScanResult:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer  # type: ignore[return-value]


def policy(
    detectors: Iterable[Detector], rules: Sequence[Rule], *, mode: Mode = Mode.ENFORCE, limits: Limits | None = None
) -> Policy:
    """A policy made by hand."""
    return Policy("toy", "0" * 64, mode, limits or Limits(), {d.name: d for d in detectors}, tuple(rules))


def rule(detector: str, action: Action, **more: Any) -> Rule:
    """A rule whose id is its action and detector."""
    return Rule(id=f"{action.value}-{detector}", detector=detector, action=action, **more)
