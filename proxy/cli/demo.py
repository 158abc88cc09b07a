"""The command `sluicegate demo`: what it needs is there, then `proxy.demo` runs."""

from __future__ import annotations

from importlib.util import find_spec

import uvloop
from pydantic_core import PydanticCustomError

from proxy.cli.errors import CommandError, ExitCode
from proxy.cli.terminal import console, say_errors
from proxy.server.config_fields import is_loopback, parse_address, split_address


def run_demo(*, once: bool, listen: str, admin: str) -> int:
    """Run the demo. Raises `CommandError` when it cannot start."""
    for name, what in (("openai", "speaks to the proxy through"), ("river", "watches the proxy with")):
        if find_spec(name) is None:
            raise CommandError(
                f"The demo {what} the package {name}, which is not installed."
                " Install it with: pip install 'sluicegate[demo]'"
            )
    from proxy.demo import run as demo  # noqa: PLC0415 - it imports openai

    listen_host, listen_port = _address("--listen", listen)
    admin_host, admin_port = _address("--admin", admin)
    options = demo.DemoOptions(
        once=once,
        listen_host=listen_host,
        listen_port=listen_port,
        admin_host=admin_host,
        admin_port=admin_port,
    )
    try:
        is_as_expected = uvloop.run(demo.run_demo(options, console()))
    except OSError as error:
        raise CommandError(
            f"The demo cannot start ({error.strerror or error}). Give free ports with --listen and --admin."
        ) from error
    if not is_as_expected:
        say_errors(["Something did not come as the script says: look for NOT AS EXPECTED above."])
        return ExitCode.BLOCKED
    return ExitCode.OK


def _address(option: str, value: str) -> tuple[str, int]:
    try:
        host, port = split_address(parse_address(value))
    except PydanticCustomError as error:
        raise CommandError(f"{option}: {error.message()}") from error
    if not is_loopback(host):
        raise CommandError(f"{option}: {host} can be reached from other machines. The demo stays on 127.0.0.1.")
    return host, int(port)
