"""Verdicts that reviewers give to the monitor's address: events like any other, in the outbox before they count.

From the outbox they reach their topic, or this monitor itself where it reads that outbox; after a crash they come
again with the records among which they came.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from events.codec import encode
from events.fingerprints import Fingerprinter
from events.outbox.rows import Entry
from events.outbox.store import Store
from events.schema.envelope import EVENT_TYPES, Event
from events.schema.ids import RANDOM_BYTES, ulid
from events.schema.verdict import VERSION, VerdictData

if TYPE_CHECKING:
    from pathlib import Path

    from events.outbox.settings import OutboxSettings

MAX_BYTES: Final = 16 << 10
_KIND: Final = EVENT_TYPES["verdict"]
_Name = Annotated[str, Field(min_length=1, max_length=200)]


class VerdictError(ValueError):
    """What was given is no verdict; the message says where and what to do."""


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    incident_id: _Name
    label: Literal["true_positive", "false_positive", "unsure"]
    reviewer: _Name
    annotator_kind: Literal["human", "model", "rule"] = "human"
    severity: Literal["informational", "low", "medium", "high"] | None = None
    category_fix: _Name | None = None
    rewrite_quality: Annotated[int, Field(ge=1, le=5)] | None = None
    seconds_spent: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    guideline_version: _Name | None = None


class Verdicts:
    """Takes verdicts. For any thread."""

    def __init__(self, outbox: Path, settings: OutboxSettings, source: str, topic_prefix: str, key: bytes) -> None:
        """`key` makes the fingerprints of reviewers, whose names are in no event."""
        self._outbox = outbox
        self._settings = settings
        self._source = source
        self._topic = f"{topic_prefix}.{_KIND.topic}"
        self._reviewers = Fingerprinter(key)

    def give(self, body: bytes) -> tuple[str, str]:
        """Make a verdict durable; return the id of its event and what it is about.

        Raises `VerdictError`, `OutboxError` and OSError.
        """
        try:
            given = _Given.model_validate_json(body)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, first["loc"]))
            raise VerdictError(f"{place}: {first['msg']}" if place else first["msg"]) from None
        values = given.model_dump(exclude={"reviewer"})
        data = VerdictData(
            VERSION, reviewer_hash=str(self._reviewers.of(None, "reviewer", given.reviewer.encode())), **values
        )
        time_ms = time.time_ns() // 1_000_000
        event = Event(ulid(time_ms, os.urandom(RANDOM_BYTES)), self._source, given.incident_id, time_ms, data)
        entry = Entry(event.id, self._topic, given.incident_id, time_ms, encode(event))
        store = Store(self._outbox, self._settings)
        try:
            store.append([entry], time_ms)
        finally:
            store.close()
        return event.id, given.incident_id
