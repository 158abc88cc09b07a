"""What `restore: true` costs an answer for each event of its stream, and how many characters it holds.

One stream, an event a read, guarded by itself: the text is ordinary English, without placeholders and with one for
every so many words. Beside it, in the same run, the same stream in an exchange whose request had no value.
"""

from __future__ import annotations

import argparse
import json
import time
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from rich.console import Console

from benchmarks.prose import passage, tokens
from benchmarks.report import Table
from policies.loader import load_policy_text
from policies.placeholders import placeholder
from proxy.guard.drive import scan_inline
from proxy.guard.memory import Memory
from proxy.guard.stream import StreamGuard
from proxy.wire.registry import DIALECTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policies.types import Policy

ROUNDS = 40
VARIANTS = 8
"""Different texts."""
CHARS = 1200
"""Of each text."""
VALUES = 20
"""Values of the request."""
EVERY = 25
"""In the text with placeholders, tokens between two of them."""

POLICY = """
version: 1
name: restoring
extends: default
detectors:
  people: {type: presidio, entities: [EMAIL_ADDRESS, PHONE_NUMBER, CREDIT_CARD, US_SSN, IBAN_CODE]}
rules:
  - {id: people, detector: people, min_score: 0.4, direction: both, action: redact, restore: true}
"""

_LABEL = "EMAIL_ADDRESS"
_CHAT = DIALECTS["openai-chat"]


class Cost(NamedTuple):
    """What a stream cost and held."""

    event_us: float
    """Processor time for each event."""
    held_chars: float
    """Mean of the characters held after an event."""
    restored: int
    """Values written back in all streams."""


def memory_of(values: int) -> Memory:
    """Return what a request with so many values leaves behind."""
    memory = Memory()
    for number in range(values):
        value = f"person{number}@example.com"
        memory.substitutes.stand_in(_LABEL, value, partial(placeholder, _LABEL), has_way_back=True)
    return memory


def streams(every: int | None) -> list[list[bytes]]:
    """Return streams, event by event: of plain prose, or with a placeholder, in pieces, every so many tokens."""
    found = []
    for variant in range(VARIANTS):
        said = tokens(passage(variant, CHARS))
        for at in reversed(range(0, len(said), every or len(said) + 1)):
            if every is not None:
                said[at:at] = [" <", "EMAIL", "_ADDRESS", f"_{at % VALUES + 1}", ">"]
        found.append([_event(piece) for piece in said])
    return found


def _event(piece: str) -> bytes:
    choice = {"index": 0, "delta": {"content": piece}, "logprobs": None, "finish_reason": None}
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1754000000, "model": "m"}
    return b"data: " + json.dumps({**head, "choices": [choice]}).encode() + b"\n\n"


def cost_of(policy: Policy, values: int, found: Sequence[Sequence[bytes]], rounds: int) -> Cost:
    """Return what the streams cost: the best round of each. Raises RuntimeError when a placeholder was missed."""
    spent_s, held, samples, restored = 0.0, 0, 0, 0
    for events in found:
        best_s = float("inf")
        for _ in range(rounds):
            guard = StreamGuard(_CHAT.stream_codec(), policy, memory=memory_of(values))
            written = bytearray()
            begin_s = time.process_time()
            for event in events:
                guard.receive(event)
                scan_inline(guard)
                written += guard.take()
            guard.receive_end()
            scan_inline(guard)
            written += guard.take()
            best_s = min(best_s, time.process_time() - begin_s)
        if values and b"ADDRESS" in written:
            raise RuntimeError("a placeholder was left in the answer")
        spent_s += best_s
        held, samples = held + guard.stats.held_chars_sum, samples + guard.stats.samples
        restored += guard.stats.restored
    return Cost(1e6 * spent_s / sum(map(len, found)), held / samples, restored)


def measure(rounds: int = ROUNDS) -> Table:
    """Measure each case."""
    policy = load_policy_text(POLICY)
    rows = []
    for name, every in (("ordinary English", None), (f"with a placeholder every {EVERY} tokens", EVERY)):
        found = streams(every)
        without, within = (cost_of(policy, values, found, rounds) for values in (0, VALUES))
        rows.append(
            (
                name,
                f"{without.event_us:.1f}",
                f"{within.event_us:.1f}",
                f"{within.event_us / without.event_us:.2f}",
                f"{without.held_chars:.2f}",
                f"{within.held_chars:.2f}",
                str(within.restored),
            )
        )
    header = ("answer", "no value, us", f"{VALUES} values, us", "ratio", "no value, held", "held", "restored")
    note = "Processor time for each event, and the mean of the characters held after one."
    return Table("What restoring values costs a stream", header, rows, note)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What `restore: true` costs a stream, and what it holds.")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    measure(parser.parse_args().rounds).show(Console())


if __name__ == "__main__":
    main()
