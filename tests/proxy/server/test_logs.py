"""Logs are JSON lines, and nothing a library says of a request gets into them."""

from __future__ import annotations

import io
import json
import logging
import sys
from typing import Any

import pytest
import structlog

from proxy.server.logs import SafeLogger, configure_logging
from proxy.server.services import LogSink
from tests.support.gateway import SECRET, guarded
from tests.support.upstream import says


@pytest.fixture(autouse=True)
def _restored_logging() -> Any:
    """Put the logging of other tests back."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    for handler in list(root.handlers):
        root.removeHandler(handler)
    for handler in handlers:
        root.addHandler(handler)
    root.setLevel(level)
    structlog.reset_defaults()


async def test_no_text_in_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    """Whole exchanges at the lowest level leave no word of request or answer in the log (D8)."""
    configure_logging("json", "debug")
    async with guarded(says("hello ", SECRET, " forbidden fruit")) as proxy:
        proxy.server.services.sink = LogSink()
        for stream in (True, False):
            await proxy.chat(stream=stream, text=f"prompt {SECRET}")
        await proxy.raw(b"GET /" + SECRET.encode() + b" HTTP/1.1\r\nbad header " + SECRET.encode() + b"\r\n\r\n")
        await proxy.get(f"/v1/{SECRET}")
    logged = capsys.readouterr().err
    lines = [json.loads(line) for line in logged.splitlines()]
    assert {"incident", "request_refused", "exchange_fault"} <= {line["event"] for line in lines}
    for word in (SECRET, "prompt", "hello", "fruit"):
        assert word not in logged


def test_libraries_say_that_but_not_what(capsys: pytest.CaptureFixture[str]) -> None:
    """A library's message keeps its name and place, not its words."""
    configure_logging("json", "info")
    logging.getLogger("some.library").warning("the body was %s", SECRET)
    (line,) = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert (line["event"], line["library"]) == ("library_message", "some.library")
    assert SECRET not in str(line)


def test_console_format(capsys: pytest.CaptureFixture[str]) -> None:
    """The other format is for people."""
    configure_logging("console", "info")
    structlog.get_logger().info("hello", a=1)
    assert "hello" in capsys.readouterr().err


class BrokenStderr(io.TextIOWrapper):
    """Takes nothing any more, as a pipe whose reader has gone."""

    def __init__(self, error: Exception) -> None:
        self.inner = io.BytesIO()
        super().__init__(self.inner)
        self.error = error
        self.inner.write = self._fail  # type: ignore[method-assign]

    def _fail(self, _data: object) -> int:
        raise self.error

    def write(self, data: str) -> int:
        return self._fail(data)


@pytest.mark.parametrize("error", [BrokenPipeError(), OSError(28, "No space left"), ValueError("closed file")])
@pytest.mark.parametrize("log_format", ["json", "console"])
async def test_a_log_that_takes_nothing_ends_no_exchange(
    error: Exception, log_format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Incidents, faults and refusals go their way, and the lines that were lost are counted."""
    SafeLogger.take_lost()
    async with guarded(says("hello ", SECRET)) as proxy:
        proxy.server.services.sink = LogSink()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stderr", BrokenStderr(error))
            configure_logging(log_format, "debug")
        answers = [await proxy.chat(stream=stream) for stream in (True, False)]
        refused = await proxy.get("/nowhere")
        logging.getLogger("some.library").warning("hear me")
        assert [answer.status for answer in (*answers, refused)] == [200, 200, 403]
        assert all(b"[hidden]" in answer.body for answer in answers)
        assert proxy.metric("sluicegate_log_lines_lost_total") >= 4
