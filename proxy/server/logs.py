"""Structured logs: JSON lines on stderr. No text of an exchange is ever given to a logger.

A line that cannot be written (stderr closed, disk full) is counted and given up: it must not end an exchange.
"""

from __future__ import annotations

import logging
import sys
from typing import Any, Final, Protocol

import orjson
import structlog

_LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}


def configure_logging(log_format: str = "json", level: str = "info") -> None:
    """Set up structlog (`json` or `console`) and send the libraries' warnings the same way."""
    processors: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if log_format == "json":
        processors.append(structlog.processors.JSONRenderer(serializer=orjson.dumps))
        writer: _Writer = structlog.BytesLogger(sys.stderr.buffer)
    else:
        processors.append(structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()))
        writer = structlog.PrintLogger(sys.stderr)
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=lambda *_: SafeLogger(writer),
        cache_logger_on_first_use=False,
    )
    _tame_libraries()


class _Writer(Protocol):
    def msg(self, message: Any) -> None:  # noqa: ANN401 - bytes or str, as the renderer gives
        """Write a line."""


class SafeLogger:
    """Writes a line, or counts that it could not."""

    lost = 0
    """Lines given up in this process since they were last taken."""

    def __init__(self, writer: _Writer) -> None:
        self._writer = writer

    def msg(self, message: Any) -> None:  # noqa: ANN401 - see _Writer
        """Write a line. Raises nothing."""
        try:
            self._writer.msg(message)
        except (OSError, ValueError):  # ValueError: the file object is closed
            SafeLogger.lost += 1

    debug = info = warn = warning = error = critical = fatal = exception = log = failure = err = msg

    @classmethod
    def take_lost(cls) -> int:
        """Return how many lines were lost since the last call."""
        lost, cls.lost = cls.lost, 0
        return lost


def _tame_libraries() -> None:
    """Libraries may say that something is wrong, never what was in it: their messages quote requests."""
    root = logging.getLogger()
    for handler in list(root.handlers):
        root.removeHandler(handler)
    root.addHandler(_NameOnlyHandler(level=logging.WARNING))
    root.setLevel(logging.WARNING)


class _NameOnlyHandler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        structlog.get_logger("sluicegate.library").warning(
            "library_message", library=record.name, at=f"{record.module}:{record.lineno}", error=error
        )
