"""The command `sluicegate serve`: settings from options and file, then the server until it is told to stop."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import TYPE_CHECKING

from events.outbox.rows import OutboxError
from policies.problems import ConfigError
from proxy.cli.errors import CommandError, ExitCode
from proxy.cli.loading import config_problem
from proxy.cli.monitor_run import need_river
from proxy.server.admin import AdminError
from proxy.server.config_file import load_server_config
from proxy.server.run import serve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from proxy.server.config import ServerConfig


def run_serve(flags: Mapping[str, str | int | None], config_file: str | None) -> int:
    """Run the proxy. Raises `CommandError` for what is wrong before a port is open."""
    try:
        config = load_server_config(None if config_file is None else Path(config_file), flags)
        if config.monitor is not None:
            need_river()
        serve(config)
    except ConfigError as error:
        raise config_problem(error) from error
    except AdminError as error:
        raise CommandError(f"--admin: {error}") from error
    except OutboxError as error:
        raise CommandError(f"--state-dir: {error}") from error
    except OSError as error:
        raise start_problem(error, config) from error
    return ExitCode.OK


def start_problem(error: OSError, config: ServerConfig) -> CommandError:
    """Return the error for a server that the machine did not let start."""
    addresses = f"{config.listen_host}:{config.listen_port} or {config.admin_host}:{config.admin_port}"
    if error.errno == errno.EADDRINUSE:
        return CommandError(
            f"{addresses} is in use. Stop what uses it, or give other ports with --listen and --admin."
        )
    if error.errno in {errno.EADDRNOTAVAIL, errno.EACCES} and error.filename is None:
        return CommandError(
            f"{addresses} cannot be opened ({error.strerror}). Give others with --listen and --admin."
        )
    if error.filename is not None:
        return CommandError(f"{error.filename}: {error.strerror}. Check the path given as --state-dir.")
    return CommandError(f"The server cannot start: {error}.")
