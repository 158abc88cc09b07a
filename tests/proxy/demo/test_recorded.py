"""What the demo says of its outbox."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from rich.console import Console

from events.codec import encode
from events.outbox.rows import Entry
from events.outbox.settings import OutboxSettings
from events.outbox.store import Store
from proxy.demo.recorded import recorded_in, show_recorded
from tests.support.events import TIME_MS, exchange_event, incident_event

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


async def test_incidents_that_are_alike_share_a_row(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    store = Store(path, OutboxSettings())
    events = [incident_event(1), incident_event(2), incident_event(3, action="block"), exchange_event(4)]
    store.append([Entry(e.id, "t", "k", TIME_MS, encode(e)) for e in events], TIME_MS)
    store.close()
    found = await recorded_in(path, exchanges=1)
    assert (found.total, found.exchanges, len(found.incidents)) == (4, 1, 3)
    out = StringIO()
    show_recorded(Console(file=out, width=80), found, path)
    rows = [line.split() for line in out.getvalue().splitlines()]
    assert ["hide", "WORD", "redact", "text", "2"] in rows
    assert ["hide", "WORD", "block", "text", "1"] in rows
    assert "4 events, 3 of them incidents; bytes delivered of what was acted on: 0." in out.getvalue()


async def test_records_that_never_come_are_not_waited_for_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("proxy.demo.recorded._LOOKS", 3)
    Store(tmp_path / "outbox.db", OutboxSettings()).close()
    assert (await recorded_in(tmp_path / "outbox.db", exchanges=1)).total == 0
