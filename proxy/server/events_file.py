"""The part `events:` of `sluicegate.yaml`: where events go, and how much of them may wait."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field

from events.outbox.settings import OnFull, OutboxSettings
from events.publisher.settings import KafkaSettings
from policies.fields import Duration, Size, StrictModel, custom_error
from policies.problems import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

_SOURCE = re.compile(r"[A-Za-z0-9/][A-Za-z0-9._~:/@-]{0,199}")
_PREFIX = re.compile(r"[a-zA-Z0-9._-]{1,100}")
_SERVER = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):([0-9]{1,5})")


def _checked_source(value: str) -> str:
    if not _SOURCE.fullmatch(value):
        raise custom_error(f"{shown(value)} is not a source. Write it as /sluicegate/eu-1/proxy-2.")
    return value


def _checked_prefix(value: str) -> str:
    if not _PREFIX.fullmatch(value):
        raise custom_error(f"{shown(value)} cannot begin a topic. Use letters, digits, '.', '_' and '-'.")
    return value


def _checked_server(value: str) -> str:
    match = _SERVER.fullmatch(value)
    if not match or not 0 < int(match[2]) < 1 << 16:
        raise custom_error(f"{shown(value)} is not HOST:PORT. Write it as kafka-1.example:9092.")
    return value


ServerText = Annotated[str, AfterValidator(_checked_server)]
_Text = Annotated[str, Field(min_length=1)]
_Bytes = Annotated[Size, Field(ge=1 << 20, le=1 << 40)]


class OutboxFile(StrictModel):
    """The mapping under `outbox:`. What each one is, `OutboxSettings` says."""

    max_size: _Bytes = 0
    max_age: Annotated[Duration, Field(ge=60, le=31_536_000)] = 0
    on_full: Literal["block", "drop-oldest"] = "block"
    keep_size: _Bytes = 0


class KafkaFile(StrictModel):
    """The mapping under `kafka:`."""

    servers: Annotated[list[ServerText], Field(min_length=1, max_length=20)]
    topic_prefix: Annotated[str, AfterValidator(_checked_prefix)] = "sluicegate"
    create_topics: bool = True
    partitions: Annotated[int, Field(ge=1, le=1000)] = 6
    replication: Annotated[int, Field(ge=1, le=10)] | None = None
    compression: Literal["gzip", "zstd", "lz4", "snappy", "none"] = "gzip"
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = None
    sasl_username: _Text | None = None
    sasl_password_env: _Text = "SLUICEGATE_KAFKA_PASSWORD"  # noqa: S105 - the name of the variable
    ssl_ca_file: _Text | None = None
    ssl_cert_file: _Text | None = None
    ssl_key_file: _Text | None = None
    ssl_check_hostname: bool = True


class EventsFile(StrictModel):
    """The mapping under `events:`."""

    source: Annotated[str, AfterValidator(_checked_source)] = ""
    outbox: OutboxFile = OutboxFile()
    kafka: KafkaFile | None = None


def events_settings(
    given: EventsFile, folder: Path, environment: Mapping[str, str]
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Return the fields of `ServerConfig` that the mapping sets, and problems: a key below `events` and a message.

    Relative paths start from `folder`.
    """
    found: dict[str, Any] = {"outbox": _outbox(given.outbox)}
    problems: list[tuple[str, str]] = []
    if given.source:
        found["event_source"] = given.source
    if given.kafka is not None:
        found["kafka"] = _kafka(given.kafka, folder, environment, problems)
    return found, problems


def kafka_at(address: str) -> KafkaSettings:
    """Return the settings for a broker that was named on the command line."""
    return KafkaSettings(servers=(address,))


def _outbox(given: OutboxFile) -> OutboxSettings:
    named = {"max_size": "max_bytes", "max_age": "max_age_s", "keep_size": "keep_bytes", "on_full": "on_full"}
    values = {named[key]: getattr(given, key) for key in given.model_fields_set}
    if "on_full" in values:
        values["on_full"] = OnFull(values["on_full"])
    return OutboxSettings(**values)


def _kafka(
    given: KafkaFile, folder: Path, environment: Mapping[str, str], problems: list[tuple[str, str]]
) -> KafkaSettings:
    client: dict[str, Any] = {"security_protocol": given.security_protocol}
    if given.security_protocol.endswith("SSL"):
        client["ssl_check_hostname"] = given.ssl_check_hostname
        for key, name in (
            ("ssl_ca_file", "ssl_cafile"),
            ("ssl_cert_file", "ssl_certfile"),
            ("ssl_key_file", "ssl_keyfile"),
        ):
            value = getattr(given, key)
            if value is not None:
                client[name] = str(folder / value)
                if not (folder / value).is_file():
                    problems.append((f"kafka.{key}", f"{value!r} is not a file."))
    if given.security_protocol.startswith("SASL"):
        client |= _sasl(given, environment, problems)
    return KafkaSettings(
        servers=tuple(given.servers),
        topic_prefix=given.topic_prefix,
        create_topics=given.create_topics,
        partitions=given.partitions,
        replication=given.replication,
        compression=None if given.compression == "none" else given.compression,
        client=tuple(sorted(client.items())),
    )


def _sasl(given: KafkaFile, environment: Mapping[str, str], problems: list[tuple[str, str]]) -> dict[str, str]:
    password = environment.get(given.sasl_password_env)
    if given.sasl_mechanism is None or given.sasl_username is None:
        problems.append(("kafka", f"{given.security_protocol} needs sasl_mechanism and sasl_username."))
    elif not password:
        problems.append(
            ("kafka.sasl_password_env", f"the environment variable {given.sasl_password_env} is not set.")
        )
    else:
        return {
            "sasl_mechanism": given.sasl_mechanism,
            "sasl_plain_username": given.sasl_username,
            "sasl_plain_password": password,
        }
    return {}
