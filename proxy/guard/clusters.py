"""Findings that overlap are decided together; this says which they are and where a text may be parted."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from detectors.types import Finding


def clusters(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Group findings that overlap, directly or through others, in order of offset. Touching is not overlapping."""
    groups: list[list[Finding]] = []
    reach = -1
    for finding in sorted(findings, key=lambda f: (f.start, f.end)):
        if groups and finding.start < reach:
            groups[-1].append(finding)
        else:
            groups.append([finding])
        reach = max(reach, finding.end)
    return groups


def uncut(findings: Iterable[Finding], limit: int) -> int:
    """Return the largest offset up to `limit` that lies inside no finding."""
    for finding in sorted(findings, key=lambda f: f.start, reverse=True):
        if finding.start < limit < finding.end:
            limit = finding.start
    return limit
