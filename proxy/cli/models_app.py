"""The group of commands `sluicegate models`: their options. What they do is in `proxy.cli.models`."""

from __future__ import annotations

from typing import Annotated

import typer

from proxy.cli.event_commands import CONTEXT_SETTINGS

models_app = typer.Typer(
    help="Get models for the toxicity detector, and make them small.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings=CONTEXT_SETTINGS,
)


@models_app.command("fetch")
def models_fetch(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="For example detoxify:original.")],
) -> None:
    """Download a published model once. Nothing is downloaded while serving."""
    from proxy.cli.models import run_fetch  # noqa: PLC0415

    raise typer.Exit(run_fetch(model))


@models_app.command("export")
def models_export(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="detoxify:VARIANT, or a checkpoint file that Detoxify wrote.")
    ],
    out: Annotated[str, typer.Option("--out", metavar="DIR", help="Folder to write.")],
    config_path: Annotated[
        str | None,
        typer.Option("--config-path", metavar="DIR", help="Folder with its configuration and tokenizer."),
    ] = None,
    bound: Annotated[
        float, typer.Option(metavar="SCORE", min=0.0, max=1.0, help="Largest difference that is allowed.")
    ] = 0.05,
) -> None:
    """Turn a model into int8 ONNX, and prove on a sample that its scores agree with the original's.

    Exit code 0: written. 2: refused, because they do not, or the model cannot be read.
    """
    from proxy.cli.models import run_export  # noqa: PLC0415

    raise typer.Exit(run_export(model, out, config_path, bound))


@models_app.command("band")
def models_band(
    path: Annotated[
        str, typer.Argument(metavar="FILE.jsonl", help='Lines like {"text": "...", "toxic": true}; - for stdin.')
    ],
    policy: Annotated[str, typer.Option("--policy", "-p", metavar="FILE", help="The policy with the cascade.")],
    detector: Annotated[str, typer.Option("--detector", "-d", metavar="NAME", help="The detector in it.")],
    threshold: Annotated[
        float, typer.Option(metavar="SCORE", min=0.0, max=1.0, help="The rule's min_score.")
    ] = 0.7,
    tolerance: Annotated[
        float,
        typer.Option(metavar="SHARE", min=0.0, max=1.0, help="How much worse than the larger model it may be."),
    ] = 0.005,
) -> None:
    """Choose the band of a cascade: recall against cost on labelled texts, and the cheapest that is good enough."""
    from proxy.cli.band import run_band  # noqa: PLC0415

    raise typer.Exit(run_band(policy, detector, path, threshold, tolerance))
