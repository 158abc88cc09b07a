"""The process in which one model lives. It scores texts and knows neither windows nor streams.

A process and not a thread: it can be killed when it hangs, the kernel can take its memory without taking the
proxy's, and loading a model or importing its library never stops the event loop (docs/adr/0019).
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from detectors.types import DetectorConfigError, ModelUnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.connection import Connection

    from detectors.types import Engine, ModelSource, Scores

WARM_TEXT: Final = "The quick brown fox jumps over the lazy dog."
"""Scored once after loading, so that the first text is as fast as the second."""

_OOM_SCORE: Final = "600"
"""When memory runs out, the kernel takes this process before the proxy. Linux only."""

Scored = tuple[float, ...] | str
"""The scores of a text, or why there are none: a name, or words that are not the text's."""


class Reply(NamedTuple):
    """What the model said of some texts."""

    scored: list[Scored]
    """One for each text."""
    versions: list[str]
    """What the model called itself as it scored each; empty where it is always the same."""


class ModelProcessError(Exception):
    """The model cannot be asked any more. `kind` is one word for metrics, `message` says what happened."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        """died, hung, load or config: the last two when it was never ready, config when it never will be."""
        self.message = message


class ModelProcess:
    """One process with one model. Methods block; `kill` may come from any thread."""

    def __init__(self, source: ModelSource) -> None:
        """Start it. Raises `ModelProcessError` when the system has no process or file to give."""
        context = multiprocessing.get_context("spawn")
        try:
            self._connection, child = context.Pipe()
            with child:
                self._process = context.Process(
                    target=_serve, args=(child, source), name="sluicegate-model", daemon=True
                )
                self._process.start()
        except OSError as error:
            raise ModelProcessError("load", f"its process cannot be started ({type(error).__name__}).") from error
        self.version = ""
        """What the model called itself when it was loaded, empty where it is always the same."""

    @property
    def pid(self) -> int | None:
        """The process's id."""
        return self._process.pid

    def wait_ready(self, limit_s: float) -> None:
        """Wait until the model is loaded. Raises `ModelProcessError` when it cannot be, or takes too long."""
        answer = self._receive(limit_s, "load", f"the model was not loaded within {limit_s:g} seconds")
        kind, message = cast("tuple[str, str]", answer)
        if kind != "ready":
            self.kill()
            raise ModelProcessError(kind, message)
        self.version = message

    def scores(self, texts: Sequence[str], limit_s: float) -> Reply:
        """Have texts scored. Raises `ModelProcessError`, and kills the process, when no answer comes."""
        try:
            self._connection.send(texts)
        except OSError as error:
            raise self._died() from error
        answer = self._receive(limit_s, "hung", f"the model gave no answer within {limit_s:g} seconds")
        return cast("Reply", answer)

    def death(self) -> ModelProcessError | None:
        """Return how the process ended, None while it lives."""
        return None if self._process.is_alive() else self._died()

    def kill(self) -> None:
        """End the process now. A caller that waits for it gets its error."""
        if self._process.is_alive():
            self._process.kill()

    def _receive(self, limit_s: float, kind: str, late: str) -> object:
        try:
            if not self._connection.poll(limit_s):
                self.kill()
                raise ModelProcessError(kind, f"{late} and was killed.")
            return self._connection.recv()
        except (OSError, EOFError) as error:
            raise self._died() from error

    def _died(self) -> ModelProcessError:
        self.kill()
        self._process.join(5.0)
        code = self._process.exitcode
        if code == -signal.SIGKILL:
            return ModelProcessError("died", "the model's process was killed: perhaps memory ran out.")
        return ModelProcessError("died", f"the model's process ended with exit code {code}.")


def _serve(connection: Connection, source: ModelSource) -> None:
    """Load the model and score until the pipe closes (in the child)."""
    for number in (signal.SIGINT, signal.SIGTERM):  # they reach the whole group, while answers still run
        signal.signal(number, signal.SIG_IGN)  # the parent ends this one when they are over
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE)
    with contextlib.suppress(OSError, EOFError):  # the parent is gone
        engine = _load(connection, source)
        while engine is not None:
            connection.send(_reply(engine, connection.recv()))


def _load(connection: Connection, source: ModelSource) -> Engine | None:
    try:
        engine = source.load()
        with contextlib.suppress(ModelUnavailableError):  # a service that is down may come up later
            engine.scores([WARM_TEXT])
    except DetectorConfigError as error:
        connection.send(("config", str(error)))
    except Exception as error:  # noqa: BLE001 - told by name: what a library says may hold anything
        connection.send(("load", f"loading the model failed ({type(error).__name__})."))
    else:
        connection.send(("ready", _version(engine)))
        return engine
    return None


def _reply(engine: Engine, texts: Sequence[str]) -> Reply:
    """Score texts; where one of several fails, each by itself, so that it fails alone."""
    scored = _scored(engine, texts)
    if scored is not None:
        return Reply(scored, [_version(engine)] * len(texts))
    alone = [_reply(engine, [text]) for text in texts]
    return Reply(
        [one for reply in alone for one in reply.scored], [one for reply in alone for one in reply.versions]
    )


def _scored(engine: Engine, texts: Sequence[str]) -> list[Scored] | None:
    """Score texts at once; None where one of several fails."""
    try:
        found: list[Scores] = engine.scores(texts)
    except ModelUnavailableError as error:
        return [str(error) or type(error).__name__] * len(texts)
    except Exception as error:  # noqa: BLE001 - told by name: its message may quote the text
        return [type(error).__name__] if len(texts) == 1 else None
    width = len(engine.labels)
    if len(found) != len(texts) or (width and any(len(scores) != width for scores in found)):
        return ["WrongAnswer"] * len(texts)
    return list(found)


def _version(engine: Engine) -> str:
    return str(getattr(engine, "version", ""))
