"""What the guards of one exchange share."""

from policies.types import Direction
from proxy.guard.memory import Memory, memory_of


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


def test_fakes_may_be_said_again_by_the_answer_alone() -> None:
    """The message that begins says which it is; a message that is all there is has a memory of its own."""
    memory = Memory()
    for direction in (Direction.REQUEST, Direction.RESPONSE):
        assert memory_of(memory, direction) is memory
        assert memory.substitutes.is_answering == (direction is Direction.RESPONSE)
    assert memory_of(None, Direction.REQUEST) is not memory_of(None, Direction.REQUEST)
