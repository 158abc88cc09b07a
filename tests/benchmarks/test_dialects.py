"""The ratios between dialects come from real guards, whose output is compared."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from benchmarks.dialects import DELTAS, SHAPES, Shape, guard_us, measure
from policies.loader import load_policy_text
from proxy.wire.registry import DIALECTS
from proxy.wire.types import Form, each_frame

if TYPE_CHECKING:
    from pathlib import Path

POLICY = """
version: 1
name: bench
detectors:
  words: {type: keywords, words: [WORD]}
rules:
  - {id: words, detector: words, action: redact}
"""


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_every_shape_says_the_same_prose_and_is_hardly_parsed(shape: Shape) -> None:
    """In events that the dialect's codec reads as text, the same for all."""
    codec = DIALECTS[shape.dialect].stream_codec(form=shape.form)
    events = shape.events(1)
    frames = list(each_frame([*codec.receive(b"".join(events) + shape.closes)]))[:DELTAS]
    assert [frame.raw.strip(b"\n") for frame in frames] == [event.strip(b"\n") for event in events]
    assert sum(frame.payload is not None for frame in frames) <= 4
    expected = DIALECTS["openai-chat"].stream_codec()
    said = [frame.slots[-1].text for frame in each_frame(expected.receive(b"".join(SHAPES[0].events(1))))]
    texts = [next(slot.text for slot in frame.slots if slot.channel.kind.value == "text") for frame in frames]
    assert sorted(texts) == sorted(said)
    if shape.form is Form.ARRAY:
        assert len(json.loads(b"".join(events) + shape.closes)) == DELTAS


def test_a_guard_that_changes_something_is_not_measured() -> None:
    """Then the figures would be of something else."""
    policy = load_policy_text(POLICY.replace("WORD", "the"))
    with pytest.raises(RuntimeError, match="openai-chat"):
        guard_us(SHAPES[0], policy, SHAPES[0].events(0), 50)


def test_the_table_has_every_dialect_and_the_slowest_is_a_target(tmp_path: Path) -> None:
    path = tmp_path / "bench.yaml"
    path.write_text(POLICY.replace("WORD", "no such word"), encoding="utf-8")
    (table,), targets = measure(str(path), rounds=1)
    assert [row[0] for row in table.rows] == [shape.name for shape in SHAPES]
    assert {shape.dialect for shape in SHAPES} == set(DIALECTS)
    assert table.rows[0][2] == table.rows[0][4] == "1.00x"
    for target, column in zip(targets, (2, 4), strict=True):
        assert f"{target.measured:.2f}x" == min(
            (row[column] for row in table.rows), key=lambda cell: float(cell[:-1])
        )
