"""The dialects there are."""

from __future__ import annotations

from proxy.wire.registry import DIALECTS


def test_names_and_routes() -> None:
    """Names are those of the configuration, and no two dialects claim a route."""
    assert set(DIALECTS) == {
        "anthropic-messages",
        "gemini",
        "ollama",
        "openai-chat",
        "openai-completions",
        "openai-responses",
    }
    assert all(dialect.name == name for name, dialect in DIALECTS.items())
    routes = [route for dialect in DIALECTS.values() for route in dialect.routes]
    assert len(routes) == len(set(routes))
    assert ("POST", "/v1/chat/completions") in routes
    assert ("POST", "/v1/completions") in routes
