"""An answer as the models of every slice look at it: what they all need is worked out once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from monitor.models.buckets import COLUMNS, RESPONSES
from monitor.types import Signal

if TYPE_CHECKING:
    from monitor.records import ExchangeRecord
    from monitor.types import Slice

ACTED: Final = ("flag", "redact", "rewrite", "block")
"""Actions of an incident; `allow` is an exception that a rule made, `bypass` a text that nobody judged."""
NOT_ANSWERED: Final = frozenset({"refused", "upstream_error"})
"""Decisions of exchanges that a model gave no answer in."""


@dataclass(slots=True)
class Answer:
    """One answer and what follows from it."""

    record: ExchangeRecord
    mates: list[Slice]
    """The slices that it is in, the whole aside."""
    time_s: float
    signals: list[Signal]
    """The counted signals that it shows."""
    columns: list[int]
    """The columns of buckets that it counts in."""
    is_incident: bool
    is_refusal: bool
    is_quiet: bool
    """No rule had a say, and no signal shows: nothing can follow from it alone."""
    length: float
    """log(1 + characters)."""
    score: float
    """Highest score; 0 where no detector found anything."""


def answer_of(record: ExchangeRecord, mates: list[Slice]) -> Answer:
    """Return an exchange as an answer; `mates`: the slices that it is in, the whole aside."""
    signals = signals_of(record)
    return Answer(
        record=record,
        mates=mates,
        time_s=record.time_s,
        signals=signals,
        columns=[RESPONSES, *[COLUMNS[signal] for signal in signals]],
        is_incident=Signal.INCIDENTS in signals,
        is_refusal=Signal.REFUSALS in signals,
        is_quiet=not (signals or record.rules or record.categories),
        length=math.log1p(record.chars),
        score=record.score or 0.0,
    )


def signals_of(record: ExchangeRecord) -> list[Signal]:
    """Return the counted signals that an answer shows."""
    actions = record.actions
    if not actions and record.refusal == "none" and not record.unavailable:
        return []
    acted = any(actions.get(action) for action in ACTED)
    refused = record.refusal != "none"
    shown = {
        Signal.INCIDENTS: acted,
        Signal.BLOCKS: bool(actions.get("block")),
        Signal.EDITS: bool(actions.get("redact") or actions.get("rewrite")),
        Signal.BYPASSES: bool(actions.get("bypass")),
        Signal.ERRORS: record.unavailable > 0,
        Signal.REFUSALS: refused,
        Signal.REFUSALS_FULL: record.refusal in {"full", "stated"},
        Signal.REFUSALS_PARTIAL: record.refusal == "partial",
        Signal.OVER_REFUSALS: refused and not acted and not record.request_categories,
        Signal.HARMFUL_COMPLIANCE: acted and not refused and record.chars > 0,
    }
    return [signal for signal, is_shown in shown.items() if is_shown]


def is_answer(record: ExchangeRecord) -> bool:
    """Whether an exchange has an answer, or an incident in its request."""
    return record.decision not in NOT_ANSWERED or bool(record.actions)
