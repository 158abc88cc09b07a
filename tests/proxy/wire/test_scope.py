"""Numbers of elements, and the places of values."""

from __future__ import annotations

from detectors.types import ChannelKind
from proxy.wire.fields import Each, Ends, Numbering, Obj, Within
from proxy.wire.scope import (
    TOP,
    element_scope,
    ends_of,
    entered,
    marked,
    member_of,
    name_of,
    number_of,
    numbered,
    reordered,
)
from proxy.wire.series import SeriesState
from proxy.wire.types import Channel, Ended, Slot, SlotMode


def test_elements_are_numbered_by_themselves_or_by_position() -> None:
    items = ({"index": 2}, {}, {"index": -1}, {"index": True}, {"index": "1"}, 5)
    assert [number_of(item, 4) for item in items] == [2, 4, 4, 4, 4, 4]


def test_the_nearest_member() -> None:
    assert member_of(("a", 0, "b", 1, 2)) == ("a", 0, "b")


def test_numbers_in_an_object() -> None:
    """A number that is none changes nothing."""
    node = Obj(numbers={"o": Numbering.CHOICE, "c": Numbering.PART})
    assert numbered(node, {"o": 3, "c": 4}, TOP)[:2] == (3, 4)
    assert numbered(node, {"o": "3"}, TOP) == TOP


def test_some_members_come_first() -> None:
    """The others keep their order; a name that is not there adds nothing."""
    assert list(reordered(("c", "x", "b"), {"a": 1, "b": 2, "c": 3, "d": 4})) == [
        ("c", 3),
        ("b", 2),
        ("a", 1),
        ("d", 4),
    ]


def test_names_and_what_is_inside_an_object() -> None:
    """Positions that choice and part say are left out; only deltas of a stream have unknown texts that grow."""
    delta = entered(Within.DELTA, ("choices", 0, "delta"), TOP, is_stream=True)
    assert name_of(("choices", 0, "delta", "a", 1), delta) == "message.a.1"
    assert name_of(("a",), delta) == "a"
    assert (delta.mode, delta.unknown) == (SlotMode.APPEND, SlotMode.APPEND)
    assert entered(Within.DELTA, (), TOP, is_stream=False).unknown is SlotMode.CONSTANT
    assert entered(Within.SNAPSHOT, (), TOP, is_stream=True).mode is SlotMode.CONSTANT
    assert entered(Within.REPEAT, (), TOP, is_stream=True).mode is SlotMode.REPEAT


def test_an_end_needs_the_number_of_its_choice() -> None:
    """Without it nobody could say which text is complete: none is, until a later end."""
    node = Obj(numbers={"o": Numbering.CHOICE, "c": Numbering.PART})
    scope = numbered(node, {"o": 3, "c": 4}, TOP)
    assert ends_of(Ends(name="x"), node, {"o": 3}, scope) == (Ended(3, 4, None, "x"),)
    assert ends_of(Ends(whole_choice=True), node, {"o": 3, "c": 4}, scope) == (Ended(3),)
    assert ends_of(Ends(), node, {"c": 4}, scope) == ()


def test_elements_of_lists() -> None:
    """Choices and parts are numbered by a member or by position; other lists change nothing."""
    nothing, choices = Each(Obj()), Each(Obj(), Numbering.CHOICE)
    assert element_scope(nothing, {"index": 4}, 1, ("a",), TOP) is TOP
    assert element_scope(choices, {"index": 4}, 1, ("a",), TOP)[:2] == (4, 0)
    by_position = Each(Obj(), Numbering.PART, number_member=None)
    inside = element_scope(by_position, {"index": 4}, 1, ("a",), TOP)
    assert (inside.choice, inside.part, inside.base, inside.depth) == (0, 1, "a", 2)


def test_a_member_can_name_the_texts() -> None:
    """A JSON path is the name of a value that is written apart; one without `$` gets it."""
    node = Obj(numbers={"jsonPath": Numbering.NAME})
    assert numbered(node, {"jsonPath": "$.a.b"}, TOP) == TOP._replace(name="$.a.b")
    assert numbered(node, {"jsonPath": "a"}, TOP) == TOP._replace(name="$a")
    assert numbered(node, {"jsonPath": 3}, TOP) == TOP


def test_names_leave_out_positions_that_numbers_say() -> None:
    assert name_of(("id",), TOP) == "id"
    assert name_of(("a", 0, "b"), TOP) == "a.0.b"
    assert name_of(("a", 0, "b"), TOP._replace(base="a", depth=2)) == "a.b"


def test_vouchers_go_with_every_text_but_themselves() -> None:
    """One that is null or is not there vouches for nothing."""
    slots = [
        Slot(Channel(ChannelKind.TEXT), "x", ("p", "text")),
        Slot(Channel(ChannelKind.OTHER), "y", ("p", "signed")),
        Slot(Channel(ChannelKind.TOOL_ARGUMENTS), "z", ("p", "call", "args"), dependents=(("q",),)),
    ]
    value = {"text": "x", "signed": "y", "call": {"args": "z"}, "empty": None}
    found = marked(slots, Obj(vouchers=("signed", "empty", "absent")), value, ("p",), SeriesState())
    assert [slot.dependents for slot in found] == [(("p", "signed"),), (), (("q",), ("p", "signed"))]


def test_texts_of_echoes_are_told_from_others() -> None:
    """At any depth below the member, and nothing else of the object."""
    slots = [Slot(Channel(ChannelKind.OTHER), "x", ("r", *path)) for path in (("e",), ("e", "f", 0), ("g", "e"))]
    found = marked(slots, Obj(echoes=frozenset({"e"})), {}, ("r",), SeriesState())
    assert [slot.channel.is_echo for slot in found] == [True, True, False]
