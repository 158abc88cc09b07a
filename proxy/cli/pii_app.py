"""The commands below `sluicegate pii`: their options. What they do is in `proxy.cli.pii`."""

from __future__ import annotations

from typing import Annotated

import typer

from proxy.cli.event_commands import CONTEXT_SETTINGS

pii_app = typer.Typer(
    help="Read the tokens that rules with 'encrypt: true' write, and make keys for them.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings=CONTEXT_SETTINGS,
)


@pii_app.command("decrypt")
def pii_decrypt(
    text: Annotated[
        str, typer.Argument(metavar="TOKEN|PATH", help="A token, a file with tokens, or - for standard input.")
    ] = "-",
    key: Annotated[
        str | None, typer.Option("--key", metavar="FILE", help="The keys; also as SLUICEGATE_ENCRYPT_KEYS.")
    ] = None,
    tenant: Annotated[str, typer.Option(metavar="NAME", help="The tenant whose tokens they are.")] = "",
    as_json: Annotated[
        bool, typer.Option("--json", help="The text is JSON: escape the values that stand in its strings.")
    ] = False,
) -> None:
    """Write a text with the values back in place of their tokens.

    Exit code 0: all of them. 1: some tokens stay, each named on standard error. 2: no key, or no text.
    """
    from proxy.cli.pii import run_decrypt  # noqa: PLC0415

    raise typer.Exit(run_decrypt(text, key, tenant, as_json=as_json))


@pii_app.command("key")
def pii_key() -> None:
    """Write a new key, as it stands in a key file."""
    from proxy.cli.pii import run_key  # noqa: PLC0415

    raise typer.Exit(run_key())
