"""What the guards of one exchange's two messages share. It is made with the exchange and goes with it."""

from __future__ import annotations

from policies.substitutes import Substitutes
from policies.types import Direction
from proxy.guard.typed import Typed


def memory_of(memory: Memory | None, direction: Direction) -> Memory:
    """Return the memory of an exchange whose message in this direction begins; a new one where there is none."""
    found = Memory() if memory is None else memory
    found.substitutes.is_answering = direction is Direction.RESPONSE
    return found


class Memory:
    """Values of one exchange, while it lasts. Nothing of it is stored, logged or shown."""

    __slots__ = ("substitutes", "typed")

    def __init__(self) -> None:
        self.substitutes = Substitutes()
        """What stands for what."""
        self.typed = Typed()
        """What the user typed, where a rule asks."""
