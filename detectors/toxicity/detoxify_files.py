"""Which Detoxify models there are, what they score, and where their weights lie. Torch is not imported for that."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from detectors.toxicity.errors import missing
from detectors.types import DetectorConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

_ORIGINAL = ("toxicity", "severe_toxicity", "obscene", "threat", "insult", "identity_attack")
_UNBIASED = ("toxicity", "severe_toxicity", "obscene", "identity_attack", "insult", "threat", "sexual_explicit")


class Variant(NamedTuple):
    """One of the models that Detoxify's authors published."""

    labels: tuple[str, ...]
    weights: str
    """Name of the file that torch keeps in its cache."""


VARIANTS: Mapping[str, Variant] = {
    "original": Variant(_ORIGINAL, "toxic_original-c1212f89.ckpt"),
    "unbiased": Variant(_UNBIASED, "toxic_debiased-c7548aa0.ckpt"),
    "multilingual": Variant(_UNBIASED, "multilingual_debiased-0b549669.ckpt"),
    "original-small": Variant(_ORIGINAL, "original-albert-0e1d6498.ckpt"),
    "unbiased-small": Variant(_UNBIASED, "unbiased-albert-c8519128.ckpt"),
}


def check_installed() -> None:
    """Raise `DetectorConfigError` when Detoxify is not installed."""
    for name in ("torch", "detoxify"):
        if find_spec(name) is None:
            raise DetectorConfigError(
                f"{name} is not installed. Install it: `pip install 'sluicegate[detoxify]'`.", ("model",)
            )


def check_variant(name: str) -> Variant:
    """Return a published model. Raises `DetectorConfigError`."""
    if name not in VARIANTS:
        known = ", ".join(VARIANTS)
        raise DetectorConfigError(f"Detoxify has no model {name!r}. It has: {known}.", ("model",))
    return VARIANTS[name]


def check_weights(name: str) -> None:
    """Raise `DetectorConfigError` when the weights of a published model are not on this machine."""
    path = weights_path(name)
    if not path.is_file():
        said = f"Fetch them once: `sluicegate models fetch detoxify:{name}`. Nothing is downloaded while serving."
        raise missing(f"The weights of detoxify:{name} are not on this machine:", path, said)


def weights_path(name: str) -> Path:
    """Return where torch keeps the weights of a published model."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    home = os.environ.get("TORCH_HOME") or Path(cache) / "torch"
    return Path(home).expanduser() / "hub" / "checkpoints" / VARIANTS[name].weights
