"""The commands `sluicegate audit list`, `show` and `export`: what the audit store has, for people and programs."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from rich.table import Table
from rich.text import Text

from events.audit import records
from events.audit.reading import Filter, all_of, find, newest, policy_of, transcript_of
from events.audit.sealing import read_excerpts, unseal
from events.schema.envelope import rfc3339
from proxy.cli.audit_where import opened
from proxy.cli.errors import CommandError, ExitCode
from proxy.cli.terminal import console, say, write, write_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

    from events.audit.keys import KeyRing
    from events.audit.records import Link
    from events.audit.store import AuditStore
    from events.schema.excerpts import Excerpt
    from proxy.cli.audit_where import Where

OPEN, CLOSE = "⟦", "⟧"
"""Stand around what was found, in colour or without."""

_SHOWN: Final = ("time", "request_id", "incident_id", "tenant", "subject_hash", "model", "route", "policy",
                 "revision", "rule", "category", "detector", "action")  # fmt: skip
_INNER: Final = ("id", "body_hash", "key_hash", "detail", "time_ms")


def run_list(where: Where, wanted: Filter, limit: int, *, as_json: bool) -> int:
    """Show the newest records that fit."""
    with opened(where) as store:
        links = newest(store, wanted, limit)
    if as_json:
        write_json([as_value(link) for link in links])
        return ExitCode.OK
    table = Table(box=None, pad_edge=False)
    for name in ("no.", "time", "action", "rule", "category", "tenant", "model", "incident"):
        table.add_column(name, overflow="fold")
    for link in links:
        record = link.record
        cells = (record.action, record.rule, record.category, record.tenant, record.model, record.incident_id)
        table.add_row(str(link.seq), rfc3339(record.time_ms)[:19], *map(visible, cells))
    console().print(table)
    if len(links) == limit:
        say(f"These are the newest {limit}. More with --limit.")
    return ExitCode.OK


def run_show(where: Where, name: str, *, as_json: bool, with_policy: bool) -> int:
    """Show an incident, or all of an exchange, with texts where the key is there."""
    ring = where.ring()
    with opened(where) as store:
        links = find(store, name)
        if not links:
            raise CommandError(
                f"{name}: there is no such record. Give an incident's or a request's id, or a number."
            )
        whole = _with_exchange(store, links)
        shown = [(link, _texts(ring, link)) for link in whole]
        policies = _policies(store, ring, whole) if with_policy else {}
        spans = _spans(store, whole)
    if as_json:
        write_json([_full(link, texts, policies) for link, texts in shown], indent=2)
        return ExitCode.OK
    out = console()
    for link, texts in shown:
        _print_record(out, link)
        _print_texts(out, link, texts, spans)
    for revision, text in policies.items():
        out.print(f"policy {revision}", style="bold")
        write(visible(text, keep="\n"))
    if ring is None and any(link.sealed is not None for link in whole):
        say("The texts are encrypted: give their keys with --key FILE.")
    return ExitCode.OK


def run_export(where: Where, wanted: Filter, *, with_text: bool) -> int:
    """Write the records that fit as JSON lines, the oldest first."""
    ring = where.needed_ring() if with_text else None
    with opened(where) as store:
        for link in all_of(store, wanted):
            value = as_value(link)
            if ring is not None and link.sealed is not None:
                value["sealed"] = unseal(ring, link.record.id, link.sealed)
            write(json.dumps(value) + "\n")  # ASCII: a lone surrogate stays what it is
    return ExitCode.OK


def as_value(link: Link) -> dict[str, Any]:
    """Return a record as JSON."""
    record = link.record
    plain = {name: value for name, value in record._asdict().items() if name not in _INNER}
    return {
        "seq": link.seq,
        "id": record.id,
        "time": rfc3339(record.time_ms),
        **plain,
        **json.loads(record.detail),
        "hash": link.hash,
    }


def visible(text: str, keep: str = "") -> str:
    """Return a text in which nothing can steer a terminal or hide: such characters stand as their escapes."""
    return "".join(
        c if c.isprintable() or c in keep else c.encode("unicode_escape", "surrogatepass").decode() for c in text
    )


def marked(text: str, start: int, spans: Iterable[tuple[int, int]]) -> Text:
    """Return a text that begins at `start`, with the spans marked."""
    cuts = [(max(a - start, 0), min(b - start, len(text))) for a, b in spans]
    edges = sorted({0, len(text), *[edge for cut in cuts if cut[0] < cut[1] for edge in cut]})
    out = Text()
    is_in = False
    for begin, end in pairwise(edges):
        inside = any(a <= begin and end <= b for a, b in cuts)
        if inside != is_in:
            out.append(OPEN if inside else CLOSE, "bold red")
        out.append(visible(text[begin:end], keep="\n\t"), "bold red" if inside else "")
        is_in = inside
    if is_in:
        out.append(CLOSE, "bold red")
    return out


def _with_exchange(store: AuditStore, links: Sequence[Link]) -> list[Link]:
    """Add the whole texts of an exchange to its incident, where they were kept."""
    if len(links) != 1 or links[0].record.kind != records.INCIDENT:
        return list(links)
    _, whole = transcript_of(store, links[0].record.request_id)
    return [*links, *([] if whole is None else [whole])]


def _texts(ring: KeyRing | None, link: Link) -> list[Excerpt]:
    if ring is None or link.sealed is None or link.record.kind == records.POLICY:
        return []
    return read_excerpts(unseal(ring, link.record.id, link.sealed))


def _policies(store: AuditStore, ring: KeyRing | None, links: Sequence[Link]) -> dict[str, str]:
    if ring is None:
        raise CommandError("--show-policy: the policy is encrypted, too. Give its keys with --key FILE.")
    found = {}
    for revision in dict.fromkeys(link.record.revision for link in links if link.record.revision):
        policy = policy_of(store, revision)
        if policy is None or policy.sealed is None:
            say(f"{revision}: the store does not have this policy.")
        else:
            found[revision] = str(unseal(ring, policy.record.id, policy.sealed)["policy"])
    return found


def _spans(store: AuditStore, links: Sequence[Link]) -> dict[tuple[str, str, str], list[tuple[int, int]]]:
    """Return what was found in the exchanges of records: by request, direction and channel."""
    spans: dict[tuple[str, str, str], list[tuple[int, int]]] = {}
    for request_id in {link.record.request_id for link in links if link.record.request_id}:
        for link in transcript_of(store, request_id)[0]:
            detail = json.loads(link.record.detail)
            key = (request_id, detail.get("direction", ""), detail.get("channel", ""))
            spans.setdefault(key, []).append((detail.get("start", 0), detail.get("end", 0)))
    return spans


def _full(link: Link, texts: Sequence[Excerpt], policies: dict[str, str]) -> dict[str, Any]:
    value = as_value(link)
    value["texts"] = [one._asdict() for one in texts]
    value["text_state"] = _state(link, texts)
    if policies:
        value["resolved_policy"] = policies.get(link.record.revision)
    return value


def _state(link: Link, texts: Sequence[Excerpt]) -> str:
    if link.sealed is None:
        return "erased" if link.record.body_hash else "not kept"
    return "decrypted" if texts else "encrypted"


def _print_record(out: Console, link: Link) -> None:
    value = as_value(link)
    out.print(f"record {link.seq}: {link.record.kind}", style="bold")
    for name in _SHOWN:
        if value.get(name):
            out.print(f"  {name:<13} {visible(str(value[name]))}", soft_wrap=True)
    where = [f"{value['direction']} {value['channel']}"] if "channel" in value else []
    where += [f"{value['start']} to {value['end']}"] if "start" in value else []
    if where:
        out.print(f"  {'where':<13} {', '.join(where)}, score {value.get('score')}", soft_wrap=True)


def _print_texts(
    out: Console, link: Link, texts: Sequence[Excerpt], spans: dict[tuple[str, str, str], list[tuple[int, int]]]
) -> None:
    if not texts:
        out.print(f"  {'text':<13} {_state(link, texts)}")
    for one in texts:
        found = spans.get((link.record.request_id, one.direction, one.channel), [])
        cut = ", cut off" if one.is_cut else ""
        out.print(f"  original, {one.direction} {one.channel} from {one.start}{cut}:", style="bold")
        out.print(marked(one.original, one.start, found), soft_wrap=True)
        out.print("  delivered:", style="bold")
        out.print(visible(one.delivered, keep="\n\t"), soft_wrap=True)
        if one.message:
            out.print(f"  then stopped with: {visible(one.message)}", soft_wrap=True)
