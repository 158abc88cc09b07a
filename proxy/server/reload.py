"""The policies in force, and their replacement when files change. An exchange keeps the policy it began with.

What changed is loaded beside the old, in a thread, and put in place whole; an error in any policy is reported and
changes nothing.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import structlog

from detectors.types import Stability
from policies.problems import PolicyError, Problem
from policies.sources import read_bytes, stamp
from policies.types import Direction
from proxy.guard.warming import warm
from proxy.server.scanning import log_scan_error

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping
    from pathlib import Path

    from detectors.types import Detector
    from policies.loader import LoadedPolicy, ResolvedPolicy
    from policies.sources import SourceFile
    from policies.types import Policy
    from proxy.server.metrics import Metrics

    Loader = Callable[[], LoadedPolicy]

POLL_S: Final = 1.0
"""How often the files are looked at: their metadata first, their content when that changed."""

REVISION_CHARS: Final = 12

DEFAULT: Final = ""
"""Names the default policy."""

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
    resolved: ResolvedPolicy | None = None
    """Its plain form, where it was loaded here."""
    allows_echo: bool = False
    """Whether a rule asks what the user typed."""

    @property
    def advice(self) -> tuple[Problem, ...]:
        """What had better be changed in it, though it can be used."""
        return () if self.resolved is None else self.resolved.advice

    @classmethod
    def of(cls, policy: Policy, resolved: ResolvedPolicy | None = None) -> ActivePolicy:
        """Return the view of a policy."""
        return cls(
            policy=policy,
            label=f"{policy.name}@{policy.revision[:REVISION_CHARS]}",
            guards_requests=any(Direction.REQUEST in rule.directions for rule in policy.rules),
            timed=any(d.stability is Stability.WINDOW for d in policy.detectors.values()),
            resolved=resolved,
            allows_echo=any(rule.allow_echo for rule in policy.rules),
        )


class PolicyChange(NamedTuple):
    """What became of a policy that was loaded."""

    activity: str
    """loaded, reloaded or refused."""
    policy: Policy
    """The one in force after it."""
    before: str | None
    """Revision of the one before."""
    problems: int = 0
    """How many mistakes a refused one had."""
    resolved: ResolvedPolicy | None = None
    """The plain form of the one in force, unless it was refused."""


class PolicyHolder:
    """Holds the policies in force: the default, and those of routes by what names them in the configuration."""

    def __init__(
        self,
        policy: Policy,
        load: Loader | None,
        metrics: Metrics,
        routed: Mapping[str, Loader] | None = None,
    ) -> None:
        """`load` builds the default policy anew and raises `PolicyError`; None: it never changes.

        `routed` builds those of routes; they are loaded now. All are warmed, which takes up to a second for each.
        """
        self._loaders = dict(routed or {})
        loaded = load_all(self._loaders)
        if load is not None:
            self._loaders[DEFAULT] = load
        self.on_change: Callable[[PolicyChange], None] = _nobody
        """Hears of every attempt that changed a policy or had mistakes."""
        self.prepare: Callable[[Iterable[Detector]], Awaitable[list[str]]] = _nothing_wrong
        """Makes detectors ready before their policies are in force; returns what is wrong with them."""
        self.on_force: Callable[[Iterable[Detector]], None] = _nobody
        """Hears of all detectors in force when that changed."""
        self._metrics = metrics
        self._lock = asyncio.Lock()
        self.active: Mapping[str, ActivePolicy] = {
            DEFAULT: ActivePolicy.of(policy),
            **{name: ActivePolicy.of(one.policy, one.resolved) for name, one in loaded.items()},
        }
        """By name, the default under "". Replaced as a whole, so that those of one moment belong together."""
        for one in self.active.values():
            warm(one.policy, log_scan_error)
        self.files: tuple[SourceFile, ...] = _files_of(loaded)
        """Files whose change may change a policy, as the last attempt to load them found them."""

    @classmethod
    def loaded(cls, load: Loader, metrics: Metrics, routed: Mapping[str, Loader] | None = None) -> PolicyHolder:
        """Load all policies for the first time. Raises one `PolicyError` with all that is wrong with any."""
        first = load_all({DEFAULT: load, **(routed or {})})
        holder = cls(first[DEFAULT].policy, load, metrics, {name: _given(first[name]) for name in routed or {}})
        default = ActivePolicy.of(first[DEFAULT].policy, first[DEFAULT].resolved)
        holder.active = {**holder.active, DEFAULT: default}
        holder._loaders = {**(routed or {}), DEFAULT: load}
        holder.files = _files_of(first)
        holder._tell_advice(holder.active.values())
        return holder

    @property
    def current(self) -> ActivePolicy:
        """The default policy."""
        return self.active[DEFAULT]

    async def reload(self) -> bool:
        """Load all policies again. Returns whether they are valid now; on an error all present ones stay."""
        if not self._loaders:
            return True
        async with self._lock:
            try:
                loaded = await asyncio.to_thread(_load_warm, self._loaders)
                await self._prepare(loaded)
            except (PolicyError, OSError) as error:
                if isinstance(error, PolicyError) and error.files:
                    self.files = error.files
                self._metrics.count_reload("failed")
                kept = ", ".join(dict.fromkeys(one.label for one in self.active.values()))
                _log.error("policy_reload_failed", kept=kept, problem=str(error))
                problems = len(error.problems) if isinstance(error, PolicyError) else 1
                self.on_change(PolicyChange("refused", self.current.policy, self.current.policy.revision, problems))
                return False
            self.files = _files_of(loaded)
            self._put_in_force(loaded)
            return True

    async def _prepare(self, loaded: Mapping[str, LoadedPolicy]) -> None:
        problems = await self.prepare(detectors_of(one.policy for one in loaded.values()))
        if problems:
            name = loaded[DEFAULT].policy.name if DEFAULT in loaded else self.current.policy.name
            raise PolicyError([Problem(name, 0, 0, said) for said in problems], _files_of(loaded))

    def _put_in_force(self, loaded: Mapping[str, LoadedPolicy]) -> None:
        before = self.active
        changed = {
            name: ActivePolicy.of(one.policy, one.resolved)
            for name, one in loaded.items()
            if (one.policy.name, one.policy.revision) != (before[name].policy.name, before[name].policy.revision)
        }
        self.active = {**before, **changed}
        self.on_force(detectors_of(one.policy for one in self.active.values()))
        self._metrics.count_reload("changed" if changed else "unchanged")
        self._tell_advice(changed.values())
        for name, active in changed.items():
            _log.info("policy_reloaded", policy=active.label, before=before[name].label)
            revision = before[name].policy.revision
            self.on_change(PolicyChange("reloaded", active.policy, revision, resolved=active.resolved))

    def _tell_advice(self, new: Iterable[ActivePolicy]) -> None:
        """Say what had better be changed in policies that come into force, and count it for all that are."""
        for active in new:
            for problem in active.advice:
                _log.warning("policy_warning", policy=active.label, problem=str(problem))
        self._metrics.set_policy_warnings(sum(len(active.advice) for active in self.active.values()))


def load_all(loaders: Mapping[str, Loader]) -> dict[str, LoadedPolicy]:
    """Load several policies. Raises one `PolicyError` with what is wrong with any, and the files of all."""
    loaded: dict[str, LoadedPolicy] = {}
    problems: list[Problem] = []
    files: list[SourceFile] = []
    for name, load in loaders.items():
        try:
            loaded[name] = load()
        except PolicyError as error:
            problems += error.problems
            files += error.files
        else:
            files += loaded[name].resolved.files
    if problems:
        raise PolicyError(problems, tuple(dict.fromkeys(files)))
    return loaded


def _load_warm(loaders: Mapping[str, Loader]) -> dict[str, LoadedPolicy]:
    """Load several policies, ready for the first text."""
    loaded = load_all(loaders)
    for one in loaded.values():
        warm(one.policy, log_scan_error)
    return loaded


def _given(loaded: LoadedPolicy) -> Loader:
    return lambda: loaded


def _files_of(loaded: Mapping[str, LoadedPolicy]) -> tuple[SourceFile, ...]:
    return tuple(dict.fromkeys(file for one in loaded.values() for file in one.resolved.files))


def detectors_of(policies: Iterable[Policy]) -> list[Detector]:
    """Return the detectors of several policies, each once."""
    return list({id(one): one for policy in policies for one in policy.detectors.values()}.values())


def _nobody(_news: object) -> None:
    """Nobody listens yet."""


async def _nothing_wrong(_detectors: object) -> list[str]:
    return []


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
