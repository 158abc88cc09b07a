"""How problems are put into words and order."""

from __future__ import annotations

from policies.problems import MAX_REPORTED, ConfigError, PolicyError, Problem, did_you_mean, shown


def test_problems_are_sorted_and_said_once() -> None:
    """One line each, in the order of file, line and column."""
    later, first, whole = Problem("b.yaml", 2, 1, "x"), Problem("a.yaml", 10, 3, "y"), Problem("b.yaml", 0, 0, "z")
    error = PolicyError([later, first, whole, later])
    assert error.problems == (first, whole, later)
    assert str(error) == "a.yaml:10:3 y\nb.yaml: z\nb.yaml:2:1 x"
    assert isinstance(error, ConfigError)


def test_thousands_of_problems_are_not_all_written() -> None:
    """The line after the hundredth counts the others; `problems` holds them all."""
    error = PolicyError(Problem("a", n, 1, "x") for n in range(1, 1001))
    assert len(error.problems) == 1000
    assert str(error).split("\n")[MAX_REPORTED:] == [f"... and {1000 - MAX_REPORTED} more."]


def test_did_you_mean() -> None:
    """Only a close word is suggested."""
    assert did_you_mean("blok", ["allow", "block"]) == " Did you mean 'block'?"
    assert did_you_mean("zzz", ["allow", "block"]) == ""


def test_values_are_shown_as_yaml_has_them_and_cut() -> None:
    """No Python words, and no long secret in an error line."""
    values: list[object] = [None, True, False, 3, "a", [1], {}]
    assert [shown(value) for value in values] == [
        "nothing",
        "true",
        "false",
        "3",
        "'a'",
        "a list",
        "a mapping",
    ]
    assert len(shown("x" * 1000)) == 60
