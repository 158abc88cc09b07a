"""What stands for what in one exchange: the texts that rules wrote in place of values, and the way back.

It lives as long as its exchange and belongs to it alone. It is never stored: it cannot be pickled, and no `repr` of
it shows what it holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from policies.said import Said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MAX_SUBSTITUTES = 10_000
"""Most values of one exchange: more than a prompt of a megabyte holds of anything but lists of them."""
MAX_SUBSTITUTE_CHARS = 1 << 20
"""Most characters of all values and of what stands for them."""
MAX_TRIES = 1000
"""How often a text is made anew when what was made is taken."""
MAX_FAKE_TRIES = 200
"""The same of fakes, which are drawn: a millisecond."""


class Substitutes:
    """A two-way map between values and what stands for them. The same value always gets the same text."""

    __slots__ = (
        "_chars",
        "_counts",
        "_fakes",
        "_first",
        "_originals",
        "_taken",
        "_texts",
        "is_answering",
        "said",
        "seed",
        "tenant",
    )

    def __init__(self, tenant: str = "") -> None:
        """`tenant`: whose exchange it is; empty where nobody says."""
        self.tenant = tenant
        """What is written with a key is written with one of this tenant's own."""
        self._texts: dict[tuple[str, bool, str], str] = {}
        self._originals: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._taken: set[str] = set()
        self._fakes: set[str] = set()
        self._chars = 0
        self._first = 0
        self.seed = b""
        """What tells this exchange from others: fakes are drawn by it."""
        self.said = Said()
        """What the request says: no fake is to be in it."""
        self.is_answering = False
        """Whether the request is over: what was written into it may be said again."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {len(self._texts)}>"

    def __reduce__(self) -> NoReturn:
        """Raise TypeError: values of an exchange go nowhere else."""
        raise TypeError("the values of an exchange are not stored")

    def __len__(self) -> int:
        """Return how many values have a text that stands for them."""
        return len(self._texts)

    @property
    def can_restore(self) -> bool:
        """Whether there is anything that has a way back."""
        return bool(self._originals)

    def reserve(self, texts: Iterable[str]) -> None:
        """Note texts that may not stand for anything: they are in the exchange already and mean something else."""
        self._taken.update(texts)

    def begin_after(self, number: int) -> None:
        """Have the numbers of what has a way back begin after this one. Called before the first value."""
        self._first = number

    def stand_in(
        self, scope: str, value: str, make: Callable[[int], str], *, has_way_back: bool = False
    ) -> str | None:
        """Return the text that stands for `value` within `scope`, made when the value is first met.

        `make` is given 1, 2, ... for each new value of the scope (with a way back see `begin_after`), and again
        with the next number while what it made is taken. With a way back `original` knows the text. None at a
        limit, or when `make` gives nothing free: the caller then writes what says nothing of the value.
        """
        key = (scope, has_way_back, value)
        known = self._texts.get(key)
        if known is not None:
            return known
        if len(self._texts) >= MAX_SUBSTITUTES:
            return None
        made = self._free_text(scope, make, self._first if has_way_back else 0)
        if made is None or self._chars + len(value) + len(made) > MAX_SUBSTITUTE_CHARS:
            return None
        self._chars += len(value) + len(made)
        self._taken.add(made)
        self._texts[key] = made
        if has_way_back:
            self._originals[made] = value
        return made

    def stand_in_anew(self, scope: str, value: str, make: Callable[[int], str | None]) -> str | None:
        """Return the fake that stands for `value`, however its letters are cased and spaced.

        `make` is given 0, and 1, 2, ... while what it made is taken, is a value that was met before, or None. It
        does not depend on what else has a fake, so that the order in which values come makes no difference. None
        as `stand_in`.
        """
        key = (scope, False, plain_form(value))
        known = self._texts.get(key)
        if known is not None or self.said.is_closed or len(self._texts) >= MAX_SUBSTITUTES:
            return known
        self._taken.add(value)
        attempts = (
            made for made in map(make, range(MAX_FAKE_TRIES)) if made is not None and made not in self._taken
        )
        made = next(attempts, None)
        if made is None or self._chars + len(value) + len(made) > MAX_SUBSTITUTE_CHARS:
            return None
        self._chars += len(value) + len(made)
        self._taken.add(made)
        self._texts[key] = made
        if not self.is_answering:  # the model knows those of the request alone
            self._fakes.add(plain_form(made))
        return made

    def also(self, scope: str, value: str, text: str) -> None:
        """Have a part of a fake stand for a part of its value, unless something else does. Not while answering."""
        if self.is_answering:
            return
        self._fakes.add(plain_form(text))
        is_room = len(self._texts) < MAX_SUBSTITUTES and self._chars < MAX_SUBSTITUTE_CHARS
        if is_room and text not in self._taken:
            self._chars += len(value) + len(text)
            self._texts.setdefault((scope, False, plain_form(value)), text)
            self._taken.add(text)

    def is_said_again(self, value: str) -> bool:
        """Whether a value of the answer is a fake that was written into the request, or a part of one."""
        return self.is_answering and plain_form(value) in self._fakes

    def _free_text(self, scope: str, make: Callable[[int], str], first: int) -> str | None:
        for _ in range(MAX_TRIES):
            number = self._counts[scope] = self._counts.get(scope, first) + 1
            made = make(number)
            if made not in self._taken:
                return made
        return None

    def original(self, text: str) -> str | None:
        """Return the value that a text stands for; None when it stands for nothing, or has no way back."""
        return self._originals.get(text)


def plain_form(text: str) -> str:
    """Return a text as it is compared: without regard to case and white space."""
    return " ".join(text.casefold().split())
