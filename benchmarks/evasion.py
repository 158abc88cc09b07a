"""How much disguised text is caught, by family of disguise, and how much ordinary text is touched.

Run as `python -m benchmarks.evasion`. Every case is judged as a whole answer and as a stream of single characters;
it counts as caught when nothing of the disguised value is left in either and both are the same. The ordinary texts
are the documentation and the source code of Python's standard library, which every machine has, and strings that
look like values and are none.
"""

from __future__ import annotations

import ast
import random
import string
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import orjson
from rich.console import Console

from benchmarks.disguises import DISGUISES, ENCODINGS, WORD_DISGUISES
from benchmarks.report import Table
from detectors.types import ChannelKind
from detectors.views.names import View
from policies.loader import load_policy_text
from policies.types import Direction, Policy
from proxy.cli.judging import judge_text
from proxy.guard.drive import scan_inline
from proxy.guard.stream import StreamGuard
from proxy.wire.registry import DIALECTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SEED: Final = 2026
VARIANTS: Final = 9
"""Cases of each value and family."""

POLICY_WITHOUT_VIEWS: Final = """\
version: 1
name: evasion
extends: default
views: []
detectors:
  names: {type: keywords, words: [falcon, orion, seabright]}
rules:
  - {id: names, detector: names, action: redact}
"""
POLICY: Final = POLICY_WITHOUT_VIEWS.replace("views: []", f"views: [{', '.join(View)}]")

WORDS: Final = ("falcon", "Orion", "seabright")
VALUES: Final = (
    *WORDS,
    "jane.roe@example.com",
    "4111111111111111",
    "5500-0000-0000-0004",
    "212-555-0142",
    "536-90-4399",
    "GB82WEST12345698765432",
    "AK" + "IAQZXWVUTSRPONMLKJ",
)
_PLACEHOLDERS: Final = frozenset(
    f"<{name}>"
    for name in ("names", "EMAIL_ADDRESS", "CREDIT_CARD", "PHONE_NUMBER", "US_SSN", "IBAN_CODE", "AWS_ACCESS_KEY")
)
_LEFT: Final = 4
_FRAMES: Final = ("see {} for that", "{}", "(it is {}).", "first\n{}\nlast", "the answer: {}, of course")


@dataclass(frozen=True, slots=True)
class Case:
    """One disguised value in a sentence."""

    family: str
    disguised: str
    text: str


def cases() -> Iterator[Case]:
    """Yield the corpus: every family for every value it can disguise."""
    for family, disguise in (DISGUISES | WORD_DISGUISES).items():
        for value in WORDS if family in WORD_DISGUISES else VALUES:
            chance = random.Random(f"{SEED} {family} {value}")
            for number in range(VARIANTS * (3 if family in WORD_DISGUISES else 1) + 3):
                disguised = disguise(value, chance)
                if disguised != value:
                    yield Case(family, disguised, _FRAMES[number % len(_FRAMES)].format(disguised))


def encoded_cases() -> Iterator[Case]:
    """Yield values written in other letters."""
    for family, encode in ENCODINGS.items():
        for value in (*VALUES, *(f"{word} {number}" for word in WORDS for number in range(100, 170, 10))):
            chance = random.Random(f"{SEED} {family} {value}")
            for frame in _FRAMES:
                encoded = encode(value, chance)
                if encoded != value:
                    yield Case(family, encoded, frame.format(encoded))


def streamed(policy: Policy, text: str) -> str:
    """Return what is left of a text whose characters come one by one."""
    guard = StreamGuard(DIALECTS["openai-chat"].stream_codec(), policy)
    out = b""
    for data in (*map(_event, text), b"data: [DONE]\n\n"):
        guard.receive(data)
        scan_inline(guard)
        out += guard.take()
    events = (line.removeprefix(b"data: ") for line in out.split(b"\n") if line.startswith(b"data: {"))
    return "".join(orjson.loads(event)["choices"][0]["delta"].get("content", "") for event in events)


def _event(char: str) -> bytes:
    return b"data: %b\n\n" % orjson.dumps({"choices": [{"index": 0, "delta": {"content": char}}]})


def is_caught(case: Case, output: str) -> bool:
    """Whether what is left of a case is its sentence with a placeholder in place of the value.

    Of encoded text the first four characters may be left, and what is no part of the value.
    """
    before, _, after = case.text.partition(case.disguised)
    left = output[len(before) : len(output) - len(after)]
    is_framed = output.startswith(before) and output.endswith(after)
    if case.family in ENCODINGS:
        rest, mark, placeholder = left.partition("<")
        return is_framed and len(rest) <= _LEFT and (mark + placeholder).rstrip("0123456789 ") in _PLACEHOLDERS
    return is_framed and left in _PLACEHOLDERS


def whole(policy: Policy, text: str) -> str:
    """Return what is left of a text that comes at once."""
    return judge_text(policy, text, Direction.RESPONSE, ChannelKind.TEXT).output


def _documents(folder: Path) -> Iterator[str]:
    for path in sorted(folder.glob("*.py")):
        source = path.read_text(encoding="utf-8", errors="replace")
        lines = source.splitlines()
        yield from ("\n".join(lines[at : at + 12]) for at in range(0, len(lines), 60))
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Module)) and (said := ast.get_docstring(node)):
                yield said


def _near_misses(count: int) -> Iterator[str]:
    """Yield lines of logs and tables whose ids, times and numbers are no values."""
    chance = random.Random(SEED)
    hexes, letters = "0123456789abcdef", string.ascii_letters + string.digits
    for _ in range(count):
        identity = "".join(chance.choices(hexes, k=32))
        token = "".join(chance.choices(letters, k=10))
        second = chance.randrange(999)
        yield (
            f"2026-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d}T12:30:45.{second:03d}Z"
            f" INFO request {identity} took {chance.randrange(9999)} ms, build {token}, v{chance.randrange(30)}."
            f"{chance.randrange(30)}.{chance.randrange(30)}, retry {chance.randrange(9)}/{chance.randrange(9)}"
        )


_OTHER_SCRIPTS: Final = (
    "Погода сегодня хорошая, спасибо. API работает.",
    "Καλημέρα σας, τι κάνετε; Η γωνία α είναι 30°.",
    "今天天气很好，我们去公园吧。版本２．１发布了。",
    "مرحبا بالعالم، كيف حالك اليوم؟",
    "नमस्ते, आप कैसे हैं? สวัสดีครับ",
    "Grüße aus Köln, à bientôt à l'école, ¿qué tal, niño? İstanbul'da ılık.",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467 \u2764 \U0001f3f4\U000e0067\U000e0062\U000e007f ① ½ ™ x² + y²",
)


def benign() -> Iterator[str]:
    """Yield more than 5,000 ordinary texts."""
    yield from _documents(Path(sysconfig.get_path("stdlib")))
    yield from _near_misses(500)
    yield from _OTHER_SCRIPTS


def touched(policy: Policy, texts: Iterable[str]) -> tuple[int, int, int]:
    """Return how many texts there are, how many are changed, and how many of these only because of a view."""
    plain = load_policy_text(POLICY_WITHOUT_VIEWS)
    count = changed = by_views = 0
    for text in texts:
        count += 1
        output = whole(policy, text)
        if output != text:
            changed += 1
            by_views += whole(plain, text) != output
    return count, changed, by_views


def main() -> None:
    """Print both."""
    policy = load_policy_text(POLICY)
    counts: dict[str, list[bool]] = {}
    for case in (*cases(), *encoded_cases()):
        outputs = whole(policy, case.text), streamed(policy, case.text)
        counts.setdefault(case.family, []).append(all(is_caught(case, output) for output in outputs))
    counts["all"] = [caught for found in counts.values() for caught in found]
    rows = [(family, str(len(found)), f"{sum(found) / len(found):.1%}") for family, found in counts.items()]
    console = Console()
    Table("Disguised values", ("family", "cases", "caught"), rows).show(console)
    texts, changed, by_views = touched(policy, benign())
    console.print(
        f"Of {texts:,} ordinary texts {changed} are changed ({changed / texts:.2%}), {by_views} of them by views."
    )


if __name__ == "__main__":
    main()
