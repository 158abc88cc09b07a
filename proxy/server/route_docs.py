"""The table of routes for people: rows for the terminal, and the page `docs/routes.md`. It decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from proxy.server.known_routes import REFUSALS
from proxy.server.routes import Treatment

if TYPE_CHECKING:
    from collections.abc import Collection

    from proxy.server.known_routes import Refusal
    from proxy.server.routes import RouteTable

_HEAD = """\
# Routes

This page is made by `sluicegate routes --markdown`, and a test compares the two.
`sluicegate routes --config FILE` shows the table with what a configuration opens.

A request is known by its method and its path, byte by byte.
Another spelling (a final slash, a double one, an escape, another case) is another path.
`{name}` stands for one segment, `/*` for one or more.
A guarded path answers the methods named here; another method is answered 405.
What is in no table is refused with status 403.
The message names the line of [configuration](configuration.md) that opens it.
A WebSocket is refused on every path, and no configuration opens one.

Errors have the form that the client of the path understands.
On a guarded path that is the dialect's, elsewhere that of OpenAI, Anthropic, Gemini or Ollama.
Which one, the headers `anthropic-version` and `x-goog-api-key` say, and then the path.
"""


class Row(NamedTuple):
    """One line of the table."""

    method: str
    path: str
    treated: str
    """A dialect, `pass`, `pass unread` or `refuse`."""
    note: str


def known_rows(table: RouteTable) -> list[Row]:
    """Return what is guarded, then what passes, entries of one path together."""
    methods: dict[tuple[str, str, str], list[str]] = {}
    for entry in table:
        treated = _treated(entry.treatment, "" if entry.dialect is None else entry.dialect.name)
        key = (treated, entry.pattern.text, "opened by the configuration" if entry.opened else "")
        methods.setdefault(key, []).append(entry.method)
    rows = [Row(", ".join(found), path, treated, note) for (treated, path, note), found in methods.items()]
    return sorted(rows, key=lambda row: (row.treated.startswith("pass"), row.treated))


def refused(table: RouteTable) -> dict[str, list[Refusal]]:
    """Return what is refused with a reason, by API: all but what the table guards or passes under the same path."""
    known = {entry.pattern.text for entry in table}
    return {api: [one for one in group if one.path not in known] for api, group in REFUSALS.items()}


def refused_rows(table: RouteTable) -> list[Row]:
    """Return the rows of what is refused."""
    return [Row("any", one.path, "refuse", one.why) for group in refused(table).values() for one in group]


def page(table: RouteTable, dialects: Collection[str]) -> str:
    """Return `docs/routes.md`."""
    parts = [_HEAD, "## Guarded\n", "| method | path | dialect |\n|---|---|---|"]
    known = known_rows(table)
    parts += [f"| {row.method} | `{row.path}` | `{row.treated}` |" for row in known if row.treated in dialects]
    parts += ["\n## Passed\n", "Their JSON is checked for form and size; nothing that a model wrote is in it.\n"]
    parts += ["| method | path |\n|---|---|"]
    parts += [f"| {row.method} | `{row.path}` |" for row in known if row.treated == "pass"]
    parts += ["\n## Refused\n", "Each of these can hold text of a model, or does harm, and no answer is checked.\n"]
    for api, group in refused(table).items():
        parts += [f"### {api}\n", "| path | what it carries | what opens it |\n|---|---|---|"]
        parts += [
            f"| `{one.path}` | {one.why} | {' or '.join(f'`{line}`' for line in one.opening_lines(dialects))} |"
            for one in group
        ]
        parts.append("")
    return "\n".join(parts).rstrip("\n") + "\n"


def _treated(treatment: Treatment, dialect: str) -> str:
    return {Treatment.GUARDED: dialect, Treatment.PASSED: "pass", Treatment.UNREAD: "pass unread"}[treatment]
