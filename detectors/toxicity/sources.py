"""Which model a policy asks for, as a value that can be sent to another process and loaded there.

Nothing of a model is imported here before it is checked or loaded: a source is a path, a name, an address.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from detectors.toxicity.detoxify_files import check_installed, check_variant, check_weights
from detectors.toxicity.errors import missing
from detectors.toxicity.layout import DEFAULT_MAX_TOKENS, MODEL_FILE, file_digest, read_layout
from detectors.types import DetectorConfigError, ModelSource

if TYPE_CHECKING:
    from detectors.toxicity.card import Tiers
    from detectors.toxicity.cascade import CascadeEngine
    from detectors.toxicity.detoxify_engine import DetoxifyEngine
    from detectors.toxicity.onnx_engine import OnnxEngine
    from detectors.toxicity.params import RemoteParams, ToxicityParams
    from detectors.toxicity.remote_engine import RemoteEngine

BUNDLED = Path(__file__).parent / "bundled"

LOCAL_BATCH_CHARS = 640
"""Four windows of the largest size: enough to hide the way to the model and back, and some milliseconds of work."""

REMOTE_BATCH_CHARS = 5120
"""Thirty-two of them: a service on a GPU scores them as quickly as one."""

_ONLY_FOR = {
    "checkpoint": "detoxify",
    "huggingface_config_path": "detoxify",
    "larger": "cascade",
    "band": "cascade",
    "remote": "remote",
}
"""What only one kind of model looks at. Beside another it is a mistake, and not a model that was never asked."""

_FORMS = "bundled, onnx:PATH, detoxify:VARIANT, remote, cascade"


class Described(NamedTuple):
    """A model that can be used, and what it scores."""

    source: ModelSource
    labels: tuple[str, ...]
    tiers: tuple[Tiers, ...] = ()
    """Shipped thresholds of each label, where the model has a card."""
    digest: str = ""
    """Of the model's files, where they are on this machine."""


@dataclass(frozen=True, slots=True)
class OnnxSource:
    """An ONNX model in a folder or file."""

    path: str
    digest: str = ""
    """Of its files when the policy was loaded: another one is another model."""
    batch_chars: int = LOCAL_BATCH_CHARS

    def load(self) -> OnnxEngine:
        """Load it. Raises `DetectorConfigError`."""
        from detectors.toxicity.onnx_engine import load_onnx  # noqa: PLC0415 - imports ONNX Runtime

        return load_onnx(read_layout(Path(self.path)))


@dataclass(frozen=True, slots=True)
class DetoxifySource:
    """A model of the library Detoxify: a published one, or a checkpoint."""

    variant: str
    checkpoint: str
    config_path: str
    labels: tuple[str, ...]
    digest: str = ""
    """Of the checkpoint when the policy was loaded."""
    batch_chars: int = LOCAL_BATCH_CHARS

    def load(self) -> DetoxifyEngine:
        """Load it. Raises `DetectorConfigError`."""
        from detectors.toxicity.detoxify_engine import load_detoxify  # noqa: PLC0415 - imports torch

        return load_detoxify(self.variant, self.checkpoint, self.config_path, self.labels)


@dataclass(frozen=True, slots=True)
class RemoteSource:
    """A model in an inference service."""

    url: str
    model: str
    version: str
    input: str
    output: str
    labels: tuple[str, ...]
    timeout_s: float
    retries: int
    max_failures: int
    pause_s: float
    max_tokens: int = DEFAULT_MAX_TOKENS
    """How many tokens the model there reads of a text."""
    remember_s: float = math.inf
    """How long its scores hold."""
    batch_chars: int = REMOTE_BATCH_CHARS

    def load(self) -> RemoteEngine:
        """Return the way to it. Nothing is asked: a service may come up later."""
        from detectors.toxicity.remote_engine import RemoteEngine  # noqa: PLC0415 - imports urllib3

        return RemoteEngine(self)


@dataclass(frozen=True, slots=True)
class CascadeSource:
    """The bundled model on everything, and a larger one where it is in doubt."""

    quick: ModelSource
    larger: ModelSource
    low: float
    high: float
    batch_chars: int = LOCAL_BATCH_CHARS

    @property
    def remember_s(self) -> float:
        """How long its scores hold: as long as the larger model's."""
        return float(getattr(self.larger, "remember_s", math.inf))

    def load(self) -> CascadeEngine:
        """Load both. Raises `DetectorConfigError`."""
        from detectors.toxicity.cascade import CascadeEngine  # noqa: PLC0415 - only where it is used

        return CascadeEngine(self.quick.load(), self.larger.load(), self.low, self.high)


_VERSION_DIGITS = 12


def version_of(params: ToxicityParams, described: Described) -> str:
    """Return what events call the model: its kind and name, and the beginning of the hash of its files.

    Never a path or an address: events leave the machine.
    """
    kind, _, rest = params.model.partition(":")
    name = f"{kind}:{rest}" if kind == "detoxify" else kind
    if params.remote is not None and "remote" in {kind, params.larger}:
        name = ":".join(part for part in (name, params.remote.model, params.remote.version) if part)
    if not described.digest:
        return name
    digest = hashlib.sha256(described.digest.encode()).hexdigest()
    return f"{name}@{digest[:_VERSION_DIGITS]}"


def source_of(params: ToxicityParams) -> Described:
    """Return the model that parameters ask for, checked as far as that is quick. Raises `DetectorConfigError`."""
    kinds = {(model or "").partition(":")[0] for model in (params.model, params.larger)}
    for name, kind in _ONLY_FOR.items():
        if name in params.model_fields_set and kind not in kinds:
            raise DetectorConfigError(f"{name!r} is for model {kind!r}, which is not asked for.", (name,))
    return _model(params)


def _model(params: ToxicityParams) -> Described:
    kind, _, rest = params.model.partition(":")
    if kind == "bundled" and not rest:
        return _bundled()
    if kind == "onnx" and rest:
        return _onnx(rest)
    if kind == "detoxify" and rest:
        return _detoxify(rest, params)
    if kind == "remote" and not rest:
        return _remote(params.remote)
    if kind == "cascade" and not rest:
        return _cascade(params)
    raise DetectorConfigError(f"there is no model {params.model!r}. A model is one of: {_FORMS}.", ("model",))


def _bundled() -> Described:
    if not (BUNDLED / MODEL_FILE).is_file():
        raise missing("The bundled model", BUNDLED / MODEL_FILE, "Install Sluicegate again, or name another model.")
    return _onnx(str(BUNDLED))


def _onnx(path: str) -> Described:
    """Load the model once to see that it works, and let it go: it is loaded anew where it scores."""
    layout = read_layout(Path(_absolute(path)))
    source = OnnxSource(_absolute(path), layout.digest())
    _try_once(source)
    return Described(source, layout.labels, layout.tiers, source.digest)


@lru_cache(maxsize=16)
def _try_once(source: OnnxSource) -> None:
    """Load a model that was not loaded here before: parsing holds the interpreter, which a reload shares."""
    source.load()


def _detoxify(variant: str, params: ToxicityParams) -> Described:
    """Check all that can be checked without importing torch: it is loaded where it scores."""
    published = check_variant(variant)
    check_installed()
    checkpoint, config_path = _absolute(params.checkpoint), _absolute(params.huggingface_config_path)
    if not checkpoint:
        check_weights(variant)
    elif not Path(checkpoint).is_file():
        raise DetectorConfigError(f"there is no file {checkpoint}.", ("checkpoint",))
    if config_path and not Path(config_path).is_dir():
        raise DetectorConfigError(f"there is no folder {config_path}.", ("huggingface_config_path",))
    labels = tuple(params.labels) if checkpoint and params.labels else published.labels
    digest = file_digest(Path(checkpoint)) if checkpoint else ""
    return Described(DetoxifySource(variant, checkpoint, config_path, labels, digest), labels, digest=digest)


def _remote(params: RemoteParams | None) -> Described:
    if params is None:
        raise DetectorConfigError("model 'remote' needs 'remote': the url and model of a service.", ("model",))
    labels = tuple(params.labels)
    source = RemoteSource(
        params.url,
        params.model,
        params.version or "",
        params.input,
        params.output,
        labels,
        params.timeout_s,
        params.retries,
        params.max_failures,
        params.pause_s,
        params.max_tokens,
        params.remember_s,
    )
    return Described(source, labels)


def _cascade(params: ToxicityParams) -> Described:
    if params.larger is None or params.larger.partition(":")[0] in {"bundled", "cascade"}:
        said = "model 'cascade' needs 'larger': onnx:PATH, detoxify:VARIANT or remote"
        raise DetectorConfigError(f"{said}.", ("larger",) if params.larger else ("model",))
    low, high = params.band
    if low >= high:
        raise DetectorConfigError("the first end of the band must lie below the second.", ("band",))
    quick = _bundled()
    try:
        larger = _model(params.model_copy(update={"model": params.larger}))
    except DetectorConfigError as error:
        raise DetectorConfigError(str(error), ("larger",) if error.loc == ("model",) else error.loc) from None
    if not set(quick.labels) & set(larger.labels):
        raise DetectorConfigError("the larger model has no label of the bundled one's.", ("larger",))
    source = CascadeSource(quick.source, larger.source, low, high)
    return Described(source, quick.labels, quick.tiers, quick.digest + larger.digest)


def _absolute(path: str | None) -> str:
    return str(Path(path).expanduser().absolute()) if path else ""
