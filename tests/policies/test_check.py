"""What pydantic finds wrong, in a user's words: for the models of any detector too."""

from __future__ import annotations

from typing import Literal

import pytest
from pydantic import Field, field_validator

from policies.check import Place, check_node
from policies.document import parse
from policies.fields import Duration, StrictModel


class Inner(StrictModel):
    depth: int = Field(default=1, lt=10)


class Params(StrictModel):
    words: list[str] = Field(default_factory=list, max_length=3)
    by_name: dict[str, list[int]] = Field(default_factory=dict)
    level: Literal["low", "high"] = "low"
    wait: Duration = 1.0
    rate: float = Field(default=0.5, gt=0)
    code: str = Field(default="a", pattern="^[a-z]$")
    inner: Inner = Inner()
    even: int = 2
    pair: tuple[int, ...] = ()

    @field_validator("even")
    @classmethod
    def _is_even(cls, value: int) -> int:
        if value % 2:
            raise ValueError(f"{value} is odd. Add one.")
        return value


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("words: x", "1:1 words: 'x' is not a list."),
        ("words: [a, 1.5]", "1:12 words[1]: 1.5 is not a text. Put quotes around it."),
        ("words: [a, {b: c}]", "1:12 words[1]: a mapping is not a text."),
        ("words: [a, b, c, d]", "1:1 words: is longer than 3."),
        ("by_name:\n  x: [1, two]", "2:10 by_name.x[1]: 'two' is not a whole number."),
        ("by_name: {x: [true]}", "1:15 by_name.x[0]: true is not a whole number."),
        ("level: hihg", "1:1 level: 'hihg' is not one of low, high. Did you mean 'high'?"),
        ("level:", "1:1 level: nothing is not one of low, high."),
        ("wait: 3", "1:1 wait: 3 has no unit. Write 3ms, 3s or 3m."),
        ("rate: 0", "1:1 rate: 0 is out of range: more than 0 is allowed."),
        ("code: AB", "1:1 code: 'AB': string should match pattern '^[a-z]$'."),
        ("inner: {depth: 10}", "1:9 inner.depth: 10 is out of range: less than 10 is allowed."),
        ("inner: {dept: 1}", "1:9 inner: unknown key 'dept'. Did you mean 'depth'?"),
        ("inner: 3", "1:1 inner: 3 is not a mapping."),
        ("even: 3", "1:1 even: 3 is odd. Add one."),
        ("even: 2.5", "1:1 even: 2.5 is not a whole number."),
    ],
)
def test_messages(text: str, line: str) -> None:
    """Place, keys, what is wrong."""
    node, _ = parse(text.encode(), "p")
    assert node is not None
    assert [str(p) for p in check_node(Params, node, "p").problems] == [f"p:{line}"]


def test_lists_become_tuples() -> None:
    """YAML has one kind of list; a model may want another."""
    node, _ = parse(b"pair: [1, 2]", "p")
    assert node is not None
    value = check_node(Params, node, "p").value
    assert value is not None
    assert value.pair == (1, 2)


def test_what_is_sound_is_kept() -> None:
    """A mistake in one key does not hide another key's value."""
    node, _ = parse(b"even: 3\nlevel: high\nzzz: 1", "p")
    assert node is not None
    checked = check_node(Params, node, "p")
    assert checked.value is not None
    assert checked.value.level == "high"
    assert checked.given == frozenset({"level"})
    assert checked.broken == frozenset({"even", "zzz"})


def test_a_place_names_what_it_belongs_to() -> None:
    """Trail, keys, message."""
    assert Place("p", trail='rule "r"').problem("is odd.", keys="id").message == 'rule "r": id: is odd.'
    assert str(Place("p").problem("is odd.")) == "p: is odd."
