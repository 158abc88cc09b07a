"""What the guards of one exchange share."""

from proxy.guard.memory import Memory


def test_two_exchanges_share_nothing() -> None:
    """What stands for a value in one exchange is unknown in another."""
    one, other = Memory(), Memory()
    made = one.substitutes.stand_in("A", "x", str, has_way_back=True)
    assert (one.substitutes.original(made), other.substitutes.original(made)) == ("x", None)


def test_it_shows_nothing() -> None:
    """No value is in its representation."""
    memory = Memory()
    memory.substitutes.stand_in("A", "jane.roe@example.com", str)
    assert "jane" not in repr(memory)
