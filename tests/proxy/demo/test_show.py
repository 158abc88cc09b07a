from __future__ import annotations

from io import StringIO

from rich.console import Console

from events.schema import Incident
from policies.types import Action
from proxy.demo.script import TEXT, Answer, Expected, Scenario, cut
from proxy.demo.show import show_played, show_summary
from proxy.demo.traffic import Heard
from proxy.demo.verdict import Held, Played

SCENARIO = Scenario(
    "a number", "Which?", (Answer(cut("call 12|34 now")),), Expected(Action.REDACT, {(0, TEXT): "call <N> now"})
)
INCIDENT = Incident("numbers", "d", "N", 1.0, "redact", "response", "text[0]", 5, 9)


def played(got: str = "call <N> now") -> Played:
    said = Heard({(0, TEXT): ["call", " 12", "34", " now"]}, finish={0: "stop"})
    heard = Heard({(0, TEXT): [got]}, finish={0: "stop"})
    return Played(SCENARIO, True, said, heard, (INCIDENT,), Held(4, 1.25), 0.0021)


def drawn(one: Played, width: int = 80) -> str:
    out = StringIO()
    console = Console(file=out, width=width, highlight=False, markup=False)
    show_played(console, 1, 2, one)
    show_summary(console, [one])
    return out.getvalue()


def test_what_was_said_stands_beside_what_was_got() -> None:
    """The borders of events are drawn within the value that was masked."""
    lines = drawn(played()).splitlines()
    (row,) = [line for line in lines if "call" in line]
    assert row.split() == ["call", "12|34", "now", "call", "<N>", "now", "(stop)"]
    assert "-> redact (numbers: N); held up to 4 characters, mean 1.2; first byte +2.1 ms" in lines


def test_no_line_is_wider_than_the_terminal() -> None:
    assert max(len(line) for line in drawn(played()).splitlines()) <= 80


def test_what_went_wrong_is_plain_to_see() -> None:
    text = drawn(played("call 1234 now"))
    assert "NOT AS EXPECTED: choice 0 text: got 'call 1234 now'" in text
    assert "1 exchanges, 1 not as expected." in text
