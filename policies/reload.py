"""What to do about a policy whose files may have changed: take it whole, or keep the last good one and say why.

It does not watch and does not wait: the server calls `reload` now and then, off the event loop. A running exchange
keeps the `Policy` it began with, because nothing of a policy ever changes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from policies.loader import load
from policies.problems import PolicyError
from policies.sources import read_bytes, stamp

if TYPE_CHECKING:
    from policies.loader import LoadedPolicy
    from policies.problems import Problem
    from policies.sources import Reader, SourceFile


class ReloadResult(StrEnum):
    """The label of `config_reloads_total`, and `unchanged`, which counts nowhere."""

    UNCHANGED = "unchanged"
    APPLIED = "applied"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Reloadable:
    """A policy in use, and the files whose change means that it must be looked at again."""

    source: str | Path
    loaded: LoadedPolicy
    """The last good one."""
    seen: tuple[SourceFile, ...]
    """The files as they were at the last attempt, good or not."""


@dataclass(frozen=True, slots=True)
class ReloadReport:
    """What one look at the files came to."""

    result: ReloadResult
    old_revision: str
    new_revision: str
    """Of the policy in use from now on: equal to the old one when nothing that matters changed."""
    problems: tuple[Problem, ...] = ()
    """Why the new content was rejected."""


def first(source: str | Path, *, hash_key: bytes = b"", read: Reader = read_bytes) -> Reloadable:
    """Load a policy that can be reloaded. Raises `PolicyError`."""
    loaded = load(source, hash_key=hash_key, read=read)
    return Reloadable(source, loaded, loaded.resolved.files)


def reload(
    current: Reloadable, *, read: Reader = read_bytes, force: bool = False
) -> tuple[Reloadable, ReloadReport]:
    """Look at the files, and load the policy anew when one of them changed since the last look, or when told to.

    The answer is the new policy or the old one, never a mixture. Broken content is reported once only.
    """
    old = current.loaded.policy
    now = tuple(stamp(file.path, read, file.limit) for file in current.seen)
    if now == current.seen and not force:
        return current, ReloadReport(ReloadResult.UNCHANGED, old.revision, old.revision)
    try:
        loaded = load(current.source, hash_key=old.hash_key, read=read)
    except PolicyError as error:
        report = ReloadReport(ReloadResult.REJECTED, old.revision, old.revision, error.problems)
        return replace(current, seen=_watched(current, error)), report
    report = ReloadReport(ReloadResult.APPLIED, old.revision, loaded.policy.revision)
    return Reloadable(current.source, loaded, loaded.resolved.files), report


def _watched(current: Reloadable, error: PolicyError) -> tuple[SourceFile, ...]:
    """Return the files whose change may cure the error: what was read now, and what the last good one came from."""
    read_now = {file.path for file in error.files}
    kept = [file for file in current.loaded.resolved.files if file.path not in read_now]
    return (*error.files, *kept)
