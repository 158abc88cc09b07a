"""The policy in force, and its replacement when its files change. An exchange keeps the policy it began with.

A changed policy is loaded beside the old one, in a thread, and put in place whole; one with an error is reported
and changes nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog

from detectors.types import Stability
from policies.problems import PolicyError
from policies.types import Direction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from policies.loader import LoadedPolicy
    from policies.types import Policy
    from proxy.server.metrics import Metrics

POLL_S: Final = 1.0
"""How often the files are looked at: their metadata first, their content when that changed."""

REVISION_CHARS: Final = 12

_log = structlog.get_logger("sluicegate.policy")


@dataclass(frozen=True, slots=True)
class ActivePolicy:
    """A policy with what the server asks of it at every exchange."""

    policy: Policy
    label: str
    """`NAME@REVISION12`, for headers and logs."""
    guards_requests: bool
    timed: bool
    """Whether it has detectors whose segments are closed by time."""

    @classmethod
    def of(cls, policy: Policy) -> ActivePolicy:
        """Return the view of a policy."""
        return cls(
            policy=policy,
            label=f"{policy.name}@{policy.revision[:REVISION_CHARS]}",
            guards_requests=any(Direction.REQUEST in rule.directions for rule in policy.rules),
            timed=any(d.stability is Stability.WINDOW for d in policy.detectors.values()),
        )


class PolicyHolder:
    """Holds the policy in force."""

    def __init__(self, policy: Policy, load: Callable[[], LoadedPolicy] | None, metrics: Metrics) -> None:
        """`load` builds the policy anew from its files and raises `PolicyError`; None: it never changes."""
        self.current = ActivePolicy.of(policy)
        self.files: tuple[Path, ...] = ()
        """Files whose change may change the policy: those of the last attempt to load it."""
        self._load = load
        self._metrics = metrics
        self._lock = asyncio.Lock()

    @classmethod
    def loaded(cls, load: Callable[[], LoadedPolicy], metrics: Metrics) -> PolicyHolder:
        """Load a policy for the first time. Raises `PolicyError`."""
        first = load()
        holder = cls(first.policy, load, metrics)
        holder.files = tuple(file.path for file in first.resolved.files)
        return holder

    async def reload(self) -> bool:
        """Load the policy again. Returns whether it is valid now; on an error the present one stays."""
        if self._load is None:
            return True
        async with self._lock:
            try:
                loaded = await asyncio.to_thread(self._load)
            except (PolicyError, OSError) as error:
                if isinstance(error, PolicyError) and error.files:
                    self.files = tuple(file.path for file in error.files)
                self._metrics.count_reload("failed")
                _log.error("policy_reload_failed", kept=self.current.label, problem=str(error))
                return False
            self.files = tuple(file.path for file in loaded.resolved.files)
            before = self.current
            if loaded.policy.revision == before.policy.revision and loaded.policy.name == before.policy.name:
                self._metrics.count_reload("unchanged")
                return True
            self.current = ActivePolicy.of(loaded.policy)
            self._metrics.count_reload("changed")
            _log.info("policy_reloaded", policy=self.current.label, before=before.label)
            return True


class FileWatch:
    """Tells when any of some files changed in content. Metadata alone (a touch, a copy) does not count."""

    def __init__(self, files: Iterable[Path]) -> None:
        self._files = tuple(files)
        self._stamps = self._stamp()
        self._digest = self._content()

    def changed(self) -> bool:
        """Whether the content differs from the last call's. Reads the files only when their metadata changed."""
        stamps = self._stamp()
        if stamps == self._stamps:
            return False
        digest = self._content()
        self._stamps = stamps
        if digest == self._digest:
            return False
        self._digest = digest
        return True

    def _stamp(self) -> tuple[tuple[int, int, int] | None, ...]:
        return tuple(_stamp(path) for path in self._files)

    def _content(self) -> bytes:
        digest = hashlib.sha256()
        for path in self._files:
            try:
                data = path.read_bytes()
            except OSError:
                data = b""  # being replaced just now: seen again at the next poll, by its new metadata
            digest.update(len(data).to_bytes(8, "big") + data)
        return digest.digest()


async def watch(holder: PolicyHolder, poll_s: float = POLL_S) -> None:
    """Reload the policy whenever its files change, until cancelled."""
    files = holder.files
    watched = FileWatch(files)
    while True:
        await asyncio.sleep(poll_s)
        if await asyncio.to_thread(watched.changed):
            await holder.reload()
        if holder.files != files:
            files = holder.files
            watched = FileWatch(files)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino, status.st_size
