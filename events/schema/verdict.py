"""`dev.sluicegate.verdict.v1`: what a reviewer says about an incident. The last one for an incident counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

TYPE: Final = "dev.sluicegate.verdict.v1"
VERSION: Final = "1.0"


@dataclass(frozen=True, slots=True)
class VerdictData:
    """The data of a verdict event."""

    schema_version: str
    """Version of this schema."""
    incident_id: str
    """The incident; key of the event."""
    reviewer_hash: str
    """Keyed fingerprint of who said it."""
    annotator_kind: Literal["human", "model", "rule"]
    """What sort of reviewer it was."""
    label: Literal["true_positive", "false_positive", "unsure"]
    """Whether the rule was right to act."""
    severity: Literal["informational", "low", "medium", "high"] | None = None
    """How bad it would have been, in the reviewer's eyes."""
    category_fix: str | None = None
    """The category that would have been right."""
    rewrite_quality: int | None = None
    """1 (unreadable) to 5 (nobody would notice)."""
    seconds_spent: float | None = None
    """How long the reviewer looked."""
    guideline_version: str | None = None
    """The guideline that was followed."""
