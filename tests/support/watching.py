"""Streams of events for the monitor's service, and an engine that raises an alarm at a known record."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING, Any

from events.codec import encode
from events.schema import exchange
from events.schema.blocks import ModelBlock
from events.schema.envelope import Event
from events.schema.ids import ulid
from monitor.engine import Engine
from monitor.service.share import Item
from monitor.types import WHOLE, Activity, Alarm, AlarmState, Level, Signal
from tests.support.events import request

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.records import Record

START_S = 1_795_676_400.0


def answer(number: int, *, caught: bool = False, time_s: float | None = None, **more: Any) -> Event:
    """The record of an answer, with an incident or without; a second after the one before it."""
    at_s = START_S + number if time_s is None else time_s
    data = exchange.ExchangeData(
        schema_version=exchange.VERSION,
        request=dataclasses.replace(request(f"req_{number}"), tenant=f"t{number % 3}"),
        model=ModelBlock("127.0.0.1", "m"),
        policy=exchange.ExchangePolicy("acme", "sha256:" + "0" * 64, "enforce"),
        decision="redact" if caught else "allow",
        status=200,
        refusal="none",
        lengths=exchange.LengthsBlock(10, 200, 300, 4, 0, 2),
        timing=exchange.ExchangeTiming(12.5, 0.2, None),
        detectors=[exchange.DetectorBlock("words", "response", 20, 0.1, {"WORD": 0.5} if caught else {})],
        channels=[exchange.ChannelBlock("text", "response", 200, 1, 0, 0)],
        actions={"redact": 1} if caught else {},
        rules={"hide": 1} if caught else {},
        categories={"WORD": 1} if caught else {},
    )
    time_ms = int(1000 * at_s)
    data = dataclasses.replace(data, **more)
    return Event(ulid(time_ms, number.to_bytes(10)), "/sluicegate/t", f"req_{number}", time_ms, data)


def items(first: int, count: int, caught: Callable[[int], bool] = lambda number: number % 10 == 0) -> list[Item]:
    """Records of a stream, numbered by their offsets."""
    found = []
    for number in range(first, first + count):
        event = answer(number, caught=caught(number))
        found.append(Item(number, event.time_ms / 1000, encode(event)))
    return found


class AlarmingEngine(Engine):
    """Raises an alarm with every hundredth record that counts, and no other; all else is the engine's own."""

    EVERY = 100

    def receive(self, record: Record, now_s: float) -> list[Alarm]:
        before = self.totals().counted
        super().receive(record, now_s)
        counted = self.totals().counted
        return [alarm(counted, now_s)] if counted != before and counted % self.EVERY == 0 else []

    def advance(self, now_s: float) -> list[Alarm]:
        super().advance(now_s)
        return []

    def alarms(self) -> list[Alarm]:
        counted = self.totals().counted // self.EVERY * self.EVERY
        return [alarm(counted, self.now_s)] if counted else []


def alarm(number: int = 1, changed_s: float = START_S, **more: Any) -> Alarm:
    values: dict[str, Any] = {
        "alarm_id": f"alm_{number}",
        "activity": Activity.CREATE,
        "state": AlarmState.OPEN,
        "level": Level.PAGE,
        "signal": Signal.INCIDENTS,
        "slice": WHOLE,
        "detector": "adwin",
        "observed": 0.25,
        "expected": 0.1,
        "evidence": {"delta": 0.002},
        "window_start_s": changed_s - 60,
        "window_end_s": changed_s,
        "events": 400,
        "opened_s": changed_s,
        "changed_s": changed_s,
    }
    return Alarm(**(values | more))


class Alarms:
    """A reader of these alarms."""

    def __init__(self, *alarms: Alarm) -> None:
        self.now = list(alarms)

    def alarms(self) -> list[Alarm]:
        return self.now


def now_ms() -> int:
    return time.time_ns() // 1_000_000
