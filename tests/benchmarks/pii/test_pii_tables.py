"""The tables of quality hold both parties side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.pii import tables
from benchmarks.pii.parties import PlainPresidio, Sluicegate
from tests.support.pii_vectors import SENTENCE, write_collections

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.pii.parties import Party


@pytest.fixture(scope="module")
def parties() -> list[Party]:
    return [PlainPresidio(), Sluicegate()]


def _vector(entity: str, text: str, count: int) -> dict[str, Any]:
    return {"file": "t.py", "entities": [entity], "params": {"text": text, "expected_len": count}}


def test_entities_with_nothing_wrong_have_no_line(tmp_path: Path, parties: list[Party]) -> None:
    """They are named below; entities that Presidio does not know are left out."""
    rows = [_vector("UUID", "6b29fc40-ca47-4067-b31d-00dd010662da", 1), _vector("UUID", "none", 0)]
    rows += [_vector("US_SSN", "none", 1), _vector("XX_UNKNOWN", "none", 1)]
    write_collections(tmp_path, recognizers=rows)
    table = tables.vector_table(tmp_path, parties)
    assert table.rows == [("`US_SSN`", "1", "-", "0.000", "-", "0.000")]
    assert table.note.endswith("all parties find of: `UUID`.")


def test_values_that_validators_take_for_valid(tmp_path: Path, parties: list[Party]) -> None:
    """One is found, one is not."""
    rows = [
        {"validator": "isUUID", "text": text, "label": "valid", "args": None, "locale": None}
        for text in ("6b29fc40-ca47-4067-b31d-00dd010662da", "none")
    ]
    write_collections(tmp_path, validators=rows)
    assert tables.validator_table(tmp_path, parties).rows == [("`UUID`", "2", "1.000", "0.500", "1.000", "0.500")]


def test_things_that_are_something_else(
    tmp_path: Path, parties: list[Party], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Texts of other kinds, and code."""
    rows = [
        {"validator": "isIP", "text": text, "label": "valid", "args": None, "locale": None}
        for text in ("192.0.2.1", "::1")
    ]
    write_collections(tmp_path, validators=rows)
    monkeypatch.setattr(tables, "code_pieces", lambda: ["import a\nb = a.example.com"])
    found = {row[0]: row[1:] for row in tables.other_table(tmp_path, parties).rows}
    assert found["`URL`"] == ("2", "0", "0")
    assert found["`URL` in source code"] == ("2 lines", "1", "1")


def test_code_is_there_to_look_at() -> None:
    """Some hundred kilobytes, in pieces of a few lines."""
    pieces = tables.code_pieces()
    assert tables.CODE_CHARS < sum(map(len, pieces)) < 2 * tables.CODE_CHARS
    assert max(piece.count("\n") for piece in pieces) < 40


def test_names_have_columns_where_a_model_is_installed(tmp_path: Path, parties: list[Party]) -> None:
    """Without one they are left out, and that is said."""
    write_collections(tmp_path, synthetic=[SENTENCE])
    remarks: list[str] = []
    without = tables.sentence_table(tmp_path, parties, (), remarks)
    assert without.rows == [("`IBAN_CODE`", "1", "1.000", "1.000"), ("all", "1", "1.000", "1.000")]
    assert len(remarks) == 1
    with_names = tables.sentence_table(tmp_path, parties, [_Names()], remarks)
    assert [row[-1] for row in with_names.rows] == ["0.000", "1.000", "0.556"]
    assert with_names.rows[1][0] == "`PERSON`"
    assert len(remarks) == 1


class _Names:
    name = "names"

    def find(self, text: str, entities: tuple[str, ...]) -> list[Any]:
        from benchmarks.pii.parties import Found  # noqa: PLC0415 - only this double needs it

        assert set(tables.WITH_NAMES) <= set(entities)
        return [Found(0, text.index(" "), "PERSON", 0.85)]
