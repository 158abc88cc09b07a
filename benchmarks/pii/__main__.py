"""Measures the detector `presidio` beside Presidio's `AnalyzerEngine`. Run as `python -m benchmarks.pii`.

`--write` puts the tables into docs/detectors/pii.md. What is found is measured over three collections of texts in
the folder that `--data` names; without it only what has to do with time is measured.
Ends with 0 whatever the figures are: they are read, not enforced.
"""

from __future__ import annotations

import argparse
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.console import Console

from benchmarks.machine import describe
from benchmarks.pii.cases import RECOGNIZERS
from benchmarks.pii.own_patterns import own_patterns_table
from benchmarks.pii.page import PAGE, with_figures
from benchmarks.pii.parties import PlainPresidio, Sluicegate, with_names
from benchmarks.pii.speed import long_table, speed_table, stream_table
from benchmarks.pii.steps import step_table
from benchmarks.pii.tables import other_table, sentence_table, validator_table, vector_table
from benchmarks.report import targets_table
from detectors.pii.presidio import DEFAULT_ENTITIES

if TYPE_CHECKING:
    from benchmarks.pii.parties import Party
    from benchmarks.report import Table

DATA: Final = Path(__file__).resolve().parents[2].parent / "shared/data/vectors"
REFINED: Final = {"refined": True}
_COUNTRIES: Final = ("au", "de", "es", "fi", "in", "it", "kr", "pl", "sg", "th", "uk", "us")
_DIGITS_ONLY: Final = ("PHONE_NUMBER", "CREDIT_CARD", "US_SSN")


def quality_tables(folder: Path, remarks: list[str]) -> list[Table]:
    """Return what is found, or a remark that nothing could be looked at."""
    if not (folder / RECOGNIZERS).exists():
        remarks.append(
            f"No collections in {folder.name}: what is found was not measured. Name their folder: --data."
        )
        return []
    parties: list[Party] = [PlainPresidio(), Sluicegate(), Sluicegate("refined", REFINED)]
    return [
        vector_table(folder, parties),
        validator_table(folder, parties),
        other_table(folder, parties),
        sentence_table(folder, parties, with_names(), remarks),
    ]


def speed_tables(rounds: int) -> list[Table]:
    """Return what it costs."""
    ours = Sluicegate()
    short, targets = speed_table(PlainPresidio(DEFAULT_ENTITIES), ours, rounds)
    detectors = {
        "the default ones": ours.detector(DEFAULT_ENTITIES),
        "the default ones, refined": Sluicegate("refined", REFINED).detector(DEFAULT_ENTITIES),
        "of digits": ours.detector(_DIGITS_ONLY),
    }
    streams, more = stream_table(detectors)
    lists, most = step_table(
        {
            "the default ones": ours.detector(DEFAULT_ENTITIES),
            "all of twelve countries": Sluicegate("all", REFINED | {"countries": list(_COUNTRIES)}).detector(()),
        }
    )
    long = long_table(detectors["the default ones"])
    return [short, streams, long, lists, own_patterns_table(), targets_table([*targets, *more, *most])]


def main() -> None:
    """Measure, print and, if asked, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA, metavar="DIR", help="the folder of the collections")
    parser.add_argument("--rounds", type=int, default=9, help="of each measurement of time")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/detectors/pii.md")
    options = parser.parse_args()
    console, remarks = Console(), list[str]()
    facts = [fact for fact in describe() if fact[0] in {"CPU", "Python"}]
    facts += [(name, version(name)) for name in ("presidio-analyzer", "phonenumbers", "spacy")]
    tables = [*quality_tables(options.data, remarks), *speed_tables(options.rounds)]
    for table in tables:
        table.show(console)
    for remark in remarks:
        console.print(f"[yellow]{remark}[/]")
    if options.write:
        PAGE.write_text(with_figures(PAGE.read_text(), facts, tables, remarks))


if __name__ == "__main__":
    main()
