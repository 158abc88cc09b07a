"""What running monitors say, drawn for a terminal: rates with their intervals, and the alarms that are open."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from rich.console import Group
from rich.table import Table
from rich.text import Text

from monitor.models.intervals import wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

LIMIT_S: Final = 5.0
SIGNALS: Final = ("incidents", "blocks", "refusals", "over_refusals", "harmful_compliance", "bypasses")
HEADS: Final = {"harmful_compliance": "not declined"}
"""What a column is called where the signal's name says too much: these are the incidents that nobody declined."""
MAX_SLICES: Final = 12
MAX_ALARMS: Final = 12
_COLOURS: Final = {"page": "bold red", "ticket": "yellow"}
_LEVELS: Final = ("page", "ticket", "digest", "info")


class NoMonitorError(Exception):
    """A monitor does not answer as one. `status` is that of its answer, where it gave one."""

    def __init__(self, url: str, status: int | None = None) -> None:
        super().__init__(f"{url}: " + ("no monitor answers there" if status is None else f"answers {status}"))
        self.url = url
        self.status = status


class Said(NamedTuple):
    """What monitors say, taken together."""

    state: str
    records: int
    lag: int
    rates: dict[tuple[str, str, str], tuple[int, int]]
    """By dimension, value and signal: answers with it, and answers."""
    alarms: list[dict[str, Any]]
    """Those that are not closed."""


def asked(urls: Sequence[str], window: str, token: str | None = None) -> Said:
    """Ask monitors, and add up what they say. Waits for them. Raises `NoMonitorError`."""
    states, records, lag = set(), 0, 0
    rates: dict[tuple[str, str, str], tuple[int, int]] = {}
    alarms: list[dict[str, Any]] = []
    for url in urls:
        status = _get(url, "/api/status", token)
        states.add(status["state"])
        records += status["totals"]["counted"]
        lag += status["lag"]
        for one in _get(url, f"/api/rates?window={window}", token):
            key = (one["dimension"], one["value"], one["signal"])
            count, responses = rates.get(key, (0, 0))
            rates[key] = (count + one["count"], responses + one["responses"])
        alarms += [one for one in _get(url, "/api/alarms", token) if one["state"] != "closed"]
    return Said(", ".join(sorted(states)), records, lag, rates, alarms)


def _get(url: str, path: str, token: str | None) -> Any:  # noqa: ANN401 - JSON
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(url.rstrip("/") + path, headers=headers)  # noqa: S310 - what the user names
    try:
        with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:  # noqa: S310
            return json.load(answer)
    except urllib.error.HTTPError as error:
        status = error.code
        error.close()
        raise NoMonitorError(url, status) from None
    except (OSError, ValueError) as error:
        raise NoMonitorError(url) from error


def drawn(said: Said, window: str, max_slices: int = MAX_SLICES) -> RenderableType:
    """Return it as tables."""
    head = Text(f"{said.state}; {said.records} records counted, {said.lag} wait", style="dim")
    return Group(head, Text(), rate_table(said, window, max_slices), Text(), alarm_table(said.alarms))


def rate_table(said: Said, window: str, max_slices: int = MAX_SLICES) -> Table:
    """Return the rates of the slices with most answers: in per cent, the 95 % interval behind it."""
    table = Table(box=None, header_style="bold", padding=(0, 1, 0, 0))
    table.add_column(f"last {window}, in %", no_wrap=True, overflow="ellipsis", max_width=28)
    table.add_column("answers", justify="right")
    shown = [one for one in SIGNALS if any(key[2] == one and count for key, (count, _) in said.rates.items())]
    for signal in shown:
        table.add_column(HEADS.get(signal, signal.replace("_", " ")), justify="right")
    sizes = {key[:2]: responses for key, (_, responses) in said.rates.items() if responses}
    order = sorted(sizes, key=lambda place: (place[0] != "global", -sizes[place], place))
    for dimension, value in order[:max_slices]:
        cells = [_cell(*said.rates.get((dimension, value, signal), (0, 0))) for signal in shown]
        table.add_row(f"{dimension} {value}".strip(), str(sizes[dimension, value]), *cells)
    return table


def _cell(count: int, responses: int) -> Text:
    if not count:
        return Text("-", style="dim")
    low, high = wilson(count, responses)
    return Text.assemble(f"{100 * count / responses:.1f}", (f" {100 * low:.1f}-{100 * high:.1f}", "dim"))


def alarm_table(alarms: list[dict[str, Any]]) -> RenderableType:
    """Return the open alarms, the most urgent first; those that another explains are only counted."""
    if not alarms:
        return Text("No open alarm.", style="green")
    own = sorted(
        (one for one in alarms if one["explained_by"] is None), key=lambda one: _LEVELS.index(one["level"])
    )
    table = Table(box=None, header_style="bold", padding=(0, 1, 0, 0))
    for name in ("alarm", "slice", "detector", "before", "then", "since"):
        table.add_column(name, no_wrap=True, overflow="ellipsis")
    for one in own[:MAX_ALARMS]:
        style = _COLOURS.get(one["level"], "dim")
        before = "" if one["expected"] is None else f"{one['expected']:.4g}"
        place = f"{one['dimension']} {one['value']}".strip()
        title = Text(f"{one['level']} {one['signal']}", style=style)
        then = "" if one["observed"] is None else f"{one['observed']:.4g}"
        table.add_row(title, place, one["detector"], before, then, one["opened"][11:19])
    more = len(alarms) - len(own[:MAX_ALARMS])
    return Group(table, Text(f"and {more} that these explain", style="dim")) if more else table
