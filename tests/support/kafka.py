"""Reading topics back, as a consumer that knows nothing of the project does."""

from __future__ import annotations

import gc
import time
import uuid
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from kafka import KafkaConsumer, TopicPartition

from events.publisher.settings import KafkaSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.broker import Broker


def settings_for(broker: Broker, **more: Any) -> KafkaSettings:
    """Settings with topics of the test's own: tests share a broker."""
    given: dict[str, Any] = {"servers": (broker.address,), "topic_prefix": f"t{uuid.uuid4().hex[:12]}",
                             "partitions": 2, "replication": 1}  # fmt: skip
    return KafkaSettings(**{**given, **more})


def records_of(
    settings: KafkaSettings, *names: str, until: Callable[[list[Any]], bool], limit_s: float = 30
) -> list[Any]:
    """Return the records of topics below the prefix, in the order of each partition, once `until` says so."""
    topics = [f"{settings.topic_prefix}.{name}" for name in names]
    reader = KafkaConsumer(bootstrap_servers=list(settings.servers), enable_auto_commit=False,
                           auto_offset_reset="earliest", **dict(settings.client))  # fmt: skip
    found: list[Any] = []
    end_s = time.monotonic() + limit_s
    try:
        parts: list[TopicPartition] = []
        while not parts or len({part.topic for part in parts}) < len(topics):
            parts = [TopicPartition(t, p) for t in topics for p in reader.partitions_for_topic(t) or ()]
            assert time.monotonic() < end_s, f"no topics {topics}"
        reader.assign(parts)
        reader.seek_to_beginning(*parts)
        while not until(found):
            assert time.monotonic() < end_s, f"{len(found)} records after {limit_s} s"
            for batch in reader.poll(timeout_ms=200).values():
                found += batch
    finally:
        reader.close()
    return found


@contextmanager
def library_leaves_sockets() -> Iterator[None]:
    """kafka-python leaves its socket to the garbage collector when it finds no broker."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
        gc.collect()
