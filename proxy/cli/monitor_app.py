"""`sluicegate monitor` and the commands below it: their options. Their work is in modules of like names."""

from __future__ import annotations

from typing import Annotated

import typer

from proxy.cli.event_commands import CONTEXT_SETTINGS, DEFAULT_STATE, ConfigOption, KafkaOption

monitor_app = typer.Typer(
    help="Watch the events: how often the guard acts, and whether that has changed.",
    invoke_without_command=True,
    rich_markup_mode=None,
    context_settings=CONTEXT_SETTINGS,
)

StateOption = Annotated[str, typer.Option("--state-dir", metavar="DIR", help="Where the monitor keeps its state.")]


@monitor_app.callback()
def monitor(
    context: typer.Context,
    kafka: KafkaOption = None,
    state_dir: StateOption = DEFAULT_STATE,
    listen: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Address of its API and /metrics.")
    ] = None,
    alertmanager: Annotated[
        str | None, typer.Option(metavar="URL", help="Post alarms to this Alertmanager.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Read events from Kafka, or without --kafka from the outbox in --state-dir, and raise alarms.

    It is ready when GET /readyz answers 200. SIGTERM writes down what it has learned.
    """
    if context.invoked_subcommand is not None:
        return
    from proxy.cli.monitor_run import run_monitor  # noqa: PLC0415

    raise typer.Exit(run_monitor(kafka, state_dir, listen, alertmanager, config))


@monitor_app.command()
def status(
    url: Annotated[
        list[str] | None,
        typer.Option("--url", metavar="URL", help="A monitor; several are read as one. Default: that of DIR."),
    ] = None,
    state_dir: StateOption = DEFAULT_STATE,
    once: Annotated[bool, typer.Option("--once", help="Show it once and end.")] = False,
    window: Annotated[str, typer.Option(metavar="NAME", help="1m, 5m, 30m, 1h, 6h or 3d.")] = "1h",
) -> None:
    """Show rates and alarms of a running monitor, live until Ctrl-C."""
    from proxy.cli.monitor_status import run_status  # noqa: PLC0415

    raise typer.Exit(run_status(url or [], state_dir, window, once=once))


@monitor_app.command()
def replay(
    source: Annotated[
        str,
        typer.Argument(
            metavar="FILE|TOPIC", help="JSON lines of events, an outbox.db, - for standard input; or a topic."
        ),
    ],
    kafka: KafkaOption = None,
    config: ConfigOption = None,
    plot: Annotated[str | None, typer.Option(metavar="FILE.html", help="Draw rates and alarms.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write alarms as JSON lines.")] = False,
) -> None:
    """Read recorded events again, and show the alarms that they would have raised. Tells nobody."""
    from proxy.cli.monitor_replay import run_monitor_replay  # noqa: PLC0415

    raise typer.Exit(run_monitor_replay(source, kafka, config, plot, as_json=as_json))
