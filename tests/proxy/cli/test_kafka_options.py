"""Where Kafka and the outbox are, as commands are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kafka import errors

from events.publisher.client import KafkaMissingError
from events.publisher.failures import NoConnectionError
from events.publisher.settings import KafkaSettings
from proxy.cli.errors import CommandError
from proxy.cli.kafka_options import kafka_problem, kafka_settings, needed_kafka, opened_reader

if TYPE_CHECKING:
    from pathlib import Path

KAFKA = KafkaSettings(servers=("a:1",))


def test_the_option_or_the_file_names_kafka(tmp_path: Path) -> None:
    assert kafka_settings(None, None) is None
    assert needed_kafka("a:1", None).servers == ("a:1",)
    config = tmp_path / "sluicegate.yaml"
    config.write_text("version: 1\nupstream: http://127.0.0.1:1\n")
    with pytest.raises(CommandError, match="names no Kafka"):
        needed_kafka(None, str(config))
    assert needed_kafka("b:2", str(config)).servers == ("b:2",)
    with pytest.raises(CommandError, match="Where is Kafka"):
        needed_kafka(None, None)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (errors.SaslAuthenticationFailedError(), "lets us not in"),
        (errors.KafkaConnectionError(), "does not answer as a Kafka broker"),
        (KafkaMissingError("pip install it"), "pip install it"),
    ],
)
def test_what_kafka_says_is_told_in_our_words(error: Exception, said: str) -> None:
    assert said in str(kafka_problem(error, KAFKA))


class Reader:
    is_open = True

    def close(self) -> None:
        self.is_open = False


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (NoConnectionError("no_broker", "it stopped."), "a:1 does not answer as a Kafka broker: it stopped."),
        (
            errors.KafkaTimeoutError(),
            "a:1 does not answer as a Kafka broker (KafkaTimeoutError). Check the address.",
        ),
        (CommandError("no such topic"), "no such topic"),
    ],
)
def test_what_goes_wrong_while_reading_is_the_commands_error(
    error: Exception, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = Reader()
    monkeypatch.setattr("proxy.cli.kafka_options.consumer", lambda _settings: reader)
    with pytest.raises(CommandError) as raised, opened_reader(KAFKA):
        raise error
    assert (str(raised.value), reader.is_open) == (said, False)


def test_what_is_not_kafkas_fault_stays_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when nobody reads what `events tail` prints any more."""
    reader = Reader()
    monkeypatch.setattr("proxy.cli.kafka_options.consumer", lambda _settings: reader)
    with pytest.raises(BrokenPipeError), opened_reader(KAFKA):
        raise BrokenPipeError
    assert not reader.is_open
