"""Why no connection to Kafka comes about: the library raises the same timeout for all of it, and logs the reasons.

So while a client connects, its errors are listened to. They do not go to our log then: there are many, and one
sentence says it all.
"""

from __future__ import annotations

import logging
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_LIBRARY: Final = "kafka"


class NoConnectionError(Exception):
    """No broker could be connected to. `str` is a sentence that says why."""

    def __init__(self, state: str, why: str) -> None:
        super().__init__(why)
        self.state = state
        """`no_broker`, `auth_failed` or `tls_failed`."""


class _Reason(NamedTuple):
    seen: re.Pattern[str]
    """In what the library says."""
    state: str
    why: str


_REASONS: Final = (  # the more telling ones first: a broker that refuses us closes the connection, too
    _Reason(
        re.compile(r"certificate verify failed: (.{1,120}?)\.? \(_ssl"),
        "tls_failed",
        "the broker's certificate is not accepted: {}. Check ssl_ca_file and ssl_check_hostname.",
    ),
    _Reason(
        re.compile(r"Handshake failed|\[SSL|SSLError|tls alert"),
        "tls_failed",
        "the broker and we do not agree on TLS. Check the port, security_protocol and the ssl_ files.",
    ),
    _Reason(
        re.compile(r"UnsupportedSaslMechanismError|IllegalSaslStateError"),
        "auth_failed",
        "the broker does not offer this sasl_mechanism.",
    ),
    _Reason(
        re.compile(r"AuthenticationFailedError"),
        "auth_failed",
        "the broker does not accept user and password. Check sasl_username and sasl_password_env.",
    ),
    _Reason(
        re.compile(r"ClusterAuthorizationFailedError"),
        "auth_failed",
        "the user has not the right to write to these brokers.",
    ),
    _Reason(
        re.compile(r"InvalidReceiveError|Invalid frame length"),
        "no_broker",
        "what answers there speaks another protocol, TLS perhaps. Check the port and security_protocol.",
    ),
    _Reason(re.compile(r"ECONNREFUSED|Connection refused"), "no_broker", "nothing listens there."),
    _Reason(re.compile(r"DNS|getaddrinfo|gaierror|Name or service"), "no_broker", "the host's name is not known."),
    _Reason(
        re.compile(r"socket disconnected|ECONNRESET"),
        "no_broker",
        # A refused password ends like this, too, when the connection goes before the library reads the answer.
        "the broker closes the connection. Check security_protocol and, with SASL, user and password.",
    ),
)


_SILENT: Final = frozenset({"KafkaTimeoutError", "NoBrokersAvailable", "KafkaConnectionError"})
"""What the library raises when nobody says a word: a broker that stands still, a firewall."""


class _Listener(logging.Handler):
    """Keeps the most telling reason of what the library logs."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._best = len(_REASONS)
        self.found: NoConnectionError | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """See `logging.Handler`; it is called from the library's thread."""
        said = record.getMessage()
        for place, reason in enumerate(_REASONS[: self._best]):
            if match := reason.seen.search(said):
                self._best = place
                self.found = NoConnectionError(reason.state, reason.why.format(*match.groups()))
                return


@contextmanager
def explained() -> Iterator[None]:
    """Let the body connect. Raises `NoConnectionError` in place of an error whose reason the library logged."""
    logger, listener = logging.getLogger(_LIBRARY), _Listener()
    logger.addHandler(listener)
    propagated, logger.propagate = logger.propagate, False
    try:
        yield
    except Exception as error:
        if listener.found is not None:
            raise listener.found from error
        if type(error).__name__ in _SILENT:
            raise NoConnectionError("no_broker", "nothing answers there in time.") from error
        raise
    finally:
        logger.propagate = propagated
        logger.removeHandler(listener)
