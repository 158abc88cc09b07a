"""Logs are JSON lines, and nothing a library says of a request gets into them."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
import structlog

from proxy.server.logs import configure_logging
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
