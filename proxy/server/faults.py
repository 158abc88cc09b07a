"""Ways an exchange can go wrong, each with the status and words a client may read.

No text of the exchange is in them: the peer's bytes never reach a message.
"""

from __future__ import annotations

from enum import StrEnum


class Phase(StrEnum):
    """What an exchange is waiting for; the value names the time-out in logs and errors."""

    REQUEST_BODY = "request_body"
    CONNECT = "connect"
    FIRST_BYTE = "first_byte"
    IDLE = "idle"
    TOTAL = "total"
    SCAN = "scan"
    SLOW_CLIENT = "slow_client"
    SHUTDOWN = "shutdown"


class ExchangeFault(Exception):  # noqa: N818 - the field's word, as in "client fault"
    """The exchange cannot go on as asked. `public` may be shown to the client."""

    status = 500

    def __init__(self, code: str, public: str, status: int | None = None) -> None:
        super().__init__(f"{code}: {public}")
        self.code = code
        self.public = public
        if status is not None:
            self.status = status


class ClientFault(ExchangeFault):
    """The client's fault: answered with a status from 400 to 499 (or 503 when we are full)."""

    status = 400


class UpstreamFault(ExchangeFault):
    """The upstream's fault: answered 502 or 504 before the first byte, by the dialect's ending after it."""

    status = 502


class NotRecordedFault(ExchangeFault):
    """A decision could not be made durable, so its effect may not be seen."""

    status = 503

    def __init__(self) -> None:
        super().__init__("not_recorded", "The proxy could not record its decision, so the answer was stopped.")


class ExchangeTimeout(ExchangeFault):
    """A wait was longer than its limit. `phase` says which."""

    status = 504

    def __init__(self, phase: Phase) -> None:
        code, public, status = _TIMEOUTS[phase]
        super().__init__(code, public, status)
        self.phase = phase


_TIMEOUTS: dict[Phase, tuple[str, str, int]] = {
    Phase.REQUEST_BODY: ("request_timeout", "The request body did not arrive in time.", 408),
    Phase.CONNECT: ("upstream_timeout", "The model API could not be reached in time.", 504),
    Phase.FIRST_BYTE: ("upstream_timeout", "The model API did not begin to answer in time.", 504),
    Phase.IDLE: ("upstream_timeout", "The model API stopped sending before its answer was complete.", 504),
    Phase.TOTAL: ("upstream_timeout", "The answer took longer than the proxy allows.", 504),
    Phase.SCAN: ("scan_timeout", "The answer could not be checked in time.", 503),
    Phase.SLOW_CLIENT: ("slow_client", "The client did not take the answer in time.", 408),
    Phase.SHUTDOWN: ("shutting_down", "The proxy is shutting down before the answer was complete.", 503),
}
