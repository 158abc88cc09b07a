"""Kill -9 under load, and a checker of what is left: the client's transcript against the outbox and the topic.

Each life: the proxy (and its publisher) serves answers that are edited or blocked; at a random moment the whole
process group is killed; the next life goes on with the same state folder. What a client saw must be recorded.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

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


async def live(folder: Path, lives: int, seed: int, kafka: str | None) -> History:
    """Run that many lives under load, each ended by SIGKILL. Returns what the clients saw."""
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


def _start(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as file:
        return subprocess.Popen(command, stdout=file, stderr=file, start_new_session=True)
