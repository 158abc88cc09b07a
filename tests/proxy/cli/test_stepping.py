from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from detectors.types import ChannelKind
from policies.loader import load_policy_text
from policies.types import Action
from proxy.cli.stepping import Played, Read, play, reads_of
from proxy.cli.textcodec import TextCodec
from proxy.demo.model import scenario_for, stream_events
from proxy.guard.api import GuardState
from proxy.wire.registry import DIALECTS

POLICY = load_policy_text(
    """\
version: 1
detectors: {words: {type: keywords, words: {STOP: [falcon-9b], MILD: [gosh]}}}
rules:
  - {id: stop, detector: words, categories: [STOP], action: block, message: "Stopped."}
  - {id: soften, detector: words, categories: [MILD], action: redact}
"""
)
DIALECT = DIALECTS["openai-chat"]


def stream(prompt: str) -> list[bytes]:
    return [b"data: " + event + b"\n\n" for event in stream_events(scenario_for(prompt))]


@given(st.lists(st.integers(0, 4000), max_size=20))
def test_how_a_recording_was_cut_changes_nothing_but_its_steps(cuts: list[int]) -> None:
    data = b"".join(stream("oh gosh, that falcon-9b"))
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    reads = reads_of(data[a:b] for a, b in itertools.pairwise(edges))
    replay = play(POLICY, DIALECT.stream_codec(), Played("openai-chat", stream=True, reads=reads))
    whole = play(POLICY, DIALECT.stream_codec(), Played("openai-chat", stream=True, reads=reads_of([data])))
    assert replay.output == whole.output
    assert replay.incidents == whole.incidents
    assert (replay.action, replay.state) == (Action.BLOCK, GuardState.STATE_BLOCKED)


def test_each_step_says_what_came_left_and_is_held() -> None:
    reads = tuple(Read(number / 10, data) for number, data in enumerate(stream("oh gosh")))
    replay = play(POLICY, DIALECT.stream_codec(), Played("openai-chat", stream=True, reads=reads))
    assert [step.received for step in replay.steps] == [read.data for read in reads]
    assert [step.t_s for step in replay.steps] == [read.t_s for read in reads]
    assert max(step.held_chars for step in replay.steps) == replay.stats.held_chars_peak > 0
    assert replay.steps[-1].held_chars == 0
    assert replay.state is GuardState.STATE_DONE


def test_an_answer_that_broke_off_ends_as_the_dialect_ends_a_failure() -> None:
    reads = reads_of(stream("oh dear")[:3])
    replay = play(POLICY, DIALECT.stream_codec(), Played("openai-chat", stream=True, reads=reads, aborted=True))
    assert replay.state is GuardState.STATE_BROKEN
    assert b'"error"' in replay.steps[-1].released


def test_a_whole_text_is_one_step_and_the_end() -> None:
    replay = play(POLICY, TextCodec(ChannelKind.TEXT), Played("text", stream=False, reads=reads_of([b"oh gosh"])))
    assert [step.released for step in replay.steps] == [b"", b"oh <MILD>"]
