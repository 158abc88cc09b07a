"""Where Kafka and the outbox are, from the options that several commands share."""

from __future__ import annotations

import os
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from events.outbox.database import FILE_NAME
from events.outbox.rows import OutboxError
from events.outbox.settings import OutboxSettings
from events.outbox.store import Store
from events.publisher.client import KafkaMissingError, Verdict, consumer, is_of_kafka, judge
from events.publisher.failures import NoConnectionError
from policies.problems import ConfigError
from proxy.cli.errors import CommandError
from proxy.cli.loading import config_problem
from proxy.server.config_file import load_server_config
from proxy.server.events_file import ServerText, kafka_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from events.publisher.settings import KafkaSettings


def kafka_settings(kafka: str | None, config: str | None) -> KafkaSettings | None:
    """Return where Kafka is; None when neither option says. Raises `CommandError`."""
    if config is not None:
        try:
            found = load_server_config(Path(config), {"kafka": kafka}, os.environ).kafka
        except ConfigError as error:
            raise config_problem(error) from error
        if found is None:
            raise CommandError(f"{config}: names no Kafka. Add 'events: {{kafka: {{servers: [HOST:PORT]}}}}'.")
        return found
    if kafka is None:
        return None
    try:
        TypeAdapter(ServerText).validate_python(kafka)
    except ValidationError as error:
        raise CommandError(f"--kafka: {error.errors()[0]['msg']}") from error
    return kafka_at(kafka)


def needed_kafka(kafka: str | None, config: str | None) -> KafkaSettings:
    """Return where Kafka is. Raises `CommandError` when neither option says."""
    found = kafka_settings(kafka, config)
    if found is None:
        raise CommandError("Where is Kafka? Give --kafka HOST:PORT, or the proxy's --config FILE.")
    return found


def outbox_file(state_dir: str) -> Path:
    """Return the outbox's file. Raises `CommandError` when there is none."""
    path = Path(state_dir) / FILE_NAME
    if not path.is_file():
        raise CommandError(f"{state_dir}: holds no outbox. Give the proxy's state folder with --state-dir.")
    return path


@contextmanager
def opened_outbox(state_dir: str) -> Iterator[Store]:
    """Open the outbox of a state folder for a command; what goes wrong with it is the command's error."""
    path = outbox_file(state_dir)
    try:
        with closing(Store(path, OutboxSettings())) as store:
            yield store
    except (OutboxError, OSError) as error:
        raise CommandError(f"--state-dir: {error}") from error


@contextmanager
def opened_reader(kafka: KafkaSettings) -> Iterator[Any]:
    """Connect a consumer for a command; what Kafka fails at, then and while it is read, is the command's error.

    Other errors of the body stay what they are: a reader of our output that went away is not the broker's fault.
    """
    try:
        reader = consumer(kafka)
    except Exception as error:
        raise kafka_problem(error, kafka) from error
    with closing(reader):
        try:
            yield reader
        except Exception as error:
            if not is_of_kafka(error):
                raise
            raise kafka_problem(error, kafka) from error


def kafka_problem(error: Exception, kafka: KafkaSettings) -> CommandError:
    """Return the error of a command that Kafka did not serve."""
    if isinstance(error, KafkaMissingError):
        return CommandError(str(error))
    where = ", ".join(kafka.servers)
    if isinstance(error, NoConnectionError):
        return CommandError(f"{where} does not answer as a Kafka broker: {error}")
    if judge(error)[0] is Verdict.NO_ACCESS:
        return CommandError(f"{where} lets us not in. Check user, password and mechanism in the --config file.")
    return CommandError(f"{where} does not answer as a Kafka broker ({type(error).__name__}). Check the address.")
