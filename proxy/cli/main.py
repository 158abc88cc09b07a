"""The command `sluicegate`: its commands, their options, and the one place where errors are shown.

Every command's work is in a module of its own, imported when the command runs, so that `--help` is quick.
"""

from __future__ import annotations

import errno
import os
import sys
import traceback
from enum import StrEnum
from typing import Annotated, Any

import typer

from detectors.types import ChannelKind
from policies.types import Direction
from proxy.cli.audit_app import audit_app
from proxy.cli.build import build_name
from proxy.cli.errors import CommandError, ExitCode
from proxy.cli.event_commands import events_app, outbox_app, topics_app
from proxy.cli.models_app import models_app
from proxy.cli.monitor_app import monitor_app
from proxy.cli.pii_app import pii_app
from proxy.cli.terminal import REPORT_TEXT_CHARS, drop_output, say_errors, use_utf8, write
from proxy.server.heap import look_rarely

PROGRAM = "sluicegate"
DEBUG_VARIABLE = "SLUICEGATE_DEBUG"
REPORT_HINT = (
    f"This is a bug: please report it, with what the same command writes when {DEBUG_VARIABLE}=1 is set"
    " (take private text out of it first)."
)
CONTEXT_SETTINGS = {"help_option_names": ["-h", "--help"]}

app = typer.Typer(
    name=PROGRAM,
    help="A proxy that guards what a model API says, before a client can see it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings=CONTEXT_SETTINGS,
)
policy_app = typer.Typer(
    help="Check, show and test policies.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings=CONTEXT_SETTINGS,
)
app.add_typer(policy_app, name="policy")
app.add_typer(audit_app, name="audit")
app.add_typer(pii_app, name="pii")
app.add_typer(models_app, name="models")
app.add_typer(events_app, name="events")
app.add_typer(topics_app, name="topics")
app.add_typer(outbox_app, name="outbox")
app.add_typer(monitor_app, name="monitor")

PolicyOption = Annotated[
    str, typer.Option("--policy", "-p", metavar="FILE", help="Policy file, or the name of a bundled policy.")
]
AuditKeyOption = Annotated[
    str | None,
    typer.Option("--audit-key", metavar="FILE", help="Keep an audit store, under the keys in this file."),
]
EncryptKeyOption = Annotated[
    str | None,
    typer.Option(
        "--encrypt-key", metavar="FILE", help="Keys of rules with 'encrypt: true'; also as SLUICEGATE_ENCRYPT_KEYS."
    ),
]
MonitorOption = Annotated[
    str | None, typer.Option(metavar="HOST:PORT", help="Watch the events, and answer on this address.")
]
WorkersOption = Annotated[int | None, typer.Option(metavar="N", help="Processes that share the address.")]
SettingsOption = Annotated[
    str | None, typer.Option(metavar="FILE", help="Settings file; the options here override it.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON to standard output.")]
PolicyFiles = Annotated[
    list[str], typer.Argument(metavar="FILE...", help="Policy files, or names of bundled policies.")
]


class Dialects(StrEnum):
    """Dialects that `replay` can be told to read a raw file as."""

    OPENAI_CHAT = "openai-chat"
    OPENAI_COMPLETIONS = "openai-completions"


def _show_version(wanted: bool) -> None:
    if wanted:
        write(f"{build_name(PROGRAM)}\n")
        raise typer.Exit


@app.callback()
def _root(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Take the options that come before a command."""


@app.command()
def serve(  # noqa: PLR0913, PLR0917 - one for each option
    upstream: Annotated[
        str | None, typer.Option(metavar="URL", help="The model API, for example https://api.openai.com")
    ] = None,
    policy: Annotated[
        str | None, typer.Option("--policy", "-p", metavar="FILE", help="Policy file or bundled name.")
    ] = None,
    listen: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="Address for clients.")] = None,
    admin: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Address of /healthz, /readyz and /metrics.")
    ] = None,
    state_dir: Annotated[
        str | None, typer.Option("--state-dir", metavar="DIR", help="Where the proxy keeps its state.")
    ] = None,
    kafka: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="Publish events to Kafka.")] = None,
    audit_key: AuditKeyOption = None,
    encrypt_key: EncryptKeyOption = None,
    monitor_listen: MonitorOption = None,
    workers: WorkersOption = None,
    config: SettingsOption = None,
) -> None:
    """Run the proxy in front of a model API.

    It is ready when GET /readyz on the admin address answers 200. SIGTERM lets running answers finish.
    """
    from proxy.cli.serve import run_serve  # noqa: PLC0415

    flags = {
        "upstream": upstream,
        "policy": policy,
        "listen": listen,
        "admin": admin,
        "state_dir": state_dir,
        "kafka": kafka,
        "audit_key": audit_key,
        "encrypt_key": encrypt_key,
        "monitor_listen": monitor_listen,
        "workers": workers,
    }
    raise typer.Exit(run_serve(flags, config))


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="End after the traffic instead of staying up.")] = False,
    listen: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Address for clients; port 0: a free one.")
    ] = "127.0.0.1:0",
    admin: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Admin address; port 0: a free one.")
    ] = "127.0.0.1:0",
) -> None:
    """Show the whole system on this machine: a scripted model, the proxy, and traffic through it.

    It stays up afterwards, so that any OpenAI client can be pointed at it. Needs no key and no network.
    """
    from proxy.cli.demo import run_demo  # noqa: PLC0415

    raise typer.Exit(run_demo(once=once, listen=listen, admin=admin))


@app.command()
def check(
    path: Annotated[str, typer.Argument(metavar="PATH", help="A text file, or - for standard input.")],
    policy: PolicyOption = "default",
    as_json: JsonOption = False,
    direction: Annotated[Direction, typer.Option(help="Judge the text as this.")] = Direction.RESPONSE,
    channel: Annotated[ChannelKind, typer.Option(help="Judge it as this kind of text.")] = ChannelKind.TEXT,
) -> None:
    """Run a text through a policy, as one answer of a model.

    What a client would get goes to standard output, what was found to standard error.
    Exit code 0: released, edited or not. 1: blocked. 2: configuration or input error.
    """
    from proxy.cli.check import run_check  # noqa: PLC0415

    raise typer.Exit(run_check(policy, path, direction, channel, as_json=as_json))


@app.command()
def score(
    path: Annotated[
        str,
        typer.Argument(metavar="FILE.jsonl", help='Lines like {"id": "7", "text": "..."}; - for standard input.'),
    ],
    detector: Annotated[str, typer.Option("--detector", "-d", metavar="NAME", help="A detector of the policy.")],
    policy: PolicyOption = "default",
    channel: Annotated[ChannelKind, typer.Option(help="Judge the texts as this kind.")] = ChannelKind.TEXT,
) -> None:
    """Run one detector over many texts, and write one JSON line for each.

    Lines that cannot be scored are named on standard error; the others are still written, and the exit code is 2.
    """
    from proxy.cli.score import run_score  # noqa: PLC0415

    raise typer.Exit(run_score(policy, detector, path, channel))


@app.command()
def replay(
    recording: Annotated[
        str,
        typer.Argument(
            metavar="RECORDING", help="A recording of the proxy, a raw .sse stream, or a whole .json answer."
        ),
    ],
    policy: PolicyOption = "default",
    dialect: Annotated[
        Dialects, typer.Option(help="Dialect of a raw file; a recording names its own.")
    ] = Dialects.OPENAI_CHAT,
    as_json: JsonOption = False,
) -> None:
    """Play a recorded answer through the guard, and show what was held, released and decided at each step.

    Exit code 0: released, edited or not. 1: blocked. 2: configuration or input error.
    """
    from proxy.cli.replay import run_replay  # noqa: PLC0415

    raise typer.Exit(run_replay(policy, recording, dialect.value, as_json=as_json))


@app.command()
def detectors(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Show this one, with its parameters.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List the detectors: categories, parameters and cost class."""
    from proxy.cli.detectors import run_detectors  # noqa: PLC0415

    raise typer.Exit(run_detectors(name, as_json=as_json))


@app.command()
def routes(
    config: Annotated[
        str | None, typer.Option(metavar="FILE", help="Settings file, to show what it opens.")
    ] = None,
    as_json: JsonOption = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Write the page docs/routes.md.")] = False,
) -> None:
    """Show which paths are guarded, which pass and which are refused."""
    from proxy.cli.routes import run_routes  # noqa: PLC0415

    raise typer.Exit(run_routes(config, as_json=as_json, as_markdown=as_markdown))


@app.command()
def keyhash(
    state_dir: Annotated[
        str | None, typer.Option("--state-dir", metavar="DIR", help="The state folder of the proxy.")
    ] = None,
    config: Annotated[str | None, typer.Option(metavar="FILE", help="Settings file that names it.")] = None,
) -> None:
    """Write the hash of an API key, read from standard input, for `key_hashes` of a tenant."""
    from proxy.cli.keyhash import run_keyhash  # noqa: PLC0415

    raise typer.Exit(run_keyhash(state_dir, config))


@policy_app.command("validate")
def policy_validate(files: PolicyFiles) -> None:
    """Report every error of policies, with file, line, column and what to do."""
    from proxy.cli.policy import run_validate  # noqa: PLC0415

    raise typer.Exit(run_validate(files))


@policy_app.command("show")
def policy_show(
    file: Annotated[
        str | None, typer.Argument(metavar="FILE", help="A policy file, or the name of a bundled policy.")
    ] = None,
    as_json: JsonOption = False,
    route: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="METHOD PATH", help="Show in place of a policy the way of such a request, and why."),
    ] = None,
    model: Annotated[str | None, typer.Option(metavar="NAME", help="With --route: the model it asks for.")] = None,
    tenant: Annotated[str | None, typer.Option(metavar="NAME", help="With --route: who asks.")] = None,
    header: Annotated[
        list[str] | None, typer.Option(metavar="'NAME: VALUE'", help="With --route: a header; may be repeated.")
    ] = None,
    config: Annotated[str | None, typer.Option(metavar="FILE", help="With --route: the settings file.")] = None,
) -> None:
    """Show a policy after `extends`, and its revision; or which policy a request would get, and why."""
    from proxy.cli.policy import run_show, run_show_route  # noqa: PLC0415

    if route is not None:
        request = {"model": model, "tenant": tenant, "headers": header or ()}
        raise typer.Exit(run_show_route(route, request, config, as_json=as_json))
    alone = {"--model": model, "--tenant": tenant, "--header": header, "--config": config}
    raise typer.Exit(run_show(file, [name for name, value in alone.items() if value], as_json=as_json))


@policy_app.command("test")
def policy_test(files: PolicyFiles) -> None:
    """Run the `tests:` in policies. Exit code 1 when one fails."""
    from proxy.cli.policy import run_policy_tests  # noqa: PLC0415

    raise typer.Exit(run_policy_tests(files))


def run(arguments: list[str]) -> int:
    """Run the command line and return its exit code. No exception leaves it."""
    use_utf8()
    try:
        result: Any = app(args=arguments, prog_name=PROGRAM, standalone_mode=False)
        sys.stdout.flush()
    except CommandError as error:
        say_errors(error.lines)
        return error.code
    except (KeyboardInterrupt, typer.Abort):
        return ExitCode.INTERRUPTED
    except (OSError, SystemExit) as error:
        if not _is_broken_pipe(error):
            return _report(error)
        drop_output()
        return ExitCode.PIPE
    except Exception as error:  # noqa: BLE001 - the border: no traceback reaches a user
        return _report(error)
    return result if isinstance(result, int) else ExitCode.OK


def _is_broken_pipe(error: BaseException) -> bool:
    """Whether whoever read the output went away. Typer and Rich turn that into an exit with code 1."""
    cause = error.__context__ if isinstance(error, SystemExit) else error
    return isinstance(cause, OSError) and cause.errno == errno.EPIPE


def _report(error: BaseException) -> int:
    """Say what went wrong in one line. Usage errors say how to get help, bugs how to report them."""
    if (message := getattr(error, "format_message", None)) is not None:
        context = getattr(error, "ctx", None)
        command = PROGRAM if context is None else context.command_path
        said = message().replace("Value error, ", "")  # pydantic's words, which Typer leaves in
        say_errors([f"{said} Try '{command} --help'."])
        return ExitCode.CONFIG
    if os.environ.get(DEBUG_VARIABLE) == "1":
        traceback.print_exception(error)
    # The message of an unknown exception may quote the text that was judged: only its type is shown.
    cause = type(error).__name__ if not isinstance(error, OSError) else f"{type(error).__name__}: {error}"
    say_errors([f"{PROGRAM}: unexpected error ({cause[:REPORT_TEXT_CHARS]}). {REPORT_HINT}"])
    return ExitCode.INTERNAL


def main() -> None:
    """Entry point of the installed command."""
    look_rarely()
    sys.exit(run(sys.argv[1:]))
