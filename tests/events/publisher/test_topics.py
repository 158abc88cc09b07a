"""The topics: names, settings, and their creation on a real broker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from events.publisher.settings import KafkaSettings
from events.publisher.topics import TopicsMissingError, ensure_topics, topics
from events.schema.envelope import EVENT_TYPES
from tests.support.kafka import settings_for

if TYPE_CHECKING:
    from tests.support.broker import Broker


def test_every_event_has_a_topic_and_one_for_its_dead_letters() -> None:
    made = {topic.name: topic for topic in topics(KafkaSettings(servers=("a:1",), partitions=3))}
    for kind in EVENT_TYPES.values():
        assert made[f"sluicegate.{kind.topic}"].partitions == (1 if kind.name == "audit-head" else 3)
        assert f"sluicegate.{kind.topic}.dlq" in made
    assert made["sluicegate.verdicts.v1"].config == {"cleanup.policy": "compact"}
    assert made["sluicegate.audit-heads.v1"].config["retention.ms"] == "-1"


def test_topics_are_created_once_and_missing_ones_are_named(broker: Broker) -> None:
    settings = settings_for(broker)
    with pytest.raises(TopicsMissingError, match=f"{settings.topic_prefix}.incidents.v1"):
        ensure_topics(settings, create=False)
    assert len(ensure_topics(settings, create=True)) == 12
    assert ensure_topics(settings, create=False) == []
