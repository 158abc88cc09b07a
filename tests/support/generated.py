"""Generated model answers in OpenAI's format: ordinary words with values that a policy takes out, cut anyhow.

Driven by a seed, so that ten thousand examples stay cheap and a failing one can be run again.
"""

from __future__ import annotations

import itertools
import json
import random
from typing import Any

POLICY = """
version: 1
name: generated
detectors:
  pii: {type: presidio, entities: [EMAIL_ADDRESS, PHONE_NUMBER, CREDIT_CARD, US_SSN, IBAN_CODE]}
  secrets: {type: secrets}
  names: {type: keywords, words: [Project Orion, falcon-9b]}
  tickets: {type: patterns, patterns: {ticket: 'TKT-[0-9]{6}'}}
  stops: {type: keywords, words: [halt the presses]}
rules:
  - {id: pii, detector: pii, min_score: 0.4, action: redact}
  - {id: secrets, detector: secrets, min_score: 0.5, action: redact}
  - {id: names, detector: names, action: redact, replacement: "[name]"}
  - {id: tickets, detector: tickets, action: redact, mask: "*"}
  - {id: stops, detector: stops, action: block, message: "stopped here"}
"""

_WORDS = (
    "the quick brown fox jumps over a lazy dog and then writes to you about 42 tasks of 2024, e.g. v1.2.3; "
    "see item #7 (or 3-4) at 10:30 \u2014 caf\u00e9 na\u00efve \u4f60\u597d \U0001f600 sk key ghp call me "
    "mail a@ b.c x=1 TKT- Project"
)
WORDS = _WORDS.split()


def planted(chance: random.Random) -> str:
    """A value that the policy above takes out."""
    digits = "".join(chance.choices("0123456789", k=4))
    return chance.choice(
        [
            f"jane.roe{digits}@example.com",
            "o'neil+tag@mail.example.co.uk",
            "(212) 555-0142",
            "+1 415-555-2671",
            "4111 1111 1111 1111",
            "536-90-4399",
            "GB82 WEST 1234 5698 7654 32",
            "AKIA" + "QZXWVUTSRPONMLKJ",
            "Project Orion",
            "falcon-9b",
            f"TKT-{digits}77",
        ]
    )


def prose(chance: random.Random, values: list[str], longest: int = 9) -> str:
    """Words with the values among them."""
    words = chance.choices(WORDS, k=chance.randrange(longest))
    for value in values:
        # Words on both sides: next to other digits a number is another number.
        words.insert(chance.randrange(len(words) + 1), f"is {value} now")
    return chance.choice([" ", " ", "  ", ", "]).join(words)


def pieces(chance: random.Random, text: str) -> list[str]:
    """Any way of cutting a text into deltas, empty ones too."""
    cuts = sorted(chance.randrange(len(text) + 1) for _ in range(chance.randrange(len(text) // 6 + 2)))
    edges = [0, *cuts, len(text)]
    return [text[a:b] for a, b in itertools.pairwise(edges)]


def chunk(delta: dict[str, Any], choice: int = 0, finish: str | None = None) -> dict[str, Any]:
    """One chunk of a streamed chat completion."""
    return {
        "id": "chatcmpl-Ab12",
        "object": "chat.completion.chunk",
        "created": 1700000000,
        "model": "gpt-4o-mini",
        "choices": [{"index": choice, "delta": delta, "logprobs": None, "finish_reason": finish}],
    }


def sse(chance: random.Random, events: list[dict[str, Any]]) -> bytes:
    """Events as bytes, in any of the spellings that the standard allows."""
    end = chance.choice(["\n", "\n", "\r\n", "\r"])
    ascii_, space = chance.random() < 0.5, chance.random() < 0.8
    separators = chance.choice([(",", ":"), (", ", ": ")])
    out = []
    for event in events:
        data = json.dumps(event, ensure_ascii=ascii_, separators=separators)
        if chance.random() < 0.05:
            out.append(f": keep-alive{end}{end}")
        out.append(f"data:{' ' if space else ''}{data}{end}{end}")
    out.append(f"data: [DONE]{end}{end}")
    return "".join(out).encode()


def cut(chance: random.Random, data: bytes) -> list[bytes]:
    """Any way of cutting bytes into reads: in the middle of characters, escapes and line ends."""
    if chance.random() < 0.03:
        return [data[i : i + 1] for i in range(len(data))]
    cuts = sorted(chance.randrange(len(data) + 1) for _ in range(chance.randrange(1, 24)))
    edges = [0, *cuts, len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges)]


def interleaved(chance: random.Random, streams: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Several lists of events as one, each in its own order."""
    rest = [list(stream) for stream in streams if stream]
    merged = []
    while rest:
        stream = chance.choice(rest)
        merged.append(stream.pop(0))
        if not stream:
            rest.remove(stream)
    return merged


def shown(data: bytes) -> dict[tuple[int, str], str]:
    """What a client reads: the text of each (choice, field) of a stream; tool arguments as `args<index>`."""
    found: dict[tuple[int, str], str] = {}
    for block in data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n\n"):
        for raw in block.split(b"\n"):
            if not raw.startswith(b"data:") or b"[DONE]" in raw:
                continue
            for choice in json.loads(raw[5:])["choices"]:
                for field, value in _texts(choice.get("delta", {})):
                    key = (choice["index"], field)
                    found[key] = found.get(key, "") + value
    return {key: text for key, text in found.items() if text}


def shown_whole(data: bytes) -> dict[tuple[int, str], str]:
    """The same of a whole answer."""
    return {
        (choice["index"], field): value
        for choice in json.loads(data)["choices"]
        for field, value in _texts(choice["message"])
        if value
    }


def _texts(message: dict[str, Any]) -> list[tuple[str, str]]:
    found = [(f, message[f]) for f in ("content", "refusal", "reasoning_content") if message.get(f)]
    for position, call in enumerate(message.get("tool_calls") or []):
        found.append((f"args{call.get('index', position)}", call["function"].get("arguments") or ""))
    return found
