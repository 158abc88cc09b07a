"""The texts of one message."""

import pytest

from detectors.refusals import CLOSING_CHARS, OPENING_CHARS, AnswerEnds
from detectors.types import ChannelKind
from policies.loader import load_policy_text
from policies.types import Action, Direction
from proxy.guard.api import GuardStats
from proxy.guard.texts import Texts
from proxy.wire.types import PADDING_SEPARATOR, Channel, Ended, FrameRun, Slot, SlotMode
from tests.support.toy import WordDetector, policy, rule

UNDER = policy([WordDetector("w", ("abc",))], [rule("w", Action.REDACT)])
TEXT = Channel(ChannelKind.TEXT)
ID = Channel(ChannelKind.ID, name="id")
MODEL = Channel(ChannelKind.ID, name="model")


def texts(*, keep: bool = False) -> Texts:
    """The texts of a message under a policy of one word."""
    return Texts(UNDER, Direction.RESPONSE, GuardStats(), keep=keep)


def test_pieces_of_one_channel_follow_each_other() -> None:
    """Each piece has its span; an empty one changes nothing."""
    message = texts()
    assert message.append(TEXT, "ab", None)[1:] == (0, 2)
    message.unscanned.clear()
    assert message.append(TEXT, "", None)[1:] == (2, 2)
    assert not message.unscanned
    assert message.append(TEXT, "c", None)[1:] == (2, 3)
    assert message.held_chars() == (3, 3)


def test_new_complete_values_share_a_timeline_and_old_ones_keep_theirs() -> None:
    """Values of one frame are judged in one window; the same value again has its old place."""
    message = texts()
    slots = (Slot(ID, "x1", (), SlotMode.CONSTANT), Slot(MODEL, "m", (), SlotMode.CONSTANT))
    first, second = message.place(slots, None)
    assert first.timeline is second.timeline
    assert len(list(message.unscanned)) == 1
    (again,) = message.place((Slot(MODEL, "m", (), SlotMode.CONSTANT),), None)
    assert again == second


def test_a_snapshot_is_its_channel_or_a_text_of_its_own() -> None:
    """It stands for the channel's text when it says the same; otherwise it is judged alone."""
    message = texts(keep=True)
    slots = (Slot(TEXT, "hello", ()), Slot(TEXT, "hello", (), SlotMode.REPEAT))
    own, repeat = message.place(slots, None)
    assert repeat == own
    (other,) = message.place((Slot(TEXT, "other", (), SlotMode.REPEAT),), None)
    assert other.timeline is not own.timeline


def test_what_lies_across_pieces_is_found_in_a_whole_message() -> None:
    """The pieces of one text are looked at as one; those of two texts are not."""
    under = load_policy_text(
        "version: 1\nname: t\ndetectors: {w: {type: keywords, words: [falcon], whole_word: false}}\n"
        "rules: [{id: r, detector: w, action: redact}]\n"
    )
    message = Texts(under, Direction.RESPONSE, GuardStats(), keep=False)
    other = TEXT._replace(part=1)
    assert not message.pass_whole((Slot(TEXT, "fal", ()), Slot(other, "-", ()), Slot(TEXT, "con", ())))
    assert message.pass_whole((Slot(TEXT, "fal", ()), Slot(other, "con", ())))


def test_time_is_noted_when_text_begins_to_wait() -> None:
    """The oldest text that has not been released counts."""
    message = texts()
    timeline = message.append(TEXT, "ab", 5.0).timeline
    message.append(TEXT, "c", 6.0)
    assert timeline.held_since_s == 5.0
    for scan in timeline.wanted_scans():
        timeline.receive_scan(scan, scan.cursor.detector.scan(scan.window))
    message.resolve()
    assert timeline.held_since_s is None


def test_texts_end_before_the_message_does() -> None:
    """What ended waits for nothing; text that comes all the same is noticed."""
    message = texts()
    ended = message.append(TEXT, "a", None).timeline
    other = message.append(Channel(ChannelKind.TEXT, 1), "a", None).timeline
    message.end((Ended(0, kind=ChannelKind.TEXT),))
    assert (ended.final, other.final, message.is_reopened) == (True, False, False)
    message.append(TEXT, "", None)
    assert not message.is_reopened
    message.append(TEXT, "bc", None)
    assert message.is_reopened


def test_json_values_are_judged_alone() -> None:
    """Each keeps its own structure, so that it is still JSON after an edit."""
    message = texts()
    arguments = Channel(ChannelKind.TOOL_ARGUMENTS)
    slots = tuple(Slot(arguments, text, (n,), SlotMode.CONSTANT, is_json=True) for n, text in enumerate("12"))
    first, second = message.place(slots, None)
    assert first.timeline is not second.timeline
    assert first.timeline.buffer.end == 1


WORDS = """
version: 1
name: words
detectors:
  words: {type: keywords, words: [abc]}
rules:
  - {id: words, detector: words, action: redact, channels: [text, id]}
"""


def run_of(*paddings: str) -> FrameRun:
    """A run with padding."""
    slot = Slot(ID, "", ("obfuscation",), SlotMode.CONSTANT)
    ones = [1] * len(paddings)
    return FrameRun(
        b"x" * len(paddings),
        Slot(TEXT, "", ()),
        "x" * len(paddings),
        ones,
        ones,
        slot,
        PADDING_SEPARATOR.join(paddings),
    )


def test_a_run_stays_one_while_nothing_is_found_in_its_padding() -> None:
    """Otherwise its frames come one by one, and the padding of each is judged as a text of its own."""
    words = load_policy_text(WORDS)
    message = Texts(words, Direction.RESPONSE, GuardStats(), keep=False)
    quiet, loud = run_of("q1", "q2"), run_of("q3", "abc")
    assert list(message.unfolded([quiet, loud])) == [quiet, *loud.frames()]
    text, padding = message.place_run(quiet, None)
    assert (text.start, text.end, padding.start, padding.end) == (0, 2, 0, 0)
    assert padding.timeline.final
    assert len(message.place_run(quiet._replace(padding=None), None)) == 1


@pytest.mark.parametrize("pieces", [1, 7, 4096, 40_000])
def test_the_two_ends_of_an_answer_stay_however_it_comes(pieces: int) -> None:
    """A long text is forgotten but for its ends, which say whether the answer declines."""
    said = "I can't help with that. " + "word " * 4000 + "I won't answer the rest."
    message = texts()
    for start in range(0, len(said), pieces):
        message.append(TEXT, said[start : start + pieces], None)
        for timeline in message.by_channel.values():
            for scan in timeline.wanted_scans():
                timeline.receive_scan(scan, scan.cursor.detector.scan(scan.window))
            timeline.resolve()
    (ends,) = message.answers()
    assert ends.opening[:OPENING_CHARS] == said[:OPENING_CHARS]
    assert ends.closing[-CLOSING_CHARS:] == said[-CLOSING_CHARS:]
    assert ends.chars == len(said)


def test_answers_are_told_by_choice_whole_or_not() -> None:
    """The parts of one choice are one answer; other kinds of text are none."""
    second = TEXT._replace(choice=1)
    part = TEXT._replace(part=1)
    slots = (Slot(TEXT, "a", ()), Slot(second, "b", ()), Slot(part, "c", ()), Slot(ID, "x", ()))
    quiet = load_policy_text("version: 1\nname: t\ndetectors: {}\nrules: []\n")
    passed = Texts(quiet, Direction.RESPONSE, GuardStats(), keep=False)
    assert passed.pass_whole(slots)
    placed = texts()
    placed.place(slots, None)
    assert passed.answers() == placed.answers() == [AnswerEnds("ac", "ac", 2), AnswerEnds("b", "b", 1)]


def test_a_choice_ends_early_where_others_would_wait_for_it() -> None:
    """Alone it ends with the message. A second one ends it afterwards, unless its text has gone on."""
    one, other = TEXT, Channel(ChannelKind.TEXT, 1)
    ends = (Ended(0, if_others=True),)
    message = texts()
    first = message.append(one, "ab", None).timeline
    message.end(ends)
    assert not first.final
    message.append(other, "x", None)
    assert first.final
    message.append(one, "c", None)
    assert message.is_reopened
    message = texts()
    first = message.append(one, "ab", None).timeline
    message.end(ends)
    message.append(one, "c", None)
    message.append(other, "x", None)
    assert not first.final
    message.end(ends)
    assert first.final
    assert not message.is_reopened
