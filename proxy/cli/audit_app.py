"""The commands below `sluicegate audit`: their options. What each does is in `audit_show` and `audit_keep`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from proxy.cli.event_commands import CONTEXT_SETTINGS

if TYPE_CHECKING:
    from events.audit.reading import Filter

audit_app = typer.Typer(
    help="Read, verify and erase what the audit store keeps of incidents.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings=CONTEXT_SETTINGS,
)

StateDir = Annotated[
    str | None, typer.Option("--state-dir", metavar="DIR", help="The proxy's state folder; the store is in it.")
]
Config = Annotated[str | None, typer.Option("--config", metavar="FILE", help="Settings file of the proxy.")]
Database = Annotated[
    str | None,
    typer.Option("--database", metavar="URL", help="Its database; also as SLUICEGATE_AUDIT_DATABASE."),
]
Key = Annotated[
    str | None,
    typer.Option("--key", metavar="FILE", help="Its keys; also as SLUICEGATE_AUDIT_KEYS or in the config."),
]
Json = Annotated[bool, typer.Option("--json", help="Write JSON to standard output.")]
Since = Annotated[
    str | None, typer.Option(metavar="TIME", help="From this time on: 2026-11-23, 2026-11-23T07:12Z, or 2h ago.")
]
Until = Annotated[str | None, typer.Option(metavar="TIME", help="Before this time.")]
Rule = Annotated[str | None, typer.Option(metavar="ID", help="Of this rule.")]
Category = Annotated[str | None, typer.Option(metavar="NAME", help="Of this category.")]
Tenant = Annotated[str | None, typer.Option(metavar="NAME", help="Of this tenant.")]
Model = Annotated[str | None, typer.Option(metavar="NAME", help="Of this model.")]
Action = Annotated[str | None, typer.Option(metavar="NAME", help="With this action: block, redact ...")]
Request = Annotated[str | None, typer.Option(metavar="ID", help="Of this request.")]


@audit_app.command("list")
def audit_list(  # noqa: PLR0913, PLR0917 - one for each option
    since: Since = None,
    until: Until = None,
    rule: Rule = None,
    category: Category = None,
    tenant: Tenant = None,
    model: Model = None,
    action: Action = None,
    request: Request = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, metavar="N", help="At most so many.")] = 50,
    state_dir: StateDir = None,
    config: Config = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """List incidents, the newest first. Needs no key."""
    from proxy.cli.audit_show import run_list  # noqa: PLC0415
    from proxy.cli.audit_where import Where  # noqa: PLC0415

    wanted = _wanted(
        since, until, rule=rule, category=category, tenant=tenant, model=model, action=action, request_id=request
    )
    raise typer.Exit(run_list(Where(state_dir, config, database), wanted, limit, as_json=as_json))


@audit_app.command("show")
def audit_show(
    name: Annotated[
        str, typer.Argument(metavar="ID", help="Id of an incident or a request, or a record's number.")
    ],
    show_policy: Annotated[bool, typer.Option("--show-policy", help="Show the policy in force, too.")] = False,
    key: Key = None,
    state_dir: StateDir = None,
    config: Config = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Show an incident: what was found and done, and with the key the text before and after."""
    from proxy.cli.audit_show import run_show  # noqa: PLC0415
    from proxy.cli.audit_where import Where  # noqa: PLC0415

    where = Where(state_dir, config, database, key)
    raise typer.Exit(run_show(where, name, as_json=as_json, with_policy=show_policy))


@audit_app.command("verify")
def audit_verify(
    anchors: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE", help="Anchors, as events in JSON lines; - for standard input. Repeatable."),
    ] = None,
    kafka: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT", help="Take the anchors from their topic there; TLS and SASL from --config."
        ),
    ] = None,
    state_dir: StateDir = None,
    config: Config = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Prove that nobody changed the store. Exit code 1: somebody did, and where. Needs no key."""
    from proxy.cli.audit_keep import run_verify  # noqa: PLC0415
    from proxy.cli.audit_where import Where  # noqa: PLC0415

    raise typer.Exit(run_verify(Where(state_dir, config, database), anchors or [], kafka, as_json=as_json))


@audit_app.command("export")
def audit_export(  # noqa: PLR0913, PLR0917 - one for each option
    since: Since = None,
    until: Until = None,
    rule: Rule = None,
    category: Category = None,
    tenant: Tenant = None,
    model: Model = None,
    action: Action = None,
    request: Request = None,
    with_text: Annotated[bool, typer.Option("--text", help="With the texts, decrypted. Needs the key.")] = False,
    key: Key = None,
    state_dir: StateDir = None,
    config: Config = None,
    database: Database = None,
) -> None:
    """Write incidents as JSON lines, the oldest first."""
    from proxy.cli.audit_show import run_export  # noqa: PLC0415
    from proxy.cli.audit_where import Where  # noqa: PLC0415

    wanted = _wanted(
        since, until, rule=rule, category=category, tenant=tenant, model=model, action=action, request_id=request
    )
    raise typer.Exit(run_export(Where(state_dir, config, database, key), wanted, with_text=with_text))


@audit_app.command("erase")
def audit_erase(  # noqa: PLR0913, PLR0917 - one for each option
    request: Annotated[str | None, typer.Option(metavar="ID", help="The texts of this request's exchange.")] = None,
    subject: Annotated[
        str | None, typer.Option(metavar="HASH", help="Those of an end user, by the fingerprint in events.")
    ] = None,
    user: Annotated[
        str | None, typer.Option(metavar="NAME", help="Those of an end user, by the name in requests.")
    ] = None,
    tenant: Annotated[str | None, typer.Option(metavar="NAME", help="With --user: whose end user it is.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    state_dir: StateDir = None,
    config: Config = None,
    database: Database = None,
) -> None:
    """Erase texts for good. The chain still holds, and says that they were erased. Needs no key."""
    from proxy.cli.audit_keep import run_erase  # noqa: PLC0415
    from proxy.cli.audit_where import Where  # noqa: PLC0415

    where = Where(state_dir, config, database)
    raise typer.Exit(run_erase(where, request, subject, (user or "", tenant), yes=yes))


@audit_app.command("rewrap")
def audit_rewrap(
    key: Key = None, state_dir: StateDir = None, config: Config = None, database: Database = None
) -> None:
    """Rotate: wrap all data keys under the first key of the file, so that the others can go."""
    from proxy.cli.audit_keep import run_rewrap  # noqa: PLC0415
    from proxy.cli.audit_where import Where  # noqa: PLC0415

    raise typer.Exit(run_rewrap(Where(state_dir, config, database, key)))


@audit_app.command("key")
def audit_key() -> None:
    """Write a new key, as it stands in a key file."""
    from proxy.cli.audit_keep import run_key  # noqa: PLC0415

    raise typer.Exit(run_key())


def _wanted(since: str | None, until: str | None, **of: str | None) -> Filter:
    """Return which incidents the options of `list` and `export` ask for; `of` are further members of the filter."""
    from events.audit.reading import Filter  # noqa: PLC0415
    from events.audit.records import INCIDENT  # noqa: PLC0415
    from proxy.cli.audit_where import moment  # noqa: PLC0415

    return Filter((INCIDENT,), moment(since, "--since"), moment(until, "--until"), **of)
