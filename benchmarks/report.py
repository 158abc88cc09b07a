"""Tables of what was measured: on the terminal with Rich, and as Markdown in RESULTS.md."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table as RichTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from benchmarks.stats import Series, Target


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table, with a sentence below it that says how to read it."""

    title: str
    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    note: str = ""

    def markdown(self) -> str:
        """Return it as Markdown."""
        lines = [f"## {self.title}", ""]
        lines += ["| " + " | ".join(row) + " |" for row in (self.header, tuple("---" for _ in self.header))]
        lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in self.rows]
        lines += ["", self.note, ""] if self.note else [""]
        return "\n".join(lines)

    def show(self, console: Console) -> None:
        """Print it."""
        table = RichTable(title=self.title, caption=self.note or None, title_justify="left", caption_justify="left")
        for number, name in enumerate(self.header):
            table.add_column(escape(name), justify="right" if number else "left")
        for row in self.rows:
            table.add_row(*(_coloured(escape(cell)) for cell in row))
        console.print(table)


def _coloured(cell: str) -> str:
    return {"pass": "[green]pass[/]", "FAIL": "[bold red]FAIL[/]"}.get(cell, cell)


def _pair(values: tuple[float, float]) -> str:
    return f"{values[0]:.2f} / {values[1]:.2f}"


def throughput_table(title: str, series: Series, peer: str) -> Table:
    """Answers per second of each party, and the ratio to the peer."""
    rows = [
        (
            party,
            f"{series.rate(party):,.0f}",
            f"{series.rate_ratio(party, peer):.2f}x",
            "" if party == "direct" else f"{series.cpu_us(party):,.0f}",
            "" if party == "direct" else f"{series.cpu_us(peer) / max(series.cpu_us(party), 1e-9):.2f}x",
            "" if party == "direct" else f"{series.cpu_share(party):.0%}",
            str(series.failed(party)),
        )
        for party in series.rounds
    ]
    header = ("party", "answers/s", f"to {peer}", "CPU us/answer", "by CPU", "core used", "wrong answers")
    note = (
        f"Medians of rounds in turn. 'to {peer}' compares answers per second within each round; 'by CPU' compares "
        "processor time, which other work on the machine disturbs less. Below 90 % of a core the party was not the "
        "limit: the load generator and the mock model were."
    )
    return Table(title, header, rows, note)


def latency_table(title: str, series: Series, peer: str) -> Table:
    """What each party adds to the direct way, p50 / p99."""
    rows = [
        (
            party,
            _pair(series.added_ms("first", party, "direct")),
            _pair(series.added_ms("first", party, peer)),
            _pair(series.added_ms("gap", party, "direct")),
            _pair(series.added_ms("whole", party, "direct")),
            f"{series.cpu_us(party):,.0f}",
            str(series.failed(party)),
        )
        for party in series.rounds
        if party != "direct"
    ]
    header = (
        "party",
        "first byte, added ms",
        f"first byte beyond {peer}, ms",
        "between events, added ms",
        "whole answer, added ms",
        "CPU us/answer",
        "wrong answers",
    )
    note = (
        "p50 / p99 through the party minus the same figure on the direct way in the same round; median of rounds. "
        "Every answer is compared byte for byte with what the model sent: all events, once, in order."
    )
    return Table(title, header, rows, note)


def single_table(title: str, series: Series) -> Table:
    """What each party adds to one answer of one client, p50 / p99."""
    rows = [
        (party, _pair(series.added_ms("whole", party, "direct")), str(series.failed(party)))
        for party in series.rounds
        if party != "direct"
    ]
    return Table(title, ("party", "added ms", "wrong answers"), rows, "p50 / p99, as above.")


def memory_table(idle: dict[str, float], loaded: dict[str, float]) -> Table:
    """Resident memory of each party."""
    rows = [(party, f"{idle[party]:.0f}", f"{loaded[party]:.0f}") for party in idle]
    note = "Resident set of the process and its children; loaded: the highest seen in any workload."
    return Table("Memory, MB", ("party", "idle", "loaded"), rows, note)


def targets_table(targets: list[Target]) -> Table:
    """Each promised figure and whether it holds here."""
    rows = [
        (one.what, one.promise, f"{one.measured:.2f}{one.unit}", "pass" if one.holds else "FAIL") for one in targets
    ]
    return Table("Targets", ("figure", "promised", "measured", "holds"), rows)


def results_page(machine: list[tuple[str, str]], tables: list[Table], remarks: list[str]) -> str:
    """Return the whole of RESULTS.md."""
    lines = [
        "# Benchmark results",
        "",
        "Written by `make bench`; do not edit.",
        "Absolute figures hold for this machine and this hour only: read the ratios.",
        "How everything is measured: `docs/performance.md`.",
        "",
    ]
    lines += [Table("Machine", ("what", "value"), list(machine)).markdown()]
    lines += [*remarks, ""] if remarks else []
    lines += [table.markdown() for table in tables]
    return "\n".join(lines).rstrip() + "\n"
