"""The one place that imports kafka-python: its settings, its logs, and what its errors mean.

Its constructor and its first `send` to a topic wait, so all of this belongs to a thread or process of its own.
"""

from __future__ import annotations

import logging
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from events.publisher.failures import NoConnectionError, explained

if TYPE_CHECKING:
    from events.publisher.settings import KafkaSettings

BOOTSTRAP_MS: Final = 2000
"""Longest wait for a first broker; the library's own is 30 s."""
MAX_BLOCK_MS: Final = 2000
"""Longest wait of a `send` for the brokers' metadata."""
REQUEST_MS: Final = 15_000
DELIVERY_MS: Final = 120_000
"""How long the library itself tries again, in order and without making doubles. Then the publisher begins anew."""
MAX_RECONNECT_MS: Final = 2000
CLIENT_ID: Final = "sluicegate"


class KafkaMissingError(Exception):
    """The client library is not installed."""


class Verdict(Enum):
    """What a failure means for the record that met it."""

    AGAIN = "again"
    """The brokers cannot now; nothing is wrong with the record."""
    NO_ACCESS = "no_access"
    """We may not speak to the brokers at all."""
    REFUSED = "refused"
    """They will never take this record."""


_REFUSALS: Final = {
    "MessageSizeTooLargeError": "too_large",
    "RecordListTooLargeError": "too_large",
    "RecordTooLargeError": "too_large",
    "TopicAuthorizationFailedError": "not_authorised",
    "InvalidTopicError": "invalid_topic",
    "InvalidRecordError": "invalid_record",
    "InvalidTimestampError": "invalid_record",
    "UnsupportedForMessageFormatError": "invalid_record",
    "PolicyViolationError": "policy_violation",
}
_NO_ACCESS: Final = frozenset({
    "SaslAuthenticationFailedError",
    "AuthenticationFailedError",
    "ClusterAuthorizationFailedError",
    "UnsupportedSaslMechanismError",
    "IllegalSaslStateError",
    "SecurityDisabledError",
})  # fmt: skip


def judge(error: BaseException) -> tuple[Verdict, str]:
    """Return what an error of the library means, and its reason in one word."""
    names = [type(error).__name__, *(base.__name__ for base in type(error).__mro__)]
    for name in names:
        if name in _REFUSALS:
            return Verdict.REFUSED, _REFUSALS[name]
        if name in _NO_ACCESS:
            return Verdict.NO_ACCESS, "auth_failed"
    return Verdict.AGAIN, type(error).__name__


def is_of_kafka(error: BaseException) -> bool:
    """Whether the library raised it, or we did because no broker takes us."""
    modules = {base.__module__ for base in type(error).__mro__}
    return isinstance(error, NoConnectionError) or any(name.startswith("kafka.") for name in modules)


def quiet_logs() -> None:
    """Fix the library's loggers at a level at which they write no keys and values."""
    for name in ("kafka", *(name for name in logging.root.manager.loggerDict if name.startswith("kafka."))):
        logging.getLogger(name).setLevel(logging.ERROR)


def common_settings(settings: KafkaSettings) -> dict[str, Any]:
    """Return what every kind of client is told."""
    return {
        "bootstrap_servers": list(settings.servers),
        "client_id": CLIENT_ID,
        "request_timeout_ms": REQUEST_MS,
        "bootstrap_timeout_ms": BOOTSTRAP_MS,
        "reconnect_backoff_max_ms": MAX_RECONNECT_MS,
        **dict(settings.client),
    }


def producer(settings: KafkaSettings) -> Any:  # noqa: ANN401 - the library has no types
    """Return a producer that loses nothing, makes no doubles and keeps the order. Waits for a broker.

    Raises `KafkaMissingError`, `NoConnectionError`, and the library's errors.
    """
    kafka = _library()
    with explained():
        return _closing(kafka.KafkaProducer)(
            **common_settings(settings),
            acks="all",
            enable_idempotence=True,
            delivery_timeout_ms=DELIVERY_MS,
            max_block_ms=MAX_BLOCK_MS,
            linger_ms=5,
            batch_size=64 << 10,
            compression_type=settings.compression,
            allow_auto_create_topics=False,
        )


@cache
def _closing(library_producer: Any) -> Any:  # noqa: ANN401 - the library has no types
    class Producer(library_producer):  # type: ignore[misc]
        """Can be closed with records under way: the library's raises then, and its thread sends on for ever."""

        def close(self, timeout: float | None = None, **more: Any) -> None:  # noqa: ANN401
            self.flush = _no_flush
            super().close(timeout, **more)

    return Producer


def _no_flush(timeout: float | None = None) -> None:
    """Stands in for the wait that raises; the library's thread ends by itself, or is made to."""


def admin(settings: KafkaSettings) -> Any:  # noqa: ANN401 - the library has no types
    """Return an admin client. Waits for a broker. Raises as `producer`."""
    kafka = _library()
    with explained():
        return kafka.KafkaAdminClient(**common_settings(settings))


def consumer(settings: KafkaSettings, **more: Any) -> Any:  # noqa: ANN401 - the library has no types
    """Return a consumer. Waits for a broker. Raises as `producer`."""
    kafka = _library()
    with explained():
        return kafka.KafkaConsumer(**common_settings(settings), enable_auto_commit=False, **more)


def _library() -> Any:  # noqa: ANN401 - the library has no types
    try:
        import kafka  # noqa: PLC0415 - an extra, and slow to import
        import kafka.admin  # noqa: PLC0415
    except ImportError as error:
        raise KafkaMissingError(
            "Kafka needs the package kafka-python, which is not installed."
            " Install it with: pip install 'sluicegate[kafka]'"
        ) from error
    quiet_logs()
    return kafka
