"""The publisher against a sender that does what a test says: nothing lost, order kept, bad events set aside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kafka import errors

from events.codec import encode
from events.outbox.rows import Entry
from events.outbox.settings import OutboxSettings
from events.outbox.store import Store
from events.publisher.publisher import Publisher
from events.publisher.topics import TopicsMissingError
from tests.support.events import TIME_MS, event_id, incident_event
from tests.support.scale import examples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Answer = Callable[[str, bytes], BaseException | None]

AGAIN = (errors.KafkaTimeoutError(), errors.OutOfOrderSequenceNumberError(), RuntimeError())
OUTCOMES = {"ok": None, "again": errors.KafkaTimeoutError(), "refuse": errors.InvalidRecordError()}


class Future:
    """What the library gives back for a record."""

    def __init__(self) -> None:
        self.is_done = False
        self.exception: BaseException | None = None

    def succeeded(self) -> bool:
        return self.is_done and self.exception is None

    def end(self, error: BaseException | None = None) -> None:
        self.is_done, self.exception = True, error


class Sent:
    """A sender that keeps what it is given; `answer` ends each future at once, unless it is None."""

    def __init__(
        self, answer: Callable[[str, bytes], BaseException | None] | None = lambda _topic, _value: None
    ) -> None:
        self.records: list[tuple[str, str, Future]] = []
        """Topic, id of the event, future."""
        self.headers: list[dict[str, bytes]] = []
        self.answer = answer
        self.refuses: BaseException | None = None
        self.closed = 0
        self.spoils = False
        """Whether a refusal fails all that is under way with it, as the library does."""
        self.spoilt: BaseException | None = None

    def send(self, topic: str, value: bytes, key: bytes, headers: list[tuple[str, bytes]]) -> Future:
        if self.refuses is not None:
            raise self.refuses
        future = Future()
        self.records.append((topic, orjson.loads(value)["id"], future))
        self.headers.append(dict(headers))
        if self.answer is not None:
            outcome = self.answer(topic, value)
            self.spoilt = (self.spoilt or outcome) if self.spoils else None
            future.end(self.spoilt or outcome)
        return future

    def close(self, timeout: float) -> None:
        """What is under way is given up, as the library does."""
        self.closed += 1
        self.spoilt = None
        for _, _, future in self.records:
            if not future.is_done:
                future.end(errors.KafkaTimeoutError())

    def ids(self) -> list[str]:
        return [identity for topic, identity, _ in self.records if not topic.endswith(".dlq")]


class Clock:
    def __init__(self) -> None:
        self.now_ms = TIME_MS

    def __call__(self) -> int:
        self.now_ms += 100
        return self.now_ms


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "outbox.db", OutboxSettings())
    made.subscribe(["kafka"])
    yield made
    made.close()


def put(store: Store, *numbers: int, topic: str | None = "t.incidents.v1") -> list[str]:
    entries = [
        Entry(event_id(n), topic, f"k{n % 2}", TIME_MS, encode(incident_event(n, f"k{n % 2}"))) for n in numbers
    ]
    store.append(entries, TIME_MS)
    return [entry.id for entry in entries]


def publisher_of(store: Store, sender: Sent, **more: Any) -> Publisher:
    return Publisher(store, lambda: sender, now_ms=Clock(), **more)


def steps(publisher: Publisher, count: int = 12) -> None:
    for _ in range(count):
        publisher.step()


def test_events_arrive_in_order_and_leave_the_outbox(store: Store) -> None:
    sender = Sent()
    ids = put(store, *range(1, 600))
    publisher = publisher_of(store, sender)
    steps(publisher)
    assert sender.ids() == ids
    assert publisher.is_idle
    assert store.totals().rows == 0
    (subscriber,) = store.subscribers()
    assert (subscriber.delivered, subscriber.state) == (599, "publishing")
    assert sender.headers[0]["ce_id"] == ids[0].encode()


def test_nothing_is_acknowledged_before_what_came_before_it(store: Store) -> None:
    sender = Sent(answer=None)
    put(store, 1, 2, 3)
    publisher = publisher_of(store, sender)
    steps(publisher, 2)
    sender.records[1][2].end()
    sender.records[2][2].end()
    steps(publisher)
    assert store.totals().rows == 3
    sender.records[0][2].end()
    steps(publisher)
    assert store.totals().rows == 0


def test_what_is_under_way_has_a_cap(store: Store) -> None:
    """C2: a frozen broker does not let the memory grow."""
    sender = Sent(answer=None)
    put(store, *range(1, 400))
    publisher = publisher_of(store, sender, max_in_flight_bytes=20_000)
    steps(publisher, 30)
    size = store.read(0, 1, 1)[0].entry.size
    assert 1 <= len(sender.records) <= 20_000 // size + 1


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (errors.MessageSizeTooLargeError(), "too_large"),
        (errors.InvalidRecordError(), "invalid_record"),
    ],
)
def test_a_refused_event_is_a_dead_letter_and_others_flow(store: Store, error: Exception, reason: str) -> None:
    """C3. Locally with its content, in the topic of dead letters with its reason."""
    bad = event_id(2).encode()
    sender = Sent(lambda topic, value: error if bad in value and not topic.endswith(".dlq") else None)
    sender.spoils = True
    ids = put(store, 1, 2, 3)
    publisher = publisher_of(store, sender)
    steps(publisher, 20)
    assert [i for topic, i, future in sender.records if future.succeeded() and topic == "t.incidents.v1"] == [
        ids[0], ids[2],
    ]  # fmt: skip
    assert publisher.is_idle
    (letter,) = store.dead_letters()
    assert (letter.entry.id, letter.reason, letter.attempts) == (event_id(2), reason, 1)
    assert orjson.loads(letter.entry.value)["id"] == event_id(2)
    (notice,) = [(i, topic) for i, (topic, _, _) in enumerate(sender.records) if topic == "t.incidents.v1.dlq"]
    assert sender.headers[notice[0]] == {
        "content-type": b"application/json",
        "dlq_reason": reason.encode(),
        "dlq_attempts": b"1",
        "ce_id": bad,
    }
    assert store.subscribers()[0].delivered == 3, "two events and the notice"


def test_a_topic_that_refuses_us_is_not_asked_for_every_event(store: Store) -> None:
    """Each refusal costs a new connection; events of other topics would wait for it."""
    sender = Sent(
        lambda topic, _value: errors.TopicAuthorizationFailedError() if topic == "t.incidents.v1" else None
    )
    sender.spoils = True
    put(store, *range(1, 50))
    put(store, 50, topic="t.exchanges.v1")
    publisher = publisher_of(store, sender)
    steps(publisher, 80)
    assert sender.closed <= 3
    assert [i for topic, i, future in sender.records if topic == "t.exchanges.v1" and future.succeeded()] == [
        event_id(50)
    ]
    assert store.dead_count() == 49


def test_a_refused_notice_is_not_followed_by_another(store: Store) -> None:
    sender = Sent(lambda _topic, _value: errors.TopicAuthorizationFailedError())
    put(store, 1)
    publisher = publisher_of(store, sender)
    steps(publisher, 20)
    assert publisher.is_idle
    assert {letter.entry.topic for letter in store.dead_letters()} == {"t.incidents.v1", "t.incidents.v1.dlq"}


def test_what_is_no_event_is_a_dead_letter(store: Store) -> None:
    store.append([Entry("x", "t.incidents.v1", "k", TIME_MS, b"{")], TIME_MS)
    sender = Sent()
    ids = put(store, 1)
    publisher = publisher_of(store, sender)
    steps(publisher)
    assert sender.ids() == ids
    assert store.dead_letters()[0].reason == "unserialisable"


@pytest.mark.parametrize(
    "error", [errors.KafkaTimeoutError(), errors.OutOfOrderSequenceNumberError(), RuntimeError()]
)
def test_a_failure_that_is_not_the_events_fault_begins_anew_from_the_first(store: Store, error: Exception) -> None:
    """At least once, and the order of first arrivals is that of the outbox."""
    sender = Sent(answer=None)
    ids = put(store, 1, 2, 3, 4)
    publisher = publisher_of(store, sender)
    steps(publisher, 2)
    sender.records[0][2].end()
    sender.records[1][2].end(error)
    sender.answer = lambda _topic, _value: None
    steps(publisher)
    assert sender.closed == 1
    assert sender.ids() == ids + ids[1:]
    assert store.dead_count() == 0
    assert publisher.is_idle


def test_when_nothing_arrives_for_long_it_begins_anew(store: Store) -> None:
    """A broker that stands still is seen in the state, and a topic that was deleted is made again."""
    sender = Sent(answer=None)
    ids = put(store, 1, 2)
    states: list[str] = []
    publisher = publisher_of(store, sender, on_state=lambda state, _why: states.append(state))
    steps(publisher, 400)
    assert sender.closed >= 1
    assert states[:3] == ["publishing", "no_broker", "publishing"]
    sender.answer = lambda _topic, _value: None
    steps(publisher, 400)
    assert publisher.is_idle
    assert sender.ids()[-2:] == ids


def test_a_sender_that_takes_nothing_is_left(store: Store) -> None:
    sender = Sent()
    sender.refuses = errors.KafkaTimeoutError("no metadata")
    ids = put(store, 1)
    states: list[str] = []
    publisher = publisher_of(store, sender, on_state=lambda state, _why: states.append(state))
    steps(publisher, 3)
    assert sender.closed >= 1
    sender.refuses = None
    steps(publisher)
    assert sender.ids() == ids
    assert states[:2] == ["publishing", "no_broker"]
    assert states[-1] == "publishing"


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (errors.KafkaConnectionError(), "no_broker"),
        (errors.SaslAuthenticationFailedError(), "auth_failed"),
        (TopicsMissingError(["t"]), "topics_missing"),
        (ValueError("anything"), "no_broker"),
    ],
)
def test_without_a_broker_everything_waits(store: Store, error: Exception, state: str) -> None:
    """C2, absent at start: the pauses grow to a limit, and the reason is told."""
    put(store, 1)

    def connect() -> Sent:
        raise error

    publisher = Publisher(store, connect, now_ms=Clock())
    pauses = [publisher.step() for _ in range(8)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (0.25, 5.0)
    assert (publisher.state, store.subscribers()[0].state) == (state, state)
    assert store.totals().rows == 1


def test_events_for_local_subscribers_are_passed_over(store: Store) -> None:
    sender = Sent()
    put(store, 1, topic=None)
    ids = put(store, 2)
    publisher = publisher_of(store, sender)
    steps(publisher)
    assert sender.ids() == ids
    assert publisher.is_idle


@settings(max_examples=examples(25))
@given(st.lists(st.sampled_from(["ok", "again", "refuse", "restart"]), max_size=30))
def test_whatever_happens_every_event_arrives_or_is_dead(script: list[str]) -> None:
    """And what arrives first comes in the order of the outbox, for every key."""
    import tempfile  # noqa: PLC0415 - one folder for each example
    from pathlib import Path  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "outbox.db", OutboxSettings())
        store.subscribe(["kafka"])
        sender = Sent(answer=None)
        ids = put(store, *range(1, 9))
        publisher = publisher_of(store, sender, max_in_flight_bytes=5_000)
        for word in script:
            publisher.step()
            waiting = [future for _, _, future in sender.records if not future.is_done]
            if word == "restart":
                sender.close(0)
                publisher = publisher_of(store, sender, max_in_flight_bytes=5_000)
            elif waiting:
                error = {"ok": None, "again": errors.KafkaTimeoutError(), "refuse": errors.InvalidRecordError()}[
                    word
                ]
                waiting[0].end(error)
        publisher.step()
        for _, _, future in sender.records:
            if not future.is_done:
                future.end()
        sender.answer = lambda _topic, _value: None
        steps(publisher, 60)
        assert publisher.is_idle
        arrived = [i for topic, i, future in sender.records if future.succeeded() and not topic.endswith(".dlq")]
        firsts = list(dict.fromkeys(arrived))
        dead = {letter.entry.id for letter in store.dead_letters()}
        assert set(firsts) | dead == set(ids)
        assert [i for i in firsts if i not in dead] == [i for i in ids if i not in dead]
        store.close()
