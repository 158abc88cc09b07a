"""Runs the simulation harness of the monitor and writes benchmarks/monitor/RESULTS.md. Run as `make bench-monitor`.

`--only PART` renews one section and leaves the others as they are.
Ends with 0 whatever the figures are: they are read, not enforced.
"""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.console import Console

from benchmarks.machine import describe
from benchmarks.monitor import cost, days, delays, disorder, patterns, published, quiet, stationary

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.report import Table

RESULTS: Final = Path(__file__).with_name("RESULTS.md")


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is simulated."""

    optimum_runs: int
    alone_runs: int
    stationary: tuple[int, int]
    """Answers of each of the 200 slices: through the monitor's tests, and through the mixture alone."""
    pattern_runs: int
    disorder_runs: int
    day_runs: int
    quiet: tuple[int, int, int, int]
    """Answers in which nothing changes, engines for each kind of traffic, hours of the mix, runs of a change."""
    cost: int
    memory: tuple[int, ...]


FULL: Final = Effort(200, 10, (100_000, 150_000), 2, 40, 10, (400_000, 2, 300, 3), 8_000, (5_000, 20_000))
QUICK: Final = Effort(20, 4, (2_000, 10_000), 1, 4, 1, (20_000, 1, 30, 1), 3_000, (1_000, 2_000))

PARTS: Final[dict[str, Callable[[Effort], list[Table]]]] = {
    "optimum": lambda effort: [delays.optimum_table(effort.optimum_runs)],
    "stationary": lambda effort: [stationary.table(*effort.stationary)],
    "alone": lambda effort: [delays.alone_table(effort.alone_runs)],
    "patterns": lambda effort: [patterns.table(effort.pattern_runs)],
    "quiet": lambda effort: [
        quiet.calm_table(*effort.quiet[:2]),
        quiet.mix_table(effort.quiet[2]),
        quiet.delay_table(effort.quiet[3]),
    ],
    "days": lambda effort: [days.table(effort.day_runs)],
    "disorder": lambda effort: [
        disorder.table(effort.disorder_runs),
        disorder.optimum_table(effort.disorder_runs),
    ],
    "published": lambda _: [published.table()],
    "cost": lambda effort: [cost.table(effort.cost), cost.memory_table(effort.memory)],
}


def renewed(page: str, part: str, text: str) -> str:
    """Return the page with one part's section made anew, at its place in the order of `PARTS`."""
    found = dict(re.findall(r"<!-- (\w+) -->\n(.*?)<!-- end -->\n", page, re.DOTALL))
    found[part] = text
    sections = [f"<!-- {name} -->\n{found[name]}<!-- end -->\n" for name in PARTS if name in found]
    facts = "\n".join(f"- {what}: {value}" for what, value in describe())
    head = (
        "# The monitor's detectors, measured\n\nMade by `make bench-monitor` "
        "(`python -m benchmarks.monitor`); streams are simulated with known seeds, so all but the cost comes out "
        "the same on every machine.\n"
    )
    return "\n".join([head + "\n" + facts + "\n", *sections])


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=PARTS, action="append", help="a part; may be given more than once")
    parser.add_argument("--quick", action="store_true", help="a look, not a measurement")
    parser.add_argument("--output", type=Path, default=RESULTS, help="where to write the results")
    options = parser.parse_args()
    console, effort = Console(), QUICK if options.quick else FULL
    for part in options.only or PARTS:
        with console.status(f"{part} ..."):
            tables = PARTS[part](effort)
        for table in tables:
            table.show(console)
        page = options.output.read_text("utf-8") if options.output.exists() else ""
        text = "\n".join(table.markdown() for table in tables)
        options.output.write_text(renewed(page, part, text), "utf-8")
    console.print(f"Written to {options.output}")


if __name__ == "__main__":
    main()
