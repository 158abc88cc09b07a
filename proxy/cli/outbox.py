"""The commands `sluicegate outbox status`, `retry` and `drain`."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from events.outbox.rows import OutboxError
from events.outbox.settings import OutboxSettings
from events.publisher.run import publish
from proxy.cli.errors import CommandError, ExitCode
from proxy.cli.kafka_options import needed_kafka, opened_outbox, outbox_file
from proxy.cli.terminal import console, say, write_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from events.outbox.store import Store

SHOWN_LETTERS = 20


def run_status(state_dir: str, *, as_json: bool) -> int:
    """Show what is in an outbox. Raises `CommandError`."""
    with opened_outbox(state_dir) as store:
        status = _status(store)
    if as_json:
        write_json(status)
    else:
        _show(status)
    return ExitCode.OK


def _status(store: Store) -> dict[str, Any]:
    totals, now_s = store.totals(), time.time()
    return {
        "path": str(store.path),
        "events": totals.rows,
        "bytes": totals.bytes,
        "dropped": totals.dropped,
        "oldest_seconds": None if totals.oldest_ms is None else round(now_s - totals.oldest_ms / 1000, 1),
        "subscribers": [
            {
                "name": one.name,
                "active": one.active,
                "waiting": store.waiting(one.name),
                "delivered": one.delivered,
                "state": one.state,
                "seen_seconds": round(now_s - one.beat_ms / 1000, 1) if one.beat_ms else None,
            }
            for one in store.subscribers()
        ],
        "dead_letters": [
            {"id": one.entry.id, "topic": one.entry.topic, "reason": one.reason, "attempts": one.attempts}
            for one in store.dead_letters()
        ],
    }


def _show(status: dict[str, Any]) -> None:
    from rich.table import Table  # noqa: PLC0415 - `--json` does not pay for it

    out = console()
    age = "" if status["oldest_seconds"] is None else f", the oldest {status['oldest_seconds']} s old"
    out.print(f"{status['path']}: {status['events']} events, {status['bytes']} bytes{age}", soft_wrap=True)
    if status["dropped"]:
        out.print(f"{status['dropped']} events were dropped at a limit.")
    table = Table("subscriber", "waiting", "delivered", "state", "seen")
    for one in status["subscribers"]:
        seen = "never" if one["seen_seconds"] is None else f"{one['seen_seconds']} s ago"
        state = one["state"] if one["active"] else "not configured"
        table.add_row(one["name"], str(one["waiting"]), str(one["delivered"]), state, seen)
    out.print(table if status["subscribers"] else "Nobody subscribes: the newest events are kept to be looked at.")
    letters = status["dead_letters"]
    if letters:
        table = Table("dead letter", "topic", "reason")
        for one in letters[:SHOWN_LETTERS]:
            table.add_row(one["id"], one["topic"] or "", one["reason"])
        out.print(table)
        out.print(f"{len(letters)} dead letters. 'sluicegate outbox retry' sends them again.")


def run_retry(state_dir: str, ids: Sequence[str] | None) -> int:
    """Put dead letters into the queue again. Raises `CommandError`."""
    with opened_outbox(state_dir) as store:
        known = {letter.entry.id for letter in store.dead_letters()}
        unknown = [one for one in ids or () if one not in known]
        if unknown:
            raise CommandError(
                *[f"{one}: is no dead letter. 'sluicegate outbox status' lists them." for one in unknown]
            )
        count = store.retry(ids)
        left = store.dead_count()
    say(f"{count} events are in the queue again, {left} dead letters are left.")
    return ExitCode.OK


def run_drain(state_dir: str, kafka: str | None, config: str | None, limit_s: float) -> int:
    """Publish what waits. Raises `CommandError`."""
    settings = needed_kafka(kafka, config)
    path = outbox_file(state_dir)
    with opened_outbox(state_dir) as store:
        store.subscribe(sorted({"kafka", *(one.name for one in store.subscribers() if one.active)}))
    stop = threading.Event()
    timer = threading.Timer(limit_s, stop.set)
    timer.daemon = True
    timer.start()

    def tell(state: str, why: str) -> None:
        say(f"{state}: {why}" if why else state)

    try:
        publish(path, OutboxSettings(), settings, stop, until_empty=True, on_state=tell)
    except OutboxError as error:
        raise CommandError(str(error)) from error
    except KeyboardInterrupt:
        stop.set()
    timer.cancel()
    with opened_outbox(state_dir) as store:
        left, dead = store.waiting("kafka"), store.dead_count()
    say(f"{left} events wait, {dead} dead letters.")
    return ExitCode.OK if left == 0 else ExitCode.BLOCKED
