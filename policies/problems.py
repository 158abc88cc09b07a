"""What is wrong with a configuration file, and where. It finds nothing wrong itself: `document` and `check` do."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from policies.sources import SourceFile

MAX_REPORTED = 100
"""Most problems that one exception spells out: the rest are nearly always echoes of the first ones."""

_MAX_SHOWN_CHARS = 60
"""Longest part of a wrong value that a message repeats."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake in a file. Line and column count from 1; 0 stands for the file as a whole."""

    path: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        """Write the problem as one line: `policies/acme.yaml:9:5 rule "tox": ...`."""
        if self.line == 0:
            return f"{self.path}: {self.message}"
        return f"{self.path}:{self.line}:{self.column} {self.message}"


class ConfigError(ValueError):
    """A file cannot be used. `problems` holds everything that is wrong with it, in order of position."""

    def __init__(self, problems: Iterable[Problem], files: Sequence[SourceFile] = ()) -> None:
        """`files` are those that were looked at, so that a watcher knows whose change may cure it."""
        self.problems = tuple(sorted(set(problems)))
        self.files = tuple(files)
        super().__init__(str(self))

    def __str__(self) -> str:
        """Write one line for each problem."""
        lines = [str(problem) for problem in self.problems[:MAX_REPORTED]]
        if len(self.problems) > MAX_REPORTED:
            lines.append(f"... and {len(self.problems) - MAX_REPORTED} more.")
        return "\n".join(lines)


class PolicyError(ConfigError):
    """A policy cannot be used."""


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """Return ` Did you mean 'x'?` (with its leading space) for the known word closest to `word`, or nothing."""
    close = get_close_matches(str(word), list(known), n=1, cutoff=0.6)
    return f" Did you mean {close[0]!r}?" if close else ""


def shown(value: object) -> str:
    """Return a value as YAML writes it, shortened, for use in a message."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = repr(value)
    return text if len(text) <= _MAX_SHOWN_CHARS else text[: _MAX_SHOWN_CHARS - 3] + "..."
