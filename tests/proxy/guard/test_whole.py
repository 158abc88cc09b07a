"""One look at a whole message says what the guard says, or nothing."""

from __future__ import annotations

import json
import random
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.types import ChannelKind
from policies.loader import load_policy, load_policy_text
from policies.types import Action, Direction
from proxy.guard.api import GuardState
from proxy.guard.drive import scan_inline
from proxy.guard.stream import StreamGuard
from proxy.guard.whole import Passed, answers_in, passed
from proxy.wire.body import BodyCodec
from proxy.wire.registry import DIALECTS
from proxy.wire.types import Channel
from tests.support.generated import POLICY
from tests.support.tabled import Maker
from tests.support.toy import SegmentDetector, WordDetector, policy, rule
from tests.support.wire import body, message

if TYPE_CHECKING:
    from policies.types import Policy

ODDITIES = [0.0, 0.05, 0.3]
SIDES = {Direction.REQUEST: "request_codec", Direction.RESPONSE: "body_codec"}


@cache
def under(name: str) -> Policy:
    """A policy that looks at requests, too."""
    if name == "default":
        return load_policy(name)
    return load_policy_text(POLICY.replace("detector:", "direction: both, detector:"))


def codec_of(name: str, direction: Direction) -> BodyCodec:
    codec = getattr(DIALECTS[name], SIDES[direction])()
    assert isinstance(codec, BodyCodec)
    return codec


def looked(rules: Policy, name: str, direction: Direction, raw: bytes) -> Passed | None:
    skimmed = codec_of(name, direction).skim(raw)
    return None if skimmed is None else passed(rules, direction, skimmed.pieces, skimmed.complete)


def guarded(rules: Policy, name: str, direction: Direction, raw: bytes, *, use_screens: bool) -> StreamGuard:
    """Guard a body and see that it leaves as it came, with nothing to tell."""
    guard = StreamGuard(codec_of(name, direction), rules, direction, use_screens=use_screens)
    guard.receive(raw)
    guard.receive_end()
    scan_inline(guard)
    assert guard.take() == raw
    assert guard.state is GuardState.STATE_DONE
    assert guard.decision is Action.ALLOW
    assert guard.take_events() == []
    return guard


def checked(rules: Policy, name: str, direction: Direction, raw: bytes) -> Passed | None:
    """Look at a body, hold what comes out against the guard, and return it."""
    told = looked(rules, name, direction, raw)
    if told is not None:
        alone = guarded(rules, name, direction, raw, use_screens=False)
        screened = guarded(rules, name, direction, raw, use_screens=True)
        assert told.channels == screened.channels() == alone.channels()
        skimmed = codec_of(name, direction).skim(raw)
        assert skimmed is not None
        assert answers_in(skimmed.pieces) == screened.answers() == alone.answers()
        assert told.stats == screened.stats
        assert (told.stats.text_chars, told.stats.frames) == (alone.stats.text_chars, alone.stats.frames)
    return told


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("name", DIALECTS)
@given(
    seed=st.integers(0, 2**48), oddity=st.sampled_from([0.0, 0.05, 0.3]), rules=st.sampled_from(["default", "own"])
)
def test_any_body(name: str, direction: Direction, seed: int, oddity: float, rules: str) -> None:
    """Bodies made from the dialect's own table, with values that the policies take out."""
    maker = Maker(random.Random(seed), oddity)
    raw = maker.written(maker.body(codec_of(name, direction).table))
    checked(under(rules), name, direction, raw)


@pytest.mark.parametrize("rules", ["default", "own"])
def test_clean_answers_pass(rules: str) -> None:
    """Several choices and an unlisted text, and nothing to find: no guard is needed."""
    answer = body(message(content="a quiet day"), surprise="nothing here")
    answer["choices"].append({**answer["choices"][0], "index": 1})
    told = checked(under(rules), "openai-chat", Direction.RESPONSE, json.dumps(answer).encode())
    assert told is not None
    assert [(one.label, one.chars) for one in told.channels] == [("text[0]", 11), ("text[1]", 11)]


@pytest.mark.parametrize(
    "said",
    [
        {"content": "write to jane.roe@example.com"},
        {"content": "", "surprise": "write to jane.roe@example.com"},
        {"content": None, "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": r'{"\u0061":1}'}}]},
    ],
)
def test_what_must_be_asked(said: dict[str, Any]) -> None:
    """A value that a detector looks for, anywhere, and arguments with another reading."""
    raw = json.dumps(body(message(**said))).encode()
    assert looked(under("own"), "openai-chat", Direction.RESPONSE, raw) is None


def test_pieces_of_one_text_are_one() -> None:
    """A value that is split over the parts of one content is found; over two messages it is two texts."""
    halves = ["write to jane.roe@exa", "mple.com, please"]
    one = {"messages": [{"role": "user", "content": [{"type": "text", "text": half} for half in halves]}]}
    two = {"messages": [{"role": "user", "content": half} for half in halves]}
    rules = under("own")
    assert looked(rules, "openai-chat", Direction.REQUEST, json.dumps(one).encode()) is None
    assert checked(rules, "openai-chat", Direction.REQUEST, json.dumps(two).encode()) is not None


@pytest.mark.parametrize("detector", [SegmentDetector("one", "zebra"), WordDetector("one", ("zebra",))])
def test_detectors_without_a_screen_are_asked(detector: Any) -> None:
    """Nobody else can say that they find nothing."""
    raw = json.dumps(body(message(content="a quiet day"))).encode()
    rules = policy([detector], [rule("one", Action.FLAG)])
    assert looked(rules, "openai-chat", Direction.RESPONSE, raw) is None


def test_no_rules_no_questions() -> None:
    """Where nobody looks, everything that can be read passes, and is told as not watched."""
    raw = json.dumps(body(message(content="write to jane.roe@example.com"))).encode()
    told = checked(policy([], []), "openai-chat", Direction.RESPONSE, raw)
    assert told is not None
    assert [one.is_watched for one in told.channels] == [False]


def test_many_texts_cost_no_more_than_they_are_long() -> None:
    """A conversation of thousands of messages is joined once, not once for each."""
    pieces = {Channel(ChannelKind.TEXT, number): ["a quiet day. " * 20] for number in range(20_000)}
    told = passed(under("own"), Direction.REQUEST, pieces, {})
    assert told is not None
    assert len(told.channels) == 20_000
