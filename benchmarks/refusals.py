"""How well the class of a refusal agrees with replies that were read by hand, and what it costs.

The replies are earlier turns of the assistant in Anthropic's hh-rlhf (harmless-base/test.jsonl.gz, MIT), of 1,367
that the grammar had never seen: all that its first version classed as declining, and all others with a word that
could decline. `refusal_labels.json` has the labels, by a hash of the text; the text is not here.

    python -m benchmarks.refusals test.jsonl.gz
"""

from __future__ import annotations

import gzip
import hashlib
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from detectors.refusals import AnswerEnds, Refusal, refusal_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

LABELS = Path(__file__).with_name("refusal_labels.json")
Z = 1.96


def replies(lines: Iterable[str]) -> Iterator[str]:
    """Yield the assistant's turns in dialogues, one JSON object a line."""
    for line in lines:
        for dialogue in json.loads(line).values():
            for turn in dialogue.split("\n\nAssistant:")[1:]:
                yield turn.split("\n\nHuman:")[0].strip()


def name_of(reply: str) -> str:
    """Return the name under which a reply's label stands."""
    return hashlib.sha256(reply.encode()).hexdigest()[:12]


def wilson(hits: int, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share."""
    if not count:
        return (0.0, 1.0)
    share = hits / count
    middle = share + Z * Z / (2 * count)
    spread = Z * (share * (1 - share) / count + Z * Z / (4 * count * count)) ** 0.5
    scale = 1 + Z * Z / count
    return ((middle - spread) / scale, (middle + spread) / scale)


def judged(texts: Iterable[str], labels: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return of every labelled reply what was read in it and what it is classed as."""
    found = {name_of(text): text for text in texts}
    return [(label, said(found[name])) for name, label in labels.items() if name in found]


def said(text: str) -> str:
    """Return the class of one reply."""
    return refusal_in(AnswerEnds(text, text, len(text))).value


def report(pairs: list[tuple[str, str]]) -> list[str]:
    """Return the lines of the report."""
    none = Refusal.NONE.value
    both = sum(none not in {label, got} for label, got in pairs)
    classed = sum(got != none for _, got in pairs)
    declining = sum(label != none for label, _ in pairs)
    same = sum(label == got for label, got in pairs)
    lines = []
    for name, hits, count in (
        ("precision", both, classed),
        ("recall", both, declining),
        ("same class", same, len(pairs)),
    ):
        low, high = wilson(hits, count)
        lines.append(f"{name:10} {hits}/{count} = {hits / max(count, 1):.2f} (95 %: {low:.2f} to {high:.2f})")
    return lines


def main(path: str) -> None:
    """Print the report for the data set."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        texts = [text for text in replies(file) if text]
    began = time.perf_counter()
    for text in texts:
        said(text)
    print(f"{1e6 * (time.perf_counter() - began) / len(texts):.1f} us for a reply, of {len(texts)}")
    print("\n".join(report(judged(texts, json.loads(LABELS.read_text())))))


if __name__ == "__main__":
    main(sys.argv[1])
