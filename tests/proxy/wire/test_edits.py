"""What edits do to a payload."""

from __future__ import annotations

from detectors.types import ChannelKind
from proxy.wire.edits import apply_edits
from proxy.wire.types import Channel, Slot

OTHER = Channel(ChannelKind.OTHER)


def test_texts_drops_and_dependents() -> None:
    """A text is replaced, None empties it, a drop removes the member, a dependent becomes empty or null."""
    payload = {"a": "one", "b": "two", "c": {"d": "x"}, "e": [1], "f": {"g": 1}}
    slots = (
        Slot(OTHER, "one", ("a",), dependents=(("e",), ("f",))),
        Slot(OTHER, "two", ("b",)),
        Slot(OTHER, "d", ("c", "d"), drop=True),
        Slot(OTHER, "x", ("c", "d")),
        Slot(OTHER, "comment", ()),
    )
    edited = {"a": "ONE", "b": "", "c": {"d": "x"}, "e": [], "f": None}
    assert apply_edits(payload, slots, {0: "ONE", 1: None}) == edited
    assert apply_edits(payload, slots, {2: "ignored", 3: "X", 4: "outside"}) == {**payload, "c": {}}
    assert payload == {"a": "one", "b": "two", "c": {"d": "x"}, "e": [1], "f": {"g": 1}}
