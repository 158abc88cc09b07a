"""A model that was exported, opened again to train on: its eight-bit weights as floats, in the base's format."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.toxicity.card import LABELS

Arrays = dict[str, NDArray[Any]]
_MODEL = "model."
_QUANTISED = "_quantized"


class ReopenError(RuntimeError):
    """A file that is no export of this encoder."""


def reopen(exported: Path, base: Path, out: Path, layers: int) -> Path:
    """Write the encoder of `exported`, a folder, into `out` as `transformers` reads it; return `out`.

    The tables of words and places come from the base: they were not trained. Raises `ReopenError`.
    """
    import torch  # noqa: PLC0415 - an optional dependency
    from transformers import AutoModelForSequenceClassification  # noqa: PLC0415

    model: Any = AutoModelForSequenceClassification.from_pretrained(
        base, num_labels=len(LABELS), num_hidden_layers=layers, dtype=torch.float32
    )
    found = weights_in(exported / "model.onnx")
    state = {name: torch.from_numpy(value.copy()) for name, value in found.items()}
    kept = model.load_state_dict(state, strict=False)
    lacking = [name for name in kept.missing_keys if not name.endswith("_embeddings.weight")]
    if lacking or kept.unexpected_keys:
        raise ReopenError(f"{exported} is no export of this encoder: {(lacking or kept.unexpected_keys)[0]}")
    model.save_pretrained(out)
    shutil.copy(base / "tokenizer.json", out / "tokenizer.json")
    return out


def weights_in(path: Path) -> Arrays:
    """Return the weights of an exported encoder by their names in the encoder, as 32-bit floats."""
    import onnx  # noqa: PLC0415 - an optional dependency
    from onnx import numpy_helper  # noqa: PLC0415

    graph = onnx.load(path).graph
    held: Arrays = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    users: dict[str, list[Any]] = {}
    for node in graph.node:
        if node.op_type == "Identity" and node.input[0] in held:
            held[node.output[0]] = held[node.input[0]]  # equal weights are there once
        for name in node.input:
            users.setdefault(name, []).append(node)
    found: Arrays = {}
    for node in graph.node:
        if node.op_type == "MatMulInteger" and node.input[1] in held:
            name = _bias_after(node, users, held).removesuffix("bias") + "weight"
            found[name.removeprefix(_MODEL)] = _floats(node.input[1], held).T
    for name, value in held.items():
        if name.startswith(_MODEL) and name.endswith((".weight", ".bias")):
            found.setdefault(name.removeprefix(_MODEL), value.astype(np.float32))
    return found


def _floats(name: str, held: Arrays) -> NDArray[np.float32]:
    whole = name.removesuffix(_QUANTISED)
    zero = held.get(f"{whole}_zero_point", np.zeros((), np.int8)).astype(np.float32)
    return np.asarray((held[name].astype(np.float32) - zero) * held[f"{whole}_scale"], np.float32)


def _bias_after(node: Any, users: dict[str, list[Any]], held: Arrays) -> str:  # noqa: ANN401 - the library's
    """Return the name of the bias that is added to a product: quantising takes the names from products alone."""
    pending = list(node.output)
    while pending:
        for user in users.get(pending.pop(), []):
            biases = [name for name in user.input if name in held and name.endswith(".bias")]
            if user.op_type == "Add" and biases:
                return str(biases[0])
            pending += user.output
    raise ReopenError("a product in the graph has no bias")
