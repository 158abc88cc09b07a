from __future__ import annotations

import pytest

from events.schema import Incident
from policies.types import Action
from proxy.demo.script import TEXT, Answer, Expected, Scenario, cut
from proxy.demo.traffic import Heard
from proxy.demo.verdict import Held, Played, problems_of, wanted_texts

SCENARIO = Scenario(
    "t",
    "p",
    (Answer(cut("call 12|34 now")), Answer(cut("fine"))),
    Expected(Action.REDACT, {(0, TEXT): "call <N> now"}),
    never=("1234", "34"),
)


def incident(action: str) -> Incident:
    return Incident("r", "d", "N", 1.0, action, "response", "text[0]", 5, 9)


def heard(first: str = "call <N> now", second: str = "fine") -> Heard:
    return Heard({(0, TEXT): [first[:3], first[3:]], (1, TEXT): [second]}, finish={0: "stop", 1: "stop"})


def played(got: Heard, *actions: str, scenario: Scenario = SCENARIO) -> Played:
    incidents = tuple(incident(action) for action in actions)
    return Played(scenario, stream=True, said=heard(), got=got, incidents=incidents, held=Held(), added_s=None)


def test_all_is_well_when_everything_is_as_the_script_says() -> None:
    assert problems_of(played(heard(), "flag", "redact")) == []


def test_the_texts_a_client_must_get_are_the_models_but_for_edits() -> None:
    assert wanted_texts(SCENARIO) == {(0, TEXT): "call <N> now", (1, TEXT): "fine"}


@pytest.mark.parametrize(
    ("got", "actions", "said"),
    [
        (heard("call 1234 now"), ("redact",), "the client saw '1234'"),
        (heard(second="other"), ("redact",), "choice 1 text: got 'other', expected 'fine'"),
        (heard(), (), "decision allow, expected redact"),
        (heard(), ("block", "redact"), "decision block, expected redact"),
    ],
)
def test_what_is_not_as_expected_is_told(got: Heard, actions: tuple[str, ...], said: str) -> None:
    assert said in problems_of(played(got, *actions))


def test_an_unexpected_text_error_or_ending_is_told() -> None:
    got = heard()
    got.add(2, TEXT, "more")
    got.error = "APIError"
    got.finish[1] = "length"
    assert problems_of(played(got, "redact")) == [
        "client error APIError, expected none",
        "choice 2 text: got 'more', expected ''",
        "choice 1: finish reason length, expected stop",
    ]


def test_a_value_in_the_log_probabilities_is_a_leak() -> None:
    got = heard()
    got.tokens = ["call", "12", "34"]
    assert problems_of(played(got, "redact")) == ["the client saw '1234'", "the client saw '34'"]
