"""An exchange summed up: scores, texts by kind, and a size that stays below the limit."""

from __future__ import annotations

from types import MappingProxyType

import orjson
import pytest

from detectors.refusals import ends_of
from events.codec import decode_data, encode
from events.schema.envelope import Event
from events.schema.exchange import TYPE, ExchangeData
from policies.types import Limits, Mode, Policy
from proxy.guard.api import ChannelSummary, GuardStats
from proxy.server.end_of_exchange import exchange_data
from proxy.server.facts import ExchangeFacts, MessageFacts
from proxy.server.reload import ActivePolicy
from tests.support.events import TIME_MS, event_id

POLICY = Policy("acme", "ab" * 32, Mode.ENFORCE, Limits(), MappingProxyType({}), ())


def summed(*messages: MessageFacts) -> ExchangeData:
    about = ExchangeFacts("req_1", ActivePolicy.of(POLICY), messages=list(messages), added_first_s=0.0015)
    data = exchange_data(about, None, 0.25)
    read: ExchangeData = decode_data({"type": TYPE, "data": orjson.loads(orjson.dumps(data))})
    return read


def text(kind: str, number: int = 0, *, watched: bool = True, observed: bool = False) -> ChannelSummary:
    return ChannelSummary(f"{kind}[{number}]", kind, 10, watched, observed)


def test_texts_are_counted_by_kind_and_by_what_became_of_them() -> None:
    message = MessageFacts("response", GuardStats(), {}, unavailable={"text[1]"})
    message.channels = [text("text"), text("text", 1), text("text", 2), text("reasoning", watched=False)]
    blocks = {block.kind: block for block in summed(message).channels}
    assert (blocks["text"].scanned, blocks["text"].not_scanned, blocks["text"].unavailable) == (2, 0, 1)
    assert (blocks["reasoning"].scanned, blocks["reasoning"].not_scanned) == (0, 1)
    assert blocks["text"].chars == 30


def test_texts_that_observers_did_not_see_to_the_end_are_unavailable() -> None:
    message = MessageFacts("response", GuardStats(), {}, cut_short=True)
    message.channels = [text("text"), text("text", 1, observed=True)]
    (block,) = summed(message).channels
    assert (block.scanned, block.unavailable) == (1, 1)


@pytest.mark.parametrize(
    ("channels", "said"), [([text("refusal")], "stated"), ([text("text")], "none"), ([], "none")]
)
def test_a_refusal_that_the_format_states_is_told(channels: list[ChannelSummary], said: str) -> None:
    assert summed(MessageFacts("response", GuardStats(), {}, channels=channels)).refusal == said
    assert summed(MessageFacts("request", GuardStats(), {}, channels=channels)).refusal == "none"


@pytest.mark.parametrize(
    ("text", "said"), [("", None), ("All is well.", "none"), ("I'm sorry, but I can't help with that.", "full")]
)
def test_a_refusal_by_its_words_is_told_of_the_answer_alone(text: str, said: str | None) -> None:
    asked = MessageFacts("request", GuardStats(), {}, answers=[ends_of("I can't help with that.")])
    answer = MessageFacts("response", GuardStats(), {}, answers=[ends_of(text)])
    assert summed(asked, answer).refusal_words == said
    assert text not in repr(answer) or not text
    assert summed(asked).refusal_words is None


def test_scores_and_times_come_by_detector_and_message() -> None:
    request, response = GuardStats(), GuardStats(text_chars=7, frames=3, held_chars_peak=5, edits=1)
    request.scanned_chars, response.scanned_chars = {"words": 4}, {"words": 7, "idle": 7}
    response.scores = {"words": {"WORD": 0.5}}
    data = summed(
        MessageFacts("request", request, {}, actions={"flag": 1}),
        MessageFacts("response", response, {"words": 0.0012}, delivered_bytes=70, actions={"flag": 1, "redact": 2}),
    )
    assert [(one.name, one.direction, one.scanned_chars, one.scan_ms, one.scores) for one in data.detectors] == [
        ("words", "request", 4, 0.0, {}),
        ("words", "response", 7, 1.2, {"WORD": 0.5}),
        ("idle", "response", 7, 0.0, {}),
    ]
    assert data.actions == {"flag": 2, "redact": 2}
    assert (data.lengths.response_chars, data.lengths.delivered_bytes, data.lengths.frames) == (7, 70, 3)
    assert (data.timing.total_ms, data.timing.added_first_ms, data.timing.added_whole_ms) == (250.0, 1.5, None)
    assert not data.truncated


def test_incidents_are_summed_by_rule_and_by_category() -> None:
    request = MessageFacts("request", GuardStats(), {}, caught={("hide", "WORD"): 1, ("hide", "NAME"): 2})
    response = MessageFacts("response", GuardStats(), {}, caught={("stop", "WORD"): 3})
    data = summed(request, response)
    assert data.rules == {"hide": 3, "stop": 3}
    assert data.categories == {"WORD": 4, "NAME": 2}


def test_a_policy_of_any_size_gives_an_event_that_fits() -> None:
    stats = GuardStats()
    stats.scanned_chars = {f"{'d' * 60}{n:04d}": 7 for n in range(300)}
    stats.scores = {name: {f"{'C' * 60}{n:04d}": n / 100 for n in range(100)} for name in stats.scanned_chars}
    caught = {(f"{'r' * 60}{n:04d}", f"{'C' * 60}{n:04d}"): 10_000 for n in range(100)}
    data = summed(MessageFacts("response", stats, {}, caught=caught))
    assert data.truncated
    assert (len(data.rules), len(data.categories)) == (16, 16)
    assert len(data.detectors) == 40
    assert max(data.detectors[0].scores.values()) == 0.99
    assert len(encode(Event(event_id(1), "/s", "req_1", TIME_MS, data))) < 16_000
