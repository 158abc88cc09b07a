"""Values that leave a prompt and come back in the answer: the policy, what is said, and what each side may see."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.support.leaks import runs_left

if TYPE_CHECKING:
    from tests.support.model import Script, ScriptedModel, Tap

MAIL = "zqv.wexjif@quuxbrod.net"
NAME = 'Zarn "Vokk" Plimf'
"""A value that JSON escapes."""
PROMPT = f"I am {NAME}, write to {MAIL}."

POLICY = """
version: 1
name: two-ways
detectors:
  mail: {type: presidio, entities: [EMAIL_ADDRESS]}
  people: {type: keywords, words: {CUSTOMER: ['Zarn "Vokk" Plimf']}}
  tickets: {type: patterns, patterns: {TICKET: 'TKT-[0-9]{6}'}}
rules:
  - {id: tickets, detector: tickets, action: redact, allow_echo: true}
  - {id: mail, detector: mail, direction: both, action: redact, restore: true}
  - {id: people, detector: people, direction: request, action: redact, restore: true}
"""

SAID = "Dear <CUSTOMER_1>, I wrote to <EMAIL_ADDRESS_1>, not to <EMAIL_ADDRESS_2>."
READ = f"Dear {NAME}, I wrote to {MAIL}, not to <EMAIL_ADDRESS_2>."
ARGUMENTS = {"to": "<EMAIL_ADDRESS_1>", "name": "<CUSTOMER_1>", "count": 2}
CALLED = {"to": MAIL, "name": NAME, "count": 2}
TOOLS: Any = [{"type": "function", "function": {"name": "send", "parameters": {"type": "object"}}}]

CONFIG = "version: 1\nupstream: {url}\npolicy: policy.yaml\nlog: {{level: debug}}\n"
"""The server's, with the policy beside it; the log at its lowest level, to see that it holds nothing."""


def register(model: ScriptedModel, played: Script) -> str:
    name = f"m{len(model.scripts)}"
    model.scripts[name] = played
    return name


def asked_of(model: ScriptedModel, name: str) -> str:
    return json.dumps([one for one in model.requests if one["model"] == name])


def assert_kept(model: ScriptedModel, tap: Tap, name: str) -> None:
    """The model was asked without a value, and the client was sent no placeholder of this exchange."""
    asked = asked_of(model, name)
    assert runs_left(MAIL, asked.encode()) == []
    assert "Plimf" not in asked
    assert "<CUSTOMER_1>" in asked
    assert "<EMAIL_ADDRESS_1>" in asked
    received = bytes(tap.received)
    for placeholder in (b"CUSTOMER_1", b"EMAIL_ADDRESS_1"):
        assert placeholder not in received
