"""The topics: their names and settings, and how they are created."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from events.publisher.client import admin
from events.schema.envelope import EVENT_TYPES

if TYPE_CHECKING:
    from events.publisher.settings import KafkaSettings

DLQ: Final = ".dlq"
SAFE_COPIES: Final = 3
"""Copies of a topic where as many brokers are, unless the settings say otherwise: Kafka's own default is one."""
MIN_IN_SYNC: Final = "2"
"""Of three copies, how many must have a record before it counts: one broker may be lost, and writing goes on."""
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
            copies = _copies(client, settings)
            wanted = {topic.name: _options(topic, copies) for topic in missing}
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


def thin_topics(settings: KafkaSettings) -> list[str]:
    """Return the topics with a single copy although there are brokers for more. Raises as `ensure_topics`."""
    client = admin(settings)
    try:
        if len(client.describe_cluster()["brokers"]) < SAFE_COPIES:
            return []
        found = client.describe_topics([topic.name for topic in topics(settings)])
        return sorted(
            one["name"]
            for one in found
            if any(len(part["replica_nodes"]) < 2 for part in one["partitions"])  # noqa: PLR2004
        )
    finally:
        client.close()


def _copies(client: Any, settings: KafkaSettings) -> int:  # noqa: ANN401 - the library has no types
    """Return how many copies new topics get; -1: what the brokers have as their default."""
    if settings.replication is not None:
        return settings.replication
    return SAFE_COPIES if len(client.describe_cluster()["brokers"]) >= SAFE_COPIES else -1


def _options(topic: Topic, copies: int) -> dict[str, Any]:
    config = topic.config | ({"min.insync.replicas": MIN_IN_SYNC} if copies >= SAFE_COPIES else {})
    return {"num_partitions": topic.partitions, "replication_factor": copies, "configs": config}
