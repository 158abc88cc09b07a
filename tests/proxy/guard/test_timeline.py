"""One channel's text on its way through the guard."""

from detectors.types import ChannelKind, ScanResult
from policies.types import Action, Direction
from proxy.guard.api import GuardStats
from proxy.guard.buffer import FORGET_STEP_CHARS
from proxy.guard.rules import ChannelRules
from proxy.guard.timeline import Timeline
from proxy.wire.types import Channel
from tests.support.toy import WordDetector, policy, rule


def timeline(*words: str, keep: bool = False, kind: ChannelKind = ChannelKind.TEXT) -> Timeline:
    """A text under a rule that redacts words."""
    under = policy([WordDetector("w", words)], [rule("w", Action.REDACT)])
    return Timeline(Channel(kind), ChannelRules(under, Direction.RESPONSE, kind), GuardStats(), keep=keep)


def judge(text: Timeline) -> None:
    """Answer every wanted scan."""
    while scans := text.wanted_scans():
        for scan in scans:
            text.receive_scan(scan, scan.cursor.detector.scan(scan.window))
    text.resolve()


def test_text_is_released_up_to_what_could_still_match() -> None:
    """Held: exactly the beginning of a word."""
    text = timeline("secret")
    text.append("a sec")
    assert text.released == 0
    judge(text)
    assert text.released == 2
    text.append("ond")
    judge(text)
    assert text.released == 8


def test_old_text_is_forgotten_and_nothing_changes() -> None:
    """A long text keeps only its tail, unless snapshots need all of it."""
    for keep in (False, True):
        text = timeline("secret", keep=keep)
        for _ in range(FORGET_STEP_CHARS):
            text.append("plain words ")
            judge(text)
        text.append("a secret")
        text.finish()
        judge(text)
        assert text.released == text.buffer.end
        assert text.edits.reach == text.buffer.end
        assert (len(text.buffer.text) < 3 * FORGET_STEP_CHARS) != keep


def test_forgetting_works_with_views() -> None:
    """Long arguments with escapes: each reading forgets in its own offsets."""
    text = timeline("secret", kind=ChannelKind.TOOL_ARGUMENTS)
    text.append('{"a": "')
    for _ in range(FORGET_STEP_CHARS):
        text.append(r"plain \u0041 words ")
        judge(text)
    text.append(r's\u0065cret"}')
    text.finish()
    judge(text)
    start = text.buffer.end - len(r's\u0065cret"}')
    assert text.released == text.buffer.end
    assert text.edits.apply(r's\u0065cret"}', start, text.buffer.end) == '<WORD>"}'
    assert len(text.buffer.text) < 3 * FORGET_STEP_CHARS


def test_incidents_wait_until_their_text_leaves() -> None:
    """What never left is not reported as acted on."""
    text = timeline("bad")
    text.append("a bad b")
    judge(text)
    assert text.sent(2) == []
    assert [(i.start, i.end, i.action) for i in text.sent(5)] == [(2, 5, "redact")]
    assert text.take_incidents() == []


def test_a_late_result_of_another_reading_lands_in_source_offsets() -> None:
    """Findings of the decoded view carry offsets of the original."""
    text = timeline("abc", kind=ChannelKind.TOOL_ARGUMENTS)
    text.append(r'["\u0061bc"]')
    text.finish()
    for scan in text.wanted_scans():
        result = scan.cursor.detector.scan(scan.window)
        assert isinstance(result, ScanResult)
        text.receive_scan(scan, result)
    text.resolve()
    assert text.edits.apply(r'["\u0061bc"]', 0, 12) == '["<WORD>"]'


def test_what_was_said_is_what_left_with_its_edits() -> None:
    """An ending repeats what the client has, never what the model wrote."""
    text = timeline("secret", keep=True)
    text.append("a secret b")
    judge(text)
    text.sent(9)
    assert text.said() == "a <WORD> "


def test_a_value_of_arguments_written_apart_is_no_json() -> None:
    """It is replaced as text is, though it could be a number of JSON; its escapes are read all the same."""
    under = policy([WordDetector("w", ("4711",))], [rule("w", Action.REDACT, replacement="<n>")])
    kind = ChannelKind.TOOL_ARGUMENTS
    for name, expected in (("$.to", "<n>"), ("", '"<n>"')):
        text = Timeline(Channel(kind, name=name), ChannelRules(under, Direction.RESPONSE, kind), GuardStats())
        text.append("4711")
        text.finish()
        judge(text)
        assert text.edits.apply("4711", 0, 4) == expected
    text = Timeline(Channel(kind, name="$.to"), ChannelRules(under, Direction.RESPONSE, kind), GuardStats())
    text.append(r"4\u003711")
    text.finish()
    judge(text)
    assert text.edits.apply(r"4\u003711", 0, 9) == "<n>"
