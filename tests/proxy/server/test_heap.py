"""Once the server has started, what was loaded is not looked through for garbage."""

from __future__ import annotations

import gc

from proxy.server.heap import settle_heap


def test_the_settled_heap_is_not_walked_again() -> None:
    """What is loaded is frozen, and new garbage is looked at less often."""
    before = gc.get_threshold()
    try:
        settle_heap()
        assert gc.get_freeze_count() > 10_000
        assert gc.get_threshold()[0] > before[0]
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
