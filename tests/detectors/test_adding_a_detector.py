"""The worked example of docs/adding-a-detector.md does what the page says, and keeps the contract."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from detectors.registry import DETECTOR_TYPES
from tests.support.detector_cases import Case
from tests.support.detectors import Feed, built, fed, fed_in_deltas, found_texts, spans

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = (Path(__file__).parents[2] / "docs" / "adding-a-detector.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """Return the code blocks of the page in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Case]:
    """The page followed to the letter, but for the folder: the file, the line and the case."""
    (tmp_path / "order_numbers.py").write_text(blocks("python")[0], encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    line, entry = blocks("text")
    for name, target in eval("{" + line + "}").items():
        monkeypatch.setitem(DETECTOR_TYPES, name, target.removeprefix("detectors."))
    yield eval("{" + entry + "}", {"Case": Case})["order-numbers"][0]
    sys.modules.pop("order_numbers", None)


def test_the_example_finds_order_numbers(case: Case) -> None:
    """It finds what its case says, leaves wrong check digits alone unless told, and holds little."""
    detector = built("order-numbers", case.params)
    assert found_texts(detector, case.found[0]) == [("ORDER_NUMBER", "ORD-0000012319")]
    assert found_texts(detector, "ORD-0000012318 xORD-0000012319 ORD-00000123190") == []
    assert len(fed(built("order-numbers", {"check_digits": False}), "ORD-0000012318").findings) == 1
    feed = Feed(detector)
    feed.feed("your order ORD-0000")
    assert feed.text[feed.watermark :] == "ORD-0000"


def test_the_example_does_not_depend_on_cuts(case: Case) -> None:
    """The generated texts of its case give the same findings whole and in pieces."""
    detector = built("order-numbers", case.params)
    for text in (" ".join(case.vocabulary), "".join(case.vocabulary), *case.found):
        for delta_chars in (1, 2, 5):
            assert spans(fed_in_deltas(detector, text, delta_chars).findings) == spans(fed(detector, text).findings)
