"""What running monitors say, drawn for a terminal: rates with their intervals, and the alarms that are open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rich.console import Group
from rich.table import Table
from rich.text import Text

from monitor.models.intervals import wilson
from monitor.service.reviewed import review

if TYPE_CHECKING:
    from rich.console import RenderableType

    from monitor.service.asking import Said

SIGNALS: Final = ("incidents", "blocks", "refusals", "over_refusals", "harmful_compliance", "bypasses")
HEADS: Final = {"harmful_compliance": "not declined"}
"""What a column is called where the signal's name says too much: these are the incidents that nobody declined."""
PAIR: Final = frozenset({"over_refusals", "harmful_compliance"})
"""Told together or not at all: each says little without the other."""
MAX_SLICES: Final = 12
MAX_ALARMS: Final = 12
MAX_INFO: Final = 2
"""Alarms that ask nothing of anybody, such as longer answers: more of them hide those that do."""
MAX_ODD: Final = 4
ID_CHARS: Final = 10
"""Of an alarm's id: enough to name it to `monitor acknowledge` and `monitor close`."""
_COLOURS: Final = {"page": "bold red", "ticket": "yellow"}
_LEVELS: Final = ("page", "ticket", "digest", "info")


def drawn(said: Said, window: str, max_slices: int = MAX_SLICES) -> RenderableType:
    """Return it as tables."""
    head = Text(f"{said.state}; {said.records} records counted, {said.lag} wait", style="dim")
    parts: list[RenderableType] = [head, rate_table(said, window, max_slices), alarm_table(said.alarms)]
    parts += [part for part in (review(said.labels), oddity_lines(said.oddities)) if part is not None]
    return Group(*(line for part in parts for line in (part, Text())))


def rate_table(said: Said, window: str, max_slices: int = MAX_SLICES) -> Table:
    """Return the rates of the slices with most answers: in per cent, the 95 % interval behind it."""
    table = Table(box=None, header_style="bold", padding=(0, 1, 0, 0))
    table.add_column(f"last {window}, in %", no_wrap=True, overflow="ellipsis", max_width=28)
    table.add_column("answers", justify="right")
    seen = {key[2] for key, (count, _) in said.rates.items() if count}
    shown = [one for one in SIGNALS if one in seen or (one in PAIR and seen & PAIR)]
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
    own = sorted((one for one in alarms if one["explained_by"] is None), key=_urgency)
    table = Table(box=None, header_style="bold", padding=(0, 1, 0, 0))
    for name in ("alarm", "about", "detector", "before", "then", "since (UTC)", "id"):
        table.add_column(name, no_wrap=name not in {"alarm", "about"}, overflow="fold")
    loud = sum(one["level"] != "info" for one in own)
    shown = own[: min(MAX_ALARMS, loud + MAX_INFO)]
    for one in shown:
        acknowledged = " acknowledged" if one["state"] == "acknowledged" else ""
        title = Text.assemble((f"{one['level']} {one['signal']}", _COLOURS.get(one["level"], "dim")), acknowledged)
        values = [_number(one["expected"]), _number(one["observed"])]
        table.add_row(
            title, about(one), one["detector"], *values, one["opened"][5:16].replace("T", " "), one["id"][:ID_CHARS]
        )
    beyond, explained = len(own) - len(shown), len(alarms) - len(own)
    more = [f"{beyond} more"] * bool(beyond) + [f"{explained} that others explain"] * bool(explained)
    return Group(table, Text(f"and {', '.join(more)}", style="dim")) if more else table


def _urgency(alarm: dict[str, Any]) -> tuple[int, bool]:
    return _LEVELS.index(alarm["level"]), alarm["dimension"] != "global"


def about(alarm: dict[str, Any]) -> str:
    """Return the slice of an alarm, or the rule where it is about one."""
    about = alarm["about"]
    if "rule" in about:
        return f"rule {about.get('policy', '')} {about['rule']}".replace("  ", " ")
    return f"{alarm['dimension']} {alarm['value']}".strip()


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def oddity_lines(oddities: list[dict[str, Any]]) -> RenderableType | None:
    """Return how odd the last minutes were, all numbers taken together; None before the first minute."""
    return Text("\n").join(_oddity_line(one) for one in oddities[:MAX_ODD]) if oddities else None


def _oddity_line(one: dict[str, Any]) -> Text:
    place = f"{one['dimension']} {one['value']}".strip()
    if one["score"] is None:
        learned = f"{one['minutes']} of {one['warm_up']} minutes"
        return Text(f"Oddity of {place}: still learns what is common, {learned}.", style="dim")
    text = f"Oddity of {place} in the minute to {one['minute_end'][11:16]}: {one['score']:.3f}"
    limit = "" if one["limit"] is None else f", usual up to {one['limit']:.3f}"
    return Text(f"{text}{limit}.", style="yellow" if one["is_odd"] else "dim")
