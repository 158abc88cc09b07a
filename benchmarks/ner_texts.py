"""Texts to find names in: sentences made here with names whose places are known, and collections of others.

The collections are not part of this repository: `python -m benchmarks.ner --data DIR` says where their folders lie.
"""

from __future__ import annotations

import gzip
import json
import random
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from benchmarks.prose import PROSE

if TYPE_CHECKING:
    from pathlib import Path

SENTENCES: Final = "vectors/presidio-synth-v1/synth_dataset_v1.json"
ANSWERS: Final = "train/hh-rlhf/harmless-base/test.jsonl.gz"
FIRST_ANSWER: Final = "A sourdough loaf"
"""How the prose of an assistant begins; before it there is some from a novel."""

MIN_ANSWER_CHARS: Final = 60


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text, and the names in it: entity, start, end."""

    text: str
    names: tuple[tuple[str, int, int], ...]


_FIRST: Final = (
    "Anna",
    "Brian",
    "Carla",
    "David",
    "Elena",
    "Grace",
    "Hiro",
    "James",
    "Katya",
    "Maria",
    "Noah",
    "Priya",
)
_LAST: Final = (
    "Adams",
    "Becker",
    "Castillo",
    "Dubois",
    "Evans",
    "Fischer",
    "Garcia",
    "Hansen",
    "Johnson",
    "Nguyen",
)
_VALUES: Final = {
    "LOCATION": ("Berlin", "Lisbon", "New Zealand", "Ohio", "the Netherlands", "San Francisco", "Nairobi", "Japan"),
    "ORGANIZATION": (
        "Microsoft",
        "the University of Vienna",
        "the World Bank",
        "Toyota",
        "the Red Cross",
        "Siemens",
    ),
    "NRP": ("French", "Mexican", "Buddhist", "Germans", "Republican"),
    "DATE_TIME": ("12 March 1999", "last Tuesday", "July 2021", "yesterday", "10:30 am", "three weeks ago", "1984"),
}
_TEMPLATES: Final = (
    "My name is {PERSON} and I was born in {LOCATION}.",
    "Dr. {PERSON} works for {ORGANIZATION} in {LOCATION}, as far as I know.",
    "{PERSON} called {DATE_TIME} about the contract with {ORGANIZATION}.",
    "It rained when {PERSON} came home from {LOCATION}.",
    "Please send the papers to {PERSON}, who moved to {LOCATION} {DATE_TIME}.",
    "The {NRP} delegation met {PERSON} and {PERSON} at noon.",
    "However, {ORGANIZATION} did not answer the letter of {DATE_TIME}.",
    "Nobody had told {PERSON} that the meeting was moved to {LOCATION}.",
    "{PERSON} is the {NRP} author of a book about tides.",
    "they said that {PERSON} was in {LOCATION} {DATE_TIME}",
    "So who is {PERSON}? She runs the office of {ORGANIZATION}.",
    "Ask {PERSON}; otherwise write to {ORGANIZATION} before {DATE_TIME}.",
)
_SLOT = re.compile(r"\{(\w+)\}")


def made_sentences(count: int, seed: int = 20) -> list[Labelled]:
    """Return sentences with names in the places of templates, the same for the same seed."""
    chance = random.Random(seed)
    return [_filled(_TEMPLATES[number % len(_TEMPLATES)], chance) for number in range(count)]


def _filled(template: str, chance: random.Random) -> Labelled:
    text, names, at = "", [], 0
    for slot in _SLOT.finditer(template):
        entity = slot.group(1)
        value = (
            f"{chance.choice(_FIRST)} {chance.choice(_LAST)}"
            if entity == "PERSON"
            else chance.choice(_VALUES[entity])
        )
        text += template[at : slot.start()]
        names.append((entity, len(text), len(text) + len(value)))
        text, at = text + value, slot.end()
    return Labelled(text + template[at:], tuple(names))


def published_sentences(folder: Path) -> list[Labelled]:
    """Return the development set of Presidio's makers."""
    rows: list[dict[str, Any]] = json.loads((folder / SENTENCES).read_text(encoding="utf-8"))
    return [
        Labelled(
            row["full_text"],
            tuple((one["entity_type"], one["start_position"], one["end_position"]) for one in row["spans"]),
        )
        for row in rows
    ]


def made_answers(count: int) -> list[str]:
    """Return passages in the manner of an assistant's answers, as long as those are."""
    paragraphs = PROSE[PROSE.index(FIRST_ANSWER) :].split("\n\n")
    most = len(paragraphs)
    return [
        "\n\n".join(paragraphs[(number + step) % most] for step in range(1 + number // most))
        for number in range(min(count, 4 * most))
    ]


def published_answers(folder: Path, count: int, seed: int = 7) -> list[str]:
    """Return answers of an assistant, drawn from a collection of conversations."""
    found = []
    with gzip.open(folder / ANSWERS, "rt", encoding="utf-8") as file:
        for row in file:
            turns = re.split(r"\n\n(?:Human|Assistant): ", json.loads(row)["chosen"])
            found += [turn for turn in turns[2::2] if len(turn) > MIN_ANSWER_CHARS]
    random.Random(seed).shuffle(found)
    return found[:count]
