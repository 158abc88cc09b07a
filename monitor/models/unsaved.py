"""What a snapshot leaves out of a model: answers that wait to be taken in, and what follows from the rest.

An answer that can change nothing by itself may wait for others, since many at once cost less. Whoever reads the
model has it take them in first, and so does a snapshot: its bytes tell what was learned, and nothing of who read
what when.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar


class PartlySaved(ABC):
    """A model of which a snapshot leaves something out."""

    UNSAVED: ClassVar[frozenset[str]]
    """The attributes that `_begin` makes."""

    @abstractmethod
    def _begin(self) -> None:
        """Make the attributes that no snapshot has. Nothing waits."""

    def _take_in(self) -> object:  # noqa: B027 - where nothing waits there is nothing to do
        """Take in all that waits. It is too little for anything to fire."""

    def __getstate__(self) -> dict[str, Any]:
        """Return what was learned."""
        self._take_in()
        return {name: value for name, value in vars(self).items() if name not in self.UNSAVED}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Go on from what was learned."""
        vars(self).update(state)
        self._begin()
