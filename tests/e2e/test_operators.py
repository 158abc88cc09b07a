"""What stands in place of values, by the product's own entry point and the official client, streamed and whole."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import openai
import pytest

from policies.encryption import KEYS_VARIABLE, read_keys, tokens_in, write_key
from tests.support.leaks import cut_in, runs_left
from tests.support.model import ScriptedModel, delta, says, script
from tests.support.product import served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CARD = "4111 1111 1111 1111"
MAIL = "zqv.wexjif@quuxbrod.net"
PROMPT = f"Pay with {CARD}, tell {MAIL}."

POLICY = """
version: 1
name: operators
detectors:
  pii: {type: presidio, entities: [CREDIT_CARD, EMAIL_ADDRESS]}
rules:
  - {id: cards, detector: pii, categories: [CREDIT_CARD], direction: both, action: redact, mask: "*", keep_last: 4}
  - {id: mail, detector: pii, categories: [EMAIL_ADDRESS], direction: both, action: redact, hash: true}
"""

CONFIG = """
version: 1
upstream: MODEL
policy: policy.yaml
log: {level: debug}
tenants: {north: {}, south: {}}
tenant_header: x-team
"""


TOKENS = """
version: 1
name: tokens
detectors:
  pii: {type: presidio, entities: [CREDIT_CARD, EMAIL_ADDRESS]}
rules:
  - {id: pii, detector: pii, direction: both, action: redact, encrypt: true}
"""

FAKES = """
version: 1
name: fakes
detectors:
  pii: {type: presidio, entities: [CREDIT_CARD, EMAIL_ADDRESS]}
  people: {type: keywords, words: {PERSON: [Zarn Vokk, Zarn]}}
rules:
  - {id: people, detector: people, direction: both, action: redact, fake: {locale: de_DE}}
  - {id: pii, detector: pii, direction: both, action: redact, fake: true}
"""

KEY = write_key(b"e" * 32)


class Served(NamedTuple):
    """A running proxy and its model."""

    port: int
    model: ScriptedModel

    def ask(self, said: str, prompt: str = PROMPT, *, stream: bool, team: str = "") -> tuple[str, str]:
        """Have the model say something; returns what it was asked, and what the client got."""
        name = f"m{len(self.model.scripts)}"
        self.model.scripts[name] = script(says(cut_in(said, 5)))
        headers = {"x-team": team} if team else {}
        url = f"http://127.0.0.1:{self.port}/v1"
        messages: Any = [{"role": "user", "content": prompt}]
        with openai.OpenAI(base_url=url, api_key="k", max_retries=0, timeout=15) as client:
            if stream:
                events = client.chat.completions.create(
                    model=name, messages=messages, stream=True, extra_headers=headers
                )
                got = "".join([event.choices[0].delta.content or "" for event in events if event.choices])
            else:
                whole = client.chat.completions.create(model=name, messages=messages, extra_headers=headers)
                got = whole.choices[0].message.content or ""
        asked = next(one for one in reversed(self.model.requests) if one["model"] == name)
        return asked["messages"][0]["content"], got


@pytest.fixture(scope="module")
def serve(model: ScriptedModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Served]]:
    """Run a proxy under a policy."""
    running = []
    folders: list[Path] = []

    def start(policy: str) -> Served:
        folder = tmp_path_factory.mktemp("operators")
        folders.append(folder)
        (folder / "policy.yaml").write_text(policy)
        (folder / "sluicegate.yaml").write_text(CONFIG.replace("MODEL", model.url))
        environment = {KEYS_VARIABLE: KEY}
        running.append(served(["--config", str(folder / "sluicegate.yaml")], folder, environment))
        return Served(running[-1].__enter__()[0], model)

    yield start
    for one in running:
        one.__exit__(None, None, None)
    left = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    assert [file for file in left if runs_left(MAIL, file.read_bytes())] == []


@pytest.fixture(scope="module")
def masked(serve: Callable[[str], Served]) -> Served:
    return serve(POLICY)


@pytest.mark.parametrize("stream", [False, True])
def test_cards_keep_their_last_digits(masked: Served, stream: bool) -> None:
    """In the prompt and in the answer."""
    asked, got = masked.ask(f"Paid with {CARD}.", stream=stream)
    assert asked.startswith("Pay with **** **** **** 1111, tell <EMAIL_ADDRESS:")
    assert got == "Paid with **** **** **** 1111."


@pytest.mark.parametrize("stream", [False, True])
def test_fingerprints_are_a_tenants_own(masked: Served, stream: bool) -> None:
    """Equal for one tenant, whichever way the value goes; different for another."""
    found = {}
    for team in ("", "north", "south"):
        asked, got = masked.ask(f"Told {MAIL}, twice {MAIL}", stream=stream, team=team)
        prints = re.findall("<EMAIL_ADDRESS:[0-9a-f]{12}>", asked + got)
        assert len(prints) == 3
        assert len(set(prints)) == 1
        found[team] = prints[0]
    assert len(set(found.values())) == 3


def test_arguments_of_tools(masked: Served) -> None:
    """They stay JSON."""
    call = {"index": 0, "id": "c", "type": "function", "function": {"name": "pay", "arguments": ""}}
    written = json.dumps({"card": CARD, "to": MAIL, "n": 4111111111111111})
    pieces = [{"index": 0, "function": {"arguments": piece}} for piece in cut_in(written, 7)]
    events = [
        delta(tool_calls=[call]),
        *(delta(tool_calls=[one]) for one in pieces),
        delta(finish_reason="tool_calls"),
    ]
    masked.model.scripts["tools"] = script(events)
    with openai.OpenAI(base_url=f"http://127.0.0.1:{masked.port}/v1", api_key="k", max_retries=0) as client:
        messages: Any = [{"role": "user", "content": "go"}]
        calls: Any = client.chat.completions.create(model="tools", messages=messages).choices[0].message.tool_calls
    read = json.loads(calls[0].function.arguments)
    assert (read["card"], read["n"]) == ("**** **** **** 1111", "************1111")
    assert re.fullmatch("<EMAIL_ADDRESS:[0-9a-f]{12}>", read["to"])


@pytest.fixture(scope="module")
def encrypted(serve: Callable[[str], Served]) -> Served:
    return serve(TOKENS)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("team", ["", "north"])
def test_tokens_are_read_with_the_key(encrypted: Served, stream: bool, team: str) -> None:
    """What the model is asked and what the client gets; the same token in both, and in the next turn."""
    asked, got = encrypted.ask(f"I told {MAIL} of it.", stream=stream, team=team)
    assert MAIL not in asked + got
    assert [read_keys(KEY).value(token, team) for token in tokens_in(asked)] == [CARD, MAIL]
    (token,) = tokens_in(got)
    assert got[token.start : token.end] in asked
    again, repeated = encrypted.ask(got, prompt=f"{asked} {got}", stream=stream, team=team)
    assert (again, repeated) == (f"{asked} {got}", got)


def test_a_policy_that_encrypts_needs_a_key(encrypted: Served, tmp_path: Path) -> None:
    """No port is opened; the line of the rule is named, and what to do."""
    (tmp_path / "policy.yaml").write_text(TOKENS)
    command = [str(Path(sys.executable).with_name("sluicegate")), "serve", "--upstream", encrypted.model.url]
    command += ["--policy", str(tmp_path / "policy.yaml"), "--state-dir", str(tmp_path / "state")]
    environment = {name: value for name, value in os.environ.items() if name != KEYS_VARIABLE}
    ran = subprocess.run(command, env=environment, capture_output=True, timeout=60, check=False)
    assert ran.returncode == 2
    assert b"policy.yaml:7:" in ran.stderr
    assert b'rule "pii": encrypt: needs a key.' in ran.stderr
    assert b"sluicegate pii key" in ran.stderr


@pytest.mark.parametrize("stream", [False, True])
def test_made_up_values(serve: Callable[[str], Served], stream: bool) -> None:
    """The model is asked with fakes, and the client gets the same ones in place of the values."""
    pytest.importorskip("faker", reason="the extra 'fake' is not installed")
    faked = serve(FAKES)
    prompt = f"I am Zarn Vokk, {MAIL}, {CARD}. Zarn!"
    asked, got = faked.ask(f"Zarn Vokk, {MAIL}, {CARD}, Zarn", prompt, stream=stream)
    found = re.fullmatch(r"I am ([\w-]+) ([\w-]+), ([a-z.]+@example\.\w+), (9999 [0-9 ]{14})\. ([\w-]+)!", asked)
    assert found is not None, asked
    first, last, mail, card, alone = found.groups()
    assert (alone, got) == (first, f"{first} {last}, {mail}, {card}, {first}")
    other, _ = faked.ask("yes", prompt, stream=stream)
    assert other != asked
