"""A broker that wants TLS and a password: with the wrong ones traffic goes on, it is said why, nothing is lost."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import urllib.request
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from events.outbox.database import FILE_NAME
from events.outbox.settings import OutboxSettings
from events.outbox.store import Store
from events.publisher.failures import NoConnectionError
from events.publisher.run import connect
from events.publisher.settings import KafkaSettings
from proxy.cli.main import run
from tests.support.broker import why_no_apache_kafka
from tests.support.gateway import POLICY, SECRET, parse_answer, until
from tests.support.kafka import library_leaves_sockets, records_of
from tests.support.product import served
from tests.support.secured import PASSWORD, USER, Secured, secured_kafka
from tests.support.upstream import says, scripted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VARIABLE = "TEST_KAFKA_PASSWORD"
CONFIG = """
version: 1
upstream: UPSTREAM
policy: policy.yaml
events:
  kafka:
    servers: [SERVER]
    topic_prefix: PREFIX
    partitions: 1
    replication: 1
    security_protocol: SASL_SSL
    sasl_mechanism: PLAIN
    sasl_username: USER
    sasl_password_env: VARIABLE
    ssl_ca_file: CA
"""
REQUEST = b'{"model": "m", "messages": [{"role": "user", "content": "hi"}]}'


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    if why := why_no_apache_kafka():
        pytest.skip(why)
    with secured_kafka(tmp_path_factory.mktemp("secured") / "k") as running:
        yield running


async def ask(port: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = (
        "POST /v1/chat/completions HTTP/1.1\r\nHost: p\r\nContent-Type: application/json\r\nConnection: close\r\n"
    )
    writer.write(f"{head}Content-Length: {len(REQUEST)}\r\n\r\n".encode() + REQUEST)
    raw = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return parse_answer(raw).body


def waiting(folder: Path) -> int:
    store = Store(folder / FILE_NAME, OutboxSettings())
    try:
        return store.waiting("kafka")
    finally:
        store.close()


@pytest.mark.parametrize(
    ("wrong", "state", "said"),
    [("CA", "tls_failed", "certificate is not accepted"), ("password", "auth_failed", "user and password")],
)
async def test_what_is_wrong_is_said_and_all_is_there_after_the_mend(
    secured: Secured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str, state: str, said: str
) -> None:
    (tmp_path / "policy.yaml").write_text(POLICY)
    prefix = f"after-{wrong.lower()}"
    async with scripted(says(f"a {SECRET} b")) as upstream:
        text = CONFIG.replace("UPSTREAM", upstream.url).replace("SERVER", secured.addresses["SASL_SSL"])
        text = text.replace("PREFIX", prefix).replace("USER", USER).replace("VARIABLE", VARIABLE)
        right, mistaken = tmp_path / "right.yaml", tmp_path / "mistaken.yaml"
        right.write_text(text.replace("CA", str(secured.authority)))
        mistaken.write_text(
            text.replace("CA", str(secured.other_authority if wrong == "CA" else secured.authority))
        )
        password = "no" if wrong == "password" else PASSWORD
        with served(["--config", str(mistaken)], tmp_path, {VARIABLE: password}) as (port, admin):
            await until(lambda: f'state="{state}",subscriber="kafka"}} 1.0' in metrics(admin), timeout_s=30)
            answers = [await ask(port) for _ in range(10)]
    assert {json.loads(body)["choices"][0]["message"]["content"] for body in answers} == {"a [hidden] b"}
    logged = (tmp_path / "log").read_text()
    found = [one for one in lines(logged) if one["event"] == "publisher_state" and one["state"] == state]
    assert found
    assert all(said in line["why"] for line in found)
    assert PASSWORD not in logged
    assert "library_message" not in logged, "one line says it"
    left = await asyncio.to_thread(waiting, tmp_path)
    assert left >= 21
    monkeypatch.setenv(VARIABLE, PASSWORD)
    arguments = ["outbox", "drain", "--state-dir", str(tmp_path), "--config", str(right)]
    assert await asyncio.to_thread(run, arguments) == 0
    assert await asyncio.to_thread(waiting, tmp_path) == 0
    settings = KafkaSettings(servers=(secured.plain,), topic_prefix=prefix)
    names = ("incidents.v1", "exchanges.v1", "policies.v1")
    records = await asyncio.to_thread(records_of, settings, *names, until=lambda found: len(found) >= left)
    assert len({orjson.loads(record.value)["id"] for record in records}) == len(records) == left


def metrics(admin: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{admin}/metrics", timeout=5) as answer:
        return str(answer.read().decode())


def lines(logged: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in logged.splitlines() if line.startswith("{")]


def at(secured: Secured, protocol: str, **more: Any) -> KafkaSettings:
    given: dict[str, Any] = {"security_protocol": protocol}
    if protocol.endswith("SSL"):
        given["ssl_cafile"] = str(secured.authority)
    if protocol.startswith("SASL"):
        given |= {"sasl_mechanism": "PLAIN", "sasl_plain_username": USER, "sasl_plain_password": PASSWORD}
    servers = (secured.addresses.get(protocol, secured.plain),)
    made = KafkaSettings(servers=servers, partitions=1, replication=1, client=tuple({**given, **more}.items()))
    return dataclasses.replace(made, topic_prefix=protocol.lower())


def test_a_secured_broker_takes_us_or_it_is_said_why_not(secured: Secured) -> None:
    """TLS and SASL as they are passed through: each protocol alone, and each mistake with its sentence."""
    for protocol in ("SSL", "SASL_PLAINTEXT", "SASL_SSL"):
        connect(at(secured, protocol)).close(2.0)
    wrong = [
        (at(secured, "SSL", ssl_cafile=str(secured.other_authority)), "tls_failed", "certificate is not accepted"),
        (at(secured, "SASL_SSL", sasl_plain_password="x"), "auth_failed", "user and password"),
        (dataclasses.replace(at(secured, "SSL"), servers=(secured.plain,)), "tls_failed", "do not agree on TLS"),
    ]
    for settings, state, why in wrong:
        said = refusal(settings, until=state)
        assert why in str(said)
        assert PASSWORD not in str(said)


def refusal(settings: KafkaSettings, *, until: str) -> NoConnectionError:
    """What connecting fails with; a broker that is busy may hang up first before it says why.

    Without the traceback of the error, whose frames would keep the library's sockets until a later test.
    """
    with library_leaves_sockets():
        for _ in range(60):
            with pytest.raises(NoConnectionError) as caught:
                connect(settings)
            said = NoConnectionError(caught.value.state, str(caught.value))
            del caught
            if said.state == until:
                break
    return said
