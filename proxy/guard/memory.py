"""What the guards of one exchange's two messages share. It is made with the exchange and goes with it."""

from __future__ import annotations

from policies.substitutes import Substitutes


class Memory:
    """Values of one exchange, while it lasts. Nothing of it is stored, logged or shown."""

    __slots__ = ("substitutes",)

    def __init__(self) -> None:
        self.substitutes = Substitutes()
        """What stands for what."""
