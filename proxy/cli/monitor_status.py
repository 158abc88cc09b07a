"""The command `sluicegate monitor status`: rates and alarms of running monitors, drawn with Rich."""

from __future__ import annotations

import json
import os
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from monitor.models.intervals import wilson
from monitor.types import WINDOWS_S
from proxy.cli.errors import CommandError, ExitCode
from proxy.cli.terminal import console
from proxy.server.monitor_file import TOKEN_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

EVERY_S: Final = 1.0
LIMIT_S: Final = 5.0
SIGNALS: Final = ("incidents", "blocks", "refusals", "over_refusals", "harmful_compliance", "bypasses")
MAX_SLICES: Final = 12
MAX_ALARMS: Final = 12
_COLOURS: Final = {"page": "bold red", "ticket": "yellow"}


class Said(NamedTuple):
    """What monitors say, taken together."""

    state: str
    records: int
    lag: int
    rates: dict[tuple[str, str, str], tuple[int, int]]
    """By dimension, value and signal: answers with it, and answers."""
    alarms: list[dict[str, Any]]


def run_status(urls: list[str], state_dir: str, window: str, *, once: bool) -> int:
    """Show the status. Raises `CommandError`."""
    if window not in WINDOWS_S:
        raise CommandError(f"--window: {window!r} is not one of {', '.join(WINDOWS_S)}.")
    urls = urls or [_address(state_dir)]
    screen = console()
    if once:
        screen.print(drawn(asked(urls, window), window))
        return ExitCode.OK
    with Live(drawn(asked(urls, window), window), console=screen, auto_refresh=False) as live:
        while True:
            time.sleep(EVERY_S)
            live.update(drawn(asked(urls, window), window), refresh=True)


def _address(state_dir: str) -> str:
    path = Path(state_dir) / "monitor" / "address"
    try:
        return path.read_text().strip()
    except OSError:
        raise CommandError(f"{state_dir}: no monitor has run here. Give its address with --url.") from None


def asked(urls: Sequence[str], window: str) -> Said:
    """Ask monitors, and add up what they say. Raises `CommandError`."""
    states, records, lag = set(), 0, 0
    rates: dict[tuple[str, str, str], tuple[int, int]] = {}
    alarms: list[dict[str, Any]] = []
    for url in urls:
        status = _get(url, "/api/status")
        states.add(status["state"])
        records += status["totals"]["counted"]
        lag += status["lag"]
        for one in _get(url, f"/api/rates?window={window}"):
            key = (one["dimension"], one["value"], one["signal"])
            count, responses = rates.get(key, (0, 0))
            rates[key] = (count + one["count"], responses + one["responses"])
        alarms += [one for one in _get(url, "/api/alarms") if one["state"] != "closed"]
    return Said(", ".join(sorted(states)), records, lag, rates, alarms)


def _get(url: str, path: str) -> Any:  # noqa: ANN401 - JSON
    token = os.environ.get(TOKEN_VARIABLE)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(url.rstrip("/") + path, headers=headers)  # noqa: S310 - what the user names
    try:
        with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:  # noqa: S310
            return json.load(answer)
    except urllib.error.HTTPError as error:
        hint = f" Set {TOKEN_VARIABLE}." if error.code == 401 else ""  # noqa: PLR2004
        raise CommandError(f"{url}: answers {error.code}.{hint}") from error
    except (OSError, ValueError) as error:
        raise CommandError(f"{url}: no monitor answers there. Give its address with --url.") from error


def drawn(said: Said, window: str) -> RenderableType:
    """Return it as tables."""
    head = Text(f"{said.state}; {said.records} records counted, {said.lag} wait", style="dim")
    return Group(head, Text(), rate_table(said, window), Text(), alarm_table(said.alarms))


def rate_table(said: Said, window: str) -> Table:
    """Return the rates of the slices with most answers: in per cent, the 95 % interval behind it."""
    table = Table(box=None, header_style="bold", padding=(0, 1, 0, 0))
    table.add_column(f"last {window}", no_wrap=True, overflow="ellipsis", max_width=28)
    table.add_column("answers", justify="right")
    for signal in SIGNALS:
        table.add_column(signal.replace("_", " "), justify="right")
    sizes = {key[:2]: responses for key, (_, responses) in said.rates.items() if responses}
    order = sorted(sizes, key=lambda place: (place[0] != "global", -sizes[place], place))
    for dimension, value in order[:MAX_SLICES]:
        cells = [_cell(*said.rates.get((dimension, value, signal), (0, 0))) for signal in SIGNALS]
        table.add_row(f"{dimension} {value}".strip(), str(sizes[dimension, value]), *cells)
    return table


def _cell(count: int, responses: int) -> Text:
    if not count:
        return Text("-", style="dim")
    low, high = wilson(count, responses)
    return Text.assemble(f"{100 * count / responses:.1f}", (f" {100 * low:.1f}-{100 * high:.1f}", "dim"))


def alarm_table(alarms: list[dict[str, Any]]) -> RenderableType:
    """Return the alarms that are not closed."""
    if not alarms:
        return Text("No open alarm.", style="green")
    table = Table(box=None, header_style="bold", padding=(0, 1, 0, 0))
    for name in ("alarm", "slice", "detector", "before", "then", "since"):
        table.add_column(name, no_wrap=True, overflow="ellipsis")
    for one in alarms[:MAX_ALARMS]:
        style = _COLOURS.get(one["level"], "") if one["explained_by"] is None else "dim"
        before = "" if one["expected"] is None else f"{one['expected']:.4g}"
        place = f"{one['dimension']} {one['value']}".strip()
        title = Text(f"{one['level']} {one['signal']}", style=style)
        then = "" if one["observed"] is None else f"{one['observed']:.4g}"
        table.add_row(title, place, one["detector"], before, then, one["opened"][11:19])
    return table
