"""The shares that are at work here: opened, fed, kept, read. One thread feeds them, others read under `lock`."""

from __future__ import annotations

from threading import RLock
from typing import TYPE_CHECKING

from events.outbox.rows import OutboxError
from monitor.service.references import added, keep_reference, references_for
from monitor.service.share import Share
from monitor.types import WHOLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from monitor.service.source import Batch
    from monitor.settings import MonitorSettings
    from monitor.types import Alarm


class Shares:
    """All shares of one monitor. Raises `ReferencesError` when the settings name a reference that is not there."""

    def __init__(self, folder: Path, settings: MonitorSettings, key: bytes, tell: Callable[[Alarm], None]) -> None:
        self.folder = folder
        self._settings = settings
        self._key = key
        self._tell = tell
        self.references = references_for(settings.drift.reference, folder)
        self.lock = RLock()
        """Whoever reads engines holds it; everything here takes it."""
        self.by_name: dict[str, Share] = {}
        self._fault: Exception | None = None
        """Why what is in memory may not be kept: all is to be closed, and taken up again from the disk."""

    # As `Held`.

    def keep(self, names: set[str], told_to: Mapping[str, Mapping[str, int]]) -> None:
        """See `Held.keep`. Raises OSError."""
        with self.lock:
            for gone in self.by_name.keys() - names:
                self.by_name.pop(gone).close()
            for name in sorted(names - self.by_name.keys()):
                share = Share(name, self.folder, self._settings, self._key, self._tell, self.references)
                share.mute(dict(told_to.get(name, {})))
                self.by_name[name] = share

    def leave(self) -> None:
        """See `Held.leave`. Raises OSError."""
        self.checkpoint()

    def position(self, share: str, stream: str) -> int:
        """See `Held.position`."""
        return self.by_name[share].position(stream)

    def wants(self, share: str, stream: str) -> bool:
        """See `Held.wants`."""
        found = self.by_name.get(share)
        return found is None or found.wants(stream)

    # Work.

    def receive(self, batches: Iterable[Batch]) -> int:
        """Learn from records; return how many there were. Raises OSError and `OutboxError`."""
        count = 0
        with self.lock:
            self._check()
            for batch in batches:
                share = self.by_name.get(batch.share)
                if share is not None and (batch.items or share.needs_positions):
                    share.receive(batch.stream, batch.items, batch.position)
                    count += len(batch.items)
        return count

    def advance(self, now_s: float) -> None:
        """Let time pass. Raises as `receive`."""
        with self.lock:
            for share in self.by_name.values():
                share.advance(now_s)

    def say(self, what: str, alarm_id: str, now_s: float) -> None:
        """Acknowledge or close an alarm. Raises KeyError for one that is not open here, and as `receive`."""
        with self.lock:
            for share in self.by_name.values():
                if share.has_open(alarm_id):
                    try:
                        share.say(what, alarm_id, now_s)
                    except (OSError, OutboxError) as error:
                        self._fault = error  # it may be done by half: the journal has it, and does it again
                        raise
                    return
        raise KeyError(alarm_id)

    def keep_reference(self, name: str) -> bool:
        """Keep the shape of all traffic's scores under a name, for the next start. Returns whether there is one.

        Raises `ReferencesError` and OSError.
        """
        with self.lock:
            engines = [share.engine for share in self.by_name.values()]
            shapes = [
                engine.reference() for engine in engines if any(one.slice == WHOLE for one in engine.slices())
            ]
            found = added([shape for shape in shapes if shape is not None])
            if found is not None:
                keep_reference(self.folder, name, found)
        return found is not None

    def checkpoint(self) -> dict[str, int]:
        """Write down what was learned; return the places up to which nobody needs records again.

        Raises as `receive`.
        """
        kept: dict[str, int] = {}
        with self.lock:
            self._check()
            for share in self.by_name.values():
                for stream, offset in share.checkpoint().items():
                    kept[stream] = min(offset, kept.get(stream, offset))
        return kept

    def close(self) -> None:
        """Close all; a checkpoint is its caller's."""
        with self.lock:
            for share in self.by_name.values():
                share.close()
            self.by_name.clear()
            self._fault = None

    def _check(self) -> None:
        if self._fault is not None:
            raise self._fault
