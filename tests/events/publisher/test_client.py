"""What is asked of the client library: settings, logs, and the meaning of its errors."""

from __future__ import annotations

import logging

import pytest
from kafka import errors

from events.publisher.client import KafkaMissingError, Verdict, common_settings, judge, producer, quiet_logs
from events.publisher.settings import KafkaSettings


@pytest.mark.parametrize(
    ("error", "verdict", "reason"),
    [
        (errors.MessageSizeTooLargeError(), Verdict.REFUSED, "too_large"),
        (errors.RecordListTooLargeError(), Verdict.REFUSED, "too_large"),
        (errors.TopicAuthorizationFailedError(), Verdict.REFUSED, "not_authorised"),
        (errors.SaslAuthenticationFailedError(), Verdict.NO_ACCESS, "auth_failed"),
        (errors.ClusterAuthorizationFailedError(), Verdict.NO_ACCESS, "auth_failed"),
        (errors.KafkaTimeoutError(), Verdict.AGAIN, "KafkaTimeoutError"),
        (errors.NotEnoughReplicasError(), Verdict.AGAIN, "NotEnoughReplicasError"),
        (OSError(), Verdict.AGAIN, "OSError"),
    ],
)
def test_errors_are_judged(error: BaseException, verdict: Verdict, reason: str) -> None:
    assert judge(error) == (verdict, reason)


def test_the_library_never_logs_at_a_level_that_holds_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """D8: it writes keys and values at DEBUG, and parts of requests in warnings."""
    library = logging.getLogger("kafka.producer.kafka")
    monkeypatch.setattr(library, "level", logging.DEBUG)
    monkeypatch.setattr(logging.getLogger("kafka"), "level", logging.DEBUG)
    quiet_logs()
    assert not library.isEnabledFor(logging.WARNING)
    assert not logging.getLogger("kafka.anything.else").isEnabledFor(logging.WARNING)


def test_settings_are_passed_through_and_waits_are_short() -> None:
    settings = KafkaSettings(
        servers=("a:1", "b:2"), client=(("security_protocol", "SSL"), ("ssl_cafile", "ca.pem"))
    )
    made = common_settings(settings)
    assert made["bootstrap_servers"] == ["a:1", "b:2"]
    assert (made["security_protocol"], made["ssl_cafile"]) == ("SSL", "ca.pem")
    assert made["bootstrap_timeout_ms"] <= 5000


def test_without_the_library_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "kafka", None)
    with pytest.raises(KafkaMissingError, match=r"pip install 'sluicegate\[kafka\]'"):
        producer(KafkaSettings(servers=("a:1",)))
