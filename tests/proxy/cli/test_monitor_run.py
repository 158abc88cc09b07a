"""`sluicegate monitor` as a process: ready, told to end, and what is wrong before it begins."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from events.codec import encode
from events.outbox.database import FILE_NAME
from events.outbox.rows import Entry
from events.outbox.settings import OutboxSettings
from events.outbox.store import Store
from tests.support.served_monitor import call
from tests.support.watching import answer, now_ms

if TYPE_CHECKING:
    from tests.support.cli import Sluicegate


@pytest.fixture
def outbox(tmp_path: Path) -> Path:
    store = Store(tmp_path / FILE_NAME, OutboxSettings())
    events = [answer(number, caught=number % 5 == 0, time_s=now_ms() / 1000) for number in range(40)]
    store.append([Entry(one.id, "t", one.subject, one.time_ms, encode(one)) for one in events], now_ms())
    store.close()
    return tmp_path


def test_it_watches_an_outbox_until_it_is_told_to_end(outbox: Path) -> None:
    command = [str(Path(sys.executable).with_name("sluicegate")), "monitor", "--state-dir", str(outbox)]
    process = subprocess.Popen(
        [*command, "--listen", "127.0.0.1:0"],
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONWARNINGS": "default"},
    )
    assert process.stderr is not None
    said = ""
    while "answers on" not in said:
        said = process.stderr.readline().decode()
        assert said, process.wait()
    url = said.split()[-1]
    while call(f"{url}/readyz")[0] != 200:
        assert process.poll() is None
    assert call(f"{url}/api/status")[1]["totals"]["counted"] == 40
    process.send_signal(signal.SIGTERM)
    rest = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait(20) == 0, rest
    assert (outbox / "monitor" / "share-0.checkpoint").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--listen", "0.0.0.0:0"], "--listen: 0.0.0.0 can be reached from other machines: set a token"),
        (["--listen", "nowhere"], "--listen: 'nowhere' is not HOST:PORT"),
        (["--alertmanager", "ftp://x"], "--alertmanager: 'ftp://x' is not an http or https URL"),
        (["--config", "no.yaml"], "no.yaml"),
    ],
)
def test_what_is_wrong_is_said(outbox: Path, sluicegate: Sluicegate, options: list[str], said: str) -> None:
    ran = sluicegate("monitor", "--state-dir", str(outbox), *options)
    assert ran.code == 2
    assert said in ran.err


def test_a_reference_that_nobody_kept_is_said(outbox: Path, sluicegate: Sluicegate, tmp_path: Path) -> None:
    config = tmp_path / "sluicegate.yaml"
    config.write_text("version: 1\nupstream: http://127.0.0.1:1\nmonitor: {drift: {reference: june}}\n")
    ran = sluicegate("monitor", "--state-dir", str(outbox), "--config", str(config), "--listen", "127.0.0.1:0")
    assert ran.code == 2
    assert ran.err.startswith("monitor.drift.reference: there is no 'june'. None was kept.")
