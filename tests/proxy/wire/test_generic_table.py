"""Tables made of selectors: the same walk over them as over any other table."""

from __future__ import annotations

from typing import Any

import pytest

from detectors.types import ChannelKind as K
from proxy.wire.fields import FieldClass
from proxy.wire.generic_table import GROWING, OTHER_KINDS, Field, lists_above, table_of, text_names
from proxy.wire.selectors import parse_selector
from proxy.wire.types import SlotMode
from proxy.wire.walk import Walker


def fields(**kinds: str) -> list[Field]:
    """Return fields by their selectors."""
    return [Field(parse_selector(selector), kind) for selector, kind in kinds.items()]


def found(table: Any, value: Any, *, is_stream: bool = False) -> list[tuple[K, int, int, str]]:
    slots = Walker(is_stream=is_stream).walk(table, value).slots
    return [(slot.channel.kind, slot.channel.choice, slot.channel.part, slot.text) for slot in slots]


def test_lists_number_the_texts() -> None:
    """The outermost list has choices, the next one parts: no text is taken for its neighbour's."""
    table = table_of(fields(**{"$.outputs[*].data[*]": "text", "$.outputs[*].name": "id"}), None, is_stream=False)
    value = {"outputs": [{"name": "x", "data": ["a", "b"]}, {"name": "y", "data": ["c"]}]}
    assert [one for one in found(table, value) if one[0] is K.TEXT] == [
        (K.TEXT, 0, 0, "a"),
        (K.TEXT, 0, 1, "b"),
        (K.TEXT, 1, 0, "c"),
    ]


def test_a_member_numbers_the_choices() -> None:
    """Where it is named; an `index` that nobody named numbers nothing."""
    value = {"out": [{"index": 7, "text": "a"}, {"index": 3, "text": "b"}]}
    some = fields(**{"$.out[*].text": "text", "$.out[*].index": "number"})
    assert [one[1] for one in found(table_of(some, None, is_stream=True), value)] == [0, 1]
    choice = parse_selector("$.out[*].index")
    assert [one[1] for one in found(table_of(some, choice, is_stream=True), value)] == [7, 3]
    table = table_of(fields(**{"$.text": "text"}), parse_selector("$.n"), is_stream=True)
    assert found(table, {"text": "a", "n": 2}) == [(K.TEXT, 2, 0, "a")]


def test_positions_and_mixed_places() -> None:
    """An element of its own sort; a place that may hold a string, a list or an object."""
    table = table_of(
        fields(**{"$.row[0]": "id", "$.row[*]": "text", "$.row[2].a": "reasoning"}), None, is_stream=False
    )
    assert found(table, {"row": ["x-1", "said", {"a": "thought"}]}) == [
        (K.ID, 0, 0, "x-1"),
        (K.TEXT, 1, 0, "said"),
        (K.REASONING, 2, 0, "thought"),
    ]
    table = table_of(fields(**{"$.p": "text", "$.p[*]": "text", "$.p.a": "reasoning"}), None, is_stream=False)
    assert found(table, {"p": "x"}) == [(K.TEXT, 0, 0, "x")]
    assert found(table, {"p": ["x", "y"]}) == [(K.TEXT, 0, 0, "x"), (K.TEXT, 1, 0, "y")]
    assert found(table, {"p": {"a": "x"}}) == [(K.REASONING, 0, 0, "x")]


def test_a_list_at_the_top() -> None:
    """An answer may be a list."""
    table = table_of(fields(**{"$[*].generated_text": "text"}), None, is_stream=False)
    assert found(table, [{"generated_text": "a"}, {"generated_text": "b"}]) == [
        (K.TEXT, 0, 0, "a"),
        (K.TEXT, 1, 0, "b"),
    ]
    assert found(table, {"generated_text": "a"}) == [(K.OTHER, 0, 0, "generated_text"), (K.OTHER, 0, 0, "a")]


@pytest.mark.parametrize("is_stream", [False, True])
def test_what_is_not_selected_is_text(is_stream: bool) -> None:
    """At every depth: keys, strings, numbers; in a stream a string may be a piece of a longer one."""
    table = table_of(fields(**{"$.a.b": "number"}), None, is_stream=is_stream)
    value = {"a": {"b": 1, "c": "x"}, "d": [["y", {"e": 4155550142}]], "f": [1, 2]}
    walked = Walker(is_stream=is_stream).walk(table, value)
    texts = {slot.text: slot.mode for slot in walked.slots}
    assert set(texts) == {"c", "x", "d", "y", "e", "4155550142", "f"}
    assert texts["x"] is (SlotMode.APPEND if is_stream else SlotMode.CONSTANT)
    assert "f" not in walked.payload or walked.payload["f"] is None


def test_lists_of_numbers() -> None:
    """Where they are selected as numbers they pass; strings and long numbers among them are text."""
    table = table_of(fields(**{"$.scores[*]": "number"}), None, is_stream=False)
    walked = Walker().walk(table, {"scores": [0.25, 1, "x", 4155550142000]})
    assert [slot.text for slot in walked.slots] == ["x", "4155550142000"]
    assert walked.payload == {"scores": [0.25, 1, "x", 4155550142000]}
    walked = Walker().walk(table, {"scores": list(b"call me")})
    assert [(slot.text, slot.path, slot.drop) for slot in walked.slots] == [("call me", ("scores",), True)]
    table = table_of(fields(**{"$.data[*]": "text"}), None, is_stream=False)
    assert Walker().walk(table, {"data": [72, 105]}).payload == {}


def test_the_other_kinds() -> None:
    """Each word is a class of field; `repeat` is a snapshot in a stream and a text elsewhere."""
    assert {leaf.cls for leaf in OTHER_KINDS.values()} < set(FieldClass)
    some = [
        Field(("f",), "words", ("stop",)),
        *fields(**{"$.t": "text", "$.x": "full_text", "$.d": "data", "$.gone": "drop"}),
        Field(("all",), "repeat", repeats=("t",)),
    ]
    value = {"f": "stop", "t": "a", "x": "b", "d": {"k": ["v"]}, "gone": [1], "all": "a"}
    walked = Walker(is_stream=True).walk(table_of(some, None, is_stream=True), value)
    assert [(slot.channel.kind, slot.text, slot.mode) for slot in walked.slots] == [
        (K.TEXT, "a", SlotMode.APPEND),
        (K.TEXT, "b", SlotMode.CONSTANT),
        (K.TOOL_ARGUMENTS, '{"k":["v"]}', SlotMode.CONSTANT),
        (K.TEXT, "a", SlotMode.REPEAT),
    ]
    assert walked.slots[0].channel == walked.slots[3].channel
    assert "gone" not in walked.payload
    whole = Walker().walk(table_of(some, None, is_stream=False), {"f": "no", "all": "a"}).slots
    assert [(slot.text, slot.mode) for slot in whole] == [("no", SlotMode.CONSTANT), ("a", SlotMode.APPEND)]
    assert text_names(some) == ("$.t",)
    assert set(GROWING.values()) == set(K) - {K.ID, K.OTHER}


def test_lists_above() -> None:
    """Positions are lists too."""
    assert lists_above(parse_selector("$.a[*].b[0].c")) == 2
