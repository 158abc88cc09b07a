"""Kill -9 under load, and a checker of what is left: the clients' transcript against outbox, topic and audit store.

Each life: the proxy (with its publisher and what feeds the audit store) serves answers that are edited or blocked;
at a random moment the whole process group is killed; the next life goes on with the same state folder. What a
client saw must be recorded.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from events.audit.anchors import read_anchors
from events.audit.database import sqlite_url
from events.audit.feeder import SUBSCRIBER
from events.audit.reading import Filter, all_of
from events.audit.run import FeedPlan, feed
from events.audit.settings import ANCHORS_NAME, AuditSettings
from events.audit.settings import FILE_NAME as AUDIT_NAME
from events.audit.store import AuditStore
from events.audit.verify import verify
from events.outbox.database import FILE_NAME
from events.outbox.settings import OutboxSettings
from events.outbox.store import Store
from tests.support.broker import free_ports
from tests.support.gateway import POLICY, SECRET, parse_answer
from tests.support.product import wait_ready
from tests.support.upstream import says, scripted

if TYPE_CHECKING:
    from collections.abc import Sequence

CLIENTS = 4
FEED_LIMIT_S = 120.0
LIFE_S = (0.02, 0.6)
"""How long a life lasts after it is ready: from the first exchanges to some hundred."""


@dataclass(slots=True)
class History:
    """What clients saw over all lives."""

    seen: list[tuple[str, str]] = field(default_factory=list)
    """Id of an exchange, and `redact` or `block`: an effect that a client has seen."""
    asked: set[str] = field(default_factory=set)
    """Ids of all exchanges that a client got an id for."""
    unseen: int = 0
    """How often a client asked and was cut off before it had an id."""
    lives: int = 0


async def live(folder: Path, lives: int, seed: int, kafka: str | None = None, keys: Path | None = None) -> History:
    """Run that many lives under load, each ended by SIGKILL. Returns what the clients saw.

    `keys` of an audit store: there is one then.
    """
    chance = random.Random(seed)
    history = History()
    policy = folder / "policy.yaml"
    policy.write_text(POLICY)
    async with scripted(says(f"a {SECRET} b. ", "eat the forbidden fruit")) as model:
        for _ in range(lives):
            port, admin = free_ports(2)
            command = [str(Path(sys.executable).with_name("sluicegate")), "serve", "--upstream", model.url]
            command += ["--policy", str(policy), "--listen", f"127.0.0.1:{port}", "--admin", f"127.0.0.1:{admin}"]
            command += ["--state-dir", str(folder), *(["--kafka", kafka] if kafka else [])]
            command += ["--audit-key", str(keys)] if keys else []
            process = _start(command, folder / "log")
            try:
                await asyncio.to_thread(wait_ready, process, admin, folder / "log")
                clients = [asyncio.ensure_future(_ask_on(port, history)) for _ in range(CLIENTS)]
                await asyncio.sleep(chance.uniform(*LIFE_S))
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            await asyncio.wait(clients, timeout=10)
            history.lives += 1
    return history


async def _ask_on(port: int, history: History) -> None:
    """Ask again and again until the proxy is gone."""
    body = b'{"model": "m", "stream": true, "messages": [{"role": "user", "content": "x"}]}'
    head = (
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: p\r\nContent-Type: application/json\r\nConnection: close\r\n"
    )
    while True:
        raw = b""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            history.unseen += 1
            writer.write(head + b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
            with suppress(ConnectionError):
                while piece := await reader.read(65536):
                    raw += piece
            writer.close()
        except OSError:
            return
        if b"\r\n\r\n" not in raw:
            return
        identity = parse_answer(raw).headers.get("x-sluicegate-request-id", "")
        history.asked.add(identity)
        history.unseen -= 1
        if b"[hidden]" in raw:
            history.seen.append((identity, "redact"))
        if b"content_filter" in raw:
            history.seen.append((identity, "block"))


def check(history: History, folder: Path, topic: Sequence[bytes]) -> dict[str, int]:
    """Hold the transcript against outbox and topic. AssertionError: something is missing, changed or foreign."""
    store = Store(folder / FILE_NAME, OutboxSettings())
    problem = store._db.execute("PRAGMA integrity_check").fetchone()
    assert problem == ("ok",), problem
    values = [row.entry.value for row in store.read(0, 1_000_000, 1 << 40)] + list(topic)
    assert store.dead_count() == 0
    store.close()
    contents: dict[str, set[bytes]] = defaultdict(set)
    recorded: dict[str, set[str]] = defaultdict(set)
    about: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for value in values:
        wire: dict[str, Any] = orjson.loads(value)
        contents[wire["id"]].add(value)
        if wire["type"] != "dev.sluicegate.policy.v1":
            what = wire["data"].get("action", {}).get("type", "")
            about[wire["subject"], wire["type"], what].add(wire["id"])
        if wire["type"] == "dev.sluicegate.incident.v1":
            recorded[wire["subject"]].add(wire["data"]["action"]["type"])
    changed = [identity for identity, found in contents.items() if len(found) > 1]
    assert changed == [], "one id with different content"
    missing = [(identity, action) for identity, action in history.seen if action not in recorded[identity]]
    assert missing == [], "a client saw what is not recorded"
    foreign = {subject for subject, _, _ in about} - history.asked
    assert len(foreign) <= history.unseen, "more exchanges than clients asked for"
    twice = {what for what, ids in about.items() if len(ids) > 1}
    assert twice == set(), "two records of one thing"
    return {"lives": history.lives, "seen": len(history.seen), "events": len(contents), "records": len(values)}


def check_audit(history: History, folder: Path, topic: Sequence[bytes]) -> int:
    """Hold the transcript and the topic against the audit store. Returns how many records it has."""
    store = AuditStore(sqlite_url(folder / AUDIT_NAME))
    try:
        anchors, _ = read_anchors((folder / ANCHORS_NAME).read_bytes().splitlines())
        report = verify(store, anchors)
        assert report.problems == []
        kept = {link.record.id: link.record for link in all_of(store, Filter())}
    finally:
        store.close()
    recorded = {(record.request_id, record.action) for record in kept.values()}
    assert [one for one in history.seen if one not in recorded] == [], "a client saw what the audit store has not"
    wires = [orjson.loads(value) for value in topic]
    published = {wire["id"] for wire in wires if wire["type"] == "dev.sluicegate.incident.v1"}
    assert set(kept) == published, "audit store and topic differ"
    return report.records


def feed_rest(folder: Path, prefix: str, keys: str) -> None:
    """Bring what is still in the outbox to the audit store."""
    stop = threading.Event()
    plan = FeedPlan(folder / FILE_NAME, OutboxSettings(), AuditSettings(keys=keys), "/sluicegate", prefix)
    feeding = threading.Thread(target=feed, args=(plan, stop), kwargs={"drain_s": 60.0})
    store = Store(folder / FILE_NAME, OutboxSettings())
    feeding.start()
    try:
        end_s = time.monotonic() + FEED_LIMIT_S
        while store.waiting(SUBSCRIBER):
            assert time.monotonic() < end_s, "the audit store was not fed in time"
            time.sleep(0.05)
    finally:
        stop.set()
        feeding.join()
        store.close()


def _start(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as file:
        return subprocess.Popen(command, stdout=file, stderr=file, start_new_session=True)
