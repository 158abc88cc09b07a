"""Which model a policy asks for, as a value that can be sent to another process and loaded there.

Nothing of a model is imported here before it is checked or loaded: a source is a path, a name, an address.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from detectors.toxicity.errors import missing
from detectors.toxicity.layout import MODEL_FILE, read_layout
from detectors.types import DetectorConfigError, ModelSource

if TYPE_CHECKING:
    from detectors.toxicity.onnx_engine import OnnxEngine
    from detectors.toxicity.params import ToxicityParams

BUNDLED = Path(__file__).parent / "bundled"

LOCAL_BATCH_CHARS = 640
"""Four windows of the largest size: enough to hide the way to the model and back, and some milliseconds of work."""

_FORMS = "bundled, onnx:PATH"


class Described(NamedTuple):
    """A model that can be used, and what it scores."""

    source: ModelSource
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OnnxSource:
    """An ONNX model in a folder or file."""

    path: str
    batch_chars: int = LOCAL_BATCH_CHARS

    def load(self) -> OnnxEngine:
        """Load it. Raises `DetectorConfigError`."""
        from detectors.toxicity.onnx_engine import load_onnx  # noqa: PLC0415 - imports ONNX Runtime

        return load_onnx(read_layout(Path(self.path)))


def source_of(params: ToxicityParams) -> Described:
    """Return the model that parameters ask for, checked as far as that is quick. Raises `DetectorConfigError`."""
    kind, _, rest = params.model.partition(":")
    if kind == "bundled" and not rest:
        return _bundled()
    if kind == "onnx" and rest:
        return _onnx(rest)
    raise DetectorConfigError(f"there is no model {params.model!r}. A model is one of: {_FORMS}.", ("model",))


def _bundled() -> Described:
    if not (BUNDLED / MODEL_FILE).is_file():
        raise missing("The bundled model", BUNDLED / MODEL_FILE, "Install Sluicegate again, or name another model.")
    return _onnx(str(BUNDLED))


def _onnx(path: str) -> Described:
    """Load the model once to see that it works, and let it go: it is loaded anew where it scores."""
    source = OnnxSource(str(Path(path).expanduser().absolute()))
    return Described(source, source.load().labels)
