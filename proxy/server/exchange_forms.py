"""The event of an ordinary exchange, written into a form: those of one sort differ in ids, times and counts alone.

A form is such an event with gaps, made by writing one as all are written (`end_of_exchange`). An exchange with a
finding, an edit, a failure or anything else that happens seldom has no form, and is written as a whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson

from events.schema.envelope import MAX_EVENT_BYTES, EventType, rfc3339, wire_of
from proxy.server.end_of_exchange import exchange_data, lengths_of, refusal_words

if TYPE_CHECKING:
    from proxy.server.facts import ExchangeFacts, MessageFacts

MAX_FORMS: Final = 64
"""Forms that are kept: one for each sort of exchange, of which a server has a handful. Made anew beyond it."""

_TEXT: Final = "<~text~>"
_COUNT: Final = "<~count~>"
_TIME: Final = "<~time~>"
_GAPS: Final = ((f'"{_COUNT}"', "%d"), (f'"{_TIME}"', "%r"), (_TEXT, "%s"))
_IDS: Final = 5
"""Ids and times that are texts: of the event, of the request (three times), of the moment."""
_MAX_TIME_MS: Final = 10**15
"""Longer times are written with an exponent, which Python and JSON's writer spell each in its own way."""
_REFUSAL: Final = "refusal"


class ExchangeForms:
    """The forms of one process. For the outbox's thread."""

    def __init__(self, kind: EventType, source: str) -> None:
        self._kind = kind
        self._source = source
        self._forms: dict[tuple[object, ...], str | None] = {}

    def write(self, about: ExchangeFacts, event_id: str, now_ms: int, total_s: float) -> bytes | None:
        """Return the event of an exchange whose user has no name; None when it must be written as a whole."""
        request_id, policy, messages = about.request_id, about.policy.policy, about.messages
        first_s, whole_s = about.added_first_s, about.added_whole_s
        if about.traceparent is not None or not (request_id.isascii() and request_id.isidentifier()):
            return None
        sort: list[object] = [
            policy.name, policy.revision, policy.mode, about.tenant, about.route, about.dialect, about.stream,
            about.provider, about.model if about.model_answered else None, about.decision, about.status,
            first_s is None, whole_s is None,
        ]  # fmt: skip
        scanned: list[int] = []
        chars: list[int] = []
        for message in messages:
            if not _has_sort(message, sort):
                return None
            scanned += message.stats.scanned_chars.values()
            chars += _chars_of(message)
        sort.append(refusal_words(messages))
        form = self._form_of(tuple(sort), about)
        if form is None:
            return None
        times = [round(1000 * spent_s, 3) for spent_s in (total_s, first_s, whole_s) if spent_s is not None]
        if max(times) >= _MAX_TIME_MS:
            return None
        ids = (event_id, request_id, rfc3339(now_ms), request_id, request_id)
        lengths = lengths_of(about.request_bytes, messages).values()
        event = (form % (*ids, *lengths, *times, *scanned, *chars)).encode()
        return event if len(event) <= MAX_EVENT_BYTES else None

    def _form_of(self, sort: tuple[object, ...], about: ExchangeFacts) -> str | None:
        if sort not in self._forms:
            if len(self._forms) >= MAX_FORMS:
                self._forms.clear()
            self._forms[sort] = self._form(about)
        return self._forms[sort]

    def _form(self, about: ExchangeFacts) -> str | None:
        """Return the event of an exchange with a gap in place of all that another of its sort has otherwise."""
        data = exchange_data(about, None, 0.0)
        data["request"] = {**data["request"], "id": _TEXT}
        data["lengths"] = dict.fromkeys(data["lengths"], _COUNT)
        data["timing"] = {name: None if value is None else _TIME for name, value in data["timing"].items()}
        data["detectors"] = [{**block, "scanned_chars": _COUNT} for block in data["detectors"]]
        data["channels"] = [{**block, "chars": _COUNT} for block in data["channels"]]
        wire = {**wire_of(self._kind, _TEXT, self._source, _TEXT, 0, data, None), "time": _TEXT}
        form = orjson.dumps(wire).decode()
        times = sum(value is not None for value in data["timing"].values())
        counts = len(data["lengths"]) + len(data["detectors"]) + len(data["channels"])
        # A name that holds a mark, or what the form's own gaps look like, makes another number of them.
        is_sound = [form.count(mark) for mark in (_TEXT, _COUNT, _TIME, "%")] == [_IDS, counts, times, 0]
        for mark, gap in _GAPS:
            form = form.replace(mark, gap)
        return form if is_sound and not data["truncated"] else None


def _has_sort(message: MessageFacts, sort: list[object]) -> bool:
    """Add to `sort` what a message has in common with others of its sort; False when it is one of its own."""
    stats, channels = message.stats, message.channels
    if message.seconds or stats.scores or message.actions or message.caught or message.unavailable:
        return False
    if message.cut_short or stats.restored or stats.not_restorable:
        return False
    sort += (message.direction, len(stats.scanned_chars), len(channels), *stats.scanned_chars)
    for text in channels:
        if text.kind == _REFUSAL:
            return False
        sort += (text.kind, text.is_watched)
    return True


def _chars_of(message: MessageFacts) -> list[int]:
    """Return the length of a message's texts, by kind."""
    channels = message.channels
    if len(channels) == 1:
        return [channels[0].chars]
    chars: dict[str, int] = {}
    for text in channels:
        chars[text.kind] = chars.get(text.kind, 0) + text.chars
    return [*chars.values()]
