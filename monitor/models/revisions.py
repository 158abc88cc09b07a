"""Which revisions of a policy are in force. While a rollout goes on there are two, and neither is news twice."""

from __future__ import annotations

from typing import Final

MAX_POLICIES: Final = 1000
"""Policies whose revisions are remembered."""
MAX_REVISIONS: Final = 8
"""Revisions of a policy that are remembered: more at one time is no rollout."""


class Revisions:
    """The revisions that were seen lately."""

    def __init__(self, forget_s: float) -> None:
        """`forget_s`: a revision that was not seen for so long is new again."""
        self._forget_s = forget_s
        self._seen_s: dict[str, dict[str, float]] = {}

    def is_new(self, policy: str, revision: str, now_s: float) -> bool:
        """Whether a policy's revision takes another's place. The first one that is seen takes nobody's."""
        known = self._seen_s.get(policy)
        if known is None:
            if len(self._seen_s) < MAX_POLICIES:
                self._seen_s[policy] = {revision: now_s}
            return False
        last_s = known.get(revision)
        known[revision] = now_s
        while len(known) > MAX_REVISIONS:
            del known[min(known, key=known.__getitem__)]
        return last_s is None or now_s - last_s > self._forget_s
