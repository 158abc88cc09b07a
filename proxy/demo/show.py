"""Draws what happened: what the model said beside what the client got, and a table of it all.

It decides nothing; `proxy.demo.verdict` does.
"""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from proxy.demo.script import TOOL
from proxy.demo.verdict import problems_of, wanted_texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from events.schema import Incident
    from proxy.demo.verdict import Played

EVENT_BORDER = "|"
"""Drawn where a value that was acted on was cut by the borders of events."""

_ACTION_STYLES = {"allow": "green", "flag": "cyan", "redact": "yellow", "rewrite": "yellow", "block": "red"}
_CHANNEL_NAMES = {TOOL: "tool_arguments"}


def show_played(console: Console, number: int, total: int, played: Played) -> None:
    """Draw one exchange."""
    how = "streamed" if played.stream else "whole"
    console.print(Rule(Text(f" {number}/{total} {played.scenario.title} ({how}) "), align="left", style="dim"))
    console.print(Text(f"> {played.scenario.prompt}", style="italic"))
    table = Table(box=None, expand=True, padding=(0, 1), show_edge=False)
    table.add_column("the model said", ratio=1, header_style="bold", overflow="fold")
    table.add_column("the client got", ratio=1, header_style="bold", overflow="fold")
    for key in sorted(wanted_texts(played.scenario).keys() | played.said.texts.keys() | played.got.texts.keys()):
        table.add_row(_said(played, key), _got(played, key))
    if played.said.error or played.got.error:
        table.add_row(_error(played.said.error), _error(played.got.error))
    console.print(table)
    console.print(_decision_line(played))
    for problem in problems_of(played):
        console.print(Text(f"NOT AS EXPECTED: {problem}", style="bold red"))
    console.print()


def _label(played: Played, key: tuple[int, str]) -> str:
    choice, kind = key
    prefix = f"[{choice}] " if len(played.scenario.answers) > 1 else ""
    return prefix if kind == "text" else f"{prefix}({kind}) "


def _said(played: Played, key: tuple[int, str]) -> Text:
    """Return the model's text, with the spans that were acted on marked, and the events' borders within them."""
    pieces = played.said.texts.get(key, [])
    spans = [(one.start, one.end) for one in played.incidents if one.channel.startswith(_channel_of(key))]
    shown = Text(_label(played, key), style="dim")
    at = 0
    for piece in pieces:
        for offset, character in enumerate(piece):
            inside = any(start <= at < end for start, end in spans)
            at_border = offset == 0 and any(start < at < end for start, end in spans)
            if at_border:
                shown.append(EVENT_BORDER, style="bold magenta")
            shown.append(character, style="red" if inside else "default")
            at += 1
    return shown


def _channel_of(key: tuple[int, str]) -> str:
    choice, kind = key
    return f"{_CHANNEL_NAMES.get(kind, kind)}[{choice}]"


def _got(played: Played, key: tuple[int, str]) -> Text:
    """Return the client's text, with what the model did not say marked."""
    said, got = played.said.text(*key), played.got.text(*key)
    shown = Text(_label(played, key), style="dim")
    head = _common_length(said, got)
    tail = _common_length(said[head:][::-1], got[head:][::-1])
    end = len(got) - tail
    shown.append(got[:head], style="default")
    shown.append(got[head:end], style="bold green")
    shown.append(got[end:], style="default")
    if reason := played.got.finish.get(key[0]):
        shown.append(f"  ({reason})", style="dim" if reason != "content_filter" else "bold red")
    return shown


def _common_length(one: str, other: str) -> int:
    for length, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return length
    return min(len(one), len(other))


def _error(name: str) -> Text:
    return Text(f"(the client raised {name})" if name else "", style="red")


def _decision_line(played: Played) -> Text:
    action = played.action.value
    line = Text("-> ")
    line.append(action, style=_ACTION_STYLES[action])
    if played.incidents:
        rules = dict.fromkeys(f"{one.rule}: {one.category}" for one in played.incidents)
        line.append(f" ({', '.join(rules)})")
    if played.stream:
        line.append(f"; held up to {played.held.peak} characters, mean {played.held.mean:.1f}")
    if played.added_s is not None:
        line.append(f"; first byte +{played.added_s * 1000:.1f} ms")
    return line


def show_summary(console: Console, played: Sequence[Played]) -> None:
    """Draw the table of all exchanges."""
    table = Table(box=None, header_style="bold", padding=(0, 1, 0, 0))
    table.add_column("answer", overflow="ellipsis", no_wrap=True, width=31)
    for name, width in (("as", 6), ("decision", 8), ("rule", 15)):
        table.add_column(name, width=width, no_wrap=True)
    table.add_column("held", justify="right", width=7, no_wrap=True)
    table.add_column("ok", width=3)
    for one in played:
        held = f"{one.held.peak}/{one.held.mean:.1f}" if one.stream else ""
        decision = Text(one.action.value, style=_ACTION_STYLES[one.action.value])
        passed = not problems_of(one)
        mark = Text("yes" if passed else "NO", style="green" if passed else "bold red")
        how = "stream" if one.stream else "whole"
        why = _rules(one.incidents) or ("(model error)" if one.got.error else "")
        table.add_row(one.scenario.title, how, decision, why, held, mark)
    console.print(Rule(Text(" summary; held: characters at most/on average "), align="left", style="dim"))
    console.print(table)
    added = [one.added_s for one in played if one.added_s is not None]
    failed = sum(bool(problems_of(one)) for one in played)
    console.print(f"{len(played)} exchanges, {failed} not as expected.")
    if added:
        console.print(
            f"Median time that the proxy added to the first byte of a stream: {median(added) * 1000:.1f} ms."
        )


def _rules(incidents: Sequence[Incident]) -> str:
    return ", ".join(dict.fromkeys(one.rule for one in incidents))
