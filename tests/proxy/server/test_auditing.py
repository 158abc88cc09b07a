"""A running proxy with an audit store: what clients got is in it, encrypted, and nowhere else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from events.audit import records
from events.audit.anchors import read_anchors
from events.audit.database import sqlite_url
from events.audit.reading import Filter, all_of, policy_of
from events.audit.sealing import read_excerpts, unseal
from events.audit.settings import ANCHORS_NAME, FILE_NAME, AuditSettings, AuditText
from events.audit.store import AuditStore
from events.audit.verify import verify
from proxy.server.app import running_server
from proxy.server.auditing import processes_aside
from proxy.server.events_file import kafka_at
from tests.support.audit import KEY, raw_bytes, ring
from tests.support.gateway import POLICY, SECRET, ListSink, Proxy, config_for, until
from tests.support.upstream import says, scripted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from events.audit.records import Link
    from events.schema.excerpts import Excerpt
    from tests.support.upstream import Call

NAME = "zanzibar"
"""Stands in every answer, before what is found."""
SAID = f"{NAME} a {SECRET} b"


@asynccontextmanager
async def audited(folder: Path, **settings: Any) -> AsyncIterator[Proxy]:
    """A proxy before a model that says something else to `clean` than to everything else."""
    policy = folder / "policy.yaml"
    policy.write_text(POLICY)
    state = folder / "state"

    async def script(call: Call) -> None:
        await says("all is well" if b"clean" in call.request.body else SAID)(call)

    async with scripted(script) as upstream:
        audit = AuditSettings(keys=KEY, **settings)
        config = config_for(upstream.url, state_dir=state, audit=audit, policy_source=str(policy))
        async with running_server(config, hash_key=b"k" * 32) as server:
            yield Proxy(server, upstream, ListSink(), server.services.policies.current.policy)


async def arrived(proxy: Proxy, count: int) -> None:
    await until(
        lambda: proxy.metric("sluicegate_events_published_total", subscriber="audit") >= count, timeout_s=60
    )


def stored(folder: Path, *kinds: str) -> list[Link]:
    store = AuditStore(sqlite_url(folder / "state" / FILE_NAME))
    found = list(all_of(store, Filter(kinds=kinds or (records.INCIDENT,))))
    store.close()
    return found


def texts(link: Link) -> list[Excerpt]:
    assert link.sealed is not None
    return read_excerpts(unseal(ring(), link.record.id, link.sealed))


@pytest.mark.parametrize("text", list(AuditText))
async def test_an_incident_is_kept_as_the_settings_say_and_no_text_is_readable(
    text: AuditText, tmp_path: Path
) -> None:
    masked = SAID.replace(SECRET, "[hidden]")
    async with audited(tmp_path, text=text) as proxy:
        assert (await proxy.chat(stream=True, text="clean")).status == 200
        answers = [await proxy.chat(stream=stream, user="jane.roe") for stream in (True, False)]
        await arrived(proxy, 5 if text is AuditText.WHOLE else 3)
    links = stored(tmp_path)
    assert [link.record.request_id for link in links] == [a.headers["x-sluicegate-request-id"] for a in answers]
    assert {link.record.action for link in links} == {"redact"}
    if text is AuditText.NONE:
        assert [link.sealed for link in links] == [None, None]
    else:
        assert [(one.original, one.delivered) for one in texts(links[1])] == [(SAID, masked)]
        assert texts(links[0])[0].original.startswith(f"{NAME} a {SECRET}")
    whole = stored(tmp_path, records.EXCHANGE)
    assert len(whole) == (2 if text is AuditText.WHOLE else 0)
    for link in whole:
        assert [(one.original, one.delivered) for one in texts(link)] == [(SAID, masked)]
    raw = raw_bytes(tmp_path / "state")
    assert [one for one in (NAME, SECRET, "jane.roe") if one.encode() in raw] == []


async def test_a_killed_process_is_replaced_and_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    """And the policy is there once, the chain holds and is anchored."""
    async with audited(tmp_path) as proxy:
        (process,) = proxy.server.aside
        await proxy.chat(stream=False)
        await arrived(proxy, 2)
        first = process.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await proxy.chat(stream=False)
        await arrived(proxy, 3)
        assert process.pid not in {None, first}
    links = stored(tmp_path)
    assert len(links) == 2
    store = AuditStore(sqlite_url(tmp_path / "state" / FILE_NAME))
    heads, _ = read_anchors((tmp_path / "state" / ANCHORS_NAME).read_bytes().splitlines())
    report = verify(store, heads)
    assert (report.records, report.problems, report.anchors >= 1) == (3, [], True)
    policy = policy_of(store, links[0].record.revision)
    assert policy is not None
    assert policy.sealed is not None
    assert "[hidden]" in unseal(ring(), policy.record.id, policy.sealed)["policy"]
    store.close()


async def test_there_is_a_process_for_each_that_is_configured() -> None:
    audit, kafka = AuditSettings(keys=KEY), kafka_at("127.0.0.1:9")
    wanted = [({}, 0), ({"audit": audit}, 1), ({"kafka": kafka}, 1), ({"audit": audit, "kafka": kafka}, 2)]
    assert [len(processes_aside(config_for("http://h", **one))) for one, _ in wanted] == [n for _, n in wanted]


def test_a_server_without_a_store_does_not_load_what_stores() -> None:
    """A tenth of its start, for a process of its own that is not there."""
    code = "import sys, proxy.cli.serve, proxy.server.run; print('sqlalchemy' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"
