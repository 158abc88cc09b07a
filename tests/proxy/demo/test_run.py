from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.request
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

import proxy.demo.run
from proxy.demo.run import DemoOptions, run_demo
from proxy.demo.script import SCENARIOS, Answer, Scenario, cut

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMAND = [sys.executable, "-c", "from proxy.cli.main import main; main()", "demo"]


async def test_the_whole_demo_checks_itself() -> None:
    """Model, proxy and client, every scenario streamed and whole; 80 columns, no terminal."""
    out = StringIO()
    console = Console(file=out, width=80, highlight=False, markup=False, emoji=False)
    assert await run_demo(DemoOptions(once=True, pace_s=0.0), console)
    text = out.getvalue()
    assert f"{2 * len(SCENARIOS)} exchanges, 0 not as expected." in text
    assert "of them incidents; bytes delivered of what was acted on: 0." in text
    assert "the monitor raised an alarm" in " ".join(text.split())
    shown = [line for line in text.splitlines() if "http" not in line and "policy " not in line]
    assert max(map(len, shown)) <= 80


async def test_a_demo_that_does_not_come_as_scripted_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check can fail: a script that expects nothing of an answer that is masked."""
    wrong = Scenario("wrong", "Hm?", (Answer(cut("write to jane.roe@example.com")),))
    monkeypatch.setattr("proxy.demo.model.SCENARIOS", (wrong,))
    monkeypatch.setattr(proxy.demo.run, "SCENARIOS", (wrong,))

    async def seen(*_about: object) -> bool:
        return True

    monkeypatch.setattr(proxy.demo.run, "show_drift", seen)
    out = StringIO()
    assert not await run_demo(DemoOptions(once=True, pace_s=0.0), Console(file=out, width=80))
    assert "NOT AS EXPECTED" in out.getvalue()


@pytest.fixture
def staying() -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """A demo as its users start it, once it has said that it stays up."""
    environment = os.environ | {"PYTHONUNBUFFERED": "1", "COLUMNS": "80"}
    with subprocess.Popen(
        COMMAND, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        lines: list[str] = []
        for line in process.stdout:
            lines.append(line)
            if "Ctrl-C ends it." in line:
                break
        yield process, lines
        process.kill()


def test_it_stays_up_for_any_client_and_ends_with_ctrl_c(
    staying: tuple[subprocess.Popen[str], list[str]],
) -> None:
    process, lines = staying
    text = "".join(lines)
    base = re.search(r"base URL +(\S+)", text)
    metrics = re.search(r"metrics +(\S+)", text)
    assert base is not None
    assert metrics is not None
    with urllib.request.urlopen(base[1] + "/models", timeout=10) as answer:
        assert b"scripted" in answer.read()
    with urllib.request.urlopen(metrics[1], timeout=10) as answer:
        assert b"sluicegate_exchanges_total" in answer.read()
    curl = re.search(r"curl -N .*?\}'", text, re.DOTALL)
    assert curl is not None
    said = subprocess.run(curl[0], shell=True, capture_output=True, text=True, check=True, timeout=20).stdout
    assert "<EMAIL_ADDRESS>" in said
    assert "jane.roe" not in said
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 0
