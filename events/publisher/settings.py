"""Where Kafka is, and how it is spoken to. Plain values: the client library is not imported here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaSettings:
    """Settings of the publisher and of the commands that speak to Kafka."""

    servers: tuple[str, ...]
    """Brokers to ask first, `HOST:PORT`."""
    topic_prefix: str = "sluicegate"
    """What the names of topics begin with."""
    create_topics: bool = True
    """Whether the publisher creates topics that are missing."""
    partitions: int = 6
    """Of a topic that is created."""
    replication: int | None = None
    """Of a topic that is created; None: three where there are as many brokers, else their default."""
    compression: str | None = "gzip"
    """gzip, zstd, lz4, snappy or None; all but gzip need a package of their own."""
    max_in_flight_bytes: int = 8 << 20
    """Events handed to the client library and not yet acknowledged."""
    client: tuple[tuple[str, Any], ...] = field(default=(), repr=False)
    """Settings of the client library that are passed through: TLS and SASL. They may hold a password."""
