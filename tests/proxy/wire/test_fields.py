"""The tables are whole: every class of field has its reader."""

from __future__ import annotations

from typing import get_args

from proxy.wire import walk
from proxy.wire.fields import FieldClass, Node, enum, numbers


def test_every_class_and_every_node_has_a_reader() -> None:
    """A class of field without a reader would be text without a slot."""
    assert set(walk._STRINGS) == set(FieldClass)
    assert set(walk._VISITS) == set(get_args(Node))


def test_helpers() -> None:
    """Members can be listed short."""
    assert enum("a", "b").values == {"a", "b"}
    assert set(numbers("x", "y")) == {"x", "y"}
