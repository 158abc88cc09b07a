"""Values that no text depends on."""

from __future__ import annotations

from typing import Any

import pytest

from proxy.wire.fields import (
    ID,
    NUMBER,
    PADDING,
    TIME,
    Dictionary,
    Each,
    Either,
    Logprobs,
    Node,
    Numbering,
    Obj,
    Tagged,
    enum,
    text,
)
from proxy.wire.holes import Sort
from proxy.wire.loose import listed_words, loose_holes, loose_values
from tests.support.alike import CASES

_ITEM = Obj({"index": NUMBER, "n": NUMBER})


@pytest.mark.parametrize(
    ("table", "payload", "found"),
    [
        (Obj({"a": NUMBER}), {"a": 5, "b": 6}, {("a",): 5}),
        (Obj({"a": NUMBER}), {"a": 10**12}, {}),
        (Obj({"a": NUMBER}), {"a": -1}, {}),
        (Obj({"a": NUMBER}), {"a": True}, {}),
        (Obj({"a": NUMBER}), {"a": 1.5}, {}),
        (Obj({"a": NUMBER}), [5], {}),
        (Obj({"a": NUMBER}, numbers={"a": Numbering.PART}), {"a": 5}, {}),
        (Obj({"t": TIME}), {"t": "2025-07-07T20:22:19Z"}, {("t",): "2025-07-07T20:22:19Z"}),
        (Obj({"t": TIME}), {"t": "tomorrow"}, {}),
        (Obj({"t": text()}), {"t": "2025-07-07T20:22:19Z"}, {}),
        (Each(_ITEM), [{"index": 1, "n": 2}], {(0, "index"): 1, (0, "n"): 2}),
        (Each(_ITEM, Numbering.CHOICE), [{"index": 1, "n": 2}], {(0, "n"): 2}),
        (Each(_ITEM, Numbering.PART, "n"), [{"index": 1, "n": 2}], {(0, "index"): 1}),
        (Each(NUMBER), [104, 105], {}),
        (Each(_ITEM), {"index": 1}, {}),
        (Tagged("type", {"a": _ITEM}, Obj()), {"type": "a", "n": 1}, {("n",): 1}),
        (Tagged("type", {"a": _ITEM}, Obj()), {"type": ["a"], "n": 1}, {}),
        (Dictionary(NUMBER), {"a": 1}, {("a",): 1}),
        (Either(text(), members=_ITEM), {"n": 1}, {("n",): 1}),
        (Either(text(), members=_ITEM), [{"n": 1}], {}),
        (Logprobs(), {"content": [{"logprob": 1}]}, {}),
    ],
)
def test_loose_values(table: Node, payload: Any, found: Any) -> None:
    assert loose_values(table, payload) == found


def test_numbers_that_say_whose_a_text_is_are_not_loose() -> None:
    """The index of a choice or a block, of an item and of its part."""
    found = {}
    for name in ("chat", "responses", "anthropic", "gemini", "ollama, chat"):
        codec: Any = CASES[name].codec()
        found[name] = {path[-1] for path in loose_values(codec._table, CASES[name].payload("a", 7))}
    assert found == {
        "chat": {"created", "prompt_tokens", "completion_tokens", "total_tokens"},
        "responses": {"sequence_number"},
        "anthropic": set(),
        "gemini": {"promptTokenCount", "candidatesTokenCount", "totalTokenCount", "tokenCount"},
        "ollama, chat": {"created_at"},
    }


def test_ids_and_padding_are_loose_where_nothing_depends_on_them() -> None:
    """Not the tag of an object, and not what is no id or no padding."""
    tagged = Tagged("type", {}, Obj({"type": ID, "id": ID}))
    table = Obj({"id": ID, "other": ID, "pad": PADDING, "odd": PADDING, "it": tagged})
    payload = {"id": "a-1", "other": "two words", "pad": "Zx9", "odd": "a b", "it": {"type": "t", "id": "c"}}
    found = {hole.path: hole.sort for hole in loose_holes(table, payload)}
    assert found == {("id",): Sort.ID, ("pad",): Sort.PADDING, ("it", "id"): Sort.ID}
    assert loose_values(table, payload) == {}


def test_listed_words() -> None:
    """Of each list its own; in a tag, too."""
    table = Obj(
        {"a": enum("x", "y"), "b": enum("z"), "c": text(), "d": Tagged("e", {"f": Obj({"e": enum("f")})}, ID)}
    )
    payload = {"a": "y", "b": "y", "c": "x", "d": {"e": "f"}}
    assert listed_words(table, payload) == {("a",), ("d", "e")}
