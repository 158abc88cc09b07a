"""`dev.sluicegate.audit-head.v1`: where the audit chain ended at a time. It anchors the chain outside its store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

TYPE: Final = "dev.sluicegate.audit-head.v1"
VERSION: Final = "1.0"


@dataclass(frozen=True, slots=True)
class AuditHeadData:
    """The data of an anchor."""

    schema_version: str
    """Version of this schema."""
    chain: str
    """Id of the chain; key of the event."""
    seq: int
    """Number of the last record."""
    hash: str
    """Its hash, which covers all records before it."""
