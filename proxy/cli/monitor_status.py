"""The command `sluicegate monitor status`: rates and alarms of running monitors, once or live."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.live import Live

from monitor.types import WINDOWS_S
from proxy.cli.errors import CommandError, ExitCode
from proxy.cli.monitor_run import need_river
from proxy.cli.terminal import console
from proxy.server.monitor_file import TOKEN_VARIABLE

if TYPE_CHECKING:
    from rich.console import RenderableType

    from monitor.service.asking import NoMonitorError

EVERY_S: Final = 1.0
_UNAUTHORISED: Final = 401


def run_status(urls: list[str], state_dir: str, window: str, *, once: bool) -> int:
    """Show the status. Raises `CommandError`."""
    if window not in WINDOWS_S:
        raise CommandError(f"--window: {window!r} is not one of {', '.join(WINDOWS_S)}.")
    need_river()
    urls = urls or [address_in(state_dir)]
    screen = console()
    if once:
        screen.print(_picture(urls, window))
        return ExitCode.OK
    with Live(_picture(urls, window), console=screen, auto_refresh=False) as live:
        while True:
            time.sleep(EVERY_S)
            live.update(_picture(urls, window), refresh=True)


def address_in(state_dir: str) -> str:
    """Return the address of the monitor that ran with a state folder last. Raises `CommandError`."""
    path = Path(state_dir) / "monitor" / "address"
    try:
        return path.read_text().strip()
    except OSError:
        raise CommandError(f"{state_dir}: no monitor has run here. Give its address with --url.") from None


def _picture(urls: list[str], window: str) -> RenderableType:
    from monitor.service.asking import NoMonitorError, asked  # noqa: PLC0415 - only this command needs it
    from monitor.service.screen import drawn  # noqa: PLC0415 - with it comes SciPy

    try:
        return drawn(asked(urls, window, os.environ.get(TOKEN_VARIABLE)), window)
    except NoMonitorError as error:
        raise refused(error) from error


def refused(error: NoMonitorError) -> CommandError:
    """Return what a person is told where a monitor did not do what was asked."""
    if error.said:
        end = "" if error.said.endswith("?") else "."
        return CommandError(f"{error.url}: {error.said}{end}")
    hint = "Give its address with --url."
    if error.status is not None:
        hint = f"Set {TOKEN_VARIABLE}." if error.status == _UNAUTHORISED else "Look at its log."
    return CommandError(f"{error}. {hint}")
