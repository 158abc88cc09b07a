"""Recognizers from a file of their own: found as those in the policy, and told of with their own lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from policies.loader import load, load_policy_text
from policies.problems import PolicyError
from policies.sources import stamp
from tests.support.detectors import fed, fed_in_deltas, spans

if TYPE_CHECKING:
    from pathlib import Path

POLICY = """\
version: 1
detectors:
  people:
    type: presidio
    entities: [UUID]
    recognizers:
      - {name: own, supported_entity: OWN, deny_list: [falcon]}
    recognizers_file: staff.yaml
rules:
  - {id: people, detector: people, action: redact}
"""
STAFF = r"""
supported_languages: [en]
global_regex_flags: 8
recognizers:
  -
    name: "Zip code Recognizer"
    supported_language: "de"
    patterns:
      -
         name: "zip code (weak)"
         regex: "(\\b\\d{5}(?:\\-\\d{4})?\\b)"
         score: 0.01
    context: [zip, code]
    supported_entity: "ZIP"
  - name: Tickets
    supported_entities: [TICKET]
    patterns: [{name: ticket, regex: '^TKT-[a-z0-9]+(-[0-9]+)*$', score: 0.7}]
  - name: "Titles recognizer"
    type: custom
    supported_entity: "TITLE"
    deny_list: [Mr., "C++"]
    global_regex_flags: 26
"""
TEXT = "falcon zip 12345-6789 MR. Roe\nTKT-a1-12\nTKT-B\nC++"


def _written(folder: Path, staff: str = STAFF, policy: str = POLICY) -> Path:
    (folder / "p.yaml").write_text(policy, encoding="utf-8")
    (folder / "staff.yaml").write_text(staff, encoding="utf-8")
    return folder / "p.yaml"


def test_every_cut_of_a_text_with_all_of_them(tmp_path: Path) -> None:
    """What comes from the file is found at every cut, with the file's flags where it gives none."""
    detector = load(_written(tmp_path)).policy.detectors["people"]
    expected = spans(fed(detector, TEXT).findings)
    assert [(TEXT[start:end], entity) for start, end, entity, _ in expected] == [
        ("falcon", "OWN"),
        ("12345-6789", "ZIP"),
        ("MR.", "TITLE"),
        ("TKT-a1-12", "TICKET"),
        ("C++", "TITLE"),
    ]
    assert spans(fed_in_deltas(detector, TEXT, 1, end_apart=True).findings) == expected
    for cut in range(len(TEXT) + 1):
        assert spans(fed(detector, TEXT, [cut], end_apart=True).findings) == expected


def test_the_file_is_a_part_of_the_policy(tmp_path: Path) -> None:
    """Its content is in the revision and its digest with the files; written as one file it is the same policy."""
    path = _written(tmp_path)
    loaded = load(path)
    assert [file.path for file in loaded.resolved.files] == [path, tmp_path / "staff.yaml"]
    again = load_policy_text(loaded.resolved.to_yaml())
    assert again.revision == loaded.policy.revision
    before = loaded.resolved.files[1]
    _written(tmp_path, STAFF.replace("Mr.", "Mx."))
    assert load(path).policy.revision != loaded.policy.revision
    assert stamp(before.path, lambda file, limit: file.read_bytes()[: limit + 1], before.limit) != before


def test_the_file_of_a_parent_is_found_in_its_folder(tmp_path: Path) -> None:
    """A path belongs to the file that says it."""
    (tmp_path / "base").mkdir()
    _written(tmp_path / "base")
    child = tmp_path / "child.yaml"
    child.write_text("version: 1\nextends: base/p.yaml\n", encoding="utf-8")
    assert "TICKET" in load(child).policy.detectors["people"].categories


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("supported_entities: [TICKET]", "suported_entity: T", "staff.yaml:16:5 *unknown key 'suported_entity'*"),
        ("score: 0.7", "score: 7", "staff.yaml:17:* 7* is out of range*"),
        ("^TKT-[a-z0-9]+", "^TKT-(", "staff.yaml:17:* is not a regular expression*"),
        ("name: Tickets", "name: own", "staff.yaml:15:5 *'own' is the name of another recognizer*"),
        ("type: custom", "type: predefined", "staff.yaml:18:5 *under 'entities'*"),
        ("supported_languages: [en]", "languages: [en]", "staff.yaml:2:1 *unknown key 'languages'*"),
        ("global_regex_flags: 8", "global_regex_flags: all", "staff.yaml:3:1 *'all' is not a whole number*"),
        (STAFF, "recognizers: []\n", "staff.yaml:1:1 *is empty*"),
        (STAFF, "recognizers: Tickets\n", "staff.yaml:1:1 *is not a list*"),
        (STAFF, "- a\n", "staff.yaml:1:1 *is not a mapping*"),
        (STAFF, "recognizers: [\n", "staff.yaml:* is not YAML*"),
    ],
)
def test_mistakes_are_told_with_the_lines_of_the_file(tmp_path: Path, old: str, new: str, told: str) -> None:
    """Each at its place in the file, not at the policy's."""
    from fnmatch import fnmatchcase  # noqa: PLC0415 - of this test alone

    with pytest.raises(PolicyError) as caught:
        load(_written(tmp_path, STAFF.replace(old, new)))
    messages = [str(problem).removeprefix(f"{tmp_path}/") for problem in caught.value.problems]
    assert any(fnmatchcase(one.replace("[", "("), told.replace("[", "(")) for one in messages), messages
    assert tmp_path / "staff.yaml" in [file.path for file in caught.value.files]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """The policy's line that names it, and the watcher knows whose coming cures it."""
    path = _written(tmp_path)
    (tmp_path / "staff.yaml").unlink()
    with pytest.raises(PolicyError, match=r"p\.yaml:8:5 .*recognizers_file: .*there is no such file") as caught:
        load(path)
    assert tmp_path / "staff.yaml" in [file.path for file in caught.value.files]
