"""What a command says when it cannot go on: lines for the person at the terminal, and an exit code.

Not where errors are shown: `proxy.cli.main` does that, once, for every command.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of every command."""

    OK = 0
    """Released, edited or not; every test passed."""
    BLOCKED = 1
    """The policy blocked the text, or a policy's own test failed."""
    CONFIG = 2
    """Bad usage, bad configuration, or input that cannot be read."""
    INTERNAL = 70
    """A bug of ours (EX_SOFTWARE of sysexits.h)."""
    INTERRUPTED = 130
    """Ctrl-C (128 + SIGINT)."""
    PIPE = 141
    """Whoever read the output went away (128 + SIGPIPE)."""


class CommandError(Exception):
    """A command cannot go on. Every line says what is wrong and what to do about it."""

    def __init__(self, *lines: str, code: ExitCode = ExitCode.CONFIG) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines
        self.code = code
