"""D8: secrets and personal data of many kinds go through the product every way; no sink of it holds any of them.

Logs at their lowest level, metrics, the outbox and the audit store with their write-ahead logs, anchors, what Kafka
was given. The audit store alone holds what was said, and only for who has its key.
"""

from __future__ import annotations

import asyncio
import base64
import json
import random
import time
import urllib.request
from collections import Counter
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson

from events.audit.database import sqlite_url
from events.audit.feeder import SUBSCRIBER
from events.audit.reading import Filter, all_of
from events.audit.records import EXCHANGE, INCIDENT
from events.audit.sealing import unseal
from events.audit.settings import ANCHORS_NAME
from events.audit.settings import FILE_NAME as AUDIT_NAME
from events.audit.store import AuditStore
from events.outbox.database import FILE_NAME
from events.outbox.settings import OutboxSettings
from events.outbox.store import Store
from events.publisher.topics import ensure_topics
from proxy.server.audit_file import KEY_VARIABLE
from tests.support import pii, secrets
from tests.support.audit import KEY, ring
from tests.support.dialect_case import Answer, Prose
from tests.support.dialects import CASES
from tests.support.gateway import parse_answer
from tests.support.kafka import records_of, settings_for
from tests.support.product import served
from tests.support.upstream import chat_stream, completion, scripted

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.support.broker import Broker
    from tests.support.upstream import Call

FOUND_ANYWHERE = ("EMAIL_ADDRESS", "CREDIT_CARD", "US_SSN", "IBAN_CODE", "CRYPTO", "MAC_ADDRESS", "UUID")
WORD = "wintergreen"
"""An ordinary word of every message: sinks hold no text at all."""

POLICY = f"""
version: 1
name: sinks
detectors:
  pii: {{type: presidio, entities: [{", ".join(FOUND_ANYWHERE)}]}}
  keys: {{type: secrets}}
  stops: {{type: keywords, words: [halt the presses]}}
rules:
  - {{id: pii, detector: pii, min_score: 0.01, action: redact, direction: both}}
  - {{id: keys, detector: keys, min_score: 0.01, action: redact, direction: both}}
  - {{id: stops, detector: stops, action: block, direction: both, message: stopped}}
"""

CONFIG = """
version: 1
upstream: UPSTREAM
policy: policy.yaml
log: {level: debug}
limits: {request_size: 256KiB}
audit: {text: whole}
events: {kafka: {servers: [BROKER], topic_prefix: PREFIX, create_topics: false, partitions: 1, replication: 1}}
"""

CHAT = "/v1/chat/completions"
PATHS = {
    "openai-chat": (CHAT, CHAT),
    "openai-responses": ("/v1/responses", "/v1/responses"),
    "anthropic-messages": ("/v1/messages", "/v1/messages"),
    "gemini": ("/v1beta/models/m:streamGenerateContent?alt=sse", "/v1beta/models/m:generateContent"),
    "ollama, chat": ("/api/chat", "/api/chat"),
    "ollama, generate": ("/api/generate", "/api/generate"),
}
"""By dialect: where a stream is asked for, and a whole answer."""

Reply = tuple[str, str, bytes]
"""Status line, content type and body of the model's answer."""


def seeds() -> list[tuple[str, str, str]]:
    """Category, a text, and the part of it that no sink may hold."""
    people = [(kind, f"it is {value} now", value) for kind, value, _ in pii.SAMPLES if kind in FOUND_ANYWHERE]
    return [*secrets.samples(), *people]


class Planted(Prose):
    """Texts of an answer, each with the next seed in it."""

    def __init__(self, chance: random.Random, texts: list[str]) -> None:
        super().__init__(chance, clean=True)
        self.texts = texts

    def text(self, longest: int = 9) -> str:
        """Return an ordinary text where there are no seeds left."""
        del longest
        return f"{WORD} {self.texts.pop(0)} {WORD}" if self.texts else WORD


def some_answer(dialect: str, prose: Planted) -> Answer:
    if dialect in CASES:
        return CASES[dialect].answer(prose)
    text = prose.text()
    return Answer(b"".join(chat_stream(*prose.pieces(text))), completion(text), [])


def asked(dialect: str, text: str, *, stream: bool) -> bytes:
    """A request that holds a text wherever the dialect lets it."""
    said = {"role": "user", "content": text}
    body: dict[str, Any] = {"model": "m", "stream": stream, "user": text, "metadata": {"k": text}}
    if dialect == "gemini":
        body = {"contents": [{"role": "user", "parts": [{"text": text}]}]}
    elif dialect == "openai-responses":
        body |= {"input": text}
    elif dialect == "ollama, generate":
        body |= {"prompt": text}
    else:
        body |= {"messages": [said], "max_tokens": 9}
    return json.dumps(body).encode()


def spellings(secret: str) -> Iterable[bytes]:
    """A secret as a sink might hold it: plain, escaped, encoded, and its pieces."""
    yield from (secret.encode(), json.dumps(secret)[1:-1].encode(), quote(secret).encode())
    yield base64.b64encode(secret.encode()).rstrip(b"=")
    if len(secret) >= 24:
        yield from (secret[:16].encode(), secret[-16:].encode(), secret[4:20].encode())


def hits(sink: bytes, wanted: Iterable[str]) -> list[str]:
    """Return the secrets that a sink holds in any spelling."""
    lowered = sink.lower()
    return [secret for secret in wanted if any(spelt.lower() in lowered for spelt in spellings(secret))]


async def send(port: int, path: str, body: bytes, *headers: str) -> tuple[int, bytes]:
    """Post, and read to the end. Returns the status, 0 for none, and all that came."""
    head = [f"POST {path} HTTP/1.1", "Host: p", "Content-Type: application/json", "Connection: close", *headers]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write("\r\n".join([*head, f"Content-Length: {len(body)}", "", ""]).encode() + body)
        raw = await asyncio.wait_for(reader.read(), 30)
    except ConnectionResetError:
        return 0, b""
    finally:
        writer.close()
    return (parse_answer(raw).status if b"\r\n\r\n" in raw else 0), raw


class Model:
    """Answers with what it is told to."""

    def __init__(self) -> None:
        self.reply: Reply = ("200 OK", "application/json", b"{}")
        self.breaks = False

    async def __call__(self, call: Call) -> None:
        status, content_type, body = self.reply
        await call.head(status, content_type, ("Content-Length", str(len(body) + 7 * self.breaks)))
        await call.send(body)
        if self.breaks:
            call.reset()


async def ask_everything(port: int, model: Model, planted: list[tuple[str, str, str]]) -> Counter[int]:
    """Send every seed in every dialect as a request, and get it as an answer: half of them streamed, half whole.

    Returns the statuses.
    """
    statuses: Counter[int] = Counter()
    chance = random.Random(7)
    for turn, (dialect, paths) in enumerate(PATHS.items()):
        for way, path in enumerate(paths):
            stream = way == 0
            texts = [text for _, text, _ in planted[(turn + way) % 2 :: 2]]
            prompts = list(texts)
            while texts or prompts:
                answer = some_answer(dialect, Planted(chance, texts))
                kind = "application/x-ndjson" if dialect.startswith("ollama") else "text/event-stream"
                model.reply = ("200 OK", kind if stream else "application/json", answer[0 if stream else 1])
                prompt = f"{WORD} " + f" {WORD} ".join(prompts[:6])
                del prompts[:6]
                if chance.random() < 0.1:
                    prompt += " halt the presses"
                status, _ = await send(port, path, asked(dialect, prompt, stream=stream))
                statuses[status] += 1
    return statuses


def failures(text: str, secret: str, good: bytes) -> list[tuple[Reply, bool, str, bytes, tuple[str, ...]]]:
    """What the model answers, whether it breaks off then, and the request's path, body and headers."""
    line = text.replace("\n", " ").strip()
    error = json.dumps({"error": {"message": text, "type": text, "code": secret}}).encode()
    begun = chat_stream(text, text)[0] + b"data: {" + text.encode()
    named = json.dumps({"model": secret, "messages": [{"role": secret, "content": text}]}).encode()
    is_json = "application/json"
    hidden = quote(secret, safe="")
    return [
        (("400 Bad Request", is_json, error), False, CHAT, good, (f"x-api-key: {line}",)),
        (("502 Bad Gateway", "text/plain", text.encode()), False, CHAT, good, (f"Authorization: Bearer {line}",)),
        (("200 OK", "text/event-stream", begun), True, CHAT, good, ()),
        (("200 OK", is_json, b'{"choices": ' + text.encode()), False, CHAT, good, ()),
        (("200 OK", "text/html", text.encode()), False, CHAT, good, (f"Cookie: a={line}",)),
        (("404 Not Found", is_json, error), False, CHAT, named, ()),
        (("200 OK", is_json, b"{}"), False, CHAT, b'{"model": "' + text.encode(), ()),
        (("404 Not Found", is_json, error), False, f"/v1/{hidden}?key={hidden}", good, ()),
    ]


async def fail_everyhow(port: int, model: Model, planted: list[tuple[str, str, str]]) -> Counter[int]:
    """Put every seed into errors: of the client, of the model, of the way between. Returns the statuses."""
    statuses: Counter[int] = Counter()
    for number, (_, text, secret) in enumerate(planted):
        good = asked("openai-chat", text, stream=number % 2 == 0)
        model.reply, model.breaks, path, body, headers = failures(text, secret, good)[number % 8]
        statuses[(await send(port, path, body, *headers))[0]] += 1
    model.breaks = False
    secret = planted[0][2]
    statuses[(await send(port, CHAT, b"x" * 300_000, f"x-a: {secret}"))[0]] += 1
    statuses[(await send(port, CHAT, b"{}", f"bad header {secret}"))[0]] += 1
    return statuses


def test_the_search_finds_every_seed_in_every_spelling() -> None:
    """A search that finds nothing shows nothing."""
    planted = seeds()
    assert len(planted) >= 40
    assert len({category for category, _, _ in planted}) >= 30
    for _, text, secret in planted:
        assert hits(json.dumps({"a": text}).encode(), [secret]) == [secret]
        assert hits(quote(text).encode(), [secret]) == [secret]


async def test_no_sink_holds_what_was_said(tmp_path: Path, broker: Broker) -> None:
    planted, model = seeds(), Model()
    wanted = [secret for _, _, secret in planted] + [WORD, "halt the presses"]
    kafka = settings_for(broker, partitions=1)
    (tmp_path / "policy.yaml").write_text(POLICY)
    async with scripted(model) as upstream:
        config = CONFIG.replace("UPSTREAM", upstream.url).replace("BROKER", broker.address)
        (tmp_path / "sluicegate.yaml").write_text(config.replace("PREFIX", kafka.topic_prefix))
        arguments = ["--config", str(tmp_path / "sluicegate.yaml")]
        with served(arguments, tmp_path, {KEY_VARIABLE: KEY}) as (port, admin):
            statuses = await ask_everything(port, model, planted)
            assert statuses[200] >= 60, statuses
            failures = await fail_everyhow(port, model, planted)
            assert {400, 502, 404} <= failures.keys(), failures
            url = f"http://127.0.0.1:{admin}/metrics"
            metrics = await asyncio.to_thread(lambda: urllib.request.urlopen(url, timeout=5).read())
            await asyncio.to_thread(wait_until_stored, tmp_path)
            files = await asyncio.to_thread(files_of, tmp_path)
            await asyncio.to_thread(ensure_topics, kafka, create=True)  # until now everything waits
            names = ("incidents.v1", "exchanges.v1", "policies.v1")
            count = statuses.total()
            records = await asyncio.to_thread(
                records_of, kafka, *names, until=lambda found: is_complete(found, count), limit_s=60
            )
    assert {FILE_NAME, f"{FILE_NAME}-wal", AUDIT_NAME, f"{AUDIT_NAME}-wal", ANCHORS_NAME} <= files.keys()
    files |= {f"{name}, at the end": data for name, data in files_of(tmp_path).items()}
    assert set(hits(unsealed(tmp_path), wanted)) >= {*(secret for _, _, secret in planted), WORD}
    assert b"dev.sluicegate.incident.v1" in b"".join(files.values())
    sinks = {"metrics": metrics, "log": (tmp_path / "log").read_bytes(), **files}
    sinks["topics"] = b"\n".join(repr((r.key, r.headers)).encode() + r.value for r in records)
    logged = [json.loads(line) for line in sinks["log"].splitlines() if line.startswith(b"{")]
    assert {"request_refused", "exchange_fault"} <= {line["event"] for line in logged}
    found = {name: hits(sink, wanted) for name, sink in sinks.items()}
    assert found == {name: [] for name in sinks}
    incidents = [orjson.loads(r.value)["data"] for r in records if r.topic.endswith("incidents.v1")]
    assert len({one["finding"]["category"] for one in incidents}) >= 30
    assert {one["location"]["direction"] for one in incidents} == {"request", "response"}


def files_of(folder: Path) -> dict[str, bytes]:
    """The outbox and the audit store as they are on the disk: every event that waits is in the first."""
    names = (FILE_NAME, AUDIT_NAME, ANCHORS_NAME)
    return {path.name: path.read_bytes() for name in names for path in folder.glob(f"{name}*")}


def wait_until_stored(folder: Path) -> None:
    """Wait until the audit store has all that is in the outbox, and its end is anchored."""
    store = Store(folder / FILE_NAME, OutboxSettings())
    try:
        end_s = time.monotonic() + 60
        while store.waiting(SUBSCRIBER) or not (folder / ANCHORS_NAME).exists():
            assert time.monotonic() < end_s, store.subscribers()
            time.sleep(0.05)
    finally:
        store.close()


def unsealed(folder: Path) -> bytes:
    """What the audit store holds for who has its key."""
    store = AuditStore(sqlite_url(folder / AUDIT_NAME))
    try:
        links = list(all_of(store, Filter(kinds=(INCIDENT, EXCHANGE))))
        texts = [unseal(ring(), link.record.id, link.sealed) for link in links if link.sealed is not None]
    finally:
        store.close()
    return json.dumps(texts).encode()


def is_complete(found: list[Any], count: int) -> bool:
    """Whether the record of every exchange that had a dialect is there."""
    return sum(record.topic.endswith("exchanges.v1") for record in found) >= count
