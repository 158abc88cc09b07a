"""Measures the detector `names` beside Presidio's `AnalyzerEngine` with the same model.

Run as `python -m benchmarks.ner`; it needs the extra `ner`, or `--model` with another model. All parties read the
same texts in one process, in turns of a few texts. Presidio reads each text whole; the detector reads windows as
the guard cuts them, those of several texts together. With `--data DIR` it also reads two collections of others
(benchmarks/ner_texts.py). Ends with 0 whatever the figures are.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from rich.console import Console

from benchmarks.ner_texts import (
    SENTENCES,
    made_answers,
    made_sentences,
    published_answers,
    published_sentences,
)
from benchmarks.report import Table, targets_table
from benchmarks.stats import Target
from detectors.names.detector import NamesDetector, build
from detectors.names.installed import source_of
from detectors.names.params import DEFAULT_MODEL, ENTITIES, NamesParams
from detectors.types import ChannelKind
from proxy.guard.buffer import TextBuffer
from proxy.guard.cursor import Cursor
from proxy.guard.readings import PlainReading

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from benchmarks.ner_texts import Labelled
    from detectors.types import Engine, Window

DATA: Final = Path(__file__).resolve().parents[1].parent / "shared/data"
STREAMS: Final = 16
"""Texts that are read at the same time, as answers are in a proxy."""

BATCH_TEXTS: Final = 12
"""About `BATCH_CHARS` of windows."""

PEOPLE_AND_PLACES: Final = ("PERSON", "LOCATION")
PLAIN: Final = "AnalyzerEngine"
ALL: Final = "names, every window"
SCREENED: Final = "names"

Name = tuple[str, int, int]


class Party(Protocol):
    """Finds names in texts."""

    name: str

    def find(self, texts: Sequence[str]) -> list[list[Name]]:
        """Return what it finds in each text."""


@dataclass(slots=True)
class PlainPresidio:
    """`AnalyzerEngine` with the recognizer for spaCy, its whole pipeline, and organisations not ignored."""

    engine: Any
    entities: Sequence[str]
    name: str = PLAIN

    def find(self, texts: Sequence[str]) -> list[list[Name]]:
        """Read each text whole."""
        return [
            [(one.entity_type, one.start, one.end) for one in self.engine.analyze(text, "en", list(self.entities))]
            for text in texts
        ]


def plain_presidio(model: str, entities: Sequence[str]) -> PlainPresidio:
    """Return it with a model loaded. What is not for names, such as its pattern for dates, is left out."""
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry  # noqa: PLC0415 - takes a second
    from presidio_analyzer.nlp_engine import NlpEngineProvider  # noqa: PLC0415
    from presidio_analyzer.predefined_recognizers import SpacyRecognizer  # noqa: PLC0415

    configuration = dict(NlpEngineProvider().nlp_configuration)
    shipped = configuration["ner_model_configuration"]
    ignored = [label for label in shipped["labels_to_ignore"] if label != "ORGANIZATION"]
    configuration["ner_model_configuration"] = {
        **shipped,
        "labels_to_ignore": ignored,
        "low_score_entity_names": [],
    }
    configuration["models"] = [{"lang_code": "en", "model_name": source_of(model).path}]
    registry = RecognizerRegistry(recognizers=[SpacyRecognizer()], supported_languages=["en"])
    nlp = NlpEngineProvider(nlp_configuration=configuration).create_engine()
    return PlainPresidio(AnalyzerEngine(registry=registry, nlp_engine=nlp, supported_languages=["en"]), entities)


@dataclass(slots=True)
class Names:
    """The detector and its model, fed as the guard and the model's process feed them."""

    name: str
    detector: NamesDetector
    engine: Engine
    windows: int = 0
    asked: int = 0
    """Windows about which the model was asked."""
    _found: list[list[Name]] = field(default_factory=list)

    def find(self, texts: Sequence[str]) -> list[list[Name]]:
        """Read windows, those of several texts together."""
        self._found = [[] for _ in texts]
        self.windows = self.asked = 0
        waiting = [(at, self._cursor(text)) for at, text in enumerate(texts)]
        live: list[tuple[int, Cursor]] = []
        while waiting or live:
            live += [waiting.pop(0) for _ in range(min(STREAMS - len(live), len(waiting)))]
            live = self._step(live)
        return self._found

    def _cursor(self, text: str) -> Cursor:
        return Cursor(self.detector, PlainReading(TextBuffer(text)), ChannelKind.TEXT, 0)

    def _step(self, live: list[tuple[int, Cursor]]) -> list[tuple[int, Cursor]]:
        """Judge the next window of each; return those that are not at their end."""
        open_ = []
        for at, cursor in live:
            window = cursor.next_window(cursor.reading.buffer.end, final=True)
            if window is not None:
                open_.append((at, cursor, window, list(self.detector.inputs(window))))
        texts = [text for *_, inputs in open_ for text in inputs]
        given = iter(
            [
                one
                for n in range(0, len(texts), BATCH_TEXTS)
                for one in self.engine.scores(texts[n : n + BATCH_TEXTS])
            ]
        )
        for at, cursor, window, inputs in open_:
            self._read(at, cursor, window, [next(given) for _ in inputs])
        return [(at, cursor) for at, cursor, *_ in open_]

    def _read(self, at: int, cursor: Cursor, window: Window, scores: list[tuple[float, ...]]) -> None:
        self.windows += 1
        self.asked += bool(scores)
        found = cursor.receive(self.detector.read(window, scores))
        self._found[at] += [(one.category, one.start, one.end) for one in found]


def parties(model: str, entities: Sequence[str]) -> list[PlainPresidio | Names]:
    """Return plain Presidio and the detector with and without its screen, with one loaded model for both."""
    engine = source_of(model).load()
    given = {"model": model, "entities": list(entities)}
    every = build(ALL, NamesParams.model_validate({**given, "screen": False}))
    screened = build(SCREENED, NamesParams.model_validate(given))
    return [plain_presidio(model, entities), Names(ALL, every, engine), Names(SCREENED, screened, engine)]


def overlaps(one: Name, others: Iterable[Name]) -> bool:
    """Whether a name of the same entity lies where it lies, in part at least."""
    return any(one[0] == e and one[1] < end and start < one[2] for e, start, end in others)


def share(part: int, whole: int) -> float:
    """Return a share; 1 of nothing."""
    return part / whole if whole else 1.0


@dataclass(frozen=True, slots=True)
class Quality:
    """How well one party finds labelled names of one entity."""

    count: int
    recall: float
    precision: float

    @property
    def f2(self) -> float:
        """Recall counts four times as much as precision."""
        both = 4 * self.precision + self.recall
        return 5 * self.precision * self.recall / both if both else 0.0


def quality(labelled: Sequence[Labelled], found: Sequence[Sequence[Name]], entity: str) -> Quality:
    """Hold what was found against the labels."""
    count = hits = said = right = 0
    for text, names in zip(labelled, found, strict=True):
        real = [one for one in text.names if one[0] == entity]
        mine = [one for one in names if one[0] == entity]
        count, hits = count + len(real), hits + sum(overlaps(one, mine) for one in real)
        said, right = said + len(mine), right + sum(overlaps(one, real) for one in mine)
    return Quality(count, share(hits, count), share(right, said))


def quality_table(title: str, labelled: Sequence[Labelled], three: Sequence[Party]) -> tuple[Table, Target]:
    """Recall and F2 by entity, and what the screen loses of the recall of all of them."""
    found = {party.name: party.find([one.text for one in labelled]) for party in three}
    rows, hits, total = [], dict.fromkeys(found, 0.0), 0
    for entity in ENTITIES:
        each = {name: quality(labelled, names, entity) for name, names in found.items()}
        count = each[PLAIN].count
        if not count:
            continue
        total += count
        for name, one in each.items():
            hits[name] += one.recall * count
        rows.append((entity, str(count), *(f"{one.recall:.3f} / {one.f2:.3f}" for one in each.values())))
    rows.append(("all", str(total), *(f"{share_of(hits[name], total):.3f}" for name in found)))
    loss = 100 * share_of(hits[ALL] - hits[SCREENED], total)
    note = "Recall and F2; a name counts as found when a finding of its entity overlaps it."
    target = Target(f"points of recall that the screen loses, {title}", 1.0, loss)
    return Table(f"Names found: {title}", ("entity", "names", *found), rows, note), target


def share_of(part: float, whole: int) -> float:
    """Return a share of a count; 0 of nothing."""
    return part / whole if whole else 0.0


def times(texts: Sequence[str], three: Sequence[Party], rounds: int) -> dict[str, float]:
    """Return the seconds of each party: the sum, over a few texts at a time, of the best of some rounds.

    They take turns at the same few texts, so that what else the machine does is shared by all.
    """
    total = {party.name: 0.0 for party in three}
    for at in range(0, len(texts), STREAMS):
        best = dict.fromkeys(total, float("inf"))
        for _ in range(rounds):
            for party in three:
                began_s = time.perf_counter()
                party.find(texts[at : at + STREAMS])
                best[party.name] = min(best[party.name], time.perf_counter() - began_s)
        total = {name: total[name] + best[name] for name in total}
    return total


def speed_table(title: str, texts: Sequence[str], three: Sequence[Any], rounds: int) -> tuple[Table, Target]:
    """Time for the same prose, the best of some rounds, and how much of what Presidio says of it is said too."""
    found = {party.name: party.find(texts) for party in three}
    asked = {one.name: share(one.asked, one.windows) for one in three if isinstance(one, Names)}
    best = times(texts, three, rounds)
    chars = sum(map(len, texts))
    total = sum(map(len, found[PLAIN]))
    rows = []
    for party in three:
        mine = found[party.name]
        agreed = sum(overlaps(one, mine[at]) for at, names in enumerate(found[PLAIN]) for one in names)
        share_asked = f"{asked[party.name]:.0%}" if party.name in asked else "-"
        ms = 1e6 * best[party.name] / chars
        faster = f"{best[PLAIN] / best[party.name]:.1f}x"
        rows.append(
            (party.name, f"{ms:.2f}", faster, share_asked, f"{share(agreed, total):.3f}", str(sum(map(len, mine))))
        )
    header = ("party", "ms per 1000 characters", "faster", "windows asked about", "of Presidio's", "found")
    note = f"{len(texts)} texts, {chars} characters; Presidio finds {total} names in them, true and false ones."
    target = Target(f"times as fast as {PLAIN}, {title}", 3.0, best[PLAIN] / best[SCREENED], at_least=True)
    return Table(f"Cost of ordinary prose: {title}", header, rows, note), target


def measure(model: str, data: Path, texts: int, rounds: int, remarks: list[str]) -> list[Table]:
    """Measure everything."""
    tables: list[Table] = []
    targets: list[Target] = []
    people = parties(model, PEOPLE_AND_PLACES)
    every = parties(model, ENTITIES)
    collections = [("made here", made_sentences(texts), made_answers(texts))]
    if (data / SENTENCES).is_file():
        collections.append(("of others", published_sentences(data), published_answers(data, texts)))
    else:
        remarks.append(f"No collections in {data.name}: only texts made here were read. Name their folder: --data.")
    for title, labelled, prose in collections:
        table, target = quality_table(title, labelled, every)
        tables, targets = [*tables, table], [*targets, target]
        table, target = speed_table(f"people and places, {title}", prose, people, rounds)
        tables, targets = [*tables, table], [*targets, target]
        tables.append(speed_table(f"all entities, {title}", prose, every, rounds)[0])
    return [*tables, targets_table(targets)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=DEFAULT_MODEL, help="name or folder of a model of English")
    parser.add_argument("--data", type=Path, default=DATA, metavar="DIR", help="the folder of the collections")
    parser.add_argument("--texts", type=int, default=300, help="how many texts of each kind are read")
    parser.add_argument("--rounds", type=int, default=3, help="of each measurement of time")
    options = parser.parse_args()
    console, remarks = Console(width=150), list[str]()
    for table in measure(options.model, options.data, options.texts, options.rounds, remarks):
        table.show(console)
    for remark in remarks:
        console.print(f"[yellow]{remark}[/]")


if __name__ == "__main__":
    main()
