"""Texts are prepared, cut and padded as the model reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from detectors.toxicity.training.reading import encoded, padded, tokenizer_of
from tests.support.tiny_encoder import write_tokenizer


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("encoder")
    write_tokenizer(path)
    return path


def test_texts_are_prepared_first(folder: Path) -> None:
    tokenizer = tokenizer_of(folder, 16)
    plain, disguised, longer = encoded(["a tide", "a t1de", "a tide and a tide"], tokenizer)
    assert plain == disguised
    assert len(longer) > len(plain)


def test_what_is_too_long_is_cut_on_the_side_that_is_asked_for(folder: Path) -> None:
    text = " ".join(["tide"] * 20 + ["moon"])
    (right,) = encoded([text], tokenizer_of(folder, 8))
    (left,) = encoded([text], tokenizer_of(folder, 8, side="left"))
    assert len(right) == len(left) == 8
    assert right[-2] != left[-2]


def test_a_block_is_as_wide_as_its_longest_row() -> None:
    numbers, mask = padded([[5, 6, 7], [8]])
    assert numbers.tolist() == [[5, 6, 7], [8, 0, 0]]
    assert mask.tolist() == [[1, 1, 1], [1, 0, 0]]
