"""What `extends` makes of several files, and where the problems of each are placed."""

from __future__ import annotations

from pathlib import Path

import pytest

from policies.loader import load_policy, resolve_policy
from policies.problems import PolicyError
from policies.types import Action, Limits, Mode, Rule

SMALL = """
version: 1
detectors:
  words: {type: keywords, words: [falcon]}
rules:
  - {id: words, detector: words, action: redact}
"""


def problems_of(path: Path | str) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        load_policy(path)
    return [str(p) for p in caught.value.problems]


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


def test_a_child_changes_adds_and_drops(tmp_path: Path) -> None:
    """Detectors merge by name, rules by id in the parent's order, limits by key; `enabled: false` drops."""
    write(
        tmp_path,
        parent="""
version: 1
mode: shadow
limits: {deadline: 100ms, max_hold: 1s}
detectors:
  words: {type: keywords, words: [falcon], whole_word: false}
  tickets: {type: patterns, patterns: {ticket: 'TKT-[0-9]{6}'}}
rules:
  - {id: words, detector: words, action: redact, replacement: "#", min_score: 0.5}
  - {id: tickets, detector: tickets, action: redact, mask: "*"}
  - {id: gone, detector: tickets, action: flag}
tests:
  - {name: t, text: falcon, expect: {action: flag}}
""",
        child="""
version: 1
name: kid
extends: parent.yaml
mode: enforce
limits: {max_hold: 3s}
detectors:
  words: {words: [eagle]}
  unused: {type: secrets}
rules:
  - {id: new, detector: words, action: flag}
  - {id: gone, enabled: false}
  - {id: words, action: block}
  - {id: tickets, hash: true}
""",
    )
    resolved = resolve_policy(tmp_path / "child.yaml")
    assert (resolved.name, resolved.mode, resolved.tests) == ("kid", Mode.ENFORCE, ())
    assert resolved.limits == Limits(deadline_s=0.1, max_hold_s=3.0)
    assert resolved.detectors["words"] == {"type": "keywords", "words": ["eagle"], "whole_word": False}
    assert resolved.rules == (
        Rule(id="words", detector="words", action=Action.BLOCK, min_score=0.5),
        Rule(id="tickets", detector="tickets", action=Action.REDACT, hash=True),
        Rule(id="new", detector="words", action=Action.FLAG),
    )
    assert [file.path.name for file in resolved.files] == ["child.yaml", "parent.yaml"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ('mask: "#"', {"mask": "#", "keep_first": 1, "keep_last": 4}),
        ("keep_last: 2", {"mask": "*", "keep_first": 1, "keep_last": 2}),
        ('replacement: "-"', {"replacement": "-"}),
        ("hash: true", {"hash": True}),
        ("action: flag", {}),
    ],
)
def test_what_is_written_forgets_what_was_written(tmp_path: Path, change: str, said: dict[str, object]) -> None:
    """One way to write stands for all; what belongs to a mask stays while it is a mask."""
    write(
        tmp_path,
        parent=SMALL + '  - {id: m, detector: words, action: redact, mask: "*", keep_first: 1, keep_last: 4}\n',
        child=f"version: 1\nextends: parent.yaml\nrules:\n  - {{id: m, {change}}}\n",
    )
    resolved = resolve_policy(tmp_path / "child.yaml")
    action = Action.FLAG if change == "action: flag" else Action.REDACT
    assert resolved.rules[-1] == Rule(id="m", detector="words", action=action, **said)  # type: ignore[arg-type]
    (tmp_path / "shown.yaml").write_text(resolved.to_yaml(), encoding="utf-8")
    assert resolve_policy(tmp_path / "shown.yaml").revision == resolved.revision


def test_another_type_forgets_the_parents_parameters(tmp_path: Path) -> None:
    """Parameters of one type mean nothing to another."""
    write(
        tmp_path,
        parent=SMALL,
        child="version: 1\nextends: ./parent.yaml\ndetectors:\n  words: {type: patterns, patterns: {w: eagle}}\n",
    )
    assert resolve_policy(tmp_path / "child.yaml").detectors["words"] == {
        "type": "patterns",
        "patterns": {"w": "eagle"},
    }


def test_problems_of_a_parent_are_placed_in_the_parent(tmp_path: Path) -> None:
    """Each line names the file in which the mistake is."""
    write(
        tmp_path,
        parent=SMALL.replace("redact", "redcat"),
        child="version: 1\nextends: parent.yaml\ndetectors:\n  words: {whole_word: maybe}\n",
    )
    actions = "allow, flag, redact, rewrite, block. Did you mean 'redact'?"
    assert problems_of(tmp_path / "child.yaml") == [
        f"{tmp_path}/child.yaml:4:11 detector \"words\": whole_word: 'maybe' is not true or false.",
        f"{tmp_path}/parent.yaml:6:34 rule \"words\": action: 'redcat' is not one of {actions}",
    ]


def test_extends_in_a_circle(tmp_path: Path) -> None:
    """A circle is named in full."""
    write(tmp_path, a="version: 1\nextends: b.yaml\n", b="version: 1\nextends: a.yaml\n")
    a, b = tmp_path / "a.yaml", tmp_path / "b.yaml"
    assert problems_of(a) == [f"{b}:2:1 extends: goes round in a circle: {a} -> {b} -> {a}."]
    write(tmp_path, c="version: 1\nextends: c.yaml\n")
    c = tmp_path / "c.yaml"
    assert problems_of(c) == [f"{c}:2:1 extends: goes round in a circle: {c} -> {c}."]


def test_extends_too_deep(tmp_path: Path) -> None:
    """A chain of ten is the longest."""
    write(tmp_path, **{f"p{n}": f"version: 1\nextends: p{n + 1}.yaml\n" for n in range(12)})
    assert problems_of(tmp_path / "p0.yaml") == [
        f"{tmp_path}/p9.yaml:2:1 extends: is the 10th in a row; that is too many."
    ]


def test_a_missing_parent_is_placed_at_extends(tmp_path: Path) -> None:
    """The child's line is the one to mend."""
    write(tmp_path, child="version: 1\nextends: ./gone.yaml\n")
    assert problems_of(tmp_path / "child.yaml") == [
        f"{tmp_path}/child.yaml:2:1 extends: '{tmp_path}/gone.yaml': there is no such file. Check the path."
    ]
