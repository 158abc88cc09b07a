"""Decisions of a running proxy in its outbox: durable before their effect is visible, or the answer stops."""

from __future__ import annotations

import asyncio
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from jsonschema import Draft202012Validator

from events.jsonschemas import load_schema
from events.outbox.database import FILE_NAME
from events.outbox.rows import Entry
from events.outbox.settings import OnFull, OutboxSettings
from events.outbox.store import Store
from policies.loader import load_policy_text
from policies.types import Action
from proxy.server import outbox_sink
from proxy.server.app import running_server
from tests.support.events import TIME_MS, event_id
from tests.support.gateway import POLICY, SECRET, ListSink, Proxy, config_for, policy_with, until
from tests.support.toy import WordDetector, rule
from tests.support.upstream import Call, delta, says, scripted, texts_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from policies.types import Policy
    from tests.support.upstream import Script


@asynccontextmanager
async def recording(
    script: Script, folder: Path, policy: Policy | str = POLICY, **config: Any
) -> AsyncIterator[Proxy]:
    """A proxy with its own outbox."""
    loaded = load_policy_text(policy, hash_key=b"k" * 32) if isinstance(policy, str) else policy
    async with scripted(script) as upstream:
        settings = config_for(upstream.url, state_dir=folder, **config)
        async with running_server(settings, loaded, hash_key=b"k" * 32) as server:
            yield Proxy(server, upstream, ListSink(), loaded)


def wires(folder: Path) -> list[dict[str, Any]]:
    """All events in an outbox, checked against their schemas."""
    store = Store(folder / FILE_NAME, OutboxSettings())
    found: list[dict[str, Any]] = [orjson.loads(row.entry.value) for row in store.read(0, 1000, 1 << 30)]
    store.close()
    for wire in found:
        name = wire["type"].split(".")[2]
        assert list(Draft202012Validator(load_schema(name)).iter_errors(wire)) == []
    return found


def of(name: str, folder: Path) -> list[dict[str, Any]]:
    return [wire["data"] for wire in wires(folder) if wire["type"] == f"dev.sluicegate.{name}.v1"]


@pytest.mark.parametrize("stream", [True, False])
async def test_an_edit_is_in_the_outbox_before_the_client_has_it(stream: bool, tmp_path: Path) -> None:
    """C1 in small: what the client can see is recorded already when it sees it."""
    go = asyncio.Event()

    async def script(call: Call) -> None:
        if b'"stream":false' in call.request.body.replace(b" ", b""):
            await says(f"a {SECRET} b")(call)
            return
        await call.start_stream()
        await call.chunk(delta(f"a {SECRET} b and more text. "))
        await go.wait()
        await call.chunk(b"data: [DONE]\n\n")
        await call.end_stream()

    async with recording(script, tmp_path) as proxy:
        asked = asyncio.ensure_future(proxy.chat(stream=stream))
        if stream:
            await until(lambda: of("incident", tmp_path))
            go.set()
        answer = await asked
        (incident,) = of("incident", tmp_path)
    assert b"[hidden]" in answer.body
    assert incident["request"]["id"] == answer.headers["x-sluicegate-request-id"]
    assert incident["action"] == {
        "type": "redact", "tier": 1, "enforced": True, "bytes_delivered_before": 0, "violating_bytes_delivered": 0,
    }  # fmt: skip
    assert incident["evidence"]["fingerprint"].startswith("hmac256:")


async def test_every_answer_has_its_record_and_the_policy_its_own(tmp_path: Path) -> None:
    """Clean, edited and blocked ones, streamed and whole; upstream errors and refused requests too."""
    scripts = {b"clean": says("Hello"), b"edit": says(f"a {SECRET}"), b"stop": says("forbidden fruit")}

    async def script(call: Call) -> None:
        name = next((name for name in scripts if name in call.request.body), None)
        if name is None:
            await call.whole(b'{"error": {"message": "no"}}', "500 Internal Server Error")
        else:
            await scripts[name](call)

    async with recording(script, tmp_path) as proxy:
        for text in ("clean", "edit", "stop", "fail"):
            for stream in (True, False):
                await proxy.chat(stream=stream, text=text, user="jane.roe")
        await proxy.post("/v1/chat/completions", b"{")
        await proxy.get("/v1/models")
    records = of("exchange", tmp_path)
    assert [record["decision"] for record in records] == [
        "allow", "allow", "redact", "redact", "block", "block", "upstream_error", "upstream_error", "refused",
    ]  # fmt: skip
    assert [record["status"] for record in records] == [200] * 6 + [500] * 2 + [400]
    assert [record["model"]["name"] for record in records] == ["m"] * 6 + [None] * 3
    assert len({record["request"]["subject_hash"] for record in records[:8]}) == 1
    edited = records[2]
    assert edited["detectors"][0]["scores"] == {"words": 1.0}
    assert edited["actions"] == {"redact": 1}
    assert edited["channels"][0] | {"chars": 0} == {
        "kind": "text", "direction": "response", "chars": 0, "scanned": 1, "not_scanned": 0, "unavailable": 0,
    }  # fmt: skip
    (loaded,) = of("policy", tmp_path)
    assert (loaded["activity"], loaded["id"], loaded["rules"]) == ("loaded", "test", 2)


@pytest.mark.parametrize("stream", [True, False])
async def test_a_decision_that_cannot_be_recorded_stops_the_answer(stream: bool, tmp_path: Path) -> None:
    """C5 with `block`: nothing of the edited answer leaves, and a clean one still does."""
    async with recording(says("Hello ", f"a {SECRET} b. ", "And then more."), tmp_path) as proxy:
        fill_disk(proxy)
        answer = await proxy.chat(stream=stream)
        proxy.upstream.script = says("Hello")
        clean = await proxy.chat(stream=stream)
        assert proxy.metric("sluicegate_outbox_dropped_total", reason="disk_full") >= 1
    assert b"hidden" not in answer.body
    assert b"more" not in answer.body
    assert b"not_recorded" in answer.body
    assert answer.complete
    assert answer.status == 503
    assert clean.status == 200
    assert b"Hello" in clean.body


async def test_a_stream_that_had_begun_ends_as_one_that_failed(tmp_path: Path) -> None:
    """The text before the decision stays, and the client is told in its own format."""
    go = asyncio.Event()

    async def script(call: Call) -> None:
        await call.start_stream()
        await call.chunk(delta("Hello there. "))
        await go.wait()
        await call.chunk(delta(f"a {SECRET} b. ") + delta("And then more."))
        await call.chunk(b"data: [DONE]\n\n")
        await call.end_stream()

    async with recording(script, tmp_path) as proxy:
        fill_disk(proxy)
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        body = b'{"model": "m", "stream": true, "messages": [{"role": "user", "content": "x"}]}'
        writer.write(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: p\r\nContent-Type: application/json\r\n"
            b"Connection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        )
        await asyncio.wait_for(reader.readuntil(b"Hello there. "), 5)
        go.set()
        rest = await asyncio.wait_for(reader.read(), 5)
        writer.close()
    assert b"not_recorded" in rest
    assert b"more" not in rest
    assert b"hidden" not in rest
    assert rest.endswith(b"0\r\n\r\n")


async def test_with_drop_oldest_the_answer_goes_on_and_the_loss_is_counted(tmp_path: Path) -> None:
    limits = OutboxSettings(on_full=OnFull.DROP_OLDEST)
    async with recording(says(f"a {SECRET} b"), tmp_path, outbox=limits) as proxy:
        fill_disk(proxy)
        answer = await proxy.chat(stream=True)
        assert proxy.metric("sluicegate_outbox_dropped_total", reason="disk_full") >= 1
    assert texts_of(answer.body) == "a [hidden] b"


async def test_a_disk_that_hangs_stops_the_answer_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_sink, "RECORD_LIMIT_S", 0.05)
    go = threading.Event()
    async with recording(says(f"a {SECRET} b"), tmp_path) as proxy:
        writer = proxy.server.services.sink._writer  # type: ignore[attr-defined]
        monkeypatch.setattr(writer._store, "append", lambda *_: go.wait(10))
        answer = await proxy.chat(stream=False)
        assert proxy.metric("sluicegate_outbox_dropped_total", reason="timeout") == 1
        go.set()
    assert (answer.status, answer.code) == (503, "not_recorded")


async def test_a_request_whose_decision_cannot_be_recorded_is_not_sent(tmp_path: Path) -> None:
    policy = POLICY.replace("action: redact,", "action: redact, direction: both,")
    async with recording(says("Hello"), tmp_path, policy) as proxy:
        fill_disk(proxy)
        answer = await proxy.chat(stream=False, text=f"a {SECRET} b")
        assert (answer.status, answer.code) == (503, "not_recorded")
        assert proxy.upstream.requests == []


async def test_a_flag_does_not_wait(tmp_path: Path) -> None:
    """Observing delays nothing: a full outbox does not matter to it, and the finding's bytes had left."""
    policy = policy_with(WordDetector("words", ("zebra",)), rule("words", Action.FLAG))
    async with recording(says("a zebra b"), tmp_path, policy) as proxy:
        assert texts_of((await proxy.chat(stream=True)).body) == "a zebra b"
    (incident,) = of("incident", tmp_path)
    assert (incident["action"]["type"], incident["action"]["enforced"]) == ("flag", False)
    assert incident["action"]["violating_bytes_delivered"] == len("zebra")


async def test_the_outbox_has_metrics(tmp_path: Path) -> None:
    async with recording(says(f"a {SECRET} b"), tmp_path) as proxy:
        await proxy.chat(stream=True)
        await until(lambda: proxy.metric("sluicegate_outbox_bytes") > 0)
        assert proxy.metric("sluicegate_outbox_depth") == 0, "nobody subscribes"
        assert proxy.metric("sluicegate_outbox_dead_letters") == 0


def fill_disk(proxy: Proxy) -> None:
    """Let the database grow no further: its last page has no room for an event."""
    store = proxy.server.services.sink._writer._store  # type: ignore[attr-defined]
    store.append([Entry(event_id(number), "t", "filler", TIME_MS, b"x" * 3300) for number in range(9)], TIME_MS)
    pages = store._db.execute("PRAGMA page_count").fetchone()[0]
    store._db.execute(f"PRAGMA max_page_count = {pages}")
