"""Compares what a client got with what the script says it must get: the demo checks itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.types import Action
from proxy.demo.model import finish_reason
from proxy.demo.script import REASONING, TEXT, TOOL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from events.schema import Incident
    from proxy.demo.script import Scenario
    from proxy.demo.traffic import Heard


@dataclass(frozen=True, slots=True)
class Held:
    """How many characters waited while an answer streamed."""

    peak: int = 0
    mean: float = 0.0


@dataclass(frozen=True, slots=True)
class Played:
    """One prompt, asked of the model and of the proxy."""

    scenario: Scenario
    stream: bool
    said: Heard
    """What a client of the model itself gets."""
    got: Heard
    """What a client of the proxy gets."""
    incidents: tuple[Incident, ...]
    held: Held
    added_s: float | None
    """Seconds that the proxy added to the first byte of a stream; None for a whole answer."""

    @property
    def action(self) -> Action:
        """The most severe action the proxy took."""
        actions = (Action(one.action) for one in self.incidents)
        return max(actions, key=lambda action: action.severity, default=Action.ALLOW)


def wanted_texts(scenario: Scenario) -> dict[tuple[int, str], str]:
    """Return every text that a client must get, by choice and kind."""
    texts: dict[tuple[int, str], str] = {}
    for choice, answer in enumerate(scenario.answers):
        tool = answer.tool.arguments if answer.tool is not None else ()
        for kind, pieces in ((REASONING, answer.reasoning), (TEXT, answer.text), (TOOL, tool)):
            if pieces:
                texts[choice, kind] = "".join(pieces)
    return texts | scenario.expected.got


def problems_of(played: Played) -> list[str]:
    """Return what is not as the script says; empty when all is well."""
    scenario, got = played.scenario, played.got
    found = []
    if played.action is not scenario.expected.action:
        found.append(f"decision {played.action}, expected {scenario.expected.action}")
    if bool(got.error) != scenario.expected.fails:
        found.append(f"client error {got.error or 'none'}, expected {'one' if scenario.expected.fails else 'none'}")
    if not scenario.expected.fails:
        found += _text_problems(scenario, got)
        found += _finish_problems(scenario, got)
    everything = _everything(got)
    found += [f"the client saw {text!r}" for text in scenario.never if any(text in one for one in everything)]
    return found


def _text_problems(scenario: Scenario, got: Heard) -> list[str]:
    wanted = wanted_texts(scenario)
    return [
        f"choice {choice} {kind}: got {got.text(choice, kind)!r}, expected {wanted.get((choice, kind), '')!r}"
        for choice, kind in sorted(wanted.keys() | got.texts.keys())
        if got.text(choice, kind) != wanted.get((choice, kind), "")
    ]


def _finish_problems(scenario: Scenario, got: Heard) -> list[str]:
    found = []
    for choice, answer in enumerate(scenario.answers):
        wanted = scenario.expected.finish.get(choice, finish_reason(answer))
        if got.finish.get(choice) != wanted:
            found.append(f"choice {choice}: finish reason {got.finish.get(choice)}, expected {wanted}")
    return found


def _everything(got: Heard) -> Sequence[str]:
    return ["".join(pieces) for pieces in got.texts.values()] + ["".join(got.tokens), *got.tokens]
