"""Options of the commands `events`, `topics` and `outbox`. Their work is in modules of the same names."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

CONTEXT_SETTINGS = {"help_option_names": ["-h", "--help"]}
DEFAULT_STATE = "sluicegate-state"


def _group(text: str) -> typer.Typer:
    return typer.Typer(help=text, no_args_is_help=True, rich_markup_mode=None, context_settings=CONTEXT_SETTINGS)


events_app = _group("Read events.")
topics_app = _group("Kafka's topics.")
outbox_app = _group("The events that wait on this machine.")

StateOption = Annotated[str, typer.Option("--state-dir", metavar="DIR", help="The proxy's state folder.")]
KafkaOption = Annotated[str | None, typer.Option("--kafka", metavar="HOST:PORT", help="A Kafka broker.")]
ConfigOption = Annotated[
    str | None, typer.Option("--config", metavar="FILE", help="Settings file of the proxy, for TLS and SASL.")
]


class Formats(StrEnum):
    """How events are written."""

    JSON = "json"
    OCSF = "ocsf"


class Names(StrEnum):
    """Types of events by their short names."""

    EXCHANGE = "exchange"
    INCIDENT = "incident"
    VERDICT = "verdict"
    ALARM = "alarm"
    POLICY = "policy"
    AUDIT_HEAD = "audit-head"


@events_app.command("tail")
def events_tail(
    kafka: KafkaOption = None,
    config: ConfigOption = None,
    state_dir: StateOption = DEFAULT_STATE,
    kind: Annotated[list[Names] | None, typer.Option("--type", help="Only these; give it again for more.")] = None,
    count: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of the newest to begin with.")] = 10,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C.")] = False,
    as_format: Annotated[Formats, typer.Option("--format", help="ocsf: incidents and verdicts.")] = Formats.JSON,
) -> None:
    """Write the newest events, one JSON line each: from Kafka, or without --kafka from the outbox."""
    from proxy.cli.events import TailOptions, run_tail  # noqa: PLC0415

    options = TailOptions(tuple(one.value for one in kind or ()), count, follow, as_format is Formats.OCSF)
    raise typer.Exit(run_tail(options, kafka, config, state_dir))


@topics_app.command("create")
def topics_create(
    kafka: KafkaOption = None,
    config: ConfigOption = None,
    partitions: Annotated[int | None, typer.Option(min=1, help="Of each topic of events.")] = None,
    replication: Annotated[
        int | None, typer.Option(min=1, help="Copies; default: 3 where there are as many brokers, else their own.")
    ] = None,
) -> None:
    """Create the topics that are missing, and name them. Those that are there stay as they are."""
    from proxy.cli.topics import run_create  # noqa: PLC0415

    raise typer.Exit(run_create(kafka, config, partitions, replication))


@outbox_app.command("status")
def outbox_status(
    state_dir: StateOption = DEFAULT_STATE,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON to standard output.")] = False,
) -> None:
    """Show what waits, for whom, and what could not be delivered."""
    from proxy.cli.outbox import run_status  # noqa: PLC0415

    raise typer.Exit(run_status(state_dir, as_json=as_json))


@outbox_app.command("retry")
def outbox_retry(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Dead letters; none: all.")] = None,
    state_dir: StateOption = DEFAULT_STATE,
) -> None:
    """Put dead letters at the end of the queue again."""
    from proxy.cli.outbox import run_retry  # noqa: PLC0415

    raise typer.Exit(run_retry(state_dir, ids or None))


@outbox_app.command("drain")
def outbox_drain(
    kafka: KafkaOption = None,
    config: ConfigOption = None,
    state_dir: StateOption = DEFAULT_STATE,
    limit: Annotated[float, typer.Option("--timeout", min=1, metavar="SECONDS", help="Give up after.")] = 300.0,
) -> None:
    """Publish everything that waits, without a running proxy. Exit code 1 when something is left."""
    from proxy.cli.outbox import run_drain  # noqa: PLC0415

    raise typer.Exit(run_drain(state_dir, kafka, config, limit))
