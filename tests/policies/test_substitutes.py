"""What stands for what in one exchange."""

import pickle
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import substitutes as module
from policies.substitutes import Substitutes

SECRET = "jane.roe@example.com"


def numbered(label: str = "EMAIL_ADDRESS") -> Callable[[int], str]:
    return lambda number: f"<{label}_{number}>"


@given(st.lists(st.text(max_size=4), max_size=20))
def test_a_value_has_one_text_and_the_text_one_value(values: list[str]) -> None:
    """Both ways lead to where they came from, however often a value comes."""
    found = Substitutes()
    made = [found.stand_in("EMAIL_ADDRESS", value, numbered(), has_way_back=True) for value in values]
    assert [found.original(text) for text in made] == values
    assert len(set(made)) == len(set(values)) == len(found)


def test_numbers_count_up_in_each_scope() -> None:
    """The first value of a scope is 1, and scopes count apart."""
    found = Substitutes()
    assert found.stand_in("A", "x", numbered("A")) == "<A_1>"
    assert found.stand_in("A", "y", numbered("A")) == "<A_2>"
    assert found.stand_in("B", "x", numbered("B")) == "<B_1>"


def test_numbers_may_begin_later() -> None:
    """In every scope, of what has a way back."""
    found = Substitutes()
    found.begin_after(41)
    made = [found.stand_in(one, "x", numbered(one), has_way_back=one != "C") for one in "ABC"]
    assert made == ["<A_42>", "<B_42>", "<C_1>"]


def test_what_is_reserved_is_passed_over() -> None:
    """A text that the exchange holds already stands for nothing."""
    found = Substitutes()
    found.reserve(["<A_1>", "<A_2>"])
    assert found.stand_in("A", "x", numbered("A"), has_way_back=True) == "<A_3>"
    assert found.original("<A_1>") is None


def test_without_a_way_back_there_is_none() -> None:
    """Only what was made to be restored is."""
    found = Substitutes()
    text = found.stand_in("A", "x", numbered("A"))
    assert (found.original(text), found.can_restore) == (None, False)


def test_a_maker_that_gives_only_what_is_taken_gives_nothing() -> None:
    """Two values never share a text."""
    found = Substitutes()
    assert found.stand_in("A", "x", lambda _: "same") == "same"
    assert found.stand_in("A", "y", lambda _: "same") is None


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """At a limit nothing new is taken, and what is known stays known."""
    monkeypatch.setattr(module, "MAX_SUBSTITUTES", 1)
    found = Substitutes()
    assert found.stand_in("A", "x", numbered("A")) == "<A_1>"
    assert found.stand_in("A", "y", numbered("A")) is None
    assert found.stand_in("A", "x", numbered("A")) == "<A_1>"
    monkeypatch.setattr(module, "MAX_SUBSTITUTES", 9)
    monkeypatch.setattr(module, "MAX_SUBSTITUTE_CHARS", 12)
    assert found.stand_in("A", "long", numbered("A")) is None


def test_it_shows_and_stores_nothing() -> None:
    """No value is in its representation, and it cannot be pickled."""
    found = Substitutes()
    found.stand_in("A", SECRET, numbered("A"), has_way_back=True)
    assert SECRET not in repr(found)
    with pytest.raises(TypeError, match="not stored"):
        pickle.dumps(found)


def test_a_fake_stands_for_a_value_however_it_is_cased() -> None:
    """It is no value that was met, and it may be said again once the request is over."""
    found = Substitutes()
    texts = [None, "one", "two", "three", "four"]
    made = [
        found.stand_in_anew("s", value, lambda at: texts[at] if at < 5 else None)
        for value in ("a  B", "A b", "one", "three", "x")
    ]
    assert made == ["one", "one", "two", "four", None]
    assert not found.is_said_again("ONE")
    found.is_answering = True
    assert found.is_said_again("ONE")
    assert not found.is_said_again("a b")
    assert found.stand_in_anew("s", "new", lambda number: f"five{number}") == "five0"
    assert not found.is_said_again("five0")


def test_parts_stand_for_parts_while_they_are_free() -> None:
    """A part that stands for something already stands for nothing else."""
    found = Substitutes()
    found.also("s", "jane", "ana")
    found.also("s", "mary", "ana")
    assert found.stand_in_anew("s", "Jane", str) == "ana"
    assert found.stand_in_anew("s", "Mary", str) == "0"
