"""The command `sluicegate routes`: which paths are guarded, passed and refused."""

from __future__ import annotations

from pathlib import Path

from policies.problems import ConfigError
from proxy.cli.errors import ExitCode
from proxy.cli.loading import config_problem
from proxy.cli.terminal import console, write, write_json
from proxy.server.config import ServerConfig
from proxy.server.config_file import load_server_config
from proxy.server.route_docs import Row, known_rows, page, refused_rows
from proxy.server.routes import route_table
from proxy.wire.registry import DIALECTS

NO_UPSTREAM = "http://127.0.0.1"
"""Stands in for the upstream where only the table is asked for."""


def run_routes(config_file: str | None, *, as_json: bool, as_markdown: bool) -> int:
    """Show the table. Raises `CommandError` for a configuration that cannot be used."""
    table = route_table(_config(config_file))
    if as_markdown:
        write(page(table, DIALECTS))
        return ExitCode.OK
    rows = [*known_rows(table), *refused_rows(table)]
    if as_json:
        write_json([row._asdict() for row in rows], indent=2)
    else:
        _show(rows)
    return ExitCode.OK


def _config(config_file: str | None) -> ServerConfig:
    if config_file is None:
        return ServerConfig(upstream_url=NO_UPSTREAM)
    try:
        return load_server_config(Path(config_file))
    except ConfigError as error:
        raise config_problem(error) from error


def _show(rows: list[Row]) -> None:
    from rich.table import Table  # noqa: PLC0415 - only where a table is drawn

    table = Table("method", "path", "treated as", "note", box=None, header_style="bold", padding=(0, 2, 0, 0))
    for row in rows:
        table.add_row(*row)
    console().print(table)
    write("Every other path is refused too; the answer to it says how to open it.\n")
