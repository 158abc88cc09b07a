"""What a dialect gives to the properties that hold in every dialect. How to add one is in `dialects`."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from proxy.wire.registry import DIALECTS
from tests.support import generated

if TYPE_CHECKING:
    from collections.abc import Callable

    from proxy.wire.types import Dialect


class Answer(NamedTuple):
    """One answer in both layouts."""

    stream: bytes
    whole: bytes
    planted: list[str]
    """Values in it that `generated.POLICY` takes out."""


class Prose:
    """Makes the texts of one answer, and remembers what was planted in them."""

    def __init__(self, chance: random.Random, *, clean: bool) -> None:
        """`clean`: nothing that a policy could find, no digits."""
        self.chance = chance
        self.planted: list[str] = []
        self._clean = clean

    def text(self, longest: int = 9) -> str:
        """Return a text, now and then with values in it or with a phrase that blocks."""
        chance = self.chance
        if self._clean:
            words = [word for word in generated.WORDS if not any(char.isdigit() for char in word)]
            return " ".join(chance.choices(words, k=chance.randrange(1, longest)))
        values = [generated.planted(chance) for _ in range(chance.randrange(3))]
        self.planted += values
        text = generated.prose(chance, values, longest)
        return f"{text} halt the presses now" if chance.random() < 0.05 else text

    def pieces(self, text: str) -> list[str]:
        """Return a text cut into deltas anyhow."""
        return generated.pieces(self.chance, text)


@dataclass(frozen=True, slots=True)
class DialectCase:
    """One row of the table."""

    dialect: str
    """Its name in the registry."""
    answer: Callable[[Prose], Answer]
    shown: Callable[[bytes], dict[str, str]]
    """Reads a stream as a client does, by the simplest means: each text under a name. Tool arguments, as JSON,
    have names that begin with `args`."""
    shown_whole: Callable[[bytes], dict[str, str]]
    """Reads a whole answer: the same names for the same texts."""
    described: Dialect | None = None
    """A dialect that is not in the registry."""

    @property
    def spoken(self) -> Dialect:
        """The dialect itself."""
        return self.described or DIALECTS[self.dialect]
