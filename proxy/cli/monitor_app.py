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


UrlOption = Annotated[
    list[str] | None,
    typer.Option("--url", metavar="URL", help="A monitor; several are read as one. Default: that of DIR."),
]


@monitor_app.command()
def status(
    url: UrlOption = None,
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


@monitor_app.command()
def review(  # noqa: PLR0913, PLR0917 - one for each option
    url: UrlOption = None,
    state_dir: StateOption = DEFAULT_STATE,
    kind: Annotated[str | None, typer.Option(metavar="KIND", help="incident or allowed; default: both.")] = None,
    policy: Annotated[str | None, typer.Option(metavar="NAME", help="Of this policy only.")] = None,
    rule: Annotated[str | None, typer.Option(metavar="ID", help="Of this rule only.")] = None,
    category: Annotated[str | None, typer.Option(metavar="NAME", help="Of this category only.")] = None,
    route: Annotated[str | None, typer.Option(metavar="PATH", help="Of this route only.")] = None,
    tenant: Annotated[str | None, typer.Option(metavar="NAME", help="Of this tenant only.")] = None,
    model: Annotated[str | None, typer.Option(metavar="NAME", help="Of this model only.")] = None,
    limit: Annotated[int, typer.Option(metavar="N", help="So many at most.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Write them as JSON lines.")] = False,
) -> None:
    """List what waits for a verdict: incidents, and the sample of the answers that were allowed."""
    from proxy.cli.monitor_review import run_review  # noqa: PLC0415

    asked = {
        "kind": kind, "policy": policy, "rule": rule, "category": category, "route": route, "tenant": tenant,
        "model": model,
    }  # fmt: skip
    raise typer.Exit(run_review(url or [], state_dir, asked, limit, as_json=as_json))


@monitor_app.command()
def verdict(
    about: Annotated[
        str, typer.Argument(metavar="ID", help="Of the incident, or of the allowed answer's request.")
    ],
    label: Annotated[str, typer.Argument(metavar="LABEL", help="true_positive, false_positive or unsure.")],
    reviewer: Annotated[
        str, typer.Option(metavar="NAME", help="Who judged; the event has a fingerprint of it.", envvar="USER")
    ],
    url: UrlOption = None,
    state_dir: StateOption = DEFAULT_STATE,
    severity: Annotated[
        str | None, typer.Option(metavar="LEVEL", help="informational, low, medium or high.")
    ] = None,
    category_fix: Annotated[
        str | None, typer.Option(metavar="NAME", help="The category that it should have had.")
    ] = None,
) -> None:
    """Say whether an incident was right, or whether an allowed answer should have been one (true_positive)."""
    from proxy.cli.monitor_review import run_verdict  # noqa: PLC0415

    note = {"severity": severity, "category_fix": category_fix}
    raise typer.Exit(run_verdict(url or [], state_dir, about, label, reviewer, note))


@monitor_app.command()
def acknowledge(
    alarm_id: Annotated[str, typer.Argument(metavar="ALARM", help="Its id: see status and /api/alarms.")],
    url: UrlOption = None,
    state_dir: StateOption = DEFAULT_STATE,
) -> None:
    """Say that somebody looks at an alarm."""
    from proxy.cli.monitor_review import run_act  # noqa: PLC0415

    raise typer.Exit(run_act(url or [], state_dir, alarm_id, "acknowledge"))


@monitor_app.command()
def close(
    alarm_id: Annotated[str, typer.Argument(metavar="ALARM", help="Its id: see status and /api/alarms.")],
    url: UrlOption = None,
    state_dir: StateOption = DEFAULT_STATE,
) -> None:
    """Close an alarm that was dealt with."""
    from proxy.cli.monitor_review import run_act  # noqa: PLC0415

    raise typer.Exit(run_act(url or [], state_dir, alarm_id, "close"))
