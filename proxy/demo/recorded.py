"""What the demo's outbox holds when all was played: read back from its file, as any subscriber would."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from events.codec import read_wire
from events.outbox.settings import OutboxSettings
from events.outbox.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

_INCIDENT: Final = "dev.sluicegate.incident.v1"
_EXCHANGE: Final = "dev.sluicegate.exchange.v1"
_MOST_ROWS: Final = 100_000
_MOST_BYTES: Final = 1 << 30
_LOOKS: Final = 250
_PAUSE_S: Final = 0.02


class Recorded(NamedTuple):
    """The events of an outbox."""

    total: int
    exchanges: int
    incidents: list[dict[str, Any]]
    """Their `data`."""


async def recorded_in(path: Path, exchanges: int) -> Recorded:
    """Return the events, once the records of that many exchanges are there, or as they are after a while.

    Nobody waits for those records otherwise.
    """
    for _ in range(_LOOKS):
        found = await asyncio.to_thread(_read, path)
        if found.exchanges >= exchanges:
            break
        await asyncio.sleep(_PAUSE_S)
    return found


def _read(path: Path) -> Recorded:
    store = Store(path, OutboxSettings())
    try:
        wires = [read_wire(row.entry.value) for row in store.read(0, _MOST_ROWS, _MOST_BYTES)]
    finally:
        store.close()
    exchanges = sum(wire["type"] == _EXCHANGE for wire in wires)
    return Recorded(len(wires), exchanges, [wire["data"] for wire in wires if wire["type"] == _INCIDENT])


def show_recorded(console: Console, found: Recorded, path: Path) -> None:
    """Draw the incidents, those that are alike in one row."""
    alike = Counter(
        (
            one["policy"]["rule_id"] or "",
            one["finding"]["category"],
            one["action"]["type"],
            one["location"]["channel"].partition("[")[0],
        )
        for one in found.incidents
    )
    table = Table(box=None, header_style="bold", padding=(0, 1, 0, 0))
    for name, width in (("rule", 16), ("category", 22), ("action", 8), ("in", 16)):
        table.add_column(name, width=width, no_wrap=True, overflow="ellipsis")
    table.add_column("events", justify="right")
    for row, count in sorted(alike.items()):
        table.add_row(*row, str(count))
    console.print(Rule(Text(" what was recorded: incidents, without a word of text "), align="left", style="dim"))
    console.print(table)
    delivered = sum(
        one["action"]["violating_bytes_delivered"] for one in found.incidents if one["action"]["enforced"]
    )
    console.print(
        f"{found.total} events, {len(found.incidents)} of them incidents; "
        f"bytes delivered of what was acted on: {delivered}."
    )
    console.print(f"They are in the outbox, {path}", soft_wrap=True)
