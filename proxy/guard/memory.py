"""What the guards of one exchange's two messages share. It is made with the exchange and goes with it."""

from __future__ import annotations

from policies.substitutes import Substitutes
from proxy.guard.typed import Typed


class Memory:
    """Values of one exchange, while it lasts. Nothing of it is stored, logged or shown."""

    __slots__ = ("substitutes", "typed")

    def __init__(self) -> None:
        self.substitutes = Substitutes()
        """What stands for what."""
        self.typed = Typed()
        """What the user typed, where a rule asks."""
