"""The command `sluicegate topics create`."""

from __future__ import annotations

import dataclasses

from events.publisher.topics import TopicsMissingError, ensure_topics, thin_topics, topics
from proxy.cli.errors import CommandError, ExitCode
from proxy.cli.kafka_options import kafka_problem, needed_kafka
from proxy.cli.terminal import say, write


def run_create(kafka: str | None, config: str | None, partitions: int | None, replication: int | None) -> int:
    """Create what is missing, and write its names. Raises `CommandError`."""
    settings = needed_kafka(kafka, config)
    if partitions is not None:
        settings = dataclasses.replace(settings, partitions=partitions)
    if replication is not None:
        settings = dataclasses.replace(settings, replication=replication)
    try:
        made = ensure_topics(settings, create=True)
        thin = thin_topics(settings)
    except TopicsMissingError as error:
        raise CommandError(
            f"The brokers did not create {', '.join(error.names)}. Check the user's rights."
        ) from error
    except Exception as error:
        raise kafka_problem(error, settings) from error
    for name in made:
        write(name + "\n")
    say(f"{len(made)} topics created, {len(topics(settings)) - len(made)} were there.")
    if thin:
        say(
            f"{', '.join(thin)}: only one copy, though there are brokers for more. A broker that is lost takes its"
            " events along; kafka-reassign-partitions.sh of Kafka adds copies."
        )
    return ExitCode.OK
