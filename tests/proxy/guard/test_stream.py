"""The stream guard on a toy dialect: what leaves, what is held, what is edited, for every cut and every order."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.types import ChannelKind, ScanResult
from events.schema import Bypass, Failure, Incident
from policies.types import Action, Direction, Limits, Mode, OnError, Policy
from proxy.guard.api import GuardState, ScanFailureReason, ScanRequest
from proxy.guard.drive import scan_inline
from proxy.guard.reports import GuardEvent
from proxy.guard.stream import StreamGuard
from tests.support.guards import IS_COMPILED, played, watched
from tests.support.scale import examples
from tests.support.toy import (
    END,
    BrokenDetector,
    SegmentDetector,
    ToyCodec,
    WordDetector,
    line,
    multi,
    policy,
    rule,
    texts,
)

REDACT = policy([WordDetector("w", ("abc", "bcd", "cab"))], [rule("w", Action.REDACT, replacement="#")])
BLOCK = policy([WordDetector("w", ("abcab",))], [rule("w", Action.BLOCK, message="stopped")])
MIXED = policy(
    [WordDetector("red", ("abc", "ba")), WordDetector("stop", ("cabb",)), WordDetector("see", ("bb",))],
    [
        rule("red", Action.REDACT, replacement="#"),
        rule("stop", Action.BLOCK, message="stopped"),
        rule("see", Action.FLAG),
    ],
)
POLICIES = [REDACT, BLOCK, MIXED]


def guarded(
    data: Sequence[bytes], under: Policy, direction: Direction = Direction.RESPONSE
) -> tuple[bytes, list[GuardEvent], StreamGuard]:
    """Pass reads through a guard, scanning after each; return what was written, the events, the guard."""
    guard = StreamGuard(ToyCodec(), under, direction)
    return played(guard, data), guard.take_events(), guard


def cut(data: bytes, points: Sequence[int]) -> list[bytes]:
    edges = [0, *sorted({p % (len(data) + 1) for p in points}), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges)]


TEXTS = st.text("abcd é", max_size=40)
PIECES = st.lists(st.text("abcd", max_size=5), max_size=12)
CUTS = st.lists(st.integers(0, 4000), max_size=12)


@given(PIECES, CUTS, st.sampled_from(POLICIES))
@settings(max_examples=examples(2000))
def test_cut_invariance_of_bytes(pieces: list[str], points: list[int], under: Policy) -> None:
    """However the bytes are cut, the same bytes are written and the same events told."""
    data = b"".join(map(line, pieces)) + END
    whole, events, _ = guarded([data], under)
    pieced, pieced_events, _ = guarded(cut(data, points), under)
    assert pieced == whole
    assert sorted(pieced_events, key=repr) == sorted(events, key=repr)


@given(TEXTS, CUTS, st.sampled_from(POLICIES))
@settings(max_examples=examples(2000))
def test_parity_of_framings(text: str, points: list[int], under: Policy) -> None:
    """The same text in one frame or in many gives the same text, the same message, the same events."""
    edges = [0, *sorted({p % (len(text) + 1) for p in points}), len(text)]
    framed = [line(text[a:b]) for a, b in itertools.pairwise(edges)]
    whole, events, one = guarded([line(text), END], under)
    streamed, stream_events, many = guarded([*framed, END], under)
    assert texts(streamed).get(("text", 0, 0), "") == texts(whole).get(("text", 0, 0), "")
    assert texts(streamed).get(("blocked", 0, 0)) == texts(whole).get(("blocked", 0, 0))
    assert sorted(stream_events, key=repr) == sorted(events, key=repr)
    assert (one.state, one.decision) == (many.state, many.decision)


@given(st.lists(st.text("xyz é\U0001f600", max_size=5), max_size=10), CUTS, st.sampled_from(POLICIES))
def test_identity(pieces: list[str], points: list[int], under: Policy) -> None:
    """Without a finding, exactly the bytes that came are written."""
    data = b"".join(map(line, pieces)) + END
    written, events, guard = guarded(cut(data, points), under)
    assert written == data
    assert events == []
    assert guard.state is GuardState.STATE_DONE


@given(PIECES, CUTS)
@settings(max_examples=examples(1000))
def test_redaction_equals_a_brute_force_oracle(pieces: list[str], points: list[int]) -> None:
    """Overlapping findings go as one; nothing of any of them is written; everything else is."""
    text = "".join(pieces)
    marked = [
        any(text.startswith(w, i - d) for w in ("abc", "bcd", "cab") for d in range(3) if i >= d)
        for i in range(len(text))
    ]
    spans = sorted((i, i + 3) for i in range(len(text)) for w in ("abc", "bcd", "cab") if text.startswith(w, i))
    starts = []
    reach = -1
    for start, end in spans:
        if start >= reach:
            starts.append(start)
        reach = max(reach, end)
    expected = "".join(("#" if i in starts else "") + ("" if marked[i] else c) for i, c in enumerate(text))
    data = b"".join(map(line, pieces)) + END
    written, _, _ = guarded(cut(data, points), REDACT)
    assert texts(written).get(("text", 0, 0), "") == expected


@given(PIECES, CUTS, st.sampled_from(POLICIES), st.randoms(use_true_random=False))
@settings(max_examples=examples(1000))
def test_no_write_before_a_scan(pieces: list[str], points: list[int], under: Policy, chance: random.Random) -> None:
    """A5: whatever the order in which detectors answer, nothing is written before they all did; same result."""
    data = b"".join(map(line, pieces)) + END
    expected, events, _ = guarded([data], under)
    guard = StreamGuard(ToyCodec(), under)
    open_scans: list[ScanRequest] = []
    written = b""
    reads = cut(data, points)
    while reads or open_scans or guard.state is GuardState.STATE_OPEN:
        step = chance.random()
        if reads and step < 0.5:
            guard.receive(reads.pop(0))
        elif open_scans:
            request = open_scans.pop(chance.randrange(len(open_scans)))
            guard.receive_scan(request.id, request.detector.scan(request.window))
        elif not reads:
            guard.receive_end()
        open_scans += guard.wanted_scans()
        written += watched(guard)
    scan_inline(guard)
    assert written == expected
    assert sorted(guard.take_events(), key=repr) == sorted(events, key=repr)


@pytest.mark.skipif(IS_COMPILED, reason="compiled guards are not watched: make test runs the others")
def test_the_watch_sees_what_was_not_judged(unjudged_texts: list[ChannelKind]) -> None:
    guard = StreamGuard(ToyCodec(), POLICIES[0])
    guard.receive(line("xab"))
    (timeline,) = guard._texts.by_channel.values()
    timeline.released = timeline.buffer.end
    guard._is_stale = True
    guard.take()
    assert unjudged_texts == [ChannelKind.TEXT]
    unjudged_texts.clear()


@st.composite
def interleavings(draw: st.DrawFn) -> tuple[dict[tuple[str, int, int], str], list[bytes]]:
    """Texts of up to 8 choices and 4 tool calls each, cut into frames in any interleaving."""
    keys = draw(
        st.lists(
            st.tuples(
                st.sampled_from(["text", "tool_arguments", "reasoning"]), st.integers(0, 7), st.integers(0, 3)
            ),
            min_size=1,
            max_size=8,
            unique=True,
        )
    )
    whole = {key: draw(st.text("abcd", min_size=1, max_size=12)) for key in keys}
    frames = []
    rest = dict(whole)
    while rest:
        key = draw(st.sampled_from(sorted(rest)))
        size = draw(st.integers(1, 4))
        frames.append(line(rest[key][:size], kind=key[0], choice=key[1], part=key[2]))
        rest[key] = rest[key][size:]
        if not rest[key]:
            del rest[key]
    return whole, frames


@given(interleavings())
@settings(max_examples=examples(1000))
def test_interleaved_channels_do_not_mask_each_other(
    example: tuple[dict[tuple[str, int, int], str], list[bytes]],
) -> None:
    """A7: each text comes out as it would alone."""
    whole, frames = example
    written, _, _ = guarded([*frames, END], REDACT)
    for key, text in whole.items():
        alone, _, _ = guarded([line(text, kind=key[0], choice=key[1], part=key[2]), END], REDACT)
        assert texts(written).get(key, "") == texts(alone).get(key, "")


def test_frames_leave_in_order_and_a_finish_never_overtakes_held_text() -> None:
    """A clean frame of another choice waits behind held text."""
    guard = StreamGuard(ToyCodec(), REDACT)
    guard.receive(line("xab") + line("hello", choice=1))
    scan_inline(guard)
    assert guard.take() == b""
    guard.receive(line("x"))
    scan_inline(guard)
    assert guard.take() == line("xab") + line("hello", choice=1) + line("x")


def test_nothing_follows_the_terminator() -> None:
    """Frames after the terminator are dropped."""
    written, _, guard = guarded([line("x") + END + line("abc")], REDACT)
    assert written == line("x") + END
    assert guard.state is GuardState.STATE_DONE


def test_block_keeps_what_was_clean_and_says_so() -> None:
    """The text before the finding leaves, then the ending with the message; the rest is gone."""
    written, events, guard = guarded([line("hello ab"), line("cab more"), line("tail"), END], BLOCK)
    assert texts(written) == {("text", 0, 0): "hello ", ("blocked", 0, 0): "\n\nstopped"}
    assert guard.state is GuardState.STATE_BLOCKED
    assert guard.decision is Action.BLOCK
    assert guard.block is not None
    assert guard.block.rule == "block-w"
    assert [e.action for e in events if isinstance(e, Incident)] == ["block"]


def test_block_at_the_start_has_the_message_alone() -> None:
    """Nothing was said before: the message needs no separator."""
    written, _, _ = guarded([line("abcab"), END], BLOCK)
    assert texts(written)["blocked", 0, 0] == "stopped"


def test_block_in_one_frame_of_many_texts_empties_later_ones() -> None:
    """In a frame of several choices, those before the blocked one stay, those after it go."""
    written, _, _ = guarded([multi(("one", 0, "text"), ("x abcab", 1, "text"), ("three", 2, "text")), END], BLOCK)
    assert texts(written) == {
        ("text", 0, 0): "one",
        ("text", 1, 0): "x ",
        ("text", 2, 0): "",
        ("blocked", 1, 0): "\n\nstopped",
    }


def test_a_blocked_request_writes_nothing() -> None:
    """The driver answers a blocked request itself."""
    request = policy(
        [WordDetector("w", ("abc",))],
        [rule("w", Action.BLOCK, directions=frozenset({Direction.REQUEST}))],
    )
    written, events, guard = guarded([line("say abc"), END], request, Direction.REQUEST)
    assert written == b""
    assert guard.state is GuardState.STATE_BLOCKED
    assert [e.direction for e in events if isinstance(e, Incident)] == ["request"]


def test_rules_of_the_other_direction_do_nothing() -> None:
    """A response rule leaves requests alone."""
    written, events, _ = guarded([line("abcab"), END], BLOCK, Direction.REQUEST)
    assert written == line("abcab") + END
    assert events == []


@given(PIECES, CUTS)
def test_flags_and_shadow_mode_hold_nothing(pieces: list[str], points: list[int]) -> None:
    """Observe does not hold: every byte leaves at once, and the events are those of the whole text."""
    for under in (
        policy([WordDetector("w", ("abc",))], [rule("w", Action.FLAG)]),
        policy([WordDetector("w", ("abc",))], [rule("w", Action.BLOCK)], mode=Mode.SHADOW),
    ):
        guard = StreamGuard(ToyCodec(), under)
        data = b"".join(map(line, pieces)) + END
        for piece in pieces:
            guard.receive(line(piece))
            assert guard.take() == line(piece)
            scan_inline(guard)
        guard.receive(END)
        assert guard.take() == END
        scan_inline(guard)
        events = guard.take_events()
        assert sorted(events, key=repr) == sorted(guarded(cut(data, points), under)[1], key=repr)
        assert len(events) == "".join(pieces).count("abc")
        assert all(isinstance(e, Incident) and e.action == "flag" for e in events)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (ValueError("x"), "error"),
        (None, "garbage"),
        (ScanResult((), -1), "garbage"),
        (ScanResult((), 99), "garbage"),
        (ScanResult((), 0), "garbage"),
    ],
)
def test_a_failing_detector_blocks_unless_the_rule_allows(answer: object, reason: str) -> None:
    """B1: fail closed with a failure event; with `on_error: allow` the text goes on with a bypass event."""
    detector = BrokenDetector("d", answer)
    closed = policy([detector], [rule("d", Action.REDACT)])
    written, events, guard = guarded([line("hello"), END], closed)
    assert guard.state is GuardState.STATE_BLOCKED
    assert texts(written).get(("text", 0, 0), "") == ""
    assert [(type(e), e.reason) for e in events if isinstance(e, Failure)] == [(Failure, reason)]
    opened = policy([detector], [rule("d", Action.REDACT, on_error=OnError.ALLOW)])
    written, events, guard = guarded([line("hello"), END], opened)
    assert written == line("hello") + END
    assert [(type(e), e.reason) for e in events] == [(Bypass, reason)]


def test_a_deadline_counts_as_failure() -> None:
    """B2: the driver says the deadline passed; a late answer is ignored."""
    guard = StreamGuard(ToyCodec(), REDACT)
    guard.receive(line("hello"))
    (request,) = guard.wanted_scans()
    guard.receive_scan_failure(request.id, ScanFailureReason.DEADLINE)
    guard.receive_scan(request.id, ScanResult((), 5))
    assert guard.state is GuardState.STATE_BLOCKED
    assert [e.reason for e in guard.take_events() if isinstance(e, Failure)] == ["deadline"]


def test_hold_limit_follows_on_error() -> None:
    """A detector that wants to hold more than the policy allows has failed."""
    long = WordDetector("w", ("a" * 50,))
    under = policy([long], [rule("w", Action.REDACT)], limits=Limits(max_hold_chars=20))
    _, events, guard = guarded([line("a") for _ in range(30)], under)
    assert guard.state is GuardState.STATE_BLOCKED
    assert [e.reason for e in events if isinstance(e, Failure)] == ["limit"]


def test_broken_bytes_drop_what_is_held() -> None:
    """After a fault nothing more is judged as complete: half a value does not leave."""
    written, _, guard = guarded([line("hello "), line("ab"), b"{nonsense\n", line("c")], REDACT)
    assert written == line("hello ")
    assert guard.state is GuardState.STATE_BROKEN
    assert guard.broken_public == "not JSON"


def test_a_cut_frame_is_a_fault() -> None:
    """The end of input inside a frame breaks the message."""
    written, _, guard = guarded([line("hello "), line("x")[:-3]], REDACT)
    assert written == line("hello ")
    assert guard.state is GuardState.STATE_BROKEN


def test_abort_drops_what_is_held() -> None:
    """The sender died: what was judged has left, the rest does not."""
    guard = StreamGuard(ToyCodec(), REDACT)
    guard.receive(line("hello ") + line("ab"))
    scan_inline(guard)
    guard.receive_abort("upstream reset")
    scan_inline(guard)
    assert guard.take() == line("hello ")
    assert guard.state is GuardState.STATE_BROKEN


REWRITE = policy([WordDetector("w", ("bad",))], [rule("w", Action.REWRITE, replacement="[gone]")])


@given(
    st.lists(st.sampled_from(["Good one. ", "A bad thing! ", "x", "bad", " ", "\n", "Well? "]), max_size=10), CUTS
)
@settings(max_examples=examples(500))
def test_rewrite_replaces_the_sentence(parts: list[str], points: list[int]) -> None:
    """Every sentence with the word is replaced once, for every framing; the others stay."""
    text = "".join(parts)
    edges = [0, *sorted({p % (len(text) + 1) for p in points}), len(text)]
    frames = [line(text[a:b]) for a, b in itertools.pairwise(edges)]
    whole = texts(guarded([line(text), END], REWRITE)[0]).get(("text", 0, 0), "")
    assert texts(guarded([*frames, END], REWRITE)[0]).get(("text", 0, 0), "") == whole
    assert "bad" not in whole


def test_rewrite_leaves_the_sentences_around_it() -> None:
    """Tier 1: one sentence goes, the answer goes on."""
    written, _, _ = guarded([line("Fine. So b"), line("ad it is. Next one."), END], REWRITE)
    assert texts(written)["text", 0, 0] == "Fine. [gone] Next one."


def test_window_detectors_judge_segments_that_end_where_the_text_says() -> None:
    """Segments do not depend on the frames, and carry left context."""
    text = "First sentence here. " + "word " * 60 + "end."
    seen = []
    for size in (1, 7, len(text)):
        detector = SegmentDetector("s", "nothing")
        under = policy([detector], [rule("s", Action.BLOCK)])
        frames = [line(text[i : i + size]) for i in range(0, len(text), size)]
        written, _, _ = guarded([*frames, END], under)
        assert texts(written)["text", 0, 0] == text
        seen.append([(w.start, w.text, w.context) for w in detector.seen])
    assert seen[0] == seen[1] == seen[2]
    assert "".join(t for _, t, _ in seen[0]) == text
    assert all(len(t) <= 160 for _, t, _ in seen[0])


def test_a_segment_held_too_long_is_closed_early() -> None:
    """`max_hold`: the text leaves sooner, and is judged all the same."""
    detector = SegmentDetector("s", "bad")
    under = policy([detector], [rule("s", Action.REDACT, replacement="#")])
    guard = StreamGuard(ToyCodec(), under)
    guard.receive_time(10.0)
    guard.receive(line("no end yet"))
    scan_inline(guard)
    assert guard.take() == b""
    assert guard.next_time() == pytest.approx(12.0)
    guard.receive_time(12.0)
    scan_inline(guard)
    assert guard.take() == line("no end yet")
    assert [w.text for w in detector.seen] == ["no end yet"]


def test_a_snapshot_is_rebuilt_from_the_edited_text() -> None:
    """A REPEAT of the channel's text gets the same edits; one of another text is judged by itself."""
    data = [line("x ab"), line("c y"), line("x abc y", mode="repeat"), line("q abc", mode="repeat", choice=3), END]
    written, events, _ = guarded(data, REDACT)
    items = [json.loads(raw) for raw in written.splitlines()]
    snapshots = [i[0]["t"] for i in items if isinstance(i, list) and i[0]["m"] == "repeat"]
    assert snapshots == ["x # y", "q #"]
    assert len(events) == 2


def test_constants_are_judged_once_and_edited_every_time() -> None:
    """The same complete value in every frame is scanned once; its edit is applied in each."""
    data = [line("m-abc", kind="id", mode="constant"), line("m-abc", kind="id", mode="constant"), END]
    written, events, guard = guarded(data, REDACT)
    assert [json.loads(raw)[0]["t"] for raw in written.splitlines()[:2]] == ["m-#", "m-#"]
    assert len(events) == 1
    assert guard.stats.scanned_chars["w"] < 2 * len("m-abc")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ('{"a": "x abc y"}', '{"a": "x # y"}'),
        (r'{"a": "x \u0061bc y"}', '{"a": "x # y"}'),
        (r'{"a": "\"abc\""}', r'{"a": "\"#\""}'),
        (r'{"a": "\nabc"}', r'{"a": "\n#"}'),
        (r'{"a": "{\"b\": \"\\u0061bc\"}"}', r'{"a": "{\"b\": \"#\"}"}'),
        ("not json abc", "not json #"),
    ],
)
def test_tool_arguments_stay_json(arguments: str, expected: str) -> None:
    """Escapes are seen through, at every cut, and what is written is JSON with the same keys."""
    for at in range(len(arguments) + 1):
        frames = [line(arguments[:at], kind="tool_arguments"), line(arguments[at:], kind="tool_arguments"), END]
        written, _, _ = guarded(frames, REDACT)
        assert texts(written)["tool_arguments", 0, 0] == expected


def test_a_finding_in_a_key_blocks() -> None:
    """A key cannot be edited without breaking the call, so the message stops."""
    written, events, guard = guarded([line('{"abc": 1}', kind="tool_arguments"), END], REDACT)
    assert guard.state is GuardState.STATE_BLOCKED
    assert "abc" not in texts(written).get(("tool_arguments", 0, 0), "")
    assert len(events) == 1


@given(
    st.recursive(
        st.one_of(st.text('abcd"\\\n é', max_size=8), st.integers(), st.booleans(), st.none()),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["k", "l", "m"]), inner, max_size=3)
        ),
        max_leaves=8,
    ),
    CUTS,
    st.booleans(),
)
@settings(max_examples=examples(1500))
def test_redacted_arguments_are_valid_json_with_the_same_keys(
    value: object, points: list[int], ascii_: bool
) -> None:
    """A8, over generated JSON, every cut."""
    arguments = json.dumps(value, ensure_ascii=ascii_)
    edges = [0, *sorted({p % (len(arguments) + 1) for p in points}), len(arguments)]
    frames = [line(arguments[a:b], kind="tool_arguments") for a, b in itertools.pairwise(edges)]
    written, _, _ = guarded([*frames, END], REDACT)
    out = texts(written).get(("tool_arguments", 0, 0), "")
    assert shape(json.loads(out)) == shape(value)
    decoded = json.dumps(json.loads(out), ensure_ascii=False)
    assert not any(word in decoded for word in ("abc", "bcd", "cab"))


def shape(value: object) -> object:
    if isinstance(value, dict):
        return {k: shape(v) for k, v in value.items()}
    return [shape(v) for v in value] if isinstance(value, list) else None


def test_scanned_characters_are_counted_and_bounded() -> None:
    """Linear: on text that cannot match, every character is shown once."""
    _, _, guard = guarded([line("hello xyz") for _ in range(50)], REDACT)
    assert guard.stats.scanned_chars["w"] == guard.stats.text_chars == 450
    assert guard.stats.held_chars_peak == 0


def test_id_channels_are_looked_at_only_by_detectors_that_want_them() -> None:
    """A detector's `kinds` decide what it is shown."""
    shy = WordDetector("w", ("abc",), kinds=frozenset({ChannelKind.TEXT}))
    under = policy([shy], [rule("w", Action.BLOCK)])
    written, _, _ = guarded([line("abc", kind="id", mode="constant"), END], under)
    assert written == line("abc", kind="id", mode="constant") + END


def test_a_blocked_id_takes_those_beside_it_along() -> None:
    """Ids of a frame are judged together: when one of them is blocked, nobody waits for the others."""
    frame = [
        {"c": 0, "k": "id", "p": number, "t": text, "m": "constant"} for number, text in enumerate(("abcab", "x"))
    ]
    for order in (frame, frame[::-1]):
        written, _, guard = guarded([json.dumps(order).encode() + b"\n", END], BLOCK)
        assert guard.state is GuardState.STATE_BLOCKED
        assert b"abcab" not in written
