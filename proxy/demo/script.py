"""What the scripted model says, and what a client behind the demo's policy must get: data, and no network.

A `|` in a text is a border between two events of the stream. Runs between borders go out word by word, as models
send them. Every value in here is made up; what looks like a key is put together when the module is loaded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from policies.types import Action

TEXT = "text"
REASONING = "reasoning"
TOOL = "tool arguments"

BORDER = "|"

_WORD = re.compile(r"\s*\S+|\s+$")

_KEY_PIECES = ("AK", "IAQ7", "XJ2M", "N5RT", "4WKP", "V", "6")
"""Seven events of what has the form of an access key, and opens nothing."""


def cut(text: str) -> tuple[str, ...]:
    """Return the events of a script text: cut at its borders, then word by word."""
    return tuple(piece for run in text.split(BORDER) for piece in _WORD.findall(run))


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A function the model wants called."""

    name: str
    arguments: tuple[str, ...]
    """JSON, in the pieces that a stream brings."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One choice of an answer, each text in the pieces that a stream brings."""

    text: tuple[str, ...] = ()
    reasoning: tuple[str, ...] = ()
    tool: ToolCall | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """What must come of an answer, streamed or whole."""

    action: Action = Action.ALLOW
    got: dict[tuple[int, str], str] = field(default_factory=dict)
    """Choice and kind -> the exact text, for what differs from what the model said."""
    finish: dict[int, str] = field(default_factory=dict)
    """Choice -> its finish reason, where it is not the model's own."""
    fails: bool = False
    """True when the client library must raise an error."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A prompt, the model's answer to it, and what a client must get."""

    title: str
    prompt: str
    answers: tuple[Answer, ...]
    expected: Expected = field(default_factory=Expected)
    never: tuple[str, ...] = ()
    """Texts that the client must not see anywhere, log-probabilities included."""
    logprobs: bool = False
    fails: bool = False
    """True when the model's server breaks off with an error: in the middle of a stream, or with status 500."""


SCENARIOS = (
    Scenario(
        "ordinary text",
        "Why is the sky blue?",
        (
            Answer(
                cut(
                    "Sunlight is scattered by the molecules of the air. Blue light is scattered far more than red,"
                    " so the sky looks blue wherever you look."
                )
            ),
        ),
    ),
    Scenario(
        "a near miss: card number with a wrong checksum",
        "What is the part number?",
        (Answer(cut("The part number is 4111| 1111| 1111| 1112, and it is in stock.")),),
    ),
    Scenario(
        "an e-mail address over 2 events",
        "Who keeps the rota?",
        (Answer(cut("Jane does. Write to jane.roe@|example.com before Friday.")),),
        Expected(Action.REDACT, {(0, TEXT): "Jane does. Write to <EMAIL_ADDRESS> before Friday."}),
        never=("jane.roe", "example.com"),
    ),
    Scenario(
        "an e-mail address over 3 events",
        "And who fixes the printer?",
        (Answer(cut("That is Sam: s|am.doe@exam|ple.org, second floor.")),),
        Expected(Action.REDACT, {(0, TEXT): "That is Sam: <EMAIL_ADDRESS>, second floor."}),
        never=("am.doe", "ple.org"),
    ),
    Scenario(
        "an access key over 7 events",
        "Show me the deployment settings.",
        (Answer(cut(f"region = north\naccess_key_id =| {BORDER.join(_KEY_PIECES)}|\nretries = 3")),),
        Expected(Action.REDACT, {(0, TEXT): "region = north\naccess_key_id = <AWS_ACCESS_KEY>\nretries = 3"}),
        never=_KEY_PIECES[1:5],
    ),
    Scenario(
        "a tool call with a phone number in its arguments",
        "Send a text to the plumber.",
        (
            Answer(
                tool=ToolCall("send_sms", cut('{"to":| "(212)| 555|-01|42",| "body":| "Please| call| back."}')),
            ),
        ),
        Expected(Action.REDACT, {(0, TOOL): '{"to": "<PHONE_NUMBER>", "body": "Please call back."}'}),
        never=("555", "(212)"),
    ),
    Scenario(
        "three choices, one of them with a card number",
        "Write three lines for a receipt.",
        (
            Answer(cut("Thank you for your visit.")),
            Answer(cut("Paid with card 4111| 1111| 1111| 1111, thank you.")),
            Answer(cut("See you again soon.")),
        ),
        Expected(Action.REDACT, {(1, TEXT): "Paid with card <CREDIT_CARD>, thank you."}),
        never=("4111", "1111"),
    ),
    Scenario(
        "log-probabilities, which repeat the text",
        "Where do I send the form?",
        (Answer(cut("Send it to fo|rms@exa|mple.net, please.")),),
        Expected(Action.REDACT, {(0, TEXT): "Send it to <EMAIL_ADDRESS>, please."}),
        never=("rms@exa", "mple.net"),
        logprobs=True,
    ),
    Scenario(
        "a number in the reasoning",
        "Is the applicant known to us?",
        (
            Answer(
                cut("Yes, the applicant is known."),
                reasoning=cut("The file lists 536|-90|-4399 as the number. It must not be repeated."),
            ),
        ),
        Expected(
            Action.REDACT, {(0, REASONING): "The file lists <US_SSN> as the number. It must not be repeated."}
        ),
        never=("-4399", "536"),
    ),
    Scenario(
        "a marking, flagged and left alone",
        "What does the cover page say?",
        (Answer(cut("The cover page says INTERNAL| USE| ONLY, then the title.")),),
        Expected(Action.FLAG),
    ),
    Scenario(
        "a code name: the answer is blocked",
        "What is planned for spring?",
        (Answer(cut("Two things are planned. The first is Project| Lantern|fish, which starts in March.")),),
        Expected(
            Action.BLOCK,
            {(0, TEXT): "Two things are planned. The first is \n\nThis answer was stopped by the demo's policy."},
            {0: "content_filter"},
        ),
        never=("Lantern", "March"),
    ),
    Scenario(
        "the model breaks off with an error",
        "Tell me a long story.",
        (Answer(cut("Once upon a time there was a miller who had three sons.")),),
        Expected(fails=True),
        fails=True,
    ),
)
