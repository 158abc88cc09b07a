"""An event that is written into a form is the one that is written as a whole."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.refusals import ends_of
from events.codec import encode_wire
from events.schema.envelope import EVENT_TYPES, wire_of
from policies.types import Limits, Mode, Policy
from proxy.guard.api import ChannelSummary, GuardStats
from proxy.server.end_of_exchange import exchange_data
from proxy.server.exchange_forms import MAX_FORMS, ExchangeForms
from proxy.server.facts import ExchangeFacts, MessageFacts
from proxy.server.reload import ActivePolicy
from tests.support.events import TIME_MS
from tests.support.scale import examples

KIND = EVENT_TYPES["exchange"]
NAMES = st.sampled_from(
    ["words", "request", "50% of %s", '"quoted"', "<~text~>", "<~count~>", "\u00fc", "x<~time~>"]
)
COUNTS = st.integers(0, 10**9)
CHANNELS = st.builds(
    ChannelSummary,
    st.just("text[0]"),
    st.sampled_from(["text", "text", "reasoning", "refusal"]),
    COUNTS,
    st.booleans(),
    st.booleans(),
)
STATS = st.builds(
    GuardStats,
    text_chars=COUNTS,
    scanned_chars=st.dictionaries(NAMES, COUNTS, max_size=3),
    scores=st.sampled_from([{}, {}, {}, {"words": {"WORD": 0.5}}]),
    frames=COUNTS,
    edits=st.integers(0, 2),
)
ANSWERS = [(), (ends_of("I'm sorry, but I can't help with that."),), (ends_of("Of course!"),)]
MESSAGES = st.builds(
    MessageFacts,
    st.sampled_from(["request", "response"]),
    STATS,
    st.sampled_from([{}, {}, {}, {"words": 0.25}]),
    COUNTS,
    actions=st.sampled_from([{}, {}, {}, {"flag": 1}]),
    channels=st.lists(CHANNELS, max_size=3),
    cut_short=st.sampled_from([False, False, False, True]),
    answers=st.sampled_from(ANSWERS),
)
SECONDS = st.none() | st.floats(0, 1000)


def about(**more: Any) -> ExchangeFacts:
    policy = Policy("acme", "ab" * 32, Mode.ENFORCE, Limits(), MappingProxyType({}), ())
    given = {"route": "/v1/chat/completions", "dialect": "openai-chat", "decision": "allow", "status": 200, **more}
    return ExchangeFacts("req_1", ActivePolicy.of(policy), **given)


def whole(exchange: ExchangeFacts, total_s: float) -> bytes:
    data = exchange_data(exchange, None, total_s)
    wire = wire_of(KIND, "0" * 26, "/t", exchange.request_id, TIME_MS, data, exchange.traceparent)
    return encode_wire(wire)


def written(forms: ExchangeForms, exchange: ExchangeFacts, total_s: float) -> bytes | None:
    return forms.write(exchange, "0" * 26, TIME_MS, total_s)


@settings(max_examples=examples(60), deadline=None)
@given(st.data())
def test_every_exchange(data: st.DataObject) -> None:
    """Of several that share forms, each event says what it says when it is written as a whole, or has no form."""
    forms = ExchangeForms(KIND, "/t")
    for _ in range(4):
        exchange = about(
            tenant=data.draw(st.none() | NAMES),
            model=data.draw(NAMES),
            model_answered=data.draw(st.booleans()),
            stream=data.draw(st.booleans()),
            decision=data.draw(st.sampled_from(["allow", "block"])),
            request_bytes=data.draw(COUNTS),
            added_first_s=data.draw(SECONDS),
            added_whole_s=data.draw(SECONDS),
            traceparent=data.draw(st.sampled_from([None, None, "00-" + "a" * 32 + "-" + "b" * 16 + "-01"])),
            messages=data.draw(st.lists(MESSAGES, max_size=2)),
        )
        total_s = data.draw(st.floats(0, 1e20))
        event = written(forms, exchange, total_s)
        if event is not None:
            assert event == whole(exchange, total_s)


def ordinary(**more: Any) -> ExchangeFacts:
    text = ChannelSummary("text[0]", "text", 12, is_watched=True, is_observed=False)
    stats = GuardStats(text_chars=12, scanned_chars={"words": 12}, frames=1)
    message = MessageFacts("response", stats, {}, 30, channels=[text], answers=[ends_of("Of course!")])
    return about(messages=[message], added_first_s=0.001, added_whole_s=0.0005, **more)


def test_ordinary_exchanges_have_a_form() -> None:
    """One serves for all of a sort."""
    forms = ExchangeForms(KIND, "/t")
    for size in (1, 2):
        assert written(forms, ordinary(request_bytes=size), 0.25) == whole(ordinary(request_bytes=size), 0.25)
    assert len(forms._forms) == 1


@pytest.mark.parametrize("request_id", ['req_"1', "req_\u00fc", "<~text~>"])
def test_an_id_that_json_would_escape_has_none(request_id: str) -> None:
    """Ids are put into the form as they are."""
    exchange = ordinary()
    exchange.request_id = request_id
    assert written(ExchangeForms(KIND, "/t"), exchange, 0.25) is None


@pytest.mark.parametrize("name", ["50% of it", "<~text~>", "a<~text~>", "<~count~>"])
def test_a_name_that_looks_like_a_gap_has_none(name: str) -> None:
    """What is written into a form is never taken for a part of it."""
    assert written(ExchangeForms(KIND, "/t"), ordinary(tenant=name), 0.25) is None


def test_forms_are_made_anew_beyond_the_limit() -> None:
    """They never pile up."""
    forms = ExchangeForms(KIND, "/t")
    for status in range(2 * MAX_FORMS):
        assert written(forms, ordinary(status=status), 0.25) is not None
        assert len(forms._forms) <= MAX_FORMS
