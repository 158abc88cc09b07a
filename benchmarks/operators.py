"""What it costs to write something in place of a value: each operator of `redact` beside its nearest peer.

Peers are the operators of presidio-anonymizer and, for made-up values, a call of Faker. Every value is a new one,
in one exchange; made-up values also beside a request of a megabyte, which none of them may be in.
"""

from __future__ import annotations

import argparse
import importlib
import os
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.console import Console

from benchmarks.prose import passage
from benchmarks.report import Table
from detectors.types import Finding
from policies.decide import SpanEdit, render_replacement
from policies.encryption import Encryption
from policies.loader import load_policy_text
from policies.substitutes import Substitutes

if TYPE_CHECKING:
    from collections.abc import Callable

    from policies.types import Policy

ROUNDS = 7
VALUES = 500
"""Different values in an exchange."""
LONG_CHARS = 1_000_000
"""Of a long request."""

_OPERATORS = {
    "replacement": 'replacement: "<{category}>"',
    "mask": 'mask: "*"',
    "mask that keeps ends": 'mask: "*", keep_last: 4',
    "hash": "hash: true",
    "encrypt": "encrypt: true",
    "restore": "restore: true",
    "fake": "fake: true",
    "fake, long request": "fake: true",
}
_POLICY = """
version: 1
detectors: {people: {type: keywords, words: {PERSON: [Jane Roe]}}}
rules: [{id: people, detector: people, direction: both, action: redact, HOW}]
"""


class Cost(NamedTuple):
    """Of one value, in microseconds."""

    mean_us: float
    first_us: float
    """Of the first one of an exchange."""


def values() -> list[str]:
    """Return names that differ."""
    return [f"Jane{number} Roe{number}" for number in range(VALUES)]


def policy_of(operator: str) -> Policy:
    """Return the policy whose rule has this operator."""
    text = _POLICY.replace("HOW", _OPERATORS[operator])
    return load_policy_text(text, hash_key=b"k" * 32, encryption=Encryption([b"k" * 32]))


def cost_of(operator: str, rounds: int = ROUNDS) -> Cost:
    """Return what the guard spends on writing. Raises RuntimeError where a value is left, or names are missing."""
    policy, best = policy_of(operator), Cost(float("inf"), float("inf"))
    said = "\n".join(passage(number, 5000) for number in range(LONG_CHARS // 5000)) if "long" in operator else "-"
    for number in range(rounds):
        known = Substitutes()
        known.seed = str(number).encode()
        known.said.add(said)
        spent_s, first_s, written = 0.0, 0.0, []
        for value in values():
            finding = Finding("people", "PERSON", 0, len(value), 1.0)
            edit = SpanEdit(0, len(value), policy.rules[0], finding, policy.rules[0].action)
            begun_s = time.perf_counter()
            written.append(render_replacement(policy, edit, value, known, value))
            spent_s += time.perf_counter() - begun_s
            first_s = first_s or spent_s
        if set(written) & set(values()) or ("fake" in operator and len(set(written)) < len(written)):
            raise RuntimeError(f"{operator} left a value, or wrote one thing for two")
        best = Cost(min(best.mean_us, 1e6 * spent_s / VALUES), min(best.first_us, 1e6 * first_s))
    return best


def peers() -> dict[str, Callable[[str], object]]:
    """Return what others do, by the name of the operator that it stands beside."""

    def operator(name: str, **params: Any) -> Callable[[str], object]:  # noqa: ANN401 - presidio-anonymizer's own
        made = getattr(importlib.import_module(f"presidio_anonymizer.operators.{name.lower()}"), name)()
        return lambda value: made.operate(value, params)

    faker = importlib.import_module("faker").Faker("en_US")
    return {
        "replacement": operator("Replace", new_value="<PERSON>"),
        "mask": operator("Mask", masking_char="*", chars_to_mask=100, from_end=True),
        "mask that keeps ends": operator("Mask", masking_char="*", chars_to_mask=6, from_end=False),
        "hash": operator("Hash", hash_type="sha256", salt=os.urandom(16)),
        "encrypt": operator("Encrypt", key=b"k" * 32),
        "fake": lambda _value: faker.name(),
        "fake, long request": lambda _value: faker.name(),
    }


def peer_us(call: Callable[[str], object], rounds: int = ROUNDS) -> float:
    """Return what a peer spends on a value."""
    best_s = float("inf")
    for _ in range(rounds):
        begun_s = time.perf_counter()
        for value in values():
            call(value)
        best_s = min(best_s, time.perf_counter() - begun_s)
    return 1e6 * best_s / VALUES


def measure(rounds: int = ROUNDS) -> Table:
    """Measure every operator and its peer."""
    rows, others = [], peers()
    for operator in _OPERATORS:
        cost = cost_of(operator, rounds)
        beside = peer_us(others[operator], rounds) if operator in others else None
        shown = ("-", "-") if beside is None else (f"{beside:.1f}", f"{cost.mean_us / beside:.2f}")
        rows.append((operator, f"{cost.mean_us:.1f}", *shown, f"{cost.first_us:.0f}"))
    header = ("operator", "us a value", "peer, us", "ratio", "first value, us")
    note = "Peers: the operator of presidio-anonymizer; for fake a call of Faker."
    return Table(f"What is written in place of {VALUES} different names", header, rows, note)


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"how often ({ROUNDS})")
    measure(parser.parse_args().rounds).show(Console())


if __name__ == "__main__":
    main()
