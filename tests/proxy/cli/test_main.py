from __future__ import annotations

import errno
import gc
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import proxy.cli.check
from proxy.cli.build import build_name
from proxy.cli.main import REPORT_HINT, main

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.cli import Sluicegate

COMMAND = [sys.executable, "-c", "from proxy.cli.main import main; main()"]
COMMANDS = ["serve", "demo", "check", "score", "replay", "routes", "keyhash", "detectors", "policy"]
HEAVY = {"aiohttp", "presidio_analyzer", "spacy", "pydantic", "yaml", "openai", "regex", "rich.table"}


def test_help_names_every_command(sluicegate: Sluicegate) -> None:
    ran = sluicegate("--help")
    assert ran.code == 0
    assert [name for name in COMMANDS if f"  {name} " in ran.out] == COMMANDS


@pytest.mark.parametrize("command", [*COMMANDS, "policy validate", "policy show", "policy test"])
def test_every_command_explains_itself(sluicegate: Sluicegate, command: str) -> None:
    ran = sluicegate(*command.split(), "--help")
    assert ran.code == 0
    assert len(ran.out.splitlines()) > 5


def test_help_is_quick_because_it_imports_nothing_heavy() -> None:
    """A list of modules is steadier than a clock."""
    code = (
        "import sys; from proxy.cli.main import run; run(['--help']);"
        f"print(sorted({HEAVY!r} & set(sys.modules)), file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stderr.strip() == "[]"


def test_a_start_hardly_looks_for_garbage(monkeypatch: pytest.MonkeyPatch) -> None:
    """It imports and builds, and throws little away."""
    before = gc.get_threshold()
    monkeypatch.setattr(sys, "argv", ["sluicegate", "--version"])
    try:
        with pytest.raises(SystemExit, match=r"^0$"):
            main()
        assert gc.get_threshold()[0] > before[0]
    finally:
        gc.set_threshold(*before)


def test_version(sluicegate: Sluicegate) -> None:
    ran = sluicegate("--version")
    assert (ran.code, ran.out) == (0, f"{build_name('sluicegate')}\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["chek"], "No such command 'chek'. Did you mean 'check'? Try 'sluicegate --help'."),
        (["check"], "Missing argument 'PATH'. Try 'sluicegate check --help'."),
        (["check", "--polcy", "x", "-"], "No such option: --polcy"),
        (["check", "--channel", "txt", "-"], "Invalid value for '--channel': 'txt' is not one of"),
        (["policy", "tset", "x"], "No such command 'tset'. Did you mean 'test'? Try 'sluicegate policy --help'."),
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(sluicegate: Sluicegate, arguments: Sequence[str], said: str) -> None:
    ran = sluicegate(*arguments)
    assert ran.code == 2
    assert ran.err.startswith(said)
    assert ran.err.count("\n") == 1


def _raise(error: BaseException) -> Any:
    def command(*_arguments: Sequence[str], **_options: Any) -> Any:
        raise error

    return command


def test_a_bug_is_one_line_that_says_how_to_report_it_and_quotes_no_text(
    sluicegate: Sluicegate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proxy.cli.check, "run_check", _raise(ValueError("the text that was judged")))
    ran = sluicegate("check", "-")
    assert (ran.code, ran.err) == (70, f"sluicegate: unexpected error (ValueError). {REPORT_HINT}\n")


def test_the_traceback_of_a_bug_is_there_when_asked_for(
    sluicegate: Sluicegate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLUICEGATE_DEBUG", "1")
    monkeypatch.setattr(proxy.cli.check, "run_check", _raise(ValueError("why")))
    assert "Traceback (most recent call last)" in sluicegate("check", "-").err


@pytest.mark.parametrize("error", [KeyboardInterrupt()])
def test_ctrl_c_is_quiet_and_exits_130(
    sluicegate: Sluicegate, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    monkeypatch.setattr(proxy.cli.check, "run_check", _raise(error))
    ran = sluicegate("check", "-")
    assert (ran.code, ran.err) == (130, "")


def test_an_os_error_says_what_the_system_said(sluicegate: Sluicegate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy.cli.check, "run_check", _raise(OSError(errno.EIO, "Input/output error")))
    ran = sluicegate("check", "-")
    assert ran.code == 70
    assert "Input/output error" in ran.err


def test_a_reader_that_goes_away_ends_the_command_quietly(policy_file: Path, tmp_path: Path) -> None:
    """As in `sluicegate check big.txt | head -1`."""
    big = tmp_path / "big.txt"
    big.write_text("word\n" * 200_000)
    reading, writing = os.pipe()
    command = [*COMMAND, "check", "-p", str(policy_file), str(big)]
    process = subprocess.Popen(command, stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    os.close(reading)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (141, b"")


def test_sigint_from_outside_is_quiet(policy_file: Path) -> None:
    """A command that waits for its input is interrupted as a shell interrupts it.

    Where the tests run in the background they ignore the signal, and what they start would inherit that.
    """
    command = ["env", "--default-signal=INT", *COMMAND, "check", "-p", str(policy_file), "-"]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=pipe, env=os.environ | {"PYTHONUNBUFFERED": "1"}
    ) as p:
        assert p.stdin is not None
        wait_until_reading(p.pid)
        p.send_signal(signal.SIGINT)
        _, err = p.communicate(timeout=30)
    assert (p.returncode, err) == (130, b"")


def wait_until_reading(pid: int) -> None:
    """Wait until a process sleeps in a read of its standard input (fd 0, a pipe)."""
    stat = Path(f"/proc/{pid}/syscall")
    if not stat.exists():
        pytest.skip("needs /proc/PID/syscall")
    for _ in range(20_000_000):
        try:
            call = stat.read_text().split()
        except OSError:
            pytest.skip("/proc/PID/syscall may not be read")
        if call[:2] == ["0", "0x0"]:
            return
    raise AssertionError("the command never read its input")


def test_output_is_utf8_whatever_the_locale_says(policy_file: Path) -> None:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG", "PYTHONUTF8", "PYTHONIOENC"))}
    ran = subprocess.run(
        [*COMMAND, "check", "-p", str(policy_file), "-"],
        input="na\N{LATIN SMALL LETTER I WITH DIAERESIS}ve \N{SNOWMAN}".encode(),
        capture_output=True,
        check=True,
        env=env | {"LC_ALL": "C", "PYTHONIOENCODING": "ascii"},
    )
    assert ran.stdout.decode() == "na\N{LATIN SMALL LETTER I WITH DIAERESIS}ve \N{SNOWMAN}"
