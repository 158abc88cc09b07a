"""One publisher for one outbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from events.publisher.lease import Lease

if TYPE_CHECKING:
    from pathlib import Path


def test_a_lease_has_one_holder_at_a_time(tmp_path: Path) -> None:
    first, second = Lease(tmp_path), Lease(tmp_path)
    assert first.take()
    assert not second.take()
    first.close()
    assert second.take()
    second.close()
