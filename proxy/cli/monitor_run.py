"""The command `sluicegate monitor`: settings from options and file, then the monitor until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import socket
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from events.outbox.database import FILE_NAME
from events.outbox.rows import OutboxError
from monitor.service.settings import ServiceSettings
from policies.problems import ConfigError
from proxy.cli.errors import CommandError, ExitCode
from proxy.cli.kafka_options import kafka_settings
from proxy.cli.loading import config_problem
from proxy.cli.terminal import say
from proxy.server.config_fields import UrlText, parse_address, split_address
from proxy.server.config_file import load_server_config
from proxy.server.logs import configure_logging
from proxy.server.monitor_file import TOKEN_VARIABLE

if TYPE_CHECKING:
    from monitor.service.run import Plan
    from proxy.server.config import ServerConfig


def run_monitor(
    kafka: str | None, state_dir: str, listen: str | None, alertmanager: str | None, config: str | None
) -> int:
    """Run the monitor. Raises `CommandError` for what is wrong before it begins."""
    need_river()
    from monitor.service.api import AddressError  # noqa: PLC0415 - with it comes River
    from monitor.service.references import ReferencesError  # noqa: PLC0415
    from monitor.service.run import serve_monitor  # noqa: PLC0415

    plan = _plan(kafka, Path(state_dir), listen, alertmanager, config)
    configure_logging("json", "info")
    try:
        asyncio.run(serve_monitor(plan, lambda url: say(f"The monitor answers on {url}")))
    except AddressError as error:
        raise CommandError(f"--listen: {error}") from error
    except ReferencesError as error:
        raise CommandError(f"monitor.{error}" if str(error).startswith("drift") else str(error)) from error
    except OutboxError as error:
        raise CommandError(f"--state-dir: {error}") from error
    except OSError as error:
        raise CommandError(f"The monitor cannot start: {error}. Check --listen and --state-dir.") from error
    return ExitCode.OK


def need_river() -> None:
    """Raise `CommandError` when the monitor's packages are not installed."""
    if any(find_spec(name) is None for name in ("river", "jinja2")):
        raise CommandError(
            "The monitor needs the package river, which is not installed."
            " Install it with: pip install 'sluicegate[monitor]'"
        )


def monitor_config(config: str | None) -> ServerConfig | None:
    """Return what the proxy's settings file says; None where there is none. Raises `CommandError`."""
    if config is None:
        return None
    try:
        return load_server_config(Path(config), {}, os.environ)
    except ConfigError as error:
        raise config_problem(error) from error


def _plan(
    kafka: str | None, state_dir: Path, listen: str | None, alertmanager: str | None, config: str | None
) -> Plan:
    from monitor.service.run import Plan  # noqa: PLC0415 - with it comes River

    known = monitor_config(config)
    at = kafka_settings(kafka, None) if kafka else None if known is None else known.kafka
    if known is not None and known.kafka is not None and at is not None:
        at = replace(known.kafka, servers=at.servers)
    if at is None and not (state_dir / FILE_NAME).is_file():
        raise CommandError(
            f"{state_dir}: holds no outbox. Give --kafka HOST:PORT, or the proxy's state folder with --state-dir."
        )
    settings = (known.monitor if known is not None else None) or ServiceSettings()
    settings = replace(settings, token=settings.token or os.environ.get(TOKEN_VARIABLE) or None)
    if listen is not None:
        host, port = _address(listen)
        settings = replace(settings, listen_host=host, listen_port=port)
    if alertmanager is not None:
        settings = replace(settings, alertmanager_url=_url(alertmanager))
    return Plan(
        settings=settings,
        state_dir=state_dir,
        source=f"/sluicegate/{socket.gethostname()}/monitor",
        kafka=at,
        topic_prefix="sluicegate" if at is None else at.topic_prefix,
    )


def _address(value: str) -> tuple[str, int]:
    try:
        host, port = split_address(parse_address(value))
    except PydanticCustomError as error:
        raise CommandError(f"--listen: {error.message()}") from error
    return host, int(port)


def _url(value: str) -> str:
    try:
        found: str = TypeAdapter(UrlText).validate_python(value)
    except ValidationError as error:
        raise CommandError(f"--alertmanager: {error.errors()[0]['msg']}") from error
    return found
