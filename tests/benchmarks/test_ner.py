"""What is measured of names is measured around the real detector, engine and windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.ner import ALL, PLAIN, SCREENED, measure, overlaps, parties, quality
from benchmarks.ner_texts import Labelled
from detectors.names.params import ENTITIES
from tests.support.names import names_folder

if TYPE_CHECKING:
    from pathlib import Path


def test_all_parties_find_the_same_where_nothing_is_screened(tmp_path: Path) -> None:
    """With rules for a model the answers do not depend on the window."""
    texts = ["Nothing here.", "Then Jane Roe met J. R. Roe in New Quay. It was so. " * 5, "Portland"]
    plain, every, screened = parties(str(names_folder()), ["PERSON", "LOCATION"])
    assert [sorted(one) for one in every.find(texts)] == [sorted(one) for one in plain.find(texts)]
    assert [sorted(one) for one in screened.find(texts)] == [sorted(one) for one in plain.find(texts)]
    assert 0 < screened.asked < screened.windows  # type: ignore[union-attr]


def test_quality_is_told_by_overlap() -> None:
    """Of the same entity: recall over the labels, precision over what was said."""
    labelled = [Labelled("Jane met Roe", (("PERSON", 0, 4), ("PERSON", 9, 12)))]
    one = quality(labelled, [[("PERSON", 2, 8), ("PERSON", 5, 8), ("LOCATION", 9, 12)]], "PERSON")
    assert (one.count, one.recall, one.precision) == (2, 0.5, 0.5)
    assert round(one.f2, 6) == 0.5
    assert not overlaps(("PERSON", 0, 4), [("PERSON", 4, 8)])


def test_each_party_has_its_rows(tmp_path: Path) -> None:
    """Names found, cost for two choices of entities, and the promises; what is missing is said."""
    remarks: list[str] = []
    names, people, every, targets = measure(str(names_folder()), tmp_path, 6, 1, remarks)
    assert names.header[2:] == (PLAIN, ALL, SCREENED)
    assert {row[0] for row in names.rows} <= {*ENTITIES, "all"}
    for table in (people, every):
        assert [row[0] for row in table.rows] == [PLAIN, ALL, SCREENED]
    assert [row[1] for row in targets.rows] == ["<= 1", ">= 3"]
    assert "--data" in remarks[0]
