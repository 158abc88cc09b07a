"""The part `events:` of the settings: what it sets, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from events.outbox.settings import OnFull, OutboxSettings
from policies.problems import ConfigError
from proxy.server.config import ServerConfig
from proxy.server.config_file import load_server_config
from proxy.server.events_file import kafka_at

SASL = "events: {kafka: {servers: ['a:1'], security_protocol: SASL_SSL, sasl_mechanism: PLAIN, sasl_username: u}}"
HEAD = "version: 1\nupstream: http://127.0.0.1:1\n"


def load(folder: Path, text: str, environment: dict[str, str] | None = None, **flags: str) -> ServerConfig:
    path = folder / "sluicegate.yaml"
    path.write_text(HEAD + text)
    return load_server_config(path, flags, environment or {})


def test_everything_can_be_said(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("")
    config = load(
        tmp_path,
        """
events:
  source: /sluicegate/eu-1/proxy-2
  outbox: {max_size: 2GiB, max_age: 48h, on_full: drop-oldest, keep_size: 8MiB}
  kafka:
    servers: ["kafka-1:9092", "[::1]:9093"]
    topic_prefix: acme.sluicegate
    create_topics: false
    partitions: 12
    replication: 3
    compression: zstd
    security_protocol: SASL_SSL
    sasl_mechanism: SCRAM-SHA-512
    sasl_username: sluicegate
    sasl_password_env: KAFKA_PW
    ssl_ca_file: ca.pem
    ssl_check_hostname: false
""",
        {"KAFKA_PW": "a-password"},
    )
    assert config.event_source == "/sluicegate/eu-1/proxy-2"
    assert config.outbox == OutboxSettings(2 << 30, 172_800.0, OnFull.DROP_OLDEST, 8 << 20)
    kafka = config.kafka
    assert kafka is not None
    assert kafka.servers == ("kafka-1:9092", "[::1]:9093")
    assert (kafka.topic_prefix, kafka.create_topics, kafka.partitions, kafka.replication, kafka.compression) == (
        "acme.sluicegate", False, 12, 3, "zstd",
    )  # fmt: skip
    assert dict(kafka.client) == {
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "sluicegate",
        "sasl_plain_password": "a-password",
        "ssl_cafile": str(tmp_path / "ca.pem"),
        "ssl_check_hostname": False,
    }
    assert "a-password" not in repr(config)


def test_nothing_said_is_no_kafka_and_a_gigabyte(tmp_path: Path) -> None:
    config = load(tmp_path, "")
    assert (config.kafka, config.outbox) == (None, OutboxSettings())


def test_the_option_names_another_broker_and_keeps_the_rest(tmp_path: Path) -> None:
    text = "events: {kafka: {servers: ['a:1'], partitions: 2}}\n"
    kafka = load(tmp_path, text, kafka="127.0.0.1:9092").kafka
    assert kafka is not None
    assert (kafka.servers, kafka.partitions) == (("127.0.0.1:9092",), 2)
    assert load(tmp_path, "", kafka="127.0.0.1:9092").kafka == kafka_at("127.0.0.1:9092")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("events: {kafka: {}}", "servers"),
        ("events: {kafka: {servers: []}}", "servers"),
        ("events: {kafka: {servers: [nowhere]}}", "'nowhere' is not HOST:PORT. Write it as kafka-1.example:9092."),
        ("events: {kafka: {servers: ['a:99999']}}", "is not HOST:PORT"),
        (
            "events: {kafka: {servers: ['a:1'], security_protocol: SASL_SSL}}",
            "needs sasl_mechanism and sasl_username",
        ),
        (
            SASL,
            "the environment variable SLUICEGATE_KAFKA_PASSWORD is not set",
        ),
        (
            "events: {kafka: {servers: ['a:1'], security_protocol: SSL, ssl_ca_file: no.pem}}",
            "'no.pem' is not a file",
        ),
        ("events: {kafka: {servers: ['a:1'], topic_prefix: 'a b'}}", "cannot begin a topic"),
        ("events: {source: 'a b'}", "is not a source"),
        ("events: {outbox: {on_full: explode}}", "block"),
        ("events: {outbox: {max_size: 1KiB}}", "max_size"),
        ("events: {outbux: {}}", "outbox"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text + "\n")
    assert said in str(caught.value)
    assert f"{tmp_path / 'sluicegate.yaml'}:3:" in str(caught.value)
