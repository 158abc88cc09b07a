"""Globs over names of models: `claude-*`, `gpt-4?`. `*` stands for any characters, `?` for one.

They match without regard to case, as servers differ in whether they look at it.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from proxy.wire.possessive import compiled

MAX_MODEL_CHARS: Final = 256
"""Longest name of a model that is looked at: Azure's and Vertex's paths of fine-tuned models stay below."""

MAX_STARS: Final = 4
"""Most stars in a glob: nobody can say what one with more of them matches."""

GLOB: Final = re.compile(r"[A-Za-z0-9._~@:+/*?-]{1,128}")
MODEL: Final = re.compile(rf"[!-~]{{1,{MAX_MODEL_CHARS}}}")
"""What can be the name of a model where routes depend on it: visible ASCII."""


class Glob(NamedTuple):
    """A glob ready for use."""

    text: str
    regex: re.Pattern[str]

    @classmethod
    def of(cls, text: str) -> Glob:
        """Compile a glob for which `glob_problem` finds nothing."""
        first, *others = (re.escape(part).replace(r"\?", ".") for part in text.split("*"))
        # The leftmost place is as good as any for all parts but the last: atomic groups, no backtracking.
        middle = "".join(f"(?>.*?{part})" for part in others[:-1])
        last = f".*{others[-1]}" if others else ""
        return cls(text, compiled(first + middle + last, dot_all=True, ignore_case=True))

    def matches(self, model: str) -> bool:
        """Whether the whole name matches."""
        return self.regex.fullmatch(model) is not None

    def covers(self, other: Glob) -> bool:
        """Whether it surely matches all that `other` does."""
        mine, theirs = self.text.lower(), other.text.lower()
        if mine in {theirs, "*"}:
            return True
        if not set("*?") & set(theirs):
            return self.matches(theirs)
        head = mine[:-1]
        return mine.endswith("*") and not set("*?") & set(head) and theirs.startswith(head)


def glob_problem(text: str) -> str | None:
    """Return what is wrong with a glob, or None."""
    if GLOB.fullmatch(text) is None:
        return "is not the name of a model. Write it as gpt-4o or claude-*, with letters, digits and ._~@:+/-."
    if text.count("*") > MAX_STARS:
        return f"has more than {MAX_STARS} stars. Use fewer, or several routes."
    return None
