"""The commands `sluicegate monitor review`, `verdict`, `acknowledge` and `close`: what people say to monitors.

What is wrong with it the monitor says, so that there is one place that knows.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import orjson
from rich.table import Table
from rich.text import Text

from proxy.cli.errors import CommandError, ExitCode
from proxy.cli.monitor_status import address_in, refused
from proxy.cli.terminal import console
from proxy.server.monitor_file import TOKEN_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Callable

DONE: Final = {"acknowledge": "acknowledged", "close": "closed"}


def run_review(urls: list[str], state_dir: str, asked: dict[str, str | None], limit: int, *, as_json: bool) -> int:
    """Show what waits for a verdict, the oldest first; `asked`: which kind, rule and the like, None: any.

    Raises `CommandError`.
    """
    from monitor.service.asking import to_review  # noqa: PLC0415 - only these commands need it

    given = {name: value for name, value in asked.items() if value is not None}
    query = urlencode(given | {"limit": str(limit)})
    found, waiting = _ask(lambda token: to_review(urls or [address_in(state_dir)], query, token))
    screen = console()
    if as_json:
        for one in found[:limit]:
            screen.out(orjson.dumps(one).decode(), highlight=False)
    elif not found:
        screen.print("Nothing waits for a verdict." if not given else "Nothing like that waits for a verdict.")
    else:
        screen.print(_table(found[:limit]))
        screen.print(Text(f"{len(found[:limit])} of {waiting} that wait, the oldest first.", style="dim"))
    return ExitCode.OK


def run_verdict(
    urls: list[str], state_dir: str, about: str, label: str, reviewer: str, note: dict[str, Any]
) -> int:
    """Give a verdict. Raises `CommandError`."""
    from monitor.service.asking import told  # noqa: PLC0415 - as above

    body = {"incident_id": about, "label": label, "reviewer": reviewer}
    body |= {name: value for name, value in note.items() if value is not None}
    url = (urls or [address_in(state_dir)])[0]
    answer = _ask(lambda token: told(url, "/api/verdicts", body, token))
    screen = console()
    screen.print(f"Kept as event {answer['event_id']}.", highlight=False)
    if not answer["known"]:
        screen.print(
            f"No incident and no sampled answer {about} is known at {url}: it counts where one is. "
            "`sluicegate monitor review` lists them.",
            style="yellow",
            highlight=False,
        )
    return ExitCode.OK


def run_act(urls: list[str], state_dir: str, alarm_id: str, what: str) -> int:
    """Acknowledge or close an alarm; the beginning of its id is enough. Raises `CommandError`."""
    from monitor.service.asking import open_alarms, told  # noqa: PLC0415 - as above

    urls = urls or [address_in(state_dir)]
    found = _ask(lambda token: [(url, one) for url in urls for one in open_alarms(url, token)])
    meant = [(url, one) for url, one in found if alarm_id and one.startswith(alarm_id)]
    if not meant:
        raise CommandError(f"{alarm_id}: no such alarm is open. `sluicegate monitor status` shows those that are.")
    if len(meant) > 1:
        raise CommandError(f"{alarm_id}: {len(meant)} open alarms begin like this. Give more of the id.")
    ((url, whole),) = meant
    _ask(lambda token: told(url, f"/api/alarms/{whole}/{what}", None, token))
    console().print(f"{whole}: {DONE[what]}.", highlight=False)
    return ExitCode.OK


def _ask(ask: Callable[[str | None], Any]) -> Any:  # noqa: ANN401 - JSON
    from monitor.service.asking import NoMonitorError  # noqa: PLC0415 - as above

    try:
        return ask(os.environ.get(TOKEN_VARIABLE))
    except NoMonitorError as error:
        raise refused(error) from error


def _table(found: list[dict[str, Any]]) -> Table:
    """The id is never cut: it is what the verdict names. The rest goes on in a second line where it is narrow."""
    table = Table(box=None, header_style="bold", padding=(0, 1, 0, 0))
    for name in ("id", "when (UTC)"):
        table.add_column(name, no_wrap=True)
    for name in ("rule", "category", "score", "model"):
        table.add_column(name, overflow="fold")
    for one in found:
        rule = "allowed" if one["kind"] == "allowed" else f"{one['policy']} {one['rule']}"
        score = "" if one["score"] is None else f"{one['score']:.2f}"
        table.add_row(
            one["id"], one["time"][5:16].replace("T", " "), rule, one["category"] or "", score, one["model"] or ""
        )
    return table
