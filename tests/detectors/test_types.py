"""The shared vocabulary: what its values promise beyond being plain data."""

from __future__ import annotations

import dataclasses

import pytest

from detectors.types import (
    ALL_KINDS,
    CONTENT_KINDS,
    ChannelKind,
    DetectorConfigError,
    Finding,
    ScanResult,
    Window,
)


def test_a_window_ends_after_its_text() -> None:
    """The context lies before the start and does not count."""
    assert Window(ChannelKind.TEXT, "before", "text", 10, final=False).end == 14
    assert Window(ChannelKind.TEXT, "", "", 0, final=True).end == 0


@pytest.mark.parametrize(
    "value",
    [
        Window(ChannelKind.TEXT, "", "a", 0, final=False),
        Finding("d", "C", 0, 1, 1.0),
        ScanResult((), 0),
    ],
)
def test_values_cannot_be_changed(value: object) -> None:
    """Nothing that crosses a border is changed in place, nor carries more than it declares."""
    with pytest.raises(AttributeError):
        setattr(value, next(name for name in dir(value) if not name.startswith("_")), None)
    assert not hasattr(value, "__dict__")


def test_a_finding_has_no_text() -> None:
    """What was matched cannot reach an event, a log or a metric by way of a finding."""
    assert [field.name for field in dataclasses.fields(Finding)] == [
        "detector",
        "category",
        "start",
        "end",
        "score",
    ]


def test_ids_are_the_only_kind_that_nobody_reads() -> None:
    """A new kind of channel is looked at by every detector unless it is decided otherwise."""
    assert {ChannelKind.ID} == ALL_KINDS - CONTENT_KINDS
    assert set(ChannelKind) == ALL_KINDS


def test_a_configuration_error_has_a_place() -> None:
    """The loader adds file and line; the detector knows the parameter."""
    error = DetectorConfigError("say something else", ("patterns", "ticket"))
    assert (str(error), error.loc) == ("say something else", ("patterns", "ticket"))
    assert DetectorConfigError("x").loc == ()
