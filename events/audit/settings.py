"""What the audit store keeps, where, and for how long. Plain values: nothing is opened or read here."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

FILE_NAME: Final = "audit.db"
ANCHORS_NAME: Final = "audit-anchors.jsonl"


class AuditText(StrEnum):
    """How much of the text of an exchange with an incident is kept."""

    WHOLE = "whole"
    """Each text that had an incident, from its beginning to its end."""
    WINDOW = "window"
    """What stands around each incident."""
    NONE = "none"
    """No text: the record says what was found and done, and where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSettings:
    """Settings of the audit store."""

    keys: str = field(repr=False)
    """The keys, as `keys.read_keys` takes them. The first one encrypts, all of them decrypt."""
    text: AuditText = AuditText.WINDOW
    window_chars: int = 400
    """Characters kept before and after a finding."""
    max_chars: int = 200_000
    """Longest text of one record; what is beyond is cut off, and the record says so."""
    database: str = field(default="", repr=False)
    """A URL of SQLAlchemy; it may hold a password. Empty: a SQLite file in the state folder."""
    retention_s: float = 90 * 86_400.0
    """How long texts are kept. What was found and done stays in the chain."""
