"""The commands `sluicegate models`: get a model, turn one into ONNX."""

from __future__ import annotations

from pathlib import Path

from detectors.toxicity.detoxify_files import VARIANTS
from detectors.types import DetectorConfigError
from proxy.cli.errors import CommandError, ExitCode
from proxy.cli.terminal import say, write

DETOXIFY = "detoxify:"


def run_fetch(model: str) -> int:
    """Download a published Detoxify model. Raises `CommandError`."""
    from detectors.toxicity.detoxify_engine import fetch  # noqa: PLC0415 - only here

    variant = _variant(model)
    say(f"Fetching {model}: its weights and its tokenizer ...")
    try:
        fetch(variant)
    except DetectorConfigError as error:
        raise CommandError(str(error)) from error
    except Exception as error:
        what = type(error).__name__
        raise CommandError(f"{model} could not be fetched ({what}). Is there a way to the network?") from error
    write(f"{model} is on this machine.\n")
    return ExitCode.OK


def run_export(model: str, out: str, config_path: str | None, bound: float) -> int:
    """Write an int8 ONNX model that says what a Detoxify model says. Raises `CommandError`."""
    from detectors.toxicity.export import ParityError, export_detoxify  # noqa: PLC0415 - imports ONNX Runtime

    is_published = model.startswith(DETOXIFY)
    variant = _variant(model) if is_published else "original"
    checkpoint = "" if is_published else str(Path(model).expanduser().absolute())
    say(f"Exporting {model}: this takes a minute for a large model ...")
    try:
        parity = export_detoxify(
            variant, Path(out), checkpoint=checkpoint, config_path=config_path or "", bound=bound
        )
    except DetectorConfigError as error:
        raise CommandError(str(error)) from error
    except ParityError as error:
        lines = [f"  {label}: {one:.4f}" for label, one in error.parity.differences.items()]
        raise CommandError(f"{model} was not exported: {error}. Largest difference by label:", *lines) from error
    write(f"{out}: int8 ONNX, use it as model: onnx:{out}\n")
    write(f"largest difference of a score over {parity.texts} texts: {parity.largest:.4f} (allowed: {bound:g})\n")
    for label, difference in parity.differences.items():
        write(f"  {label}: {difference:.4f}\n")
    return ExitCode.OK


def _variant(model: str) -> str:
    variant = model.removeprefix(DETOXIFY)
    if not model.startswith(DETOXIFY) or variant not in VARIANTS:
        known = ", ".join(DETOXIFY + name for name in VARIANTS)
        raise CommandError(f"There is no model '{model}'. Models to fetch or export: {known}.")
    return variant
