"""The server's side of the audit store: how much of a text is kept for it, and what encrypts that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from events.audit.keys import read_keys
from events.audit.sealing import excerpts_value, seal
from events.audit.settings import AuditText
from proxy.guard.evidence import Evidence

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from events.audit.settings import AuditSettings
    from events.schema.excerpts import Excerpt
    from policies.loader import ResolvedPolicy
    from proxy.server.config import ServerConfig


class Sealer:
    """Encrypts texts for the audit store. Used in the outbox's thread."""

    def __init__(self, settings: AuditSettings) -> None:
        self._ring = read_keys(settings.keys)

    def excerpts(self, event_id: str, found: Sequence[Excerpt]) -> Callable[[], bytes] | None:
        """Return what encrypts excerpts for the record of an event; None where there are none."""
        if not found:
            return None
        return lambda: seal(self._ring, event_id, excerpts_value(found))

    def policy(self, event_id: str, resolved: ResolvedPolicy | None) -> Callable[[], bytes] | None:
        """Return what encrypts a policy, as one file that needs no other."""
        if resolved is None:
            return None
        return lambda: seal(self._ring, event_id, {"policy": resolved.to_yaml()})


def evidence_for(config: ServerConfig) -> Evidence | None:
    """Return how much of each text guards keep; None: nothing."""
    audit = config.audit
    if audit is None or audit.text is AuditText.NONE:
        return None
    whole = audit.max_chars if audit.text is AuditText.WHOLE else 0
    return Evidence(audit.window_chars, whole, audit.max_chars)
