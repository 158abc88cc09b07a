"""What finds the placeholders of a policy."""

from pathlib import Path

import pytest

from policies.loader import load_policy_text, resolve_policy
from policies.placeholders import canonical
from policies.restoring import RESTORER, labels_of, placeholders_in
from policies.types import Policy

RULES = """
version: 1
detectors:
  pii: {type: presidio, entities: [EMAIL_ADDRESS, PHONE_NUMBER]}
  ids: {type: patterns, patterns: {case-id: 'C[0-9]{4}', team.id: 'T[0-9]{4}'}}
rules:
  - {id: mail, detector: pii, categories: [EMAIL_ADDRESS], direction: request, action: redact, restore: true}
  - {id: ids, detector: ids, direction: both, action: redact, restore: true}
  - {id: phones, detector: pii, action: redact}
"""


def policy(text: str = RULES) -> Policy:
    return load_policy_text(text)


def test_labels_are_those_of_rules_that_restore() -> None:
    """All categories of the detector, or those that the rule names."""
    made = policy()
    assert labels_of(made.rules, made.detectors) == ["EMAIL_ADDRESS", "CASE_ID", "TEAM_ID"]


def test_placeholders_are_found_in_every_spelling() -> None:
    """In the order of their places; others are nothing."""
    restorer = policy().restorer
    assert restorer is not None
    text = (
        r"<CASE_ID_1>, <case id 2>, \<EMAIL\_ADDRESS\_3\>, %3CTEAM_ID_4%3E \u003cTEAM_ID_5\u003e <PHONE_NUMBER_1>"
    )
    expected = ["<CASE_ID_1>", "<CASE_ID_2>", "<EMAIL_ADDRESS_3>", "<TEAM_ID_4>", "<TEAM_ID_5>"]
    assert sorted(placeholders_in(restorer, text)) == expected
    assert canonical("") == canonical("<>") == ""


@pytest.mark.parametrize("change", [("restore: true", "hash: true"), ("version: 1", "version: 1\nmode: shadow")])
def test_where_nothing_is_restored_there_is_no_detector(change: tuple[str, str]) -> None:
    """Shadow mode changes no request."""
    assert policy(RULES.replace(*change)).restorer is None


def test_it_is_not_a_detector_of_the_policy() -> None:
    made = policy()
    assert made.restorer is not None
    assert made.restorer.name == RESTORER
    assert RESTORER not in made.detectors


def test_restore_is_part_of_the_revision_and_shown(tmp_path: Path) -> None:
    """What changes a text changes the revision; what is shown loads to the same."""
    (tmp_path / "p.yaml").write_text(RULES)
    resolved = resolve_policy(tmp_path / "p.yaml")
    assert load_policy_text(resolved.to_yaml()).revision == resolved.revision
    assert policy(RULES.replace(", restore: true", "")).revision != resolved.revision
