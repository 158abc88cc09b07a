"""Which way a request would go: the answer of `policy show --route` is that of the running proxy."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from policies.loader import load_policy
from proxy.cli.errors import CommandError
from proxy.cli.explain import header_of
from proxy.server.run import fingerprint_key
from proxy.server.tenants import key_hash

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.cli import Sluicegate

KEY = "sk-" + "k" * 20
CHAT = "/v1/chat/completions"


@pytest.fixture
def settings(tmp_path: Path, policy_file: Path) -> Path:
    """A configuration with three routes, whose policies load quickly."""
    (tmp_path / "other.yaml").write_text("version: 1\nname: other\nrules: []\n")
    hashed = key_hash(fingerprint_key(tmp_path / "state"), KEY)
    path = tmp_path / "sluicegate.yaml"
    path.write_text(
        f"""
version: 1
upstream: http://127.0.0.1:9
policy: {policy_file.name}
state_dir: state
upstreams: {{claude: {{url: http://127.0.0.1:8}}}}
tenants: {{kids: {{}}, research: {{key_hashes: ["{hashed}"]}}}}
tenant_header: x-team
routes:
  - {{id: kids, tenant: kids, policy: other.yaml}}
  - {{id: claude, path: "/claude/*", rewrite: "/*", upstream: claude, policy: other.yaml}}
  - {{id: big, model: "big-*", upstream: claude}}
  - {{id: files, path: "/v1/files/*", unread: true}}
"""
    )
    return path


def asked(sluicegate: Sluicegate, settings: Path, *arguments: str) -> Any:
    ran = sluicegate("policy", "show", "--config", str(settings), "--json", *arguments)
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def test_the_words(sluicegate: Sluicegate, settings: Path) -> None:
    path = "/claude/v1/chat/completions"
    ran = sluicegate("policy", "show", "--config", str(settings), "--route", "POST", path, "--model", "m")
    revision = load_policy(settings.parent / "other.yaml").revision[:12]
    assert (ran.code, ran.out.splitlines()) == (
        0,
        [
            f"POST {path}  model m",
            '  route "kids": no: the tenant does not match',
            '  route "claude": yes: applies',
            "upstream  claude  http://127.0.0.1:8",
            f"sent as   POST {CHAT}",
            "treated   guarded as openai-chat",
            f"policy    other@{revision}  {settings.parent / 'other.yaml'}",
        ],
    )


@pytest.mark.parametrize(
    ("arguments", "route", "policy"),
    [
        (("POST", CHAT), "default", "small"),
        (("POST", CHAT, "--model", "BIG-1"), "big", "small"),
        (("POST", CHAT, "--model", "small"), "default", "small"),
        (("POST", CHAT, "--tenant", "kids"), "kids", "other"),
        (("POST", CHAT, "--header", "X-Team: kids"), "kids", "other"),
        (("POST", CHAT, "--header", f"Authorization: Bearer {KEY}"), "default", "small"),
    ],
)
def test_the_way(
    sluicegate: Sluicegate, settings: Path, arguments: tuple[str, ...], route: str, policy: str
) -> None:
    answer = asked(sluicegate, settings, "--route", *arguments)
    assert (answer["route"], answer["policy"]["name"], answer["treatment"]) == (route, policy, "guarded")
    assert answer["tried"][-1] == {"route": route, "applies": True, "reason": "applies"}
    assert KEY not in json.dumps(answer)


def test_a_tenant_is_known_by_its_key(sluicegate: Sluicegate, settings: Path) -> None:
    answer = asked(sluicegate, settings, "--route", "POST", CHAT, "--header", f"x-api-key: {KEY}")
    assert answer["tenant"] == "research"
    (settings.parent / "state" / "fingerprint.key").unlink()
    ran = sluicegate(
        "policy", "show", "--config", str(settings), "--route", "POST", CHAT, "--header", f"x-api-key: {KEY}"
    )
    assert (ran.code, "Give --tenant." in ran.err, "tenant research" in ran.out) == (0, True, False)


def test_a_model_that_is_not_given_is_asked_for(sluicegate: Sluicegate, settings: Path) -> None:
    tried = asked(sluicegate, settings, "--route", "POST", CHAT)["tried"]
    assert {"route": "big", "applies": False, "reason": "it asks for a model: give --model"} in tried
    tried = asked(sluicegate, settings, "--route", "POST", CHAT, "--model", "x")["tried"]
    assert {"route": "big", "applies": False, "reason": "the model does not match"} in tried


def test_what_is_refused_and_what_passes(sluicegate: Sluicegate, settings: Path) -> None:
    refused = asked(sluicegate, settings, "--route", "POST", "/v1/batches")
    assert (refused["treatment"], refused["status"], refused["route"]) == ("refused", 403, "default")
    assert 'passed_paths: ["/v1/batches"]' in refused["message"]
    ambiguous = asked(sluicegate, settings, "--route", "POST", f"{CHAT}?model=x")
    assert (ambiguous["route"], ambiguous["code"]) == (None, "ambiguous_model")
    unread = asked(sluicegate, settings, "--route", "GET", "/v1/files/f")
    assert (unread["treatment"], unread["policy"], unread["dialect"]) == ("unread", None, None)
    ran = sluicegate("policy", "show", "--config", str(settings), "--route", "GET", "/v1/batches")
    assert ran.out.splitlines()[-1].startswith("refused   403 unknown_route: This path is not open on this proxy.")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--tenant", "kidz"), "--tenant: there is no tenant 'kidz'. Did you mean 'kids'?"),
        (("--model", "a b"), "--model: is not the name of a model: visible ASCII characters, without blanks."),
        (("--header", "x"), "--header: write it as 'Name: value'."),
    ],
)
def test_a_question_that_cannot_be_used(
    sluicegate: Sluicegate, settings: Path, arguments: tuple[str, ...], said: str
) -> None:
    ran = sluicegate("policy", "show", "--config", str(settings), "--route", "POST", CHAT, *arguments)
    assert (ran.code, ran.err) == (2, said + "\n")


def test_what_is_missing_is_said(sluicegate: Sluicegate, settings: Path) -> None:
    assert sluicegate("policy", "show", "--route", "POST", CHAT).err == (
        "--route needs the settings that it is about. Give --config FILE.\n"
    )
    ran = sluicegate("policy", "show")
    assert (ran.code, ran.err) == (2, "Name a policy, or give --route METHOD PATH with --config FILE.\n")
    ran = sluicegate("policy", "show", "--config", str(settings), "--route", "post", CHAT)
    assert (ran.code, ran.err) == (2, "--route: write it as POST /v1/chat/completions.\n")
    ran = sluicegate("policy", "show", "default", "--model", "x")
    assert (ran.code, ran.err) == (2, "--model belongs to --route METHOD PATH.\n")
    settings.write_text("version: 1\n")
    ran = sluicegate("policy", "show", "--config", str(settings), "--route", "POST", CHAT)
    assert (ran.code, "upstream: is missing" in ran.err) == (2, True)


def test_a_header_as_it_is_written() -> None:
    assert header_of("A:b: c ") == ("A", "b: c")
    with pytest.raises(CommandError):
        header_of(": x")
