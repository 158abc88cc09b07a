"""The thread that writes the outbox: drafts in, one durable commit for all that waits.

An event that somebody waits for is committed at once, with everything that came before it; the others wait a moment
for company. What cannot be kept is told to who waits, and counted. Nothing here runs on an event loop.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

from events.outbox.rows import DeadLetter, Entry, OutboxError
from events.outbox.settings import OnFull
from events.outbox.store import Store
from events.outbox.tidying import Tidier

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from events.outbox.settings import OutboxSettings

    Done = Callable[[str | None], None]
    """Is told when a submission is durable (None), or why it is not, in one word. Called in the writer's thread."""
    Count = Callable[[str, int], None]
    Submission = tuple[Sequence["Draft | Callable[[], Draft]"], Done | None]

LINGER_S: Final = 0.05
"""How long events that nobody waits for are gathered: at a crash of the machine these are lost."""
MAX_WAITING: Final = 4096
"""Submissions in memory: a disk that takes nothing for seconds must not eat the memory."""
MAX_BATCH: Final = 512
"""Submissions in one commit: about 10 ms of building events."""
PAUSE_EVERY: Final = 32
"""After so many events built, the interpreter is given away for a moment: the event loop may need it."""
PAUSE_S: Final = 0.0002
TIDY_EVERY: Final = 64
"""Commits between two checkpoints: some 1.5 MB of log."""


class Draft(NamedTuple):
    """An event that was decided: its identity is fixed, its value is built in the writer's thread."""

    id: str
    topic: str | None
    key: str
    created_ms: int
    build: Callable[[], bytes]
    """Returns the value. When it raises, a dead letter takes the event's place."""
    seal: Callable[[], bytes] | None = None
    """Returns what only local subscribers get (see `Entry.sealed`). When it raises, a dead letter has the value."""


class OutboxWriter:
    """One process's way into the outbox. `submit` may be called from one thread, the event loop's."""

    def __init__(
        self,
        path: Path,
        settings: OutboxSettings,
        *,
        now_ms: Callable[[], int],
        on_dropped: Count,
        on_dead: Count,
    ) -> None:
        """`on_dropped` and `on_dead` hear of events lost and buried: a reason, and how many."""
        self._path = path
        self._settings = settings
        self._now_ms = now_ms
        self._on_dropped = on_dropped
        self._on_dead = on_dead
        self._queue: deque[Submission] = deque()
        self._some = threading.Event()
        self._urgent = threading.Event()
        self._closing = False
        self._store: Store | None = None
        self._since_tidy = 0
        self._tidier = Tidier(path, settings)
        self._thread = threading.Thread(target=self._run, name="sluicegate-outbox", daemon=True)

    def start(self) -> None:
        """Open the outbox and begin. Raises `OutboxError`."""
        self._store = Store(self._path, self._settings)
        self._thread.start()
        self._tidier.start()

    def submit(self, drafts: Sequence[Draft | Callable[[], Draft]], done: Done | None = None) -> None:
        """Put events into the outbox, after all that were submitted before. Does not wait.

        What gives a draft is asked for it in the writer's thread: many are made faster in a row than one by one.
        """
        if self._closing or len(self._queue) >= MAX_WAITING:
            self._refuse([(drafts, done)], "closed" if self._closing else "overload")
            return
        self._queue.append((drafts, done))
        if done is not None:
            self._urgent.set()
        if not self._some.is_set():
            self._some.set()

    def close(self, timeout_s: float = 10.0) -> None:
        """Commit what waits, and end. Nothing may be submitted any more."""
        self._closing = True
        self._urgent.set()
        self._some.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    # In the writer's thread.

    def _run(self) -> None:
        while True:
            self._some.wait()
            if not self._urgent.is_set():
                self._urgent.wait(LINGER_S)
            self._urgent.clear()
            self._some.clear()
            self._write_waiting(len(self._queue))
            if self._queue:
                self._some.set()  # came since: they wait for company again, unless somebody waits for them
            elif self._closing:
                break
        self._tidier.close()
        if self._store is not None:
            self._store.close()

    def _write_waiting(self, count: int) -> None:
        """Write the oldest submissions, a batch at a time."""
        queue = self._queue
        for at in range(0, count, MAX_BATCH):
            batch = [queue.popleft() for _ in range(min(count - at, MAX_BATCH))]
            try:
                self._write(batch)
            except Exception:  # noqa: BLE001 - a bug must not end the thread: who waits is told, and stops
                self._tell(batch, "bug")
                self._on_dropped("bug", _count(batch))

    def _write(self, batch: list[Submission]) -> None:
        entries: list[Entry] = []
        dead: list[DeadLetter] = []
        built = 0
        for drafts, _ in batch:
            for draft in drafts:
                self._build(draft, entries, dead)
                built += 1
                if built % PAUSE_EVERY == 0 and not self._urgent.is_set():
                    time.sleep(PAUSE_S)
        reason = self._commit(entries, dead)
        if reason is not None:
            self._refuse(batch, reason)
            return
        self._tell(batch, None)
        self._since_tidy += 1
        if self._since_tidy >= TIDY_EVERY:
            self._since_tidy = 0
            self._tidier.want()

    @staticmethod
    def _tell(batch: list[Submission], reason: str | None) -> None:
        for _, done in batch:
            if done is not None:
                done(reason)

    def _build(self, given: Draft | Callable[[], Draft], entries: list[Entry], dead: list[DeadLetter]) -> None:
        try:
            draft = given if isinstance(given, Draft) else given()
        except Exception:  # noqa: BLE001 - without an identity there is no dead letter; the others go on
            self._on_dropped("bug", 1)
            return
        value = b""
        try:
            value = draft.build()
            sealed = None if draft.seal is None else draft.seal()
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one event is a dead letter, with its name
            entry = Entry(draft.id, draft.topic, draft.key, draft.created_ms, value)
            reason = str(error) if isinstance(error, ValueError) and str(error).isidentifier() else "unserialisable"
            dead.append(DeadLetter(entry, self._now_ms(), 0, reason))
            return
        entries.append(Entry(draft.id, draft.topic, draft.key, draft.created_ms, value, sealed))

    def _commit(self, entries: list[Entry], dead: list[DeadLetter]) -> str | None:
        """Make it durable. Returns why that was not possible."""
        try:
            if self._store is None:
                self._store = Store(self._path, self._settings)
            if entries:
                dropped = self._store.append(entries, self._now_ms())
                if dropped:
                    self._on_dropped("full", dropped)
            if dead:
                self._store.bury(dead)
                for letter in dead:
                    self._on_dead(letter.reason, 1)
        except (OutboxError, OSError) as error:
            reason = error.reason if isinstance(error, OutboxError) else "io"
            if reason == "io" and self._store is not None:
                self._store.close()  # opened anew at the next commit: the disk may be back
                self._store = None
            return reason
        return None

    def _refuse(self, batch: list[Submission], reason: str) -> None:
        """Tell that events are not durable: who waits stops, unless the configuration gives events up."""
        passes = self._settings.on_full is OnFull.DROP_OLDEST
        self._on_dropped(reason, _count(batch))
        self._tell(batch, None if passes else reason)


def _count(batch: list[Submission]) -> int:
    return sum(len(drafts) for drafts, _ in batch)
