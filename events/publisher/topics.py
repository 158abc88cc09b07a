"""The topics: their names and settings, and how they are created."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from events.publisher.client import admin
from events.schema.envelope import EVENT_TYPES

if TYPE_CHECKING:
    from events.publisher.settings import KafkaSettings

DLQ: Final = ".dlq"
_DAY_MS: Final = 86_400_000
_CREATE_MS: Final = 10_000
_APPEAR_S: Final = 3.0
_APPEAR_PAUSE_S: Final = 0.1


class Topic(NamedTuple):
    """One topic."""

    name: str
    partitions: int
    config: dict[str, str]


class TopicsMissingError(Exception):
    """Topics are not there, and may not or could not be created."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(
            f"Topics are missing: {', '.join(names)}. Create them with: sluicegate topics create --kafka HOST:PORT"
        )
        self.names = names


def topics(settings: KafkaSettings) -> list[Topic]:
    """Return all topics, those of dead letters too."""
    prefix, many = settings.topic_prefix, settings.partitions
    days = {"exchanges.v1": 14, "incidents.v1": 14, "alarms.v1": 90, "policies.v1": 365}
    forever = {"cleanup.policy": "delete", "retention.ms": "-1"}
    found = []
    for kind in EVENT_TYPES.values():
        if kind.name == "verdict":  # the last verdict of an incident stays
            config = {"cleanup.policy": "compact"}
        elif kind.name == "audit-head":  # anchors of the audit chain are kept, in order
            config = forever
        else:
            config = {"cleanup.policy": "delete", "retention.ms": str(days[kind.topic] * _DAY_MS)}
        found += [
            Topic(f"{prefix}.{kind.topic}", 1 if config is forever else many, config),
            Topic(
                f"{prefix}.{kind.topic}{DLQ}", 1, {"cleanup.policy": "delete", "retention.ms": str(30 * _DAY_MS)}
            ),
        ]
    return found


def ensure_topics(settings: KafkaSettings, *, create: bool) -> list[str]:
    """Create the topics that are missing. Returns their names.

    Raises `TopicsMissingError`, `KafkaMissingError`, and the library's errors.
    """
    client = admin(settings)
    try:
        there = set(client.list_topics())
        missing = [topic for topic in topics(settings) if topic.name not in there]
        if missing and not create:
            raise TopicsMissingError([topic.name for topic in missing])
        if missing:
            wanted = {topic.name: _options(topic, settings) for topic in missing}
            client.create_topics(wanted, timeout_ms=_CREATE_MS, raise_errors=False)
            _wait_until_there(client, {topic.name for topic in missing})
    finally:
        client.close()
    return [topic.name for topic in missing]


def _wait_until_there(client: Any, names: set[str]) -> None:  # noqa: ANN401 - the library has no types
    """Wait for topics that were created: a broker hears of them a moment later. Raises `TopicsMissingError`."""
    end_s = time.monotonic() + _APPEAR_S
    while still := names - set(client.list_topics()):
        if time.monotonic() > end_s:
            raise TopicsMissingError(sorted(still))
        time.sleep(_APPEAR_PAUSE_S)


def _options(topic: Topic, settings: KafkaSettings) -> dict[str, Any]:
    replication = -1 if settings.replication is None else settings.replication
    return {"num_partitions": topic.partitions, "replication_factor": replication, "configs": topic.config}
