"""`dev.sluicegate.policy.v1`: a policy was loaded, took another's place, or was refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

TYPE: Final = "dev.sluicegate.policy.v1"
VERSION: Final = "1.0"


@dataclass(frozen=True, slots=True)
class PolicyData:
    """The data of a policy event."""

    schema_version: str
    """Version of this schema."""
    activity: Literal["loaded", "reloaded", "refused"]
    """`loaded` at the start, `reloaded` when it changed, `refused` when a change had mistakes."""
    id: str
    """Name of the policy in force after this; key of the event."""
    hash: str
    """`sha256:` and its revision."""
    mode: Literal["enforce", "shadow"]
    """Whether it acts or only tells."""
    before: str | None = None
    """`sha256:` and the revision that was in force before; null at the start."""
    rules: int = 0
    """How many rules are in force."""
    problems: int = 0
    """How many mistakes a refused policy had. What they are stands in the log: it may quote the policy."""
