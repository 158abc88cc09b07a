"""Answers whose log-probabilities do not leave, in every dialect that has them, streamed and whole."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from proxy.guard.api import GuardState
from proxy.guard.stream import StreamGuard
from proxy.wire.details import without_details
from proxy.wire.fields import Dictionary, Each, Either, Logprobs, Node, Obj, Tagged, text
from proxy.wire.registry import DIALECTS
from proxy.wire.types import Form
from tests.support.guards import loaded, outcome

if TYPE_CHECKING:
    from policies.types import Policy

ENTRIES = [{"token": "Blue", "logprob": -0.5, "bytes": [66], "top_logprobs": [{"token": "forbidden fruit"}]}]
LEGACY = {
    "tokens": ["Blue"],
    "token_logprobs": [-0.5],
    "top_logprobs": [{"forbidden fruit": -2}],
    "text_offset": [0],
}
CHOSEN = {
    "chosenCandidates": [{"token": "Blue"}],
    "topCandidates": [{"candidates": [{"token": "forbidden fruit"}]}],
}
PART = {"type": "output_text", "text": "Blue", "annotations": [], "logprobs": ENTRIES}
ITEM = {"type": "message", "id": "m", "role": "assistant", "status": "completed", "content": [PART]}
DELTA = {
    "type": "response.output_text.delta",
    "item_id": "m",
    "output_index": 0,
    "content_index": 0,
    "delta": "Blue",
}

CASES: dict[str, tuple[str, Form, dict[str, Any], tuple[str | int, ...]]] = {
    # name: dialect, layout, payload, where its log-probabilities are
    "chat": (
        "openai-chat",
        Form.EVENTS,
        {"choices": [{"index": 0, "delta": {"content": "Blue"}, "logprobs": {"content": ENTRIES}}]},
        ("choices", 0, "logprobs"),
    ),
    "chat, whole": (
        "openai-chat",
        Form.WHOLE,
        {"choices": [{"index": 0, "message": {"content": "Blue"}, "logprobs": {"content": ENTRIES}}]},
        ("choices", 0, "logprobs"),
    ),
    "completions": (
        "openai-completions",
        Form.EVENTS,
        {"choices": [{"index": 0, "text": "Blue", "logprobs": LEGACY}]},
        ("choices", 0, "logprobs"),
    ),
    "responses": ("openai-responses", Form.EVENTS, {**DELTA, "logprobs": ENTRIES}, ("logprobs",)),
    "responses, whole": (
        "openai-responses",
        Form.WHOLE,
        {"id": "r", "object": "response", "output": [ITEM]},
        ("output", 0, "content", 0, "logprobs"),
    ),
    "gemini": (
        "gemini",
        Form.ARRAY,
        {"candidates": [{"content": {"parts": [{"text": "Blue"}]}, "logprobsResult": CHOSEN}]},
        ("candidates", 0, "logprobsResult"),
    ),
    "ollama": ("ollama", Form.LINES, {"response": "Blue", "done": False, "logprobs": ENTRIES}, ("logprobs",)),
}

RULES = """
version: 1
name: t
detectors: {stop: {type: keywords, words: [forbidden fruit]}}
rules: [{id: stop, detector: stop, action: block}]
"""


def laid_out(form: Form, payload: Any) -> bytes:
    """A payload as a message of one frame."""
    written = json.dumps(payload).encode()
    around = {
        Form.EVENTS: (b"data: ", b"\n\n"),
        Form.LINES: (b"", b"\n"),
        Form.ARRAY: (b"[", b"]"),
        Form.WHOLE: (b"", b""),
    }
    before, behind = around[form]
    return before + written + behind


def taken_apart(form: Form, data: bytes) -> Any:
    """The payload of such a message."""
    found = json.loads(data.removeprefix(b"data: "))
    return found[0] if form is Form.ARRAY else found


def guarded(name: str, under: Policy) -> tuple[GuardState, bytes]:
    """What comes out of a case."""
    dialect, form, payload, _ = CASES[name]
    spoken = DIALECTS[dialect]
    codec = spoken.body_codec() if form is Form.WHOLE else spoken.stream_codec(form=form)
    found = outcome(StreamGuard(codec, under), [laid_out(form, payload)])
    return found.state, found.written


@pytest.mark.parametrize("name", CASES)
def test_none_leaves_where_the_policy_says_so(name: str) -> None:
    """A list is empty, anything else null; the rest is as it was. What might have been said stops nothing."""
    _, form, payload, path = CASES[name]
    assert guarded(name, loaded(RULES))[0] is GuardState.STATE_BLOCKED
    state, written = guarded(name, loaded(RULES + "token_details: never\n"))
    assert state is GuardState.STATE_DONE
    expected = json.loads(json.dumps(payload))
    *above, last = path
    place: Any = expected
    for step in above:
        place = place[step]
    place[last] = [] if isinstance(place[last], list) else None
    assert taken_apart(form, written) == expected


@pytest.mark.parametrize("name", CASES)
def test_in_shadow_mode_answers_stay_as_they_are(name: str) -> None:
    _, form, payload, _ = CASES[name]
    shadow = loaded(RULES + "token_details: never\nmode: shadow\n")
    assert guarded(name, shadow) == (GuardState.STATE_DONE, laid_out(form, payload))


def test_frames_without_leave_as_they_came() -> None:
    """Also those that are known from streams under other policies."""
    stream = b"".join(
        b"data: %b\n\n"
        % json.dumps({"choices": [{"index": 0, "delta": {"content": word}, "logprobs": None}]}).encode()
        for word in ("so ", "be ", "it ", "then")
    )
    for _ in range(2):
        for rules in (RULES, RULES + "token_details: never\n"):
            found = outcome(StreamGuard(DIALECTS["openai-chat"].stream_codec(), loaded(rules)), [stream])
            assert found.written == stream


L = Logprobs()


@pytest.mark.parametrize(
    ("table", "payload", "left"),
    [
        (Obj({"a": L}), {"a": [1], "b": [1]}, {"a": [], "b": [1]}),
        (
            Obj({"a": Each(Obj({"l": L}), at={1: L})}),
            {"a": [{"l": {"x": 1}}, {"y": 1}, 5]},
            {"a": [{"l": None}, None, 5]},
        ),
        (Tagged("t", {"x": Obj({"l": L})}, Obj()), {"t": "x", "l": "s"}, {"t": "x", "l": None}),
        (Dictionary(L), {"k": [1]}, {"k": []}),
        (Either(text(), items=Each(Obj({"l": L}))), [{"l": [1]}], [{"l": []}]),
    ],
)
def test_places_of_every_sort(table: Node, payload: Any, left: Any) -> None:
    assert without_details(table, payload) == left


@pytest.mark.parametrize("payload", [{}, {"a": None}, {"a": []}, {"a": {}}, {"b": [1]}, [], None, "x"])
def test_what_says_nothing_of_tokens_is_the_same_object(payload: Any) -> None:
    assert without_details(Obj({"a": L}), payload) is payload
