"""What is said of a model that cannot be used."""

from __future__ import annotations

from detectors.toxicity.errors import damaged, first_line, missing


def test_each_says_what_where_and_what_to_do() -> None:
    """In one line, at the parameter that names the model."""
    assert str(missing("The model", "/x", "Get one.")) == "The model /x is not there. Get one."
    assert str(damaged("/x", "it is empty", "Get one.")) == "/x cannot be used: it is empty. Get one."
    assert missing("", "", "").loc == damaged("", "", "").loc == ("model",)


def test_the_words_of_a_library_are_kept_short() -> None:
    """On one line; an error without words is called by its name."""
    assert first_line(ValueError("a\n  b")) == "a b"
    assert first_line(ValueError()) == "ValueError"
    assert len(first_line(ValueError("x" * 999))) == 200
