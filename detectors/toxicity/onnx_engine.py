"""Scores texts with an ONNX model on one thread of the CPU. Imports ONNX Runtime: only to load a model.

Each text is scored by itself, without padding. An int8 model measures its activations over everything that it is
given at a time, so a text's scores would depend on its neighbours; and on one thread a batch is not faster
(docs/adr/0019).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from detectors.toxicity.errors import damaged, first_line
from detectors.toxicity.normalise import normalise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokenizers import Encoding

    from detectors.toxicity.layout import Layout
    from detectors.types import Scores

_KNOWN_INPUTS: Final = ("input_ids", "attention_mask", "token_type_ids")
_EXPORT = "Export it again: `sluicegate models export CHECKPOINT --out DIR`."
_SAMPLE = "The tide comes in twice a day."


class OnnxEngine:
    """A sequence classifier that is loaded."""

    def __init__(self, session: Any, tokenizer: Tokenizer, layout: Layout) -> None:  # noqa: ANN401 - untyped library
        self.labels = layout.labels
        self.layout = layout
        self._session = session
        self._tokenizer = tokenizer
        self._inputs = [one.name for one in session.get_inputs()]
        self._output = session.get_outputs()[0].name
        self._scale = np.asarray(layout.scales, np.float64)
        self._bias = np.asarray(layout.biases, np.float64)

    def scores(self, texts: Sequence[str]) -> list[Scores]:
        """Score each text by itself; of one with too many tokens the highest score of its parts counts."""
        return [tuple(np.max([self._read(one) for one in self.logits(text)], axis=0).tolist()) for text in texts]

    def logits(self, text: str) -> list[np.ndarray]:
        """Return what the model says of one text, before it is made a score: of each part of it."""
        ready = normalise(text) if self.layout.normalises else text
        encoding = self._tokenizer.encode(ready.encode("utf-8", "replace").decode())
        return [self._asked(part) for part in (encoding, *encoding.overflowing)]

    def _asked(self, encoding: Encoding) -> np.ndarray:
        given = {
            "input_ids": encoding.ids,
            "attention_mask": encoding.attention_mask,
            "token_type_ids": encoding.type_ids,
        }
        feeds = {name: np.asarray([given[name]], np.int64) for name in self._inputs}
        out = self._session.run([self._output], feeds)[0]
        logits: np.ndarray = out[0]
        return logits

    def _read(self, logits: np.ndarray) -> np.ndarray:
        values = self._scale * logits.astype(np.float64) + self._bias
        if not np.isfinite(values).all():
            raise ArithmeticError("the model's answer is not a number")
        if self.layout.is_exclusive:
            powers = np.exp(values - values.max())
            exclusive: np.ndarray = powers / powers.sum()
            return exclusive
        scores: np.ndarray = 1.0 / (1.0 + np.exp(-np.clip(values, -60.0, 60.0)))
        return scores


def load_onnx(layout: Layout) -> OnnxEngine:
    """Load a model and try it on a sentence. Raises `DetectorConfigError` with what is wrong with its files."""
    engine = OnnxEngine(_session(layout), _tokenizer(layout), layout)
    unknown = sorted(set(engine._inputs) - set(_KNOWN_INPUTS))  # noqa: SLF001 - of this module
    if unknown or "input_ids" not in engine._inputs:  # noqa: SLF001
        said = f"the unknown input {unknown[0]!r}" if unknown else "no input 'input_ids'"
        raise damaged(layout.model, f"it has {said}", "A sequence classifier takes token ids and their mask.")
    try:
        logits = engine.logits(_SAMPLE)[0]
        shape = logits.shape
        engine._read(logits)  # noqa: SLF001
    except Exception as error:  # noqa: BLE001 - the library's errors have no common base
        raise damaged(layout.model, f"it fails on a sentence ({first_line(error)})", _EXPORT) from None
    if shape != (len(layout.labels),):
        said = f"it gives {shape} numbers for a text, and there are {len(layout.labels)} labels"
        raise damaged(layout.model, said, "Its description belongs to another model.")
    return engine


def _session(layout: Layout) -> Any:  # noqa: ANN401 - the library has no types
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.enable_mem_pattern = False  # texts have every length: a plan for each would only be kept
    options.log_severity_level = 4  # what fails is raised
    try:
        return onnxruntime.InferenceSession(
            str(layout.model), sess_options=options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # noqa: BLE001 - as above
        why = f"ONNX Runtime cannot load it ({first_line(error)})"
        raise damaged(layout.model, why, f"It may be cut short. {_EXPORT}") from None


def _tokenizer(layout: Layout) -> Tokenizer:
    try:
        tokenizer = Tokenizer.from_file(str(layout.tokenizer))
    except Exception as error:  # noqa: BLE001 - it raises nothing more exact
        raise damaged(layout.tokenizer, f"it is no tokenizer ({first_line(error)})", _EXPORT) from None
    tokenizer.no_padding()
    # A window of signs has more tokens than the model reads: what is cut off is read too, as parts of their own.
    tokenizer.enable_truncation(layout.max_tokens, stride=layout.max_tokens // 4, direction="left")
    return tokenizer
