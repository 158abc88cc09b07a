"""The command `sluicegate keyhash`: the hash by which the configuration knows a tenant's API key."""

from __future__ import annotations

import sys
from pathlib import Path

from policies.problems import ConfigError
from proxy.cli.errors import CommandError, ExitCode
from proxy.cli.loading import config_problem
from proxy.cli.terminal import say, write
from proxy.server.config import ServerConfig
from proxy.server.config_file import load_server_config
from proxy.server.run import fingerprint_key
from proxy.server.tenants import key_hash

MAX_KEY_BYTES = 8192


def run_keyhash(state_dir: str | None, config_file: str | None) -> int:
    """Read a key from standard input and write its hash. Raises `CommandError`; no message holds the key."""
    folder = _folder(state_dir, config_file)
    if sys.stdin is not None and getattr(sys.stdin, "isatty", lambda: False)():
        say("Type the API key, and end it with Return and Ctrl-D.")
    try:
        text = sys.stdin.buffer.read(MAX_KEY_BYTES + 1).decode("ascii").strip()
    except UnicodeDecodeError as error:
        raise CommandError("The key is not plain ASCII.") from error
    if not text or len(text) > MAX_KEY_BYTES or not text.isprintable() or " " in text:
        raise CommandError("Standard input does not hold one API key. Give it without 'Bearer', on one line.")
    try:
        secret = fingerprint_key(folder)
    except OSError as error:
        raise CommandError(f"{folder}: {error.strerror or error}. Check the path given as --state-dir.") from error
    write(key_hash(secret, text) + "\n")
    return ExitCode.OK


def _folder(state_dir: str | None, config_file: str | None) -> Path:
    if state_dir is not None:
        return Path(state_dir)
    if config_file is None:
        return ServerConfig(upstream_url="").state_dir
    try:
        return load_server_config(Path(config_file)).state_dir
    except ConfigError as error:
        raise config_problem(error) from error
