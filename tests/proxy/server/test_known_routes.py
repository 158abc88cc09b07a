"""What is refused says why and how to open it, and the line it names does open it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from proxy.server.config import ServerConfig
from proxy.server.config_file import load_server_config
from proxy.server.faults import ClientFault
from proxy.server.known_routes import OPEN_METHODS, REFUSALS, SAFE_ROUTES, refusal_of
from proxy.server.router import Router
from proxy.server.routes import RouteTable, Treatment, route_table
from proxy.wire.registry import DIALECTS

if TYPE_CHECKING:
    from proxy.server.known_routes import Refusal

ALL = [one for group in REFUSALS.values() for one in group]
TABLE = RouteTable(DIALECTS.values())

WITH_TEXT = [
    "/v1/responses/r", "/v1/responses/r/input_items", "/v1/chat/completions/c",
    "/v1/chat/completions/c/messages", "/v1/threads/t/runs", "/v1/conversations/c/items", "/v1/batches/b",
    "/v1/files/f/content", "/v1/containers/c/files/f/content", "/v1/vector_stores/v/files/f/content",
    "/v1/evals/e/runs/r/output_items", "/v1/fine_tuning/jobs/j/events", "/v1/audio/transcriptions",
    "/v1/audio/translations", "/v1/audio/speech", "/v1/images/generations", "/v1/videos/v", "/v1/moderations",
    "/v1/embeddings", "/v1/responses/compact", "/v1/messages/batches/b/results", "/tokenize", "/detokenize",
    "/pooling", "/metrics", "/slots", "/props", "/v1/realtime", "/v1/realtime/sessions", "/v1/sessions/s",
    "/v1/agents", "/v1/memory_stores/m", "/api/show", "/api/embed", "/v1beta/cachedContents/c",
    "/v1beta/files/f",
]  # fmt: skip
"""Routes that return model text without a completion call."""


def is_guarded(path: str) -> bool:
    """Whether a dialect has come to speak it."""
    return any(entry.pattern.text == path for entry in TABLE)


def sample(path: str) -> str:
    return path.replace("*", "x/y").replace("{", "").replace("}", "")


@pytest.mark.parametrize("path", WITH_TEXT)
@pytest.mark.parametrize("method", OPEN_METHODS)
def test_routes_with_text_are_refused(method: str, path: str) -> None:
    """By default, with every method, and the reason is known."""
    with pytest.raises(ClientFault) as caught:
        TABLE.match(method, path)
    assert caught.value.status in {403, 405}
    assert refusal_of(path) is not None
    if caught.value.status == 403:
        assert "passed_paths: [" in caught.value.public


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.path)
def test_the_lines_that_open_a_path_do_so(one: Refusal, tmp_path: Path) -> None:
    """Each line of a refusal is valid configuration, and the path is open with it."""
    for line in one.opening_lines(DIALECTS):
        file = tmp_path / "sluicegate.yaml"
        file.write_text(f"version: 1\nupstream: http://127.0.0.1:9\n{line}\n", encoding="utf-8")
        config = load_server_config(file, {}, {})
        path = sample(one.path)
        plan = Router(config, route_table(config)).select("POST", path, CIMultiDictProxy(CIMultiDict())).first
        assert plan.match is not None
        is_passing = line.startswith("passed_paths") and not is_guarded(one.path)
        assert plan.match.treatment is (Treatment.UNREAD if is_passing else Treatment.GUARDED)


def test_nothing_is_known_twice() -> None:
    """Each refusal is reached: no path before it covers it."""
    assert [one.path for one in ALL if refusal_of(sample(one.path)) is not one] == []


def test_passing_unread_does_not_open_what_is_guarded() -> None:
    """A wide path leaves the dialects' own routes guarded."""
    config = ServerConfig(upstream_url="http://127.0.0.1:9", passed_paths=("/*", "/openai/*"))
    table = route_table(config)
    for dialect in DIALECTS.values():
        for route in dialect.routes:
            assert table.match(route.method, sample(route.path)).treatment is Treatment.GUARDED
    for route in SAFE_ROUTES:
        assert table.match(route.method, sample(route.path)).treatment is Treatment.PASSED
