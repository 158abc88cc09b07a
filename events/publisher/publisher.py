"""Takes events from the outbox to Kafka, in order, until each has arrived or is a dead letter.

It reads on only while what is under way fits its cap. What arrived is acknowledged up to the first event that did
not, so a crash or a new start sends some events again, with the same ids and content, and never leaves one out.

A refusal is not believed at once: the library fails a whole batch, and with it everything under way. So it begins
anew and sends what was under way one by one; what is refused alone is a dead letter. A topic that we may not write
to is not asked again for a while.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import orjson

from events.codec import EventError, read_wire
from events.outbox.rows import DeadLetter, Entry, Row
from events.publisher.client import Verdict, judge
from events.publisher.failures import NoConnectionError
from events.publisher.topics import DLQ, TopicsMissingError
from events.schema.envelope import kafka_headers

if TYPE_CHECKING:
    from collections.abc import Callable

    from events.outbox.store import Store

READ_ROWS: Final = 256
ACK_ROWS: Final = 256
"""Most events in one acknowledgement: others wait for the file's lock about 2 ms then."""
ACK_EVERY_MS: Final = 250
BEAT_EVERY_MS: Final = 2000
IDLE_S: Final = 0.05
"""How often the outbox is looked at."""
MAX_BACKOFF_S: Final = 5.0
STUCK_MS: Final = 30_000
"""How long nothing may arrive of what is under way. The library itself waits longer, and makes no missing topic."""
REFUSAL_HOLDS_MS: Final = 30_000
"""How long a topic that refused us is not asked again: each refusal costs a new connection."""


class Sender(Protocol):
    """What the publisher needs of a Kafka producer."""

    def send(self, topic: str, value: bytes, key: bytes, headers: list[tuple[str, bytes]]) -> Any:  # noqa: ANN401
        """Begin to send a record. Returns the library's future. Raises when it cannot be sent at all."""

    def close(self, timeout: float) -> None:
        """Let go of everything."""


class _Flight(NamedTuple):
    row: Row
    future: Any


class Publisher:
    """One subscriber of the outbox. `step` is called again and again by one thread."""

    def __init__(
        self,
        store: Store,
        connect: Callable[[], Sender],
        *,
        now_ms: Callable[[], int],
        max_in_flight_bytes: int = 8 << 20,
        on_state: Callable[[str, str], None] = lambda _state, _why: None,
        name: str = "kafka",
    ) -> None:
        """`connect` waits for a broker, and raises the library's errors. `on_state` hears of a state, and why."""
        self._store = store
        self._connect = connect
        self._now_ms = now_ms
        self._cap = max_in_flight_bytes
        self._on_state = on_state
        self._name = name
        self._sender: Sender | None = None
        self._flights: deque[_Flight] = deque()
        self._bytes = 0
        self._read_to = store.acked(name)
        self._arrived = 0
        self._arrived_to = self._acked_to = self._read_to
        self._acked_ms = 0
        self._beat_ms = 0
        self._progress_ms = 0
        self._version: tuple[int, int] | None = None
        self._backoff_s = 0.0
        self._careful_to = -1
        """Up to this place events are sent one by one."""
        self._closed_topics: dict[str, int] = {}
        """By topic that refused us: until when it is not asked again."""
        self.state = self._why = ""

    @property
    def is_idle(self) -> bool:
        """Whether everything that was in the outbox at the last step has arrived and is acknowledged."""
        return not self._flights and self._arrived == 0 and self._store.waiting(self._name) == 0

    def step(self) -> float:
        """Do what can be done now. Returns the seconds to wait before the next step."""
        if self._sender is None and not self._try_to_connect():
            self._beat()
            return self._backoff_s
        settled = self._settle()
        if self._sender is None or self._is_stuck(settled):
            return 0.0
        sent = self._fill()
        self._acknowledge(force=not self._flights)
        self._beat()
        return 0.0 if settled or sent else IDLE_S if not self._flights else 0.005

    def close(self, timeout_s: float) -> None:
        """Let go of the broker. What has not arrived is sent by the next publisher."""
        self._acknowledge(force=True)
        self._let_go(timeout_s)
        self._say("stopped", "")
        self._store.beat(self._name, "stopped", self._now_ms())

    # Connection.

    def _try_to_connect(self) -> bool:
        try:
            self._sender = self._connect()
        except TopicsMissingError as error:
            self._say("topics_missing", str(error))
        except NoConnectionError as error:
            self._say(error.state, str(error))
        except Exception as error:  # noqa: BLE001 - the border of the library: whatever it raises, we try again
            verdict, reason = judge(error)
            self._say("auth_failed" if verdict is Verdict.NO_ACCESS else "no_broker", reason)
        else:
            self._backoff_s = 0.0
            self._version = None
            self._say("publishing", "")
            return True
        self._backoff_s = min(MAX_BACKOFF_S, max(0.25, 2 * self._backoff_s))
        return False

    def _begin_anew(self, state: str, reason: str) -> None:
        """Give the connection up and send again from the first event that did not arrive."""
        self._acknowledge(force=True)
        self._flights.clear()
        self._bytes = 0
        self._read_to = self._arrived_to
        self._say(state, reason)
        self._let_go(0.5)

    def _let_go(self, timeout_s: float) -> None:
        sender, self._sender = self._sender, None
        if sender is not None:
            try:
                sender.close(timeout_s)
            except Exception as error:  # noqa: BLE001 - it is given up anyway
                self._on_state(self.state, type(error).__name__)

    # Records.

    def _fill(self) -> int:
        """Send what the cap allows."""
        version = self._store.version()
        careful = self._read_to < self._careful_to
        if (
            (version == self._version and not self._bytes)
            or self._bytes >= self._cap
            or (careful and self._flights)
        ):
            return 0
        rows = self._store.read(self._read_to, 1 if careful else READ_ROWS, self._cap - self._bytes)
        if not rows:
            self._version = version
        for row in rows:
            if not self._send(row):
                return 0
            self._read_to = row.seq
        return len(rows)

    def _send(self, row: Row) -> bool:
        entry = row.entry
        if entry.topic is None:
            self._fly(row, _ARRIVED)  # for local subscribers alone
            return True
        try:
            headers = _headers(entry)
        except EventError:
            self._fly(row, _Refused("unserialisable"))
            return True
        if self._now_ms() < self._closed_topics.get(entry.topic, 0):
            self._fly(row, _Refused("not_authorised"))
            return True
        assert self._sender is not None  # noqa: S101 - only called with one
        try:
            future = self._sender.send(entry.topic, value=entry.value, key=entry.key.encode(), headers=headers)
        except Exception as error:  # noqa: BLE001 - the border of the library
            verdict, reason = judge(error)
            if verdict is Verdict.AGAIN and not isinstance(error, (TypeError, ValueError, AssertionError)):
                self._begin_anew("no_broker", reason)
                return False
            future = _Refused(reason if verdict is Verdict.REFUSED else "unserialisable")
        self._fly(row, future)
        return True

    def _fly(self, row: Row, future: Any) -> None:  # noqa: ANN401 - the library's, or one of ours
        self._flights.append(_Flight(row, future))
        self._bytes += row.entry.size

    def _settle(self) -> int:
        """Take the outcomes from the oldest event on, up to the first that has none yet."""
        settled = 0
        while self._flights and self._flights[0].future.is_done:
            row, future = self._flights[0]
            if not self._take_outcome(row, future):
                return settled
            settled += 1
            if settled >= ACK_ROWS:
                self._acknowledge(force=True)
                break
        return settled

    def _is_stuck(self, settled: int) -> bool:
        """Begin anew when nothing has arrived for long: the topics are looked at again, and the state is seen."""
        now_ms = self._now_ms()
        if settled or not self._flights:
            self._progress_ms = now_ms
        if now_ms - self._progress_ms < STUCK_MS:
            return False
        self._progress_ms = now_ms
        self._begin_anew("no_broker", f"nothing has arrived for {STUCK_MS // 1000} s")
        return True

    def _take_outcome(self, row: Row, future: Any) -> bool:  # noqa: ANN401 - the library's, or one of ours
        """Take what became of the oldest event under way. Returns whether the next one may be looked at."""
        refused_here = isinstance(future, _Refused)
        if future.succeeded():
            self._arrived += 1
        elif refused_here:
            self._bury(row, future.reason)
        else:
            verdict, reason = judge(future.exception)
            if verdict is not Verdict.REFUSED:
                self._begin_anew("auth_failed" if verdict is Verdict.NO_ACCESS else "no_broker", reason)
                return False
            if row.seq > self._careful_to:
                self._careful_to = self._flights[-1].row.seq
                self._begin_anew(self.state, reason)
                return False
            if reason == "not_authorised":
                self._closed_topics[row.entry.topic or ""] = self._now_ms() + REFUSAL_HOLDS_MS
            self._bury(row, reason)
        self._flights.popleft()
        self._bytes -= row.entry.size
        self._arrived_to = row.seq
        if not future.succeeded() and not refused_here:
            self._begin_anew(self.state, "refused")  # the library's producer is of no use after a refusal
            return False
        return True

    def _bury(self, row: Row, reason: str) -> None:
        """Make a dead letter of an event, and tell the topic of dead letters."""
        now_ms = self._now_ms()
        notices = []
        topic = row.entry.topic or ""
        if not topic.endswith(DLQ):
            told = {"id": row.entry.id, "topic": topic, "key": row.entry.key, "dlq_reason": reason,
                    "dlq_attempts": 1, "bytes": len(row.entry.value)}  # fmt: skip
            notices = [Entry(f"{row.entry.id}-dlq", topic + DLQ, row.entry.key, now_ms, orjson.dumps(told))]
        self._store.bury([DeadLetter(row.entry._replace(sealed=None), now_ms, 1, reason)], notices)

    def _acknowledge(self, *, force: bool) -> None:
        now_ms = self._now_ms()
        if self._arrived_to <= self._acked_to:
            return
        if force or now_ms - self._acked_ms >= ACK_EVERY_MS:
            self._store.ack(self._name, self._arrived_to, self._arrived)
            self._arrived = 0
            self._acked_to = self._arrived_to
            self._acked_ms = now_ms

    def _say(self, state: str, why: str) -> None:
        if state != self.state or (state != "publishing" and why != self._why):
            self.state, self._why = state, why
            self._beat_ms = 0
            self._on_state(state, why)

    def _beat(self) -> None:
        now_ms = self._now_ms()
        if now_ms - self._beat_ms >= BEAT_EVERY_MS:
            self._beat_ms = now_ms
            self._store.beat(self._name, self.state, now_ms)


class _Done:
    """A future of ours."""

    is_done = True

    def succeeded(self) -> bool:
        """Whether the event is where it should be."""
        return True


class _Refused(_Done):
    """The future of an event that was never sent."""

    def __init__(self, reason: str) -> None:
        self.exception = self
        self.reason = reason

    def succeeded(self) -> bool:
        """See `_Done`."""
        return False


_ARRIVED: Final = _Done()


def _headers(entry: Entry) -> list[tuple[str, bytes]]:
    """Return the record's headers. Raises `EventError` for what is no event."""
    if entry.topic is not None and entry.topic.endswith(DLQ):
        told = orjson.loads(entry.value)
        pairs = [
            ("dlq_reason", told["dlq_reason"]),
            ("dlq_attempts", str(told["dlq_attempts"])),
            ("ce_id", told["id"]),
        ]
        return [("content-type", b"application/json"), *((name, value.encode()) for name, value in pairs)]
    return kafka_headers(read_wire(entry.value))
