"""Durations, sizes, names and other field types that configuration files share."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from policies.fields import Mask, Name, StrictModel, Template, parse_duration, parse_size, write_duration


class Fields(StrictModel):
    name: Name = "n"
    template: Template = ""
    mask: Mask = "*"


@pytest.mark.parametrize(
    ("text", "seconds"), [("500ms", 0.5), ("2s", 2.0), ("10m", 600.0), ("1h", 3600.0), ("1.5s", 1.5), ("0s", 0.0)]
)
def test_durations(text: str, seconds: float) -> None:
    """A number and a unit."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("value", ["", "5", "s", "5 s", "-5s", "5S", "1e3s", "5sec", "٥s", None, True, [], 5, 0.5])
def test_what_is_no_duration(value: object) -> None:
    """Nothing is guessed."""
    with pytest.raises(PydanticCustomError):
        parse_duration(value)


@given(st.integers(1, 600_000).map(lambda ms: ms / 1000) | st.integers(1, 10**6).map(lambda us: us / 10**6))
def test_a_written_duration_is_read_back(seconds: float) -> None:
    """What `policy show` prints is the same duration."""
    assert parse_duration(write_duration(seconds)) == pytest.approx(seconds, abs=1e-9)


def test_sizes() -> None:
    """Powers of two, with their unit."""
    assert [parse_size(t) for t in ("512B", "64KiB", "16MiB", "1GiB")] == [512, 65536, 16 << 20, 1 << 30]
    for value in ("", "64", "64KB", "64kib", "1.5MiB", "-1B", 64, None):
        with pytest.raises(PydanticCustomError):
            parse_size(value)


@pytest.mark.parametrize("name", ["a", "A.b_c-9", "x" * 64])
def test_names(name: str) -> None:
    """Letters, digits and three signs."""
    assert Fields(name=name).name == name


@pytest.mark.parametrize("name", ["", "-a", ".a", "a b", "a\n", "a:b", "é", "x" * 65])
def test_what_is_no_name(name: str) -> None:
    """Nothing that a header, a label or a log line would choke on."""
    with pytest.raises(ValidationError):
        Fields(name=name)


def test_templates_and_masks() -> None:
    """A template is checked when it is read; a mask is one character, of any script."""
    assert Fields(template="<{category}>", mask="█").mask == "█"
    for bad in ({"template": "{x}"}, {"template": "x" * 2001}, {"mask": ""}, {"mask": "**"}):
        with pytest.raises(ValidationError):
            Fields(**bad)
