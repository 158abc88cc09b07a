"""Placeholders told apart from other findings, and what they become."""

from __future__ import annotations

import json

from detectors.types import Finding
from policies.restoring import RESTORER
from proxy.guard.api import GuardStats
from proxy.guard.buffer import TextBuffer
from proxy.guard.edits import Replacement
from proxy.guard.wayback import WayBack
from tests.support.restoring import VALUES, memory_of


def way_back(text: str, *, is_json: bool = False) -> tuple[WayBack, GuardStats]:
    stats = GuardStats()
    made = WayBack(TextBuffer(text), memory_of().substitutes, stats, is_json=is_json)
    made.feed(text)
    return made, stats


def found(text: str, *parts: str, detector: str = RESTORER) -> list[Finding]:
    return [Finding(detector, "X", text.index(part), text.index(part) + len(part), 1.0) for part in parts]


def test_values_in_order_and_unknown_ones_stay() -> None:
    """What stands for nothing is counted and left alone."""
    text = "to <CUSTOMER_NAME_2>, <CUSTOMER_NAME_9> and <CUSTOMER_NAME_1>"
    way, stats = way_back(text)
    others, restored = way.parted(found(text, "<CUSTOMER_NAME_1>", "<CUSTOMER_NAME_9>", "<CUSTOMER_NAME_2>"))
    assert (others, [one.text for one in restored]) == ([], ["zqvester", "zqvarden"])
    assert stats.unknown_placeholders == 1


def test_what_lies_within_a_placeholder_is_nobodys_business() -> None:
    """What reaches out of one is."""
    text = "to <CUSTOMER_NAME_1> now"
    way, _ = way_back(text)
    rules = found(text, "NAME_1", "<CUSTOMER_NAME_1>", "NAME_1> now", detector="names")
    others, restored = way.parted([*rules, *found(text, "<CUSTOMER_NAME_1>")])
    assert others == rules[2:]
    assert restored == [Replacement(3, 20, "zqvarden", is_faithful=True)]


def test_one_within_another_is_none() -> None:
    """The longer one is what was written, also when it stands for nothing."""
    text = "<FULL-CUSTOMER_NAME_1>"
    way, _ = way_back(text)
    assert way.parted(found(text, "CUSTOMER_NAME_1", text)) == ([], [])


def test_in_fenced_json_too_and_not_beside_it() -> None:
    """The block stays JSON; the prose around it says the value as it is."""
    text = 'For <NOTE_1>:\n```json\n{"a": "<NOTE_1>"}\n```\nThat is <NOTE_1>.'
    way, _ = way_back(text)
    spans = [Finding(RESTORER, "X", at, at + 8, 1.0) for at in range(len(text)) if text.startswith("<NOTE_1>", at)]
    _, restored = way.parted(spans)
    value = VALUES["<NOTE_1>"]
    assert [one.text for one in restored] == [value, json.dumps(value, ensure_ascii=False)[1:-1], value]


def test_in_json_a_value_is_escaped_as_often_as_needed() -> None:
    """The arguments stay JSON, and the JSON within them."""
    text = json.dumps({"a": "<NOTE_1>", "b": json.dumps(["\\u003cNOTE_1>"])})
    way, _ = way_back(text, is_json=True)
    _, restored = way.parted(found(text, "<NOTE_1>", "\\\\\\\\u003cNOTE_1>"))
    for one in reversed(restored):
        text = text[: one.start] + one.text + text[one.end :]
    read = json.loads(text)
    assert read["a"] == VALUES["<NOTE_1>"]
    assert json.loads(read["b"]) == [VALUES["<NOTE_1>"]]


def test_what_a_span_of_a_prompt_says() -> None:
    """Escapes are decoded, so that a value is the same wherever it stands; across strings there is no value."""
    text = '{"a": "zqv\\u0061rden", "b": "zqvarden", "c": "x"}'
    way, _ = way_back(text, is_json=True)
    spans = [(text.index(one), text.index(one) + len(one)) for one in ("zqv\\u0061rden", "zqvarden", 'n", "b')]
    assert [way.value_at(*span) for span in spans] == ["zqvarden", "zqvarden", None]


def test_values_without_a_way_back_are_counted() -> None:
    way, stats = way_back("")
    assert [way.is_restorable("<NOTE_1>"), way.is_restorable("<NOTE>")] == [True, False]
    assert stats.not_restorable == 1
