"""The encoder and the counted part as one model: what each is worth, and the graph that adds them up."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from detectors.toxicity.card import LABELS
from detectors.toxicity.training import sets
from detectors.toxicity.training.counted import FACTORS, PAIR_BUCKETS, STRENGTH, Table
from detectors.toxicity.training.example import Example, is_made
from detectors.toxicity.training.exported import Exported
from detectors.toxicity.training.metrics import Floats
from detectors.toxicity.training.reading import encoded, tokenizer_of

FEWEST_POSITIVES = 20
MILDNESS = 10.0
"""Inverse strength of the regression's regularisation."""
MAX_DIFFERENCE = 0.15
"""In logits, between the graph and the sums done here: rounding to eight bits moves them by no more."""
_STEPS_OF_EIGHT_BITS = 127
_FLOAT = 1
"""ONNX's number for 32-bit floats."""


class JoinError(RuntimeError):
    """A joined model that does not say what its parts say."""


@dataclass(frozen=True, slots=True)
class Mix:
    """A label's logit is `scale` times the encoder's, and `shares` times the table's columns, and `bias`."""

    scale: Floats
    """One a label."""
    shares: Floats
    """One row a label, one column as the table has."""
    bias: Floats


def columns_of(place: int, columns: int) -> list[int]:
    """Return the table's columns that speak of a label: the raters', its teacher's if it has one, profanity."""
    last, teacher = columns - 1, len(LABELS) + place
    return [place, teacher, last] if teacher < last else [place, last]


def fit_mix(encoded_logits: dict[str, Floats], counted: dict[str, Floats], half: Sequence[Example]) -> Mix:
    """Fit what each is worth on the half of the development texts that is for fitting, on those of raters alone.

    A label that raters found in fewer than `FEWEST_POSITIVES` of them is fitted on all.
    """
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - an optional dependency

    columns = len(next(iter(counted.values())))
    scale, shares, bias = np.ones(len(LABELS)), np.zeros((len(LABELS), columns)), np.zeros(len(LABELS))
    rated = [example for example in half if not is_made(example) and example.source != "madlibs"]
    for place, name in enumerate(LABELS):
        chosen = sets.decided(rated, name, name)
        if chosen.positive.sum() < FEWEST_POSITIVES:
            chosen = sets.decided(half, name, name)
        if not chosen.positive.any() or chosen.positive.all():
            continue  # the encoder's word alone
        asked = columns_of(place, columns)
        given = np.array([[encoded_logits[text][place], *counted[text][asked]] for text in chosen.texts])
        fitted = LogisticRegression(C=MILDNESS, max_iter=1000).fit(given, chosen.positive)
        scale[place], bias[place] = fitted.coef_[0, 0], fitted.intercept_[0]
        shares[place, asked] = fitted.coef_[0, 1:]
    return Mix(scale, shares, bias)


def join(encoder: Path, out: Path, table: Table, mix: Mix, sample: Sequence[str], max_tokens: int) -> float:
    """Write the joined model of an encoder's folder into `out`; return the largest difference on the sample.

    Raises `JoinError` where the graph does not say what the sums say.
    """
    import onnx  # noqa: PLC0415 - an optional dependency

    out.mkdir(parents=True, exist_ok=True)
    weights = STRENGTH * table.weights @ mix.shares.T
    bias = mix.bias + mix.shares @ table.bias
    model = onnx.load(encoder / "model.onnx")
    _add(model.graph, weights, mix.scale, bias, table.tokens)
    onnx.checker.check_model(model)
    onnx.save(model, out / "model.onnx")
    shutil.copy(encoder / "tokenizer.json", out / "tokenizer.json")
    rows = encoded(sample, tokenizer_of(encoder, max_tokens, side="left"))
    wanted = mix.scale * Exported(encoder).logits(sample, max_tokens) + table.logits(rows) @ mix.shares.T + mix.bias
    difference = float(np.abs(wanted - Exported(out).logits(sample, max_tokens)).max())
    if not difference <= MAX_DIFFERENCE:
        raise JoinError(f"the graph and its parts differ by {difference:.3f}; {MAX_DIFFERENCE} are allowed")
    return difference


def _constants(weights: Floats, scale: Floats, bias: Floats, tokens: int) -> dict[str, Any]:
    """Return what the counted part's nodes are given; the table in eight bits, its steps by label."""
    steps = np.maximum(np.abs(weights).max(axis=0), 1e-9) / _STEPS_OF_EIGHT_BITS
    first, second, more = FACTORS
    return {
        "counted_table": np.round(weights / steps).astype(np.int8),
        "counted_steps": steps.astype(np.float32),
        "encoder_scale": scale.astype(np.float32),
        "joined_bias": bias.astype(np.float32),
        "pair_first": np.array(first, np.int64),
        "pair_second": np.array(second, np.int64),
        "pair_more": np.array(more, np.int64),
        "pair_buckets": np.array(PAIR_BUCKETS, np.int64),
        "pair_begin": np.array(tokens, np.int64),
        **{f"counted_at_{at}": np.array([at], np.int64) for at in (0, 1, 2)},
        "counted_last": np.array([-1], np.int64),
        "counted_end": np.array([np.iinfo(np.int64).max], np.int64),
    }


def _add(graph: Any, weights: Floats, scale: Floats, bias: Floats, tokens: int) -> None:  # noqa: ANN401
    """Put the counted part into the graph of an encoder, whose output becomes one of two that are added up."""
    from onnx import numpy_helper  # noqa: PLC0415

    for one in graph.node:
        one.output[:] = ["encoder_logits" if name == "logits" else name for name in one.output]
    constants = _constants(weights, scale, bias, tokens)
    graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in constants.items())
    nodes = _Nodes(graph)
    mask = nodes.add("Cast", ["attention_mask"], "counted_mask", to=_FLOAT)
    later = nodes.add("Slice", [mask, "counted_at_1", "counted_end", "counted_at_1"], "pair_mask")
    pairs = nodes.spoken(nodes.pairs(), later, "pairs")
    sums = nodes.add("Add", [nodes.spoken("input_ids", mask, "tokens"), pairs], "counted_sums")
    length = nodes.add("ReduceSum", [mask, "counted_at_1"], "counted_length", keepdims=1)
    root = nodes.add("Sqrt", [length], "counted_root")
    scaled = nodes.add("Mul", [sums, "counted_steps"], "counted_scaled")
    counted = nodes.add("Div", [scaled, root], "counted_logits")
    shared = nodes.add("Mul", ["encoder_logits", "encoder_scale"], "encoder_share")
    nodes.add("Add", [nodes.add("Add", [shared, counted], "joined_sum"), "joined_bias"], "logits")


class _Nodes:
    """Adds nodes to a graph; each says the name of what it gives."""

    def __init__(self, graph: Any) -> None:  # noqa: ANN401 - the library's
        self._graph = graph

    def add(self, kind: str, given: list[str], name: str, **more: int) -> str:
        from onnx import helper  # noqa: PLC0415

        self._graph.node.append(helper.make_node(kind, given, [name], **more))
        return name

    def spoken(self, rows: str, mask: str, name: str) -> str:
        """Add up the table's rows, but for those of padding."""
        found = self.add("Gather", ["counted_table", rows], f"{name}_rows")
        floats = self.add("Cast", [found], f"{name}_floats", to=_FLOAT)
        shown = self.add("Unsqueeze", [mask, "counted_at_2"], f"{name}_mask")
        return self.add(
            "ReduceSum",
            [self.add("Mul", [floats, shown], f"{name}_shown"), "counted_at_1"],
            f"{name}_sums",
            keepdims=0,
        )

    def pairs(self) -> str:
        """Give the row of each pair of tokens, as `counted.features` does."""
        left = self.add("Slice", ["input_ids", "counted_at_0", "counted_last", "counted_at_1"], "pair_left")
        right = self.add("Slice", ["input_ids", "counted_at_1", "counted_end", "counted_at_1"], "pair_right")
        one = self.add("Mul", [left, "pair_first"], "pair_one")
        other = self.add("Mul", [right, "pair_second"], "pair_other")
        both = self.add("Add", [self.add("Add", [one, other], "pair_both"), "pair_more"], "pair_sum")
        bucket = self.add("Mod", [both, "pair_buckets"], "pair_bucket")
        return self.add("Add", [bucket, "pair_begin"], "pair_row")
