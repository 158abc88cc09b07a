"""Why no connection comes about: a sentence, from what the library logs. With a broker: test_secured_kafka."""

from __future__ import annotations

import logging

import pytest
from kafka import errors

from events.publisher.failures import NoConnectionError, explained

UNTRUSTED = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate (_ssl.c:9)"
HEARD = [
    ("tls_failed", "not accepted: self-signed certificate", f"Handshake failed: {UNTRUSTED}"),
    ("tls_failed", "do not agree on TLS", "Handshake failed: [SSL: UNEXPECTED_EOF_WHILE_READING] EOF (_ssl.c:9)"),
    ("auth_failed", "user and password", errors.SaslAuthenticationFailedError("no")),
    ("auth_failed", "sasl_mechanism", errors.UnsupportedSaslMechanismError()),
    ("no_broker", "another protocol", errors.InvalidReceiveError("Invalid frame length: 9")),
    ("no_broker", "nothing listens", errors.KafkaConnectionError("111 ECONNREFUSED")),
    ("no_broker", "closes the connection", errors.KafkaConnectionError("socket disconnected")),
]  # fmt: skip


def connect_in_vain(said: object) -> None:
    with explained():
        logging.getLogger("kafka.net.manager").error("Connection failed: %s", said)
        logging.getLogger("kafka.net.connection").error("Connection lost: socket disconnected")
        raise errors.KafkaTimeoutError


@pytest.mark.parametrize(("state", "why", "said"), HEARD)
def test_what_the_library_logs_is_the_reason(state: str, why: str, said: object) -> None:
    with pytest.raises(NoConnectionError, match=why) as caught:
        connect_in_vain(said)
    assert caught.value.state == state
    assert isinstance(caught.value.__cause__, errors.KafkaTimeoutError)


def test_without_a_reason_the_error_stays_and_nothing_is_kept(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(errors.ClusterAuthorizationFailedError), explained():
        raise errors.ClusterAuthorizationFailedError
    with explained():
        logging.getLogger("kafka.net.manager").error("Connection failed: socket disconnected")
    assert caplog.records == [], "what the library says while it connects is summed up"
    logging.getLogger("kafka.net.manager").error("later")
    assert [record.message for record in caplog.records] == ["later"]


def test_silence_is_told_in_words() -> None:
    with pytest.raises(NoConnectionError, match="nothing answers there in time") as caught, explained():
        raise errors.KafkaTimeoutError
    assert caught.value.state == "no_broker"
