"""What guarding one exchange costs the processor, without sockets: codecs, guard and inline scans alone.

The request is guarded as well as the answer, as in the server. Processor time, the best of many rounds: other work
on the machine only ever adds. Answers are the benchmark's own payloads, and each is compared with what came in.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console

from benchmarks.payloads import BURST, PACED, VARIANTS, WHOLE, request_bytes, stream_events, whole_body
from benchmarks.report import Table
from policies.loader import load_policy
from policies.types import Direction, Limits, Mode, Policy
from proxy.guard.drive import scan_inline
from proxy.guard.stream import StreamGuard
from proxy.guard.whole import passed
from proxy.wire.body import BodyCodec
from proxy.wire.registry import DIALECTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from proxy.wire.types import Codec

ROUNDS = 60
_CUTS = (1, 2, 3)
_CHAT = DIALECTS["openai-chat"]

NO_RULES = Policy("none", "0" * 64, Mode.ENFORCE, Limits(), {}, ())


@dataclass(frozen=True, slots=True)
class Case:
    """One way of sending an answer."""

    name: str
    request: bytes
    """Body of the request."""
    reads: tuple[tuple[bytes, ...], ...]
    """Of each variant of the answer, the pieces in which it arrives."""
    codec: Callable[[], Codec]


def _cut(data: bytes, parts: int) -> tuple[bytes, ...]:
    """Cut in equal parts, which mostly ends a read inside an event."""
    size = -(-len(data) // parts)
    return tuple(data[at : at + size] for at in range(0, len(data), size))


def cases() -> list[Case]:
    """Return the benchmark's answers: whole, in a burst of one to three reads, an event a read."""
    variants = range(VARIANTS)
    body = _body(request_bytes(WHOLE, "bench"))
    found = [Case("whole, 2 KB", body, tuple((whole_body(WHOLE, v),) for v in variants), _CHAT.body_codec)]
    body = _body(request_bytes(BURST, "bench"))
    for parts in _CUTS:
        reads = tuple(_cut(b"".join(stream_events(BURST, v)), parts) for v in variants)
        found.append(Case(f"100 events, reads: {parts}", body, reads, _CHAT.stream_codec))
    paced = tuple(stream_events(PACED, v) for v in variants)
    found.append(Case(f"{PACED.events} events, reads: {PACED.events}", body, paced, _CHAT.stream_codec))
    return found


def _body(request: bytes) -> bytes:
    return request.partition(b"\r\n\r\n")[2]


def exchange(policy: Policy, case: Case, reads: Sequence[bytes]) -> None:
    """Guard one request and its answer as the server does. Raises RuntimeError when either was changed."""
    if any(Direction.REQUEST in rule.directions for rule in policy.rules):
        _judge(_CHAT.request_codec(), policy, Direction.REQUEST, (case.request,))
    _judge(case.codec(), policy, Direction.RESPONSE, reads)


def _judge(codec: Codec, policy: Policy, direction: Direction, reads: Sequence[bytes]) -> None:
    """Look once at a message that is whole; guard one that is streamed, and one that the look does not pass."""
    if isinstance(codec, BodyCodec):
        skimmed = codec.skim(b"".join(reads))
        if skimmed is not None and passed(policy, direction, skimmed.pieces, skimmed.complete) is not None:
            return
    _guard(StreamGuard(codec, policy, direction), reads)


def _guard(guard: StreamGuard, reads: Sequence[bytes]) -> None:
    left = []
    for data in reads:
        guard.receive(data)
        scan_inline(guard)
        left.append(guard.take())
    guard.receive_end()
    scan_inline(guard)
    left.append(guard.take())
    if b"".join(left) != b"".join(reads) or guard.take_events():
        raise RuntimeError("the guard changed or flagged ordinary English")


def cost_us(policy: Policy, case: Case, rounds: int) -> float:
    """Return the microseconds of processor time that one exchange takes: mean over variants of the best round."""
    best = [float("inf")] * len(case.reads)
    for _ in range(rounds):
        for variant, reads in enumerate(case.reads):
            begin_s = time.process_time()
            exchange(policy, case, reads)
            best[variant] = min(best[variant], time.process_time() - begin_s)
    return 1e6 * sum(best) / len(best)


def measure(policies: Sequence[Policy], rounds: int = ROUNDS) -> Table:
    """Measure every case under every policy."""
    rows = [(case.name, *(f"{cost_us(policy, case, rounds):.0f}" for policy in policies)) for case in cases()]
    header = ("answer", *(f"policy `{policy.name}`, us" for policy in policies))
    return Table("What guarding costs an exchange", header, rows, "Processor time, request and answer together.")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What guarding an exchange costs the processor, without sockets.")
    parser.add_argument("--policy", default="default", help="a bundled policy or a file")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    arguments = parser.parse_args()
    measure([NO_RULES, load_policy(arguments.policy)], arguments.rounds).show(Console())


if __name__ == "__main__":
    main()
