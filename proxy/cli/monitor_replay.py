"""The command `sluicegate monitor replay`: recorded events read again, and the alarms they would have raised."""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.table import Table

from events.outbox.rows import OutboxError
from events.outbox.settings import OutboxSettings
from events.outbox.store import Store
from events.publisher.reading import placed
from monitor.service.settings import ServiceSettings
from proxy.cli.errors import CommandError, ExitCode
from proxy.cli.kafka_options import needed_kafka, opened_reader
from proxy.cli.monitor_run import monitor_config, need_river
from proxy.cli.terminal import console, say, write_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.service.replaying import Replayed
    from monitor.service.share import Item

READ_ROWS: Final = 10_000
READ_BYTES: Final = 64 << 20
PAGES: Final = frozenset({".html", ".htm"})
_SQLITE: Final = b"SQLite format 3\0"


def run_monitor_replay(
    source: str, kafka: str | None, config: str | None, plot: str | None, *, as_json: bool
) -> int:
    """Replay. Raises `CommandError`."""
    if plot is not None:
        _check_plot(Path(plot))
    need_river()
    from monitor.service.plotting import page  # noqa: PLC0415 - with it comes River
    from monitor.service.replaying import replay  # noqa: PLC0415

    known = monitor_config(config)
    settings = (known.monitor if known is not None else None) or ServiceSettings()
    replayed = replay(_items(source, kafka, config), settings.watch)
    if plot is not None:
        try:
            Path(plot).write_text(page(replayed, f"Replay of {Path(source).name}"), "utf-8")
        except OSError as error:
            raise CommandError(f"--plot: {plot}: {error.strerror}.") from error
    _show(replayed, as_json=as_json)
    return ExitCode.OK


def _check_plot(path: Path) -> None:
    """Say what is wrong before the past is read, which may take long. Raises `CommandError`."""
    if path.suffix not in PAGES:
        raise CommandError(f"--plot: {path}: the drawing is a page. Give it a name that ends in .html.")
    if path.is_dir():
        raise CommandError(f"--plot: {path}: Is a directory.")
    if not path.absolute().parent.is_dir():
        raise CommandError(f"--plot: {path}: there is no folder {path.parent}.")


def _items(source: str, kafka: str | None, config: str | None) -> list[Item]:
    if source == "-":
        return _timed(sys.stdin.buffer)
    path = Path(source)
    if path.is_file():
        with path.open("rb") as file:
            if file.read(len(_SQLITE)) == _SQLITE:
                return _outbox(path)
            file.seek(0)
            return _timed(file)
    if kafka is None and config is None:
        raise CommandError(f"{source}: is no file. For a topic, say where Kafka is with --kafka HOST:PORT.")
    return _topic(source, kafka, config)


def _timed(lines: Iterable[bytes]) -> list[Item]:
    """Return events, with the time at which they happened for that at which they came."""
    from monitor.service.replaying import in_place  # noqa: PLC0415 - with it comes River
    from monitor.service.share import item_of, time_of  # noqa: PLC0415

    now_s = time.time()
    numbered = enumerate(line.rstrip(b"\n") for line in lines if line.strip())
    return list(in_place(item_of(number, time_of(line), line, now_s) for number, line in numbered))


def _outbox(path: Path) -> list[Item]:
    from monitor.service.replaying import in_place  # noqa: PLC0415 - with it comes River
    from monitor.service.share import item_of  # noqa: PLC0415

    found: list[Item] = []
    now_s = time.time()
    try:
        store = Store(path, OutboxSettings())
        try:
            while rows := store.read(found[-1].offset if found else 0, READ_ROWS, READ_BYTES):
                found += [item_of(row.seq, row.entry.created_ms / 1000, row.entry.value, now_s) for row in rows]
        finally:
            store.close()
    except (OutboxError, OSError) as error:
        raise CommandError(f"{path}: {error}") from error
    return list(in_place(found))


def _topic(topic: str, kafka: str | None, config: str | None) -> list[Item]:
    """Return what lies in a topic, with the times that a monitor reads there."""
    from monitor.service.replaying import in_place  # noqa: PLC0415 - with it comes River
    from monitor.service.share import item_of  # noqa: PLC0415

    settings = needed_kafka(kafka, config)
    with opened_reader(settings) as reader:
        if not reader.partitions_for_topic(topic):
            raise CommandError(f"{topic}: is neither a file nor a topic of {', '.join(settings.servers)}.")
        parts: defaultdict[int, list[Item]] = defaultdict(list)
        now_s = time.time()
        for one in placed(reader, topic):
            parts[one.partition].append(item_of(one.offset, one.time_ms / 1000, one.value, now_s))
    return [item for part in parts.values() for item in in_place(part)]


def _show(replayed: Replayed, *, as_json: bool) -> None:
    from monitor.service.screen import about  # noqa: PLC0415 - with it comes River
    from monitor.service.views import alarm_view  # noqa: PLC0415

    parts = replayed.parts()
    if as_json:
        for alarm in replayed.raised:
            write_json(alarm_view(alarm))
    elif parts:
        views = [alarm_view(alarm) for alarm in replayed.raised if alarm.alarm_id in parts]
        table = Table(box=None, header_style="bold", padding=(0, 1, 0, 0))
        for name in ("opened, UTC", "alarm", "about", "before", "then", "answers"):
            is_number = name in {"before", "then", "answers"}
            table.add_column(name, no_wrap=name != "about", justify="right" if is_number else "left")
        for one in views:
            numbers = ("" if one[name] is None else f"{one[name]:.3g}" for name in ("expected", "observed"))
            opened = one["opened"][5:16].replace("T", " ")
            table.add_row(opened, f"{one['level']} {one['signal']}", about(one), *numbers, str(one["events"]))
        console().print(table)
        if explained := sum(map(len, parts.values())):
            console().print(f"and {explained} that these explain (--json and --plot show them)")
    say(_summary(replayed))


def _summary(replayed: Replayed) -> str:
    """Say what became of the records, and of those that did not count."""
    totals, raised = replayed.totals, len(replayed.raised)
    counts = {"copies": totals.duplicates, "more than a day late": totals.late}
    counts |= {"dated ahead of their coming": totals.future, "from a clock ahead of this one": replayed.ahead}
    counts |= {f"refused ({reason})": count for reason, count in sorted(totals.refused.items())}
    left = "".join(f"; {what}: {count}" for what, count in counts.items() if count)
    return f"{totals.counted} records counted, {raised} {'alarm' if raised == 1 else 'alarms'}{left}."
