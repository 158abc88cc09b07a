"""The thread that moves the outbox's log into its file, beside those who write: a commit must not wait for that.

SQLite would do it within a commit, when the log has grown: tens of milliseconds for whoever waits for that one. It
neither reads nor writes events.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from events.outbox.rows import OutboxError
from events.outbox.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from events.outbox.settings import OutboxSettings

LONG_LOG_PAGES: Final = 2048
"""8 MB. Commits that follow without a gap keep the log from beginning anew; from here on they are made to wait."""
GIVE_BACK_PAGES: Final = 64
"""Pages that are given back to the disk at once: below a millisecond."""


class Tidier:
    """Keeps the log of one outbox short. `want` may be called from any thread."""

    def __init__(self, path: Path, settings: OutboxSettings) -> None:
        self._path = path
        self._settings = settings
        self._wanted = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="sluicegate-outbox-tidy", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def want(self) -> None:
        """Ask for the log to be moved. Does not wait."""
        self._wanted.set()

    def close(self) -> None:
        """End; what runs is brought to its end."""
        self._closing = True
        self._wanted.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        store: Store | None = None
        while self._wanted.wait() and not self._closing:
            self._wanted.clear()
            try:
                store = store or Store(self._path, self._settings)
                self._tidy(store)
            except (OutboxError, OSError):  # a commit says it when the disk is the reason
                _close(store)
                store = None
        _close(store)

    @staticmethod
    def _tidy(store: Store) -> None:
        store.checkpoint()
        pages = store.checkpoint()  # only what was committed meanwhile: so short that no commit falls into it
        if pages > LONG_LOG_PAGES:
            store.checkpoint(alone=True)
        store.give_back(GIVE_BACK_PAGES)


def _close(store: Store | None) -> None:
    if store is not None:
        with suppress(OutboxError, OSError):
            store.close()
