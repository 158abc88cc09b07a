"""The thread that feeds the engine: polls the source, lets time pass, writes checkpoints.

Whatever goes wrong with disk, outbox or broker, the shares are dropped as they are in memory and taken up again
from checkpoint and journal: there is one way of going on, after a fault as after a crash.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import structlog

from events.outbox.rows import OutboxError

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.service.shares import Shares
    from monitor.service.source import Source

LINGER_S: Final = 2.0
"""How long a record may be on its way: time passes so much behind the clock, so that none comes from the past."""
TICK_S: Final = 1.0
"""How often time passes while nothing comes."""
MIN_PAUSE_S: Final = 0.25
MAX_PAUSE_S: Final = 15.0
"""Longest pause between two tries to begin anew."""
SOON_S: Final = 1.0
"""A checkpoint follows an alarm after this long: others who take the share up tell it less likely again."""

_log = structlog.get_logger("sluicegate.monitor")


class Runner:
    """Feeds the shares until told to stop."""

    def __init__(
        self,
        shares: Shares,
        open_source: Callable[[], Source],
        checkpoint_s: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`open_source` may raise the errors of its library: it is tried again."""
        self._shares = shares
        self._open_source = open_source
        self._checkpoint_s = checkpoint_s
        self._clock = clock
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sluicegate-monitor", daemon=True)
        self._kept_s = self._ticked_s = clock()
        self._told = 0
        self.state = "starting"
        """`starting`, `reading`, `standby` (no share is ours), `caught_up`, `failed` or `stopped`."""
        self.why = ""
        """Why it failed, in one line."""
        self.failures = 0
        self.lag = 0
        self.records = 0

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, timeout_s: float = 20.0) -> None:
        """Write a checkpoint and end."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def wait(self, seconds: float) -> bool:
        """Wait, but no longer than until the end. Returns whether that is now."""
        return self._stop.wait(seconds)

    @property
    def is_ready(self) -> bool:
        """Whether what it knows is up to date."""
        return self.state == "caught_up"

    def _run(self) -> None:
        pause_s = MIN_PAUSE_S
        while not self._stop.is_set():
            try:
                source = self._open_source()
                try:
                    self._say("reading")
                    self.step(source)
                    pause_s = MIN_PAUSE_S
                    self._feed(source)
                finally:
                    self._shares.close()
                    source.close()
            except Exception as error:  # noqa: BLE001 - the border: the libraries' errors are many, and all mean this
                self.state, self.why = "failed", _line_of(error)
                self.failures += 1
                _log.error("monitor_failed", problem=self.why, retry_s=pause_s)
                self._stop.wait(pause_s)
                pause_s = min(MAX_PAUSE_S, 2 * pause_s)
        self.state = "stopped"

    def _feed(self, source: Source) -> None:
        while not self._stop.is_set():
            self.step(source)
        self._keep(source)

    def step(self, source: Source) -> None:
        """Take what has come, and do what is due."""
        batches = source.poll()
        count = self._shares.receive(batches)
        self.records += count
        self.lag = source.lag
        if not self._shares.by_name:
            self._say("standby")
        elif not count and source.is_caught_up:
            self._say("caught_up")
            self._tick()
        now_s = self._clock()
        told = sum(share.numbers.told for share in self._shares.by_name.values())
        due_s = SOON_S if told != self._told else self._checkpoint_s
        if now_s - self._kept_s >= due_s:
            self._told = told
            self._keep(source)

    def _tick(self) -> None:
        now_s = self._clock()
        if now_s - self._ticked_s >= TICK_S:
            self._ticked_s = now_s
            self._shares.advance(now_s - LINGER_S)

    def _keep(self, source: Source) -> None:
        self._kept_s = self._clock()
        kept = self._shares.checkpoint()
        with suppress(OutboxError):  # it is only told later that this was kept
            source.keep(kept)

    def _say(self, state: str) -> None:
        if state != self.state:
            self.state, self.why = state, ""
            _log.info("monitor_state", state=state, lag=self.lag)


def _line_of(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:200]
