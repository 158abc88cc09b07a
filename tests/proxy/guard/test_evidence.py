"""Excerpts for the audit record: true to what came and to what left, bounded, and free for clean texts."""

from __future__ import annotations

from itertools import pairwise

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.loader import load_policy_text
from policies.types import Action, Direction, Policy
from proxy.guard.buffer import FORGET_STEP_CHARS
from proxy.guard.evidence import Evidence, excerpts, whole_texts
from proxy.guard.stream import StreamGuard
from proxy.wire.registry import DIALECTS
from tests.support.generated import chunk, shown
from tests.support.guards import fed, played
from tests.support.restoring import VALUES, memory_of
from tests.support.toy import END, ToyCodec, WordDetector, line, policy, rule
from tests.support.upstream import delta

BAD = "forbidden"
UNDER = policy([WordDetector("w", (BAD,))], [rule("w", Action.REDACT, replacement="[x]")])
STOP = policy([WordDetector("w", (BAD,))], [rule("w", Action.BLOCK, message="no")])
FLAG = policy([WordDetector("w", (BAD,))], [rule("w", Action.FLAG)])


def run(guard: StreamGuard, *pieces: bytes) -> bytes:
    return played(guard, pieces)


@pytest.mark.parametrize("window", [0, 3, 50])
def test_an_edit_shows_what_came_and_what_left(window: int) -> None:
    evidence = Evidence(window, 0, 1000)
    guard = StreamGuard(ToyCodec(), UNDER, evidence=evidence)
    run(guard, line("before that "), line(f"a {BAD} b"), line(" and after"), END)
    (found,) = excerpts(guard, guard.take_events(), evidence)
    whole = f"before that a {BAD} b and after"
    start = whole.index(BAD)
    begin, end = max(0, start - window), min(len(whole), start + len(BAD) + window)
    assert (found.direction, found.channel, found.start) == ("response", "text[0]", begin)
    assert found.original == whole[begin:end]
    assert found.delivered == found.original.replace(BAD, "[x]")
    assert BAD not in repr(found)


def test_a_block_shows_where_the_text_stopped_and_with_what() -> None:
    evidence = Evidence(50, 1000, 1000)
    guard = StreamGuard(ToyCodec(), STOP, evidence=evidence)
    run(guard, line(f"some {BAD} words"), END)
    (found,) = excerpts(guard, guard.take_events(), evidence)
    assert (found.original, found.delivered, found.message) == (f"some {BAD} words", "some ", "no")
    assert whole_texts(guard, evidence) == [found]


def test_of_a_blocked_request_nothing_was_delivered() -> None:
    blocked = policy([WordDetector("w", (BAD,))], [rule("w", Action.BLOCK, directions=frozenset(Direction))])
    evidence = Evidence(50, 0, 1000)
    guard = StreamGuard(ToyCodec(), blocked, Direction.REQUEST, evidence=evidence)
    run(guard, line(f"some {BAD} words"), END)
    (found,) = excerpts(guard, guard.take_events(), evidence)
    assert (found.direction, found.original, found.delivered) == ("request", f"some {BAD} words", "")


def test_an_excerpt_is_cut_at_the_limit() -> None:
    evidence = Evidence(50, 7, 7)
    guard = StreamGuard(ToyCodec(), UNDER, evidence=evidence)
    run(guard, line(f"{BAD} words"), END)
    (found,) = excerpts(guard, guard.take_events(), evidence)
    assert (found.original, found.is_cut) == (BAD[:7], True)
    assert found.delivered == "[x]"
    (whole,) = whole_texts(guard, evidence)
    assert (whole.original, whole.is_cut) == (BAD[:7], True)


@given(st.integers(1, 3), st.integers(1, 700))
def test_a_whole_text_is_whole_however_much_of_it_was_forgotten(steps: int, size: int) -> None:
    evidence = Evidence(20, 1 << 20, 1 << 20)
    guard = StreamGuard(DIALECTS["openai-chat"].stream_codec(), UNDER, evidence=evidence)
    word = "calm words. "
    filler = word * (3 * steps * FORGET_STEP_CHARS // len(word))
    text = f"{filler}{BAD} {filler}"
    pieces = [text[at : at + size + 100] for at in range(0, len(text), size + 100)]
    run(guard, *map(delta, pieces), b"data: [DONE]\n\n")
    (event,) = guard.take_events()
    (found,) = whole_texts(guard, evidence)
    assert found.original == text
    assert found.delivered == text.replace(BAD, "[x]")
    assert event.start == text.index(BAD)


def test_context_is_there_after_the_text_before_was_forgotten() -> None:
    evidence = Evidence(300, 0, 1000)
    guard = StreamGuard(DIALECTS["openai-chat"].stream_codec(), FLAG, evidence=evidence)
    filler = "calm words. " * (FORGET_STEP_CHARS // 4)
    fed(guard, [delta(filler)])
    run(guard, delta(f"{BAD} "), b"data: [DONE]\n\n")
    (found,) = excerpts(guard, guard.take_events(), evidence)
    assert found.original == f"{filler[-300:]}{BAD} "


def test_a_clean_text_is_forgotten_as_without_evidence() -> None:
    """But for the characters of context."""
    held = []
    for evidence in (None, Evidence(400, 0, 1000)):
        guard = StreamGuard(DIALECTS["openai-chat"].stream_codec(), FLAG, evidence=evidence)
        fed(guard, [delta("calm words. " * 200)] * 50)
        ((timeline),) = guard._texts.by_channel.values()
        held.append(len(timeline.buffer.text))
        assert timeline.buffer._gone == []
    assert held[1] <= held[0] + 400 + FORGET_STEP_CHARS


@pytest.fixture(scope="module")
def restoring() -> Policy:
    return load_policy_text(
        "version: 1\nname: restoring\ndetectors:\n"
        "  mine: {type: patterns, patterns: {CUSTOMER_NAME: 'zqv[a-z]{3,12}', NOTE: 'note[^.]{1,40}'}}\n"
        f"  bad: {{type: keywords, words: [{BAD}]}}\nrules:\n"
        "  - {id: mine, detector: mine, direction: request, action: redact, restore: true}\n"
        "  - {id: bad, detector: bad, action: redact, replacement: '[x]'}\n"
    )


@given(cuts=st.lists(st.integers(0, 200), max_size=6))
def test_of_an_answer_placeholders_are_kept_and_not_what_they_stand_for(restoring: Policy, cuts: list[int]) -> None:
    """The receiver has the sender's values; the record has what the model said, and what rules did to it."""
    text = f"Dear <CUSTOMER_NAME_1>, a word that is {BAD} to <NOTE_1>, and <CUSTOMER_NAME_2>."
    evidence = Evidence(100, 1000, 1000)
    guard = StreamGuard(DIALECTS["openai-chat"].stream_codec(), restoring, evidence=evidence, memory=memory_of())
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    events = [*(chunk({"content": text[start:end]}) for start, end in pairwise(edges)), chunk({}, finish="stop")]
    written = run(guard, *(b"data: " + orjson.dumps(one) + b"\n\n" for one in events), b"data: [DONE]\n\n")
    (found,) = excerpts(guard, guard.take_events(), evidence)
    assert VALUES["<CUSTOMER_NAME_1>"] in shown(written)[0, "content"]
    for kept in (found, *whole_texts(guard, evidence)):
        assert kept.original == text
        assert kept.delivered == text.replace(BAD, "[x]")
