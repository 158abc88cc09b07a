"""The tables of quality: what each party finds in the collections, and in what is none of it."""

from __future__ import annotations

import sysconfig
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.pii.cases import NEVER, other_things, recognizer_cases, sentences, validator_cases
from benchmarks.pii.quality import by_span, by_text, sentence_tallies, share, tallies
from benchmarks.report import Table
from detectors.pii.catalogue import recognizer_classes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from benchmarks.pii.cases import Case
    from benchmarks.pii.parties import Found, Party
    from benchmarks.pii.quality import Tally

WITHOUT_NAMES: Final = ("CREDIT_CARD", "EMAIL_ADDRESS", "PHONE_NUMBER", "URL", "IP_ADDRESS", "IBAN_CODE", "US_SSN")
"""The entities of the development set that have a shape."""
WITH_NAMES: Final = ("PERSON", "LOCATION", "ORGANIZATION")
"""Those that only a model finds."""
CODE_CHARS: Final = 400_000
"""How much source code is looked at."""


def vector_table(folder: Path, parties: Sequence[Party]) -> Table:
    """Return what is found of the vectors of Presidio's own tests."""
    note = (
        "The vectors of the tests of Presidio's recognizers (MIT), each asked for its own entity. A span counts "
        "when both of its ends are right; where a vector only says how many values there are, these are counted."
    )
    return _entity_table("Presidio's own vectors", note, recognizer_cases(folder), parties, by_span)


def validator_table(folder: Path, parties: Sequence[Party]) -> Table:
    """Return what is found of the values that validator.js takes for valid or for invalid."""
    note = (
        "Valid and invalid values of the tests of validator.js (MIT), each alone in its text. A text counts as "
        "found when one finding covers all of it. validator.js is a judge of its own: what it takes for invalid "
        "because of a checksum that Presidio does not know counts as wrong here."
    )
    return _entity_table("validator.js", note, validator_cases(folder), parties, by_text)


def _entity_table(
    title: str,
    note: str,
    cases: Iterable[Case],
    parties: Sequence[Party],
    count: Callable[[Case, Iterable[Found]], tuple[int, int, int]],
) -> Table:
    """Return precision and recall of each entity, side by side; who finds all and nothing else has no line."""
    known = recognizer_classes()
    kept = [case for case in cases if case.entity in known]
    counted = [tallies(kept, party, count) for party in parties]
    header = ["entity", "values"]
    for party in parties:
        header += [f"{party.name}: precision", "recall"]
    rows, perfect = [], list[str]()
    for entity in sorted(counted[0]):
        each = [one[entity] for one in counted]
        if all(one.wrong == one.missed == 0 for one in each):
            perfect.append(f"`{entity}`")
        else:
            rows.append((f"`{entity}`", str(each[0].right + each[0].missed), *_shares(each)))
    note += f" All of them, and nothing else, all parties find of: {', '.join(perfect)}." if perfect else ""
    return Table(title, tuple(header), rows, note)


def _shares(each: Sequence[Tally]) -> list[str]:
    return [share(value) for one in each for value in (one.precision, one.recall)]


def other_table(folder: Path, parties: Sequence[Party]) -> Table:
    """Return how much is found in things that are something else."""
    rows = []
    for entity in NEVER:
        texts = other_things(folder, entity)
        found = [sum(bool(party.find(text, (entity,))) for text in texts) for party in parties]
        rows.append((f"`{entity}`", str(len(texts)), *map(str, found)))
    code = code_pieces()
    lines = sum(piece.count("\n") + 1 for piece in code)
    for entity in NEVER:
        found = [sum(len(party.find(piece, (entity,))) for piece in code) for party in parties]
        rows.append((f"`{entity}` in source code", f"{lines:,} lines", *map(str, found)))
    note = (
        "Valid values of other kinds from validator.js (versions, times, places, addresses of machines, serial "
        "numbers ...), each alone: in how many of them something is found. And what is found in the sources of "
        "Python's standard library, in which few phone numbers and cards are, and some dates and addresses."
    )
    return Table("What is something else", ("entity", "texts", *(party.name for party in parties)), rows, note)


@cache
def code_pieces() -> list[str]:
    """Return the beginning of modules of Python's standard library, in pieces of some 40 lines."""
    pieces, chars = list[str](), 0
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()[:200]
        pieces += ["\n".join(lines[at : at + 40]) for at in range(0, len(lines), 40)]
        chars += sum(map(len, lines))
        if chars > CODE_CHARS:
            break
    return pieces


def sentence_table(
    folder: Path, parties: Sequence[Party], with_names: Sequence[Party], remarks: list[str]
) -> Table:
    """Return F2 by entity over the synthetic development set, without and with named-entity recognition."""
    found = sentences(folder)
    counted = [sentence_tallies(found, party, WITHOUT_NAMES) for party in parties]
    named = [sentence_tallies(found, party, (*WITHOUT_NAMES, *WITH_NAMES)) for party in with_names]
    if not with_names:
        remarks.append("No model for names is installed: the columns with names are left out.")
    rows = []
    for entity in (*WITHOUT_NAMES, *(WITH_NAMES if with_names else ()), "all"):
        words = (named or counted)[0][entity]
        if not words.right + words.missed:
            continue
        cells = [share(one[entity].f2) if entity in one else share(None) for one in counted]
        cells += [share(one[entity].f2) for one in named]
        rows.append((f"`{entity}`" if entity != "all" else entity, str(words.right + words.missed), *cells))
    names = [party.name for party in (*parties, *with_names)]
    note = (
        f"{len(found)} sentences made from templates (Presidio's research project, MIT). Counted by words, as "
        "Presidio's own evaluator does; F2 counts recall twice as much as precision."
    )
    return Table("Sentences: F2 by entity", ("entity", "words", *names), rows, note)
