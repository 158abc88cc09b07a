"""The commands `sluicegate audit verify`, `erase`, `rewrap` and `key`: proving and keeping the audit store."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from events.audit.anchors import read_anchors
from events.audit.database import RECORD, AuditError
from events.audit.keys import new_key
from events.audit.verify import MAX_PROBLEMS, Report, verify
from events.fingerprints import Fingerprinter
from events.outbox.database import FILE_NAME as OUTBOX_NAME
from events.outbox.rows import OutboxError
from events.outbox.settings import OutboxSettings
from events.outbox.store import Store
from events.publisher.reading import everything
from events.schema.envelope import EVENT_TYPES
from proxy.cli.audit_where import opened
from proxy.cli.errors import CommandError, ExitCode
from proxy.cli.kafka_options import needed_kafka, opened_reader
from proxy.cli.terminal import console, say, write, write_json
from proxy.server.run import fingerprint_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from events.audit.records import Head
    from events.audit.store import AuditStore
    from proxy.cli.audit_where import Where


def run_verify(where: Where, files: Sequence[str], kafka: str | None, *, as_json: bool) -> int:
    """Prove that nobody changed the store. Exit code 1: somebody did."""
    anchors = [
        *(_published(where, kafka) if kafka else ()),
        *(_anchors(where, files) if files or not kafka else ()),
    ]
    with opened(where) as store:
        report = _verified(store, anchors)
    if as_json:
        write_json({**report._asdict(), "head": report.head._asdict(),
                    "problems": [one._asdict() for one in report.problems]})  # fmt: skip
    else:
        _print_report(report)
    return ExitCode.BLOCKED if report.problems else ExitCode.OK


def _anchors(where: Where, files: Sequence[str]) -> list[Head]:
    """Read anchors from files, by default from the one that the server writes."""
    default = where.anchors()
    found: list[Head] = []
    for name in files or ([str(default)] if default.is_file() else []):
        try:
            data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        except OSError as error:
            raise CommandError(f"--anchors: {name}: {error.strerror}.") from error
        heads, broken = read_anchors(data.splitlines())
        if broken:
            say(f"{name}: {broken} of its lines are not anchors, and were passed over.")
        if not heads:
            raise CommandError(f"--anchors: {name}: there is no anchor in it.")
        found += heads
    return found


def _published(where: Where, kafka: str) -> list[Head]:
    """Read anchors from their topic."""
    settings = needed_kafka(kafka, where.config)
    topic = f"{settings.topic_prefix}.{EVENT_TYPES['audit-head'].topic}"
    with opened_reader(settings) as reader:
        found, broken = read_anchors(everything(reader, topic))
    if broken:
        say(f"{topic}: {broken} of its records are not anchors, and were passed over.")
    if not found:
        raise CommandError(f"--kafka: there is no anchor in {topic}.")
    return found


def _verified(store: AuditStore, anchors: Sequence[Head]) -> Report:
    columns = (TextColumn("verifying"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    out = console(stderr=True)
    with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as progress:
        task = progress.add_task("verify", total=_length(store))
        return verify(store, anchors, lambda count: progress.advance(task, count))


def _length(store: AuditStore) -> int | None:
    try:
        return store.head().seq
    except AuditError:
        return None


def _print_report(report: Report) -> None:
    head = report.head
    lines = [
        f"records   {report.records}, with {report.texts} texts; {report.erased} texts were erased",
        f"chain     {head.chain}, ends at {head.seq} with {head.hash}",
        f"anchors   {report.anchors}",
    ]
    write("\n".join(lines) + "\n")
    for one in report.problems:
        write(f"{f'record {one.seq}' if one.seq else 'the store'}: {one.message}\n")
    if len(report.problems) >= MAX_PROBLEMS:
        write("and more\n")
    if not report.anchors:
        say("There were no anchors: a store that was put back to an earlier state would not be noticed.")
    write("CHANGED: see the lines above\n" if report.problems else "nothing was changed\n")


def run_erase(
    where: Where, request: str | None, subject: str | None, user: tuple[str, str | None], *, yes: bool
) -> int:
    """Erase the texts of an exchange, or of an end user."""
    name, tenant = user
    if sum(one is not None for one in (request, subject, name or None)) != 1:
        raise CommandError("Say whose texts: one of --request ID, --subject HASH or --user NAME.")
    if name:
        subject = _subject(where, name, tenant)
    with opened(where) as store:
        column, value = (RECORD.c.request_id, request) if request else (RECORD.c.subject_hash, subject)
        count = store.count(column == value)
        if not yes:
            _confirm(count, f"{column.name} {value}")
        now_ms = time.time_ns() // 1_000_000
        gone = store.erase_request(request, now_ms) if request else store.erase_subject(str(subject), now_ms)
    _scrub_outbox(where)
    write(f"erased the texts of {gone} records; what is still on its way will not be kept\n")
    return ExitCode.OK


def _scrub_outbox(where: Where) -> None:
    """Take what was on its way to the store out of the outbox's log, where the outbox is on this machine."""
    path = where.settings().state_dir / OUTBOX_NAME
    if not path.is_file():
        return
    try:
        store = Store(path, OutboxSettings())
        try:
            is_done = store.scrub()
        finally:
            store.close()
    except (OutboxError, OSError) as error:
        raise CommandError(
            f"{path}: the texts are erased, but its log still has their earlier form: {error}"
        ) from error
    if not is_done:
        raise CommandError(f"{path}: the texts are erased, but somebody reads its log. Run the command again.")


def _subject(where: Where, name: str, tenant: str | None) -> str:
    """Return the fingerprint of an end user, made with the key in the state folder."""
    folder = where.settings().state_dir
    if not (folder / "fingerprint.key").is_file():
        raise CommandError(f"{folder}: holds no fingerprint.key. Give --state-dir of the proxy, or --subject HASH.")
    found = Fingerprinter(fingerprint_key(folder)).of(tenant, "subject", name.encode("utf-8", "surrogatepass"))
    if found is None:
        raise CommandError("--user: is empty.")
    return found


def _confirm(count: int, what: str) -> None:
    if not getattr(sys.stdin, "isatty", lambda: False)():
        raise CommandError("Erasing cannot be undone. Confirm it with --yes.")
    typer.confirm(f"Erase the texts of {count} records of {what}? This cannot be undone.", abort=True, err=True)


def run_rewrap(where: Where) -> int:
    """Wrap all data keys under the first key of the file."""
    ring = where.needed_ring()
    with opened(where) as store:
        count = store.rewrap(ring, time.time_ns() // 1_000_000)
    write(f"wrapped {count} keys anew under {ring.current}\n")
    return ExitCode.OK


def run_key() -> int:
    """Write a new key."""
    write(new_key() + "\n")
    return ExitCode.OK
