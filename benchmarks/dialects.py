"""What an event of each dialect costs the processor to guard, as a ratio to `openai-chat`, without sockets.

Every stream says the same prose in as many deltas, each shaped as that dialect's API sends them, with the numbers,
time stamps and padding that change from one to the next. Dialects are measured in turn, round after round:
processor time of codec, guard and detectors, the best of the rounds, for other work on the machine only ever adds.
What a stream costs at its start is in it.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Any

import orjson
from rich.console import Console

from benchmarks.prose import passage, tokens
from benchmarks.report import Table
from benchmarks.stats import Target
from policies.loader import load_policy
from policies.types import Direction
from proxy.guard.drive import scan_inline
from proxy.guard.stream import StreamGuard
from proxy.wire.registry import DIALECTS
from proxy.wire.types import Form

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from policies.types import Policy

    Json = dict[str, Any]

ROUNDS = 10
VARIANTS = 4
DELTAS = 400
"""An answer of some three hundred words."""
BURST = 50
RATIO_LIMIT = 0.8
REFERENCE = "openai-chat"
_PADDING = "Zx81kQpLmT7yWc3aRv9u"


@dataclass(frozen=True, slots=True)
class Shape:
    """How the API of a dialect sends a delta."""

    name: str
    dialect: str
    form: Form
    delta: Callable[[str, int], Json]
    """Of a token and its number."""
    head: bytes = b"data: "
    tail: bytes = b"\n\n"
    begins: bytes = b""
    """What stands before the first delta."""
    closes: bytes = b""
    """What stands after the last one."""
    is_pretty: bool = False

    def events(self, variant: int) -> tuple[bytes, ...]:
        """Return the bytes of each delta of an answer."""
        pieces = tokens(passage(variant, 8 * DELTAS))[:DELTAS]
        option = orjson.OPT_INDENT_2 if self.is_pretty else 0
        every = [orjson.dumps(self.delta(piece, number), option=option) for number, piece in enumerate(pieces)]
        events = [self.head + one + self.tail for one in every]
        return (self.begins + events[0].removeprefix(self.head if self.begins else b""), *events[1:])


def _chat(piece: str, _number: int) -> Json:
    return {
        "id": "chatcmpl-Bq7Zk2vHc9Xw1TtYp4LmNs8RdUfQa",
        "object": "chat.completion.chunk",
        "created": 1754000000,
        "model": "gpt-4o-mini-2024-07-18",
        "service_tier": "default",
        "system_fingerprint": "fp_50cad350e4",
        "choices": [{"index": 0, "delta": {"content": piece}, "logprobs": None, "finish_reason": None}],
    }


def _padding(piece: str) -> Json:
    return {"obfuscation": _PADDING[: max(1, 16 - len(piece))]}


def _padded_chat(piece: str, number: int) -> Json:
    return {**_chat(piece, number), **_padding(piece)}


def _completion(piece: str, _number: int) -> Json:
    return {
        "id": "cmpl-Bq7Zk2vHc9Xw1TtYp4LmNs8RdUfQa",
        "object": "text_completion",
        "created": 1754000000,
        "choices": [{"text": piece, "index": 0, "logprobs": None, "finish_reason": None}],
        "model": "gpt-3.5-turbo-instruct:20230824-v2",
    }


def _responses(piece: str, number: int) -> Json:
    return {
        "type": "response.output_text.delta",
        "sequence_number": number + 4,
        "item_id": "msg_68a1f0c3d4e581a2b3c4d5e6f7a8b9c0d1e2f3a4",
        "output_index": 0,
        "content_index": 0,
        "delta": piece,
        "logprobs": [],
    }


def _padded_responses(piece: str, number: int) -> Json:
    return {**_responses(piece, number), **_padding(piece)}


def _anthropic(piece: str, _number: int) -> Json:
    return {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}


def _gemini(piece: str, number: int) -> Json:
    return {
        "candidates": [{"content": {"parts": [{"text": piece}], "role": "model"}, "index": 0}],
        "usageMetadata": {
            "promptTokenCount": 25,
            "candidatesTokenCount": number + 1,
            "totalTokenCount": number + 26,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 25}],
        },
        "modelVersion": "gemini-2.5-flash",
        "responseId": "mAIkaZ6RMY2Knvg",
    }


def _ollama_head(number: int) -> Json:
    return {"model": "llama3.2", "created_at": f"2025-07-07T20:22:{19 + number // 60:02d}.{number * 1847 + 7:09d}Z"}


def _ollama_chat(piece: str, number: int) -> Json:
    return {**_ollama_head(number), "message": {"role": "assistant", "content": piece}, "done": False}


def _ollama_generate(piece: str, number: int) -> Json:
    return {**_ollama_head(number), "response": piece, "done": False}


_DONE = b"data: [DONE]\n\n"
_RESPONSES_HEAD = b"event: response.output_text.delta\ndata: "
_ANTHROPIC_HEAD = b"event: content_block_delta\ndata: "

SHAPES = (
    Shape(REFERENCE, "openai-chat", Form.EVENTS, _chat, closes=_DONE),
    Shape("openai-chat, padded", "openai-chat", Form.EVENTS, _padded_chat, closes=_DONE),
    Shape("openai-completions", "openai-completions", Form.EVENTS, _completion, closes=_DONE),
    Shape("openai-responses", "openai-responses", Form.EVENTS, _responses, _RESPONSES_HEAD),
    Shape("openai-responses, padded", "openai-responses", Form.EVENTS, _padded_responses, _RESPONSES_HEAD),
    Shape("anthropic-messages", "anthropic-messages", Form.EVENTS, _anthropic, _ANTHROPIC_HEAD),
    Shape("gemini, events", "gemini", Form.EVENTS, _gemini, tail=b"\r\n\r\n"),
    Shape("gemini, array", "gemini", Form.ARRAY, _gemini, b",\r\n", b"\n", b"[", b"]\n", is_pretty=True),
    Shape("ollama, chat", "ollama", Form.LINES, _ollama_chat, b"", b"\n"),
    Shape("ollama, generate", "ollama", Form.LINES, _ollama_generate, b"", b"\n"),
)


def guard_us(shape: Shape, policy: Policy, events: Sequence[bytes], together: int) -> float:
    """Return the microseconds of processor time that an event takes, `together` of them in each read.

    Raises RuntimeError when the guard changed a byte or found something: the prose breaks no rule.
    """
    reads = [b"".join(events[at : at + together]) for at in range(0, len(events), together)]
    left = []
    begin_s = time.process_time()
    guard = StreamGuard(DIALECTS[shape.dialect].stream_codec(form=shape.form), policy, Direction.RESPONSE)
    for data in reads:
        guard.receive(data)
        scan_inline(guard)
        left.append(guard.take())
    spent_s = time.process_time() - begin_s
    guard.receive(shape.closes)
    guard.receive_end()
    scan_inline(guard)
    left.append(guard.take())
    if b"".join(left) != b"".join(reads) + shape.closes or guard.take_events():
        raise RuntimeError(f"the guard changed or flagged ordinary English: {shape.name}")
    return 1e6 * spent_s / len(events)


def costs_us(policy: Policy, together: int, rounds: int) -> dict[str, float]:
    """Return the microseconds that an event of each shape takes: mean over variants of the best round."""
    best: dict[tuple[str, int], float] = {}
    for _ in range(rounds):
        for variant in range(VARIANTS):
            for shape in SHAPES:
                cost = guard_us(shape, policy, shape.events(variant), together)
                best[shape.name, variant] = min(best.get((shape.name, variant), cost), cost)
    return {shape.name: fmean(best[shape.name, variant] for variant in range(VARIANTS)) for shape in SHAPES}


def _cells(costs: dict[str, float], name: str) -> tuple[str, str]:
    return f"{costs[name]:.2f}", f"{costs[REFERENCE] / costs[name]:.2f}x"


def measure(policy_name: str, rounds: int = ROUNDS) -> tuple[list[Table], list[Target]]:
    """Measure every dialect under a bundled policy or a file."""
    policy = load_policy(policy_name)
    single, burst = costs_us(policy, 1, rounds), costs_us(policy, BURST, rounds)
    rows = [(name, *_cells(single, name), *_cells(burst, name)) for name in single]
    header = ("dialect", "us an event, one a read", "ratio", f"us an event, {BURST} a read", "ratio")
    note = (
        f"Processor time of codec, guard and detectors for {DELTAS} deltas of one text, what the start of a stream "
        "costs included; measured in turn, best of rounds. Ratio: the cost of an event of `openai-chat` by that of "
        "this one. Padded: with the random letters by which OpenAI hides the length of a token."
    )
    ways = (("1 event a read", single), (f"{BURST} events a read", burst))
    targets = [
        Target(f"slowest dialect to {REFERENCE}, {way}", RATIO_LIMIT, ratio, at_least=True, unit="x")
        for way, ratio in ((way, costs[REFERENCE] / max(costs.values())) for way, costs in ways)
    ]
    return [Table(f"Events of each dialect, policy `{policy.name}`", header, rows, note)], targets


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What an event of each dialect costs, as a ratio to openai-chat.")
    parser.add_argument("--policy", default="default", help="a bundled policy or a file")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    arguments = parser.parse_args()
    tables, targets = measure(arguments.policy, arguments.rounds)
    console = Console()
    for table in tables:
        table.show(console)
    for target in targets:
        console.print(f"{target.what}: {target.measured:.2f}{target.unit} (promised {target.promise})")


if __name__ == "__main__":
    main()
