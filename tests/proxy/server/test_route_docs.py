"""The page docs/routes.md is what the code says."""

from __future__ import annotations

from pathlib import Path

from proxy.server.config import ServerConfig
from proxy.server.known_routes import REFUSALS, SAFE_ROUTES
from proxy.server.route_docs import known_rows, page, refused_rows
from proxy.server.routes import route_table
from proxy.wire.registry import DIALECTS

PAGE = Path(__file__).parents[3] / "docs" / "routes.md"
TABLE = route_table(ServerConfig(upstream_url="http://127.0.0.1:9"))


def test_the_page_is_made_from_the_table() -> None:
    """When this fails, run: sluicegate routes --markdown > docs/routes.md."""
    assert PAGE.read_text(encoding="utf-8") == page(TABLE, DIALECTS)


def test_every_route_has_a_row() -> None:
    """Guarded ones first, then those that pass."""
    rows = known_rows(TABLE)
    guarded = {(route.method, route.path, one.name) for one in DIALECTS.values() for route in one.routes}
    assert {tuple(row[:3]) for row in rows if row.treated != "pass"} == guarded
    assert {tuple(row[:2]) for row in rows if row.treated == "pass"} == {tuple(one) for one in SAFE_ROUTES}
    assert [row.treated for row in rows] == sorted((row.treated for row in rows), key=lambda t: (t == "pass", t))
    paths = {row.path for row in rows}
    listed = [one.path for group in REFUSALS.values() for one in group]
    assert [row.path for row in refused_rows(TABLE)] == [path for path in listed if path not in paths]


def test_what_a_configuration_opens_is_marked() -> None:
    """With all its methods in one row."""
    config = ServerConfig(upstream_url="http://x", passed_paths=("/v1/batches/*",), open_paths=("/v2/answer",))
    rows = [tuple(row) for row in known_rows(route_table(config)) if row.note]
    assert rows == [
        ("POST", "/v2/answer", "openai-chat", "opened by the configuration"),
        ("GET, POST, DELETE", "/v1/batches/*", "pass unread", "opened by the configuration"),
    ]
