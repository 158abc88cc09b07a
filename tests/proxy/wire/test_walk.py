"""The walk: listed places by their class, everything else as text."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from detectors.types import ChannelKind as K
from proxy.wire.edits import apply_edits
from proxy.wire.fields import (
    BAG,
    CREDENTIAL,
    HTML,
    ID,
    NUMBER,
    OPAQUE,
    TOKENS,
    Dictionary,
    Each,
    Ends,
    Logprobs,
    Numbering,
    Obj,
    Tagged,
    Within,
    data,
    signature,
    signed_text,
    text,
)
from proxy.wire.types import Channel, Ended, SlotMode
from proxy.wire.walk import MAX_REMEMBERED_TEXTS, Walker

TABLE = Obj(
    {
        "id": ID,
        "count": NUMBER,
        "bag": BAG,
        "ids": TOKENS,
        "map": Dictionary(NUMBER),
        "choices": Each(Obj({"delta": Obj({"content": text()}, Within.DELTA), "index": NUMBER}), Numbering.CHOICE),
    }
)

_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(["id", "count", "bag", "ids", "map", "choices", "x"]), _JSON, max_size=5))
def test_no_string_is_lost(value: dict[str, Any]) -> None:
    """Whatever the shape, every string and key left in the payload is in a slot, and the input is not changed."""
    before = copy.deepcopy(value)
    walked = Walker(is_stream=True).walk(TABLE, value)
    assert value == before
    seen = "\n".join(slot.text for slot in walked.slots)
    for string in strings(walked.payload, listed=set(TABLE.members) | {"delta", "content", "index"}):
        assert string in seen


def strings(value: Any, listed: set[str]) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        keys = [key for key in value if key not in listed]
        return keys + [text for child in value.values() for text in strings(child, listed)]
    return [text for child in value for text in strings(child, listed)] if isinstance(value, list) else []


def test_removed_members() -> None:
    """Lists of integers go; the payload that came is left alone."""
    value = {"ids": [1], "foo": {"bar": [[1, 2]], "baz": 1}}
    walked = Walker().walk(TABLE, value)
    assert walked.payload == {"foo": {"baz": 1}}
    assert walked.must_encode
    assert value == {"ids": [1], "foo": {"bar": [[1, 2]], "baz": 1}}


def test_requests_keep_lists_of_integers() -> None:
    """They go to the model; what they spell is judged."""
    walked = Walker(is_request=True).walk(TABLE, {"foo": list(b"jane")})
    assert walked.payload == {"foo": list(b"jane")}
    assert [slot.text for slot in walked.slots] == ["foo", "jane"]


def test_names_leave_out_what_choice_and_part_say() -> None:
    """The position of a choice in a frame is not part of a channel's name."""
    walked = Walker(is_stream=True).walk(TABLE, {"choices": [{"index": 3, "delta": {"a": {"b": ["x"]}}, "c": "y"}]})
    assert [(slot.channel, slot.mode) for slot in walked.slots if not slot.drop] == [
        (Channel(K.OTHER, 3, 0, "message.a.b.0"), SlotMode.APPEND),
        (Channel(K.OTHER, 3, 0, "choices.c"), SlotMode.CONSTANT),
    ]


def test_the_memory_of_unlisted_texts_is_bounded() -> None:
    """A sender cannot fill it with names; past the limit every piece counts as new."""
    walker = Walker(is_stream=True)
    for round_number in range(2):
        for number in range(MAX_REMEMBERED_TEXTS + 5):
            walked = walker.walk(TABLE, {"choices": [{"delta": {f"k{number}": "same"}}]})
            mode = next(slot.mode for slot in walked.slots if not slot.drop)
            is_known = round_number == 1 and number < MAX_REMEMBERED_TEXTS
            assert mode is (SlotMode.CONSTANT if is_known else SlotMode.APPEND)


def test_a_tag_chooses_the_members() -> None:
    """An object whose tag is not known has the members of the other table; no tag, the same."""
    table = Tagged("type", {"a": Obj({"type": NUMBER, "x": text()}), True: Obj({"x": text()})}, Obj({"y": ID}))
    found = {
        str(value): [slot.text for slot in Walker().walk(table, value).slots if slot.mode is SlotMode.APPEND]
        for value in ({"type": "a", "x": "1"}, {"type": "b", "x": "2"}, {"x": "3"}, {"type": ["a"], "x": "4"})
    }
    assert list(found.values()) == [["1"], [], [], []]
    assert [slot.text for slot in Walker().walk(table, ["text"]).slots] == ["text"]


def test_members_number_the_texts_of_their_object_and_end_them() -> None:
    """What an event says about its place is where its text belongs, and whether more will come."""
    numbers = {"o": Numbering.CHOICE, "c": Numbering.PART}
    table = Obj({"o": NUMBER, "c": NUMBER, "delta": text()}, Within.DELTA, numbers, Ends(kind=K.TEXT))
    walked = Walker(is_stream=True).walk(table, {"o": 2, "c": 1, "delta": "x"})
    assert [slot.channel for slot in walked.slots] == [Channel(K.TEXT, 2, 1)]
    assert walked.ends == (Ended(2, 1, K.TEXT),)
    assert Walker().walk(table, {"o": -1, "c": True, "delta": "x"}).slots[0].channel == Channel(K.TEXT, 0, 0)


def test_a_json_value_is_judged_as_it_is_written() -> None:
    """Keys, strings and numbers are in one text, which is parsed again when it was edited."""
    walked = Walker().walk(Obj({"input": data()}), {"input": {"to": "jane", "n": 1234567}})
    (slot,) = walked.slots
    assert slot.text == '{"to":"jane","n":1234567}'
    assert slot.channel.kind is K.TOOL_ARGUMENTS
    edited = apply_edits(walked.payload, walked.slots, {0: '{"to":"*","n":9}'})
    assert edited == {"input": {"to": "*", "n": 9}}
    assert apply_edits(walked.payload, walked.slots, {0: '{"to":"ja'}) == {"input": {}}


def test_repeats_are_slots_of_their_texts() -> None:
    """A snapshot names the channel whose text it repeats."""
    walked = Walker(is_stream=True).walk(
        Obj({"part": Obj({"text": text()}, Within.REPEAT)}), {"part": {"text": "x"}}
    )
    assert [(slot.channel, slot.mode) for slot in walked.slots] == [(Channel(K.TEXT), SlotMode.REPEAT)]


def test_the_signature_of_a_text_is_a_slot_without_text() -> None:
    """On the channel of the text that it signs; one that can be read is judged as well."""
    table = Obj({"thought": signed_text(), "seal": signature(), "note": text()})
    walked = Walker().walk(table, {"seal": "c2VhbA" * 9, "thought": "hm", "note": "x"})
    signed = Channel(K.REASONING, is_signed=True)
    assert [(slot.channel, slot.text) for slot in walked.slots] == [
        (signed, ""),
        (signed, "hm"),
        (Channel(K.TEXT), "x"),
    ]
    assert [slot.text for slot in Walker().walk(table, {"seal": "a few words"}).slots] == ["a few words", ""]
    assert Walker().walk(table, {"seal": "", "thought": ""}).slots == ()


def test_an_empty_json_value_says_nothing() -> None:
    table = Obj({"input": data()})
    assert [Walker().walk(table, {"input": value}).slots for value in ({}, [], "", None)] == [()] * 4


def test_credentials_pass_to_the_model_and_not_back() -> None:
    """They are nobody's text on the way to the API that they are for, and no client's business after it."""
    table = Obj({"key": CREDENTIAL, "headers": CREDENTIAL})
    value = {"key": "k", "headers": {"x-key": "k"}}
    asked = Walker(is_request=True).walk(table, value)
    assert (asked.slots, asked.payload, asked.must_encode) == ((), value, False)
    answered = Walker().walk(table, value)
    assert (answered.slots, answered.payload, answered.must_encode) == ((), {}, True)


def test_members_that_come_first_and_flat_log_probabilities() -> None:
    """What was said first is judged first; a bare list of tokens goes with the text of its own object."""
    table = Obj(
        {
            "a": text(),
            "name": text(K.TOOL_NAME),
            "parts": Each(Obj({"text": text(), "logprobs": Logprobs(is_flat=True)}), Numbering.PART),
        },
        first=("name",),
    )
    parts = [{"text": t, "logprobs": [{"token": t, "logprob": -1}]} for t in ("x", "y")]
    slots = Walker().walk(table, {"a": "1", "parts": parts, "name": "2"}).slots
    assert [(slot.text, slot.dependents) for slot in slots] == [
        ("2", ()),
        ("1", ()),
        ("x", (("parts", 0, "logprobs"),)),
        ("y", (("parts", 1, "logprobs"),)),
    ]


def test_html_is_judged_as_it_is_written_and_as_it_is_shown() -> None:
    """Found in the source it is edited there; found in what is shown only, the member goes."""
    slots = Walker().walk(Obj({"page": HTML}), {"page": "<p>a&amp;b</p>"}).slots
    assert [(slot.text, slot.drop) for slot in slots] == [("<p>a&amp;b</p>", False), ("a&b", True)]
    assert len(Walker().walk(Obj({"page": HTML}), {"page": "plain"}).slots) == 1


def test_elements_that_flow_are_one_text() -> None:
    """Where a piece stands in the list says nothing; of an unlisted one neither."""
    table = Obj({"parts": Each(Obj({"text": text()}, Within.DELTA), Numbering.FLOW)})
    walker = Walker(is_stream=True)
    slots = walker.walk(table, {"parts": [{"text": "a"}, {"text": "b", "x": "y"}, {"x": "z"}]}).slots
    assert {slot.channel for slot in slots if slot.channel.kind is K.TEXT} == {Channel(K.TEXT)}
    assert len({slot.channel for slot in slots if slot.text in {"y", "z"}}) == 1


def test_an_edit_takes_what_vouches_for_the_text() -> None:
    """Only where it is there, and only of the same object."""
    table = Obj({"parts": Each(Obj({"text": text(), "signed": OPAQUE}, vouchers=("signed",)))})
    payload = {"parts": [{"text": "a", "signed": "c2lnbmVk"}, {"text": "b"}]}
    slots = Walker().walk(table, payload).slots
    edits: dict[int, str | None] = {n: "x" for n, slot in enumerate(slots) if slot.text in {"a", "b"}}
    assert apply_edits(payload, slots, edits) == {"parts": [{"text": "x", "signed": None}, {"text": "x"}]}
