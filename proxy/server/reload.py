"""The policy in force, and its replacement when its files change. An exchange keeps the policy it began with.

A changed policy is loaded beside the old one, in a thread, and put in place whole; one with an error is reported
and changes nothing.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import structlog

from detectors.types import Stability
from policies.problems import PolicyError
from policies.sources import read_bytes, stamp
from policies.types import Direction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from policies.loader import LoadedPolicy
    from policies.sources import SourceFile
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
        self.files: tuple[SourceFile, ...] = ()
        """Files whose change may change the policy, as the last attempt to load it found them."""
        self._load = load
        self._metrics = metrics
        self._lock = asyncio.Lock()

    @classmethod
    def loaded(cls, load: Callable[[], LoadedPolicy], metrics: Metrics) -> PolicyHolder:
        """Load a policy for the first time. Raises `PolicyError`."""
        first = load()
        holder = cls(first.policy, load, metrics)
        holder.files = first.resolved.files
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
                    self.files = error.files
                self._metrics.count_reload("failed")
                _log.error("policy_reload_failed", kept=self.current.label, problem=str(error))
                return False
            self.files = loaded.resolved.files
            before = self.current
            if loaded.policy.revision == before.policy.revision and loaded.policy.name == before.policy.name:
                self._metrics.count_reload("unchanged")
                return True
            self.current = ActivePolicy.of(loaded.policy)
            self._metrics.count_reload("changed")
            _log.info("policy_reloaded", policy=self.current.label, before=before.label)
            return True


class FileWatch:
    """Tells when files differ in content from what was read of them. A touch or a copy does not count."""

    def __init__(self, files: Iterable[SourceFile]) -> None:
        self._files = tuple(files)
        self._metadata: tuple[_Metadata | None, ...] | None = None

    def changed(self) -> bool:
        """Whether any content differs. Reads the files only when their metadata changed since the last call."""
        metadata = tuple(_metadata(file.path) for file in self._files)
        if metadata == self._metadata:
            return False
        self._metadata = metadata
        return any(stamp(file.path, read_bytes, file.limit) != file for file in self._files)


async def watch(holder: PolicyHolder, poll_s: float = POLL_S) -> None:
    """Reload the policy whenever its files change, until cancelled."""
    files = holder.files
    watched = FileWatch(files)
    while True:
        await asyncio.sleep(poll_s)
        if await asyncio.to_thread(watched.changed):
            await holder.reload()
        if holder.files is not files:
            files = holder.files
            watched = FileWatch(files)


class _Metadata(NamedTuple):
    modified_ns: int
    inode: int
    size: int


def _metadata(path: Path) -> _Metadata | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return _Metadata(status.st_mtime_ns, status.st_ino, status.st_size)
