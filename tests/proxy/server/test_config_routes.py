"""What routes come to. What is said of broken ones is in `broken_configs.txt`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from proxy.server.config import RouteConfig
from proxy.server.config_file import load_server_config

if TYPE_CHECKING:
    from pathlib import Path

    from proxy.server.config import ServerConfig


def config(folder: Path, text: str) -> ServerConfig:
    path = folder / "sluicegate.yaml"
    path.write_text(f"version: 1\nupstream: http://127.0.0.1:9\n{text}", encoding="utf-8")
    return load_server_config(path, {}, {})


def test_everything_that_a_route_can_say(tmp_path: Path) -> None:
    """In the order of the file; policies lie beside it."""
    (tmp_path / "own.yaml").write_text("version: 1\nrules: []\n", encoding="utf-8")
    found = config(
        tmp_path,
        """
upstreams: {a: {url: http://127.0.0.1:8}}
tenants: {t: {}}
tenant_header: x-team
routes:
  - {id: one, path: "/a/*", rewrite: "/*", upstream: a, policy: strict}
  - {id: two, model: "gpt-*", tenant: t, policy: own.yaml}
  - {id: three, path: /v2/x, dialect: openai-chat}
  - {id: four, path: "/v1/files/{id}", unread: true}
  - {id: five, path: "/*", refuse: true}
""",
    )
    assert found.routes == (
        RouteConfig(id="one", path="/a/*", rewrite="/*", upstream="a", policy_source="strict"),
        RouteConfig(id="two", model="gpt-*", tenant="t", policy_source=str(tmp_path / "own.yaml")),
        RouteConfig(id="three", path="/v2/x", dialect="openai-chat"),
        RouteConfig(id="four", path="/v1/files/{id}", unread=True),
        RouteConfig(id="five", path="/*", refuses=True),
    )
    assert found.policy_sources == ("default", "strict", str(tmp_path / "own.yaml"))


@pytest.mark.parametrize(
    "routes",
    [
        '[{id: a, path: "/v1/*", model: "gpt-*"}, {id: b, path: "/v1/*"}]',
        '[{id: a, path: "/v1/chat/*", policy: strict}, {id: b, path: "/v1/*"}]',
        '[{id: a, model: "gpt-4*"}, {id: b, model: "gpt-*"}]',
        '[{id: a, path: /v1/models}, {id: b, path: "/v1/models/{model}"}]',
        '[{id: a, path: "/openai/deployments/{deployment}/chat/completions"}]',
        '[{id: a, path: "/openai/deployments/mine/chat/completions"}]',
        '[{id: a, path: "/openai/deployments/*"}]',
        '[{id: a, path: "/x/*", rewrite: "/v1/*"}]',
    ],
)
def test_routes_that_may_all_apply(routes: str, tmp_path: Path) -> None:
    """A wider one below a narrower one is what routes are for."""
    assert config(tmp_path, f"routes: {routes}\n").routes


def test_paths_that_are_opened_elsewhere_lead_somewhere(tmp_path: Path) -> None:
    """`open_paths` and `passed_paths` are in the table that routes lead to."""
    text = 'open_paths: [/v2/x]\npassed_paths: ["/v3/*"]\nroutes: [{id: a, path: /v2/x}, {id: b, path: /v3/y}]\n'
    assert len(config(tmp_path, text).routes) == 2
