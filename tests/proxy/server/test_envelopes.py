"""Errors outside of any dialect have the form of the API that the client speaks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from proxy.server.envelopes import Family, error_body, family_of
from proxy.server.known_routes import REFUSALS, SAFE_ROUTES
from proxy.wire.registry import DIALECTS

FAMILIES = {
    "OpenAI and Azure": Family.OPENAI,
    "Anthropic": Family.ANTHROPIC,
    "Gemini": Family.GEMINI,
    "Ollama": Family.OLLAMA,
    "vLLM, llama.cpp and others": Family.OPENAI,
}


def _anthropic(kind: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": "no", "details": {"error_code": "c"}}}


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, "invalid_request_error"), (403, "permission_error"), (404, "invalid_request_error"),
     (500, "api_error"), (502, "api_error"), (503, "overloaded_error")],
)  # fmt: skip
def test_the_envelope_of_openai(status: int, kind: str) -> None:
    """It is the one that most clients understand."""
    found = json.loads(error_body(Family.OPENAI, status, "some_code", 'say "hi"'))
    assert found == {"error": {"message": 'say "hi"', "type": kind, "param": None, "code": "some_code"}}


@pytest.mark.parametrize(
    ("family", "status", "expected"),
    [
        (Family.ANTHROPIC, 403, _anthropic("permission_error")),
        (Family.ANTHROPIC, 413, _anthropic("request_too_large")),
        (Family.ANTHROPIC, 502, _anthropic("api_error")),
        (Family.GEMINI, 403, {"error": {"code": 403, "message": "no", "status": "PERMISSION_DENIED"}}),
        (Family.GEMINI, 415, {"error": {"code": 415, "message": "no", "status": "INVALID_ARGUMENT"}}),
        (Family.GEMINI, 503, {"error": {"code": 503, "message": "no", "status": "UNAVAILABLE"}}),
        (Family.OLLAMA, 403, {"error": "no"}),
    ],
)  # fmt: skip
def test_the_envelopes_of_others(family: Family, status: int, expected: dict[str, Any]) -> None:
    """As the providers write theirs."""
    assert json.loads(error_body(family, status, "c", "no")) == expected


@pytest.mark.parametrize("api", REFUSALS)
def test_a_refused_path_has_the_family_of_its_api(api: str) -> None:
    """By its path alone, with and without a query."""
    for one in REFUSALS[api]:
        path = one.path.replace("*", "x").replace("{", "").replace("}", "")
        expected = Family.OPENAI if path.startswith("/v1beta/openai/") else FAMILIES[api]
        assert family_of(path, {}) is expected, path
        assert family_of(path + "?key=x", {}) is expected, path


@pytest.mark.parametrize(
    ("target", "headers", "family"),
    [
        ("/v1/files/f/content", {"anthropic-version": "2023-06-01"}, Family.ANTHROPIC),
        ("/v1/files", {"x-goog-api-key": "k"}, Family.GEMINI),
        ("/v1/models/g:generateContent?key=k", {}, Family.GEMINI),
        ("/v1/models/gpt-4:tuned", {}, Family.GEMINI),
        ("/v1/messages", {}, Family.ANTHROPIC),
        ("/v1/messages2", {}, Family.OPENAI),
        ("/", {}, Family.OPENAI),
        ("", {}, Family.OPENAI),
        ("*", {}, Family.OPENAI),
    ],
)
def test_headers_say_more_than_the_path(target: str, headers: dict[str, str], family: Family) -> None:
    """A path that two APIs share belongs to the one whose client asks."""
    assert family_of(target, headers) is family


def test_safe_routes_name_no_family_by_mistake() -> None:
    """The lists of models have the family of their path."""
    assert [family_of(one.path, {}) for one in SAFE_ROUTES[:2]] == [Family.OPENAI] * 2
    assert {family_of(one.path, {}) for one in SAFE_ROUTES if one.path.startswith("/api/")} == {Family.OLLAMA}


DIALECT_FAMILIES = {
    "openai-chat": Family.OPENAI,
    "openai-completions": Family.OPENAI,
    "openai-responses": Family.OPENAI,
    "anthropic-messages": Family.ANTHROPIC,
    "gemini": Family.GEMINI,
    "ollama": Family.OLLAMA,
}


@pytest.mark.parametrize("name", [name for name in DIALECT_FAMILIES if name in DIALECTS])
@pytest.mark.parametrize("status", [400, 403, 413, 502, 503])
def test_a_dialect_writes_its_errors_as_its_family_does(name: str, status: int) -> None:
    """One client sees one form, whether its path is guarded or refused."""
    ours = json.loads(error_body(DIALECT_FAMILIES[name], status, "c", "no"))
    theirs = json.loads(DIALECTS[name].error_body(status, "c", "no"))
    assert theirs.keys() >= ours.keys()
    if isinstance(ours["error"], str):
        assert theirs["error"] == "no"
    else:
        assert theirs["error"]["message"] == "no"
        assert theirs["error"].keys() >= ours["error"].keys() - {"code"}
    for path in (route.path for route in DIALECTS[name].routes):
        assert family_of(path.replace("{", "").replace("}", ""), {}) in {DIALECT_FAMILIES[name], Family.OPENAI}
