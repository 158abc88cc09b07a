"""Where a match can begin that has no bound before the character by which it is looked for.

An address may have any number of characters before its `@`; the pattern tried from each of them is what takes time.
But they are all of one kind, and what follows the sign must fit, too. So a sign is looked at from both sides first:
what follows by RE2, in linear time, then how far back the characters reach that can stand before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import re2
import regex

from detectors.pii.screens import screen
from detectors.prefilter import loosened

if TYPE_CHECKING:
    from detectors.pii.screens import Required
    from detectors.regex_tree import Atom


_ONE_SIGN = regex.compile(r"\[([^\w\s^\\])\]")


class Approach(NamedTuple):
    """What stands around the required character of a match."""

    run: regex.Pattern[str]
    """Matches backwards all that can stand before it."""
    rest: Any
    """RE2 pattern of the character and what follows, a necessary condition in texts of ASCII."""

    def begin(self, text: str, low: int, place: int) -> int:
        """Return the first place from `low` on from which a match can reach the required character at `place`."""
        found = self.run.match(text, low, place)
        return place if found is None else found.start()

    def may_follow(self, text: str, place: int, end: int) -> bool:
        """Whether a match may go on from the required character at `place`, which it does not do past `end`."""
        following = text[place:end]
        return not following.isascii() or self.rest.match(following) is not None


def approach(needed: Required | None) -> Approach | None:
    """Return what stands around the required character; None when that cannot be told apart from it."""
    if needed is None or not needed.before:
        return None
    inside = screen(needed.before)
    signs = [_sign(atom) for atom in needed.atoms]
    if any(sign is None or inside.match(sign) for sign in signs):
        return None
    options = re2.Options()
    options.log_errors = False
    return Approach(
        regex.compile(f"(?r)(?:{inside.pattern})*", inside.flags & (regex.IGNORECASE | regex.VERSION0)),
        re2.compile(loosened(needed.rest), options),
    )


def _sign(atom: Atom) -> str | None:
    """Return the one character that an atom matches, where that is one without other cases."""
    written = _ONE_SIGN.fullmatch(atom.source)
    return atom.literal or (None if written is None else written[1]) if not _has_cases(atom) else None


def _has_cases(atom: Atom) -> bool:
    return any(map(str.isalpha, atom.literal or atom.source))
