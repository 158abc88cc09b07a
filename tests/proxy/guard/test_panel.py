"""The screen changes what guarding costs, and nothing that comes out."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.types import ChannelKind
from policies.types import Direction
from proxy.guard.api import GuardStats
from proxy.guard.buffer import TextBuffer
from proxy.guard.cursor import MAX_WINDOW_CHARS
from proxy.guard.drive import _scan_now, scan_inline
from proxy.guard.panel import MAX_LOOKS, Panel, bench_of
from proxy.guard.readings import PlainReading
from proxy.guard.stream import StreamGuard
from proxy.wire.registry import DIALECTS
from tests.proxy.guard.test_promises import answer
from tests.support import generated
from tests.support.detectors import built
from tests.support.guards import loaded, outcome
from tests.support.scale import examples
from tests.support.toy import WordDetector

if TYPE_CHECKING:
    from tests.support.guards import Outcome

CHAT = DIALECTS["openai-chat"]
FLAGS = generated.POLICY.replace("action: redact", "action: flag", 2).replace("name: generated", "name: flags")
REWRITES = generated.POLICY.replace('action: redact, replacement: "[name]"', "action: rewrite")
LEAST_HOLD = generated.POLICY + "limits: {max_hold_chars: 1860}\n"


def screened(text: str, reads: list[bytes], *, use_screens: bool) -> Outcome:
    """All that comes out of a guard with or without screens."""
    return outcome(StreamGuard(CHAT.stream_codec(), loaded(text), use_screens=use_screens), reads)


@pytest.mark.parametrize("text", [generated.POLICY, FLAGS, REWRITES, LEAST_HOLD])
@given(seed=st.integers(0, 2**48))
@settings(max_examples=examples(80), deadline=None)
def test_screens_change_nothing(text: str, seed: int) -> None:
    """Same bytes, events, state and decision with and without, for any cut."""
    chance = random.Random(seed)
    events, _ = answer(chance, tools=chance.choice([0, 0, 0, 1]))
    reads = generated.cut(chance, generated.sse(chance, events))
    assert screened(text, reads, use_screens=True) == screened(text, reads, use_screens=False)


@pytest.mark.parametrize("text", [generated.POLICY, FLAGS])
@given(seed=st.integers(0, 2**48))
@settings(max_examples=examples(50), deadline=None)
def test_whole_messages_pass_in_one_look(text: str, seed: int) -> None:
    """A request with values in any of its fields, both ways."""
    chance = random.Random(seed)
    values = [generated.planted(chance) for _ in range(chance.randrange(3))]
    body = {
        "model": "gpt-4o-mini",
        "user": generated.prose(chance, values[:1]),
        "messages": [{"role": "user", "content": generated.prose(chance, values[1:])}],
    }
    both = []
    for use_screens in (True, False):
        guard = StreamGuard(CHAT.request_codec(), loaded(text), Direction.REQUEST, use_screens=use_screens)
        guard.receive(orjson.dumps(body))
        guard.receive_end()
        scan_inline(guard)
        said = guard.take(), sorted(guard.take_events(), key=repr), guard.state
        both.append((*said, guard.stats.text_chars, guard.channels()))
    assert both[0] == both[1]


@pytest.mark.parametrize("dialect", ["openai-chat", "gemini"])
def test_whole_answers_hide_nothing_between_their_parts(dialect: str) -> None:
    """Parts of one text follow each other without a gap, in whole bodies as in streams."""
    parts = [{"text": "mail jane.roe@exam"}, {"text": "ple.com now"}]
    body = {
        "openai-chat": {"choices": [{"index": 0, "message": {"content": [{"type": "text", **p} for p in parts]}}]},
        "gemini": {"candidates": [{"index": 0, "content": {"role": "model", "parts": parts}}]},
    }[dialect]
    for use_screens in (True, False):
        guard = StreamGuard(DIALECTS[dialect].body_codec(), loaded(generated.POLICY), use_screens=use_screens)
        guard.receive(orjson.dumps(body))
        guard.receive_end()
        scan_inline(guard)
        assert [event.detector for event in guard.take_events()] == ["pii"]
        assert b"jane" not in guard.take()


def test_an_opening_counts_from_where_the_last_one_stands() -> None:
    """A second opening comes while the detectors look for themselves; the lines after it are still looked at."""
    chance = random.Random(5)
    lines = ["".join(chance.choices("ABCDEFGHabcdefgh01234567+/", k=64)) for _ in range(12)]
    key = "-----BEGIN RSA PRIVATE KEY-----\n" + "\n".join(lines) + "\n-----END RSA PRIVATE KEY-----\n"
    before = "-----BEGIN CERTIFICATE----- is how one begins. " + "And so on it goes, " * 420
    judges, buffer, _ = panel("", "secrets")
    found = ""
    for text in (before[:40], *(f"{before[40:]}{key}"[at : at + 50] for at in range(0, 9000, 50))):
        buffer.append(text)
        for cursor, window in judges.windows(None, final=False):
            result = cursor.detector.scan(window)
            found += "".join(buffer.slice(f.start, f.end) for f in cursor.receive(result))
    assert found[-64 * len(lines) :] == "".join(lines)


LARGE = (
    "The report is as quiet as the last one was. " * 9000 + "mail jane.roe@example.com now. " + "And so on. " * 9000
)


@pytest.mark.parametrize("text", [generated.POLICY, FLAGS])
@pytest.mark.parametrize("is_stream", [True, False])
def test_a_large_text_is_looked_at_in_steps(text: str, is_stream: bool) -> None:
    """Whoever is late after every step gets what another gets who never is, and no step is long."""
    if is_stream:
        delta = {"choices": [{"index": 0, "delta": {"content": LARGE}}]}
        codec, raw = CHAT.stream_codec(), b"data: " + orjson.dumps(delta) + b"\n\ndata: [DONE]\n\n"
    else:
        codec = CHAT.body_codec()
        raw = orjson.dumps({"choices": [{"index": 0, "message": {"role": "assistant", "content": LARGE}}]})
    guard = StreamGuard(codec, loaded(text))
    guard.receive(raw)
    guard.receive_end()
    steps, seen = 0, dict.fromkeys(loaded(text).detectors, 0)
    while steps == 0 or guard.has_unjudged:
        assert guard.judge(_scan_now, lambda: True) == []
        steps += 1
        for name, chars in guard.stats.scanned_chars.items():
            assert chars - seen[name] <= (MAX_LOOKS + 1) * MAX_WINDOW_CHARS
            seen[name] = chars
    assert steps > len(LARGE) // (MAX_LOOKS * MAX_WINDOW_CHARS)
    late = guard.take(), guard.take_events(), guard.state, guard.stats.scanned_chars
    again = StreamGuard(CHAT.stream_codec() if is_stream else CHAT.body_codec(), loaded(text))
    again.receive(raw)
    again.receive_end()
    scan_inline(again)
    assert late == (again.take(), again.take_events(), again.state, again.stats.scanned_chars)
    assert len(late[1]) == 1


def test_the_screen_is_silent_after_a_window_was_given_up() -> None:
    """What stood at its end, cut in two, is known to the detector alone, by its context."""
    judges, buffer, _ = panel("to jane.roe@example.com -----BEG", "secrets", "presidio")
    asked = {cursor.detector.name: cursor for cursor, _ in judges.windows(None, final=False)}
    for cursor in asked.values():
        judges.gave_up(cursor)
        cursor.skip()
    buffer.append("IN RSA quiet text")
    assert {cursor.detector.name for cursor, _ in judges.windows(None, final=False)} == {"secrets", "presidio", "w"}


def panel(text: str, *detectors: str) -> tuple[Panel, TextBuffer, GuardStats]:
    """A panel before a text."""
    buffer, stats = TextBuffer(text), GuardStats()
    bench = bench_of((*(built(name) for name in detectors), WordDetector("w", ("bad",))), 2000)
    return Panel(bench, PlainReading(buffer), ChannelKind.TEXT, stats), buffer, stats


def test_only_those_without_a_screen_are_asked_about_quiet_text() -> None:
    """The others count the text as scanned all the same."""
    judges, _, stats = panel("quiet text, ", "secrets", "presidio")
    assert [cursor.detector.name for cursor, _ in judges.windows(None, final=False)] == ["w"]
    assert stats.scanned_chars == {"secrets": 12, "presidio": 12}
    assert judges.limit(12) == 0  # `w` has not answered


def test_all_are_asked_where_it_is_not() -> None:
    """From where the screen stood; and it speaks again once they have answered."""
    judges, buffer, _ = panel("quiet text, ", "secrets", "presidio")
    list(judges.windows(None, final=False))
    buffer.append("jane.roe@example.com ")
    asked = judges.windows(None, final=False)
    assert {(cursor.detector.name, window.start) for cursor, window in asked} == {("secrets", 12), ("presidio", 12)}
    for cursor, window in asked:
        cursor.receive(cursor.detector.scan(window))
    buffer.append("and so on ")
    assert judges.windows(None, final=False) == []
    assert judges.limit(99) == 0


QUIET_TEXT = "It was the 3rd of May. Call +1 555 0100 or a@b.example, she said; key sk-a_1 is not one."


@given(st.lists(st.text(alphabet=QUIET_TEXT, max_size=12), max_size=12), st.booleans())
def test_passing_over_is_what_windows_do(pieces: list[str], final: bool) -> None:
    """The short way stands where the long one does, and leaves everything to it where text is not quiet."""
    short, long = (Panel(_BENCH, PlainReading(TextBuffer()), ChannelKind.TEXT, GuardStats()) for _ in range(2))
    for number, piece in enumerate(pieces):
        ends = final and number == len(pieces) - 1
        for judge in (short, long):
            judge._reading.buffer.append(piece)
        passed = short.is_passed_over(final=ends)
        asked = long.windows(None, final=ends)
        if not passed:
            assert [window for _, window in short.windows(None, final=ends)] == [window for _, window in asked]
            return
        assert asked == ()
        for end in range(long._reading.buffer.end + 1):
            assert short.limit(end) == long.limit(end)
        assert short._stats == long._stats


_BENCH = bench_of((built("secrets"), built("presidio")), 2000)


def test_a_text_with_other_readings_has_no_screen() -> None:
    """The screen cannot see them."""
    judges, _, stats = panel("quiet text", "secrets")
    judges.stop_looking()
    assert {cursor.detector.name for cursor, _ in judges.windows(None, final=True)} == {"secrets", "w"}
    assert stats.scanned_chars == {}
