"""Patterns with possessive quantifiers or atomic groups, on every Python that Sluicegate runs on.

Before Python 3.11.5 `re` goes back inside what is possessive if that holds a choice, and matches too little or too
much (https://github.com/python/cpython/issues/106052). There the `regex` package matches, at some cost in speed.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, AnyStr, Final, cast

import regex

if TYPE_CHECKING:
    from re import Pattern

IS_RE_FAULTY: Final = sys.version_info < (3, 11, 5)


def compiled(pattern: AnyStr, *, dot_all: bool = False, ignore_case: bool = False) -> Pattern[AnyStr]:
    """Return the pattern, compiled. Case is ignored among ASCII letters only."""
    flags = re.ASCII if ignore_case else re.NOFLAG
    flags |= re.DOTALL if dot_all else re.NOFLAG
    flags |= re.IGNORECASE if ignore_case else re.NOFLAG
    return by_regex(pattern, flags) if IS_RE_FAULTY else re.compile(pattern, flags)


def by_regex(pattern: AnyStr, flags: re.RegexFlag) -> Pattern[AnyStr]:
    """Return the pattern as `regex` compiles it; what is used of it has the names of `re`."""
    names = [name for name in ("ASCII", "DOTALL", "IGNORECASE") if flags & re.RegexFlag[name]]
    own = regex.VERSION0
    for name in names:
        own |= regex.RegexFlag[name]
    return cast("Pattern[AnyStr]", regex.compile(pattern, own))
