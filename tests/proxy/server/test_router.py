"""Which way a request goes: the first route that matches, and no spelling gets past one."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from proxy.server.config import RouteConfig, ServerConfig, TenantConfig, UpstreamConfig
from proxy.server.faults import ClientFault
from proxy.server.route_docs import refused
from proxy.server.router import Outcome, Plan, Router, rewritten
from proxy.server.routes import Treatment, route_table
from proxy.server.tenants import key_hash

KEY = "sk-" + "k" * 20
CONFIG = ServerConfig(
    upstream_url="http://x",
    policy_source="default",
    upstreams=(UpstreamConfig(name="claude", url="http://y"), UpstreamConfig(name="local", url="http://z")),
    tenants=(TenantConfig("research", (key_hash(b"", KEY),)), TenantConfig("support")),
    tenant_header="x-team",
    routes=(
        RouteConfig(id="closed", path="/v1/completions", refuses=True),
        RouteConfig(id="support", tenant="support", policy_source="strict"),
        RouteConfig(id="claude", path="/claude/*", rewrite="/*", upstream="claude"),
        RouteConfig(id="llama", model="llama-*", upstream="local", policy_source="shadow"),
        RouteConfig(id="research", tenant="research", model="gpt-*", policy_source="default"),
        RouteConfig(id="answer", path="/v2/answers/{id}", dialect="openai-chat", upstream="local"),
        RouteConfig(id="files", path="/v1/files/*", unread=True),
    ),
)
ROUTER = Router(CONFIG, route_table(CONFIG))
CHAT = "/v1/chat/completions"


def headers(*pairs: tuple[str, str]) -> CIMultiDictProxy[str]:
    return CIMultiDictProxy(CIMultiDict(pairs))


def plan(method: str, target: str, model: str | None = None, *pairs: tuple[str, str]) -> Plan:
    selection = ROUTER.select(method, target, headers(*pairs))
    return selection.decide(model) if selection.needs_model else selection.first


SUPPORT, RESEARCH = ("x-team", "support"), ("authorization", f"Bearer {KEY}")
WAYS: list[tuple[Any, str, str, str, str]] = [
    # request, route, upstream, policy, target
    (("POST", CHAT, "gpt-4"), "default", "", "", CHAT),
    (("POST", CHAT, None), "default", "", "", CHAT),
    (("POST", CHAT, "llama-3"), "llama", "local", "shadow", CHAT),
    (("POST", CHAT, "LLAMA-3"), "llama", "local", "shadow", CHAT),
    (("POST", CHAT, "my-llama-3"), "default", "", "", CHAT),
    (("POST", CHAT, "llama-3", SUPPORT), "support", "", "strict", CHAT),
    (("POST", CHAT, "gpt-4", RESEARCH), "research", "", "", CHAT),
    (("POST", CHAT, "llama-3", RESEARCH), "llama", "local", "shadow", CHAT),
    (("POST", CHAT + "?a=b", "o3", RESEARCH), "default", "", "", CHAT + "?a=b"),
    (("POST", "/claude" + CHAT, "llama-3"), "claude", "claude", "", CHAT),
    (("GET", "/claude/v1/models?limit=5"), "claude", "claude", "", "/v1/models?limit=5"),
    (("GET", "/v1/models"), "default", "", "", "/v1/models"),
    (("GET", "/v1/models/llama-3"), "llama", "local", "shadow", "/v1/models/llama-3"),
    (("POST", "/openai/deployments/llama-3/chat/completions"), "llama", "local", "shadow",
     "/openai/deployments/llama-3/chat/completions"),
    (("POST", "/openai/deployments/gpt/chat/completions", "llama-3"), "default", "", "",
     "/openai/deployments/gpt/chat/completions"),
    (("POST", "/v2/answers/7", "x"), "answer", "local", "", "/v2/answers/7"),
    (("GET", "/v2/answers/7"), "answer", "local", "", "/v2/answers/7"),
    (("DELETE", "/v1/files/f"), "files", "", "", "/v1/files/f"),
    (("POST", "/v1/files/f"), "files", "", "", "/v1/files/f"),
]  # fmt: skip


@pytest.mark.parametrize(("request_", "route", "upstream", "policy", "target"), WAYS)
def test_ways(request_: Any, route: str, upstream: str, policy: str, target: str) -> None:
    """The first route that matches, its upstream and policy, and what the upstream is asked for."""
    found = plan(*request_)
    assert (found.route_id, found.upstream, found.policy_source) == (route, upstream, policy)
    assert found.fault is None
    assert found.match is not None
    assert found.match.target == target


def test_treatments() -> None:
    """A route's own treatment, or that of the table."""
    assert plan("POST", "/v2/answers/7", "x").match.treatment is Treatment.GUARDED  # type: ignore[union-attr]
    assert plan("POST", "/v1/files/f").match.treatment is Treatment.UNREAD  # type: ignore[union-attr]
    assert plan("GET", "/claude/v1/models").match.treatment is Treatment.PASSED  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("method", "target", "route", "status", "code"),
    [
        ("POST", "/v1/completions", "closed", 403, "refused_route"),
        ("GET", "/v1/completions", "closed", 403, "refused_route"),
        ("POST", "/claude/v1/unknown", "claude", 403, "unknown_route"),
        ("GET", "/claude" + CHAT, "claude", 405, "method_not_allowed"),
        ("POST", "/claude/v1/completions/", "default", 403, "unknown_route"),
        ("PUT", "/v1/files/f", "files", 405, "method_not_allowed"),
        ("DELETE", "/v2/answers/7", "answer", 405, "method_not_allowed"),
        ("POST", "/v1/batches", "default", 403, "unknown_route"),
        ("POST", "/v1/batches?model=llama-3", "default", 403, "unknown_route"),
    ],
)
def test_refusals(method: str, target: str, route: str, status: int, code: str) -> None:
    """They are known without a look at the body."""
    selection = ROUTER.select(method, target, headers())
    found = selection.first
    assert not selection.needs_model
    assert found.fault is not None
    assert (found.route_id, found.fault.status, found.fault.code) == (route, status, code)


@pytest.mark.parametrize("query", ["model=gpt-4", "a=b&MODEL=x", "m%6fdel=x"])
def test_a_model_in_the_query_is_ambiguous(query: str) -> None:
    """Where the body's model decides, no other may be named."""
    with pytest.raises(ClientFault) as caught:
        ROUTER.select("POST", f"{CHAT}?{query}", headers())
    assert (caught.value.status, caught.value.code) == (400, "ambiguous_model")


@pytest.mark.parametrize("query", ["", "a b", 'a"'])
def test_a_query_that_is_none(query: str) -> None:
    """It is refused with routes as it is without."""
    bare = Router(ServerConfig(upstream_url="http://x"), route_table(ServerConfig(upstream_url="http://x")))
    assert bare.select("POST", f"{CHAT}?{query}", headers()).first.fault.code == "bad_query"  # type: ignore[union-attr]
    with pytest.raises(ClientFault) as caught:
        ROUTER.select("POST", f"{CHAT}?{query}", headers())
    assert caught.value.code == "bad_query"


def test_why_a_route_does_not_apply() -> None:
    """Each one that was tried says so."""
    tried, tenant = ROUTER.tries("POST", CHAT, headers(RESEARCH))
    assert tenant == "research"
    assert [(one.route_id, one.outcome) for one in tried] == [
        ("closed", Outcome.OTHER_PATH),
        ("support", Outcome.OTHER_TENANT),
        ("claude", Outcome.OTHER_PATH),
        ("llama", Outcome.ASKS_MODEL),
        ("research", Outcome.ASKS_MODEL),
        ("answer", Outcome.OTHER_PATH),
        ("files", Outcome.OTHER_PATH),
        ("default", Outcome.APPLIES),
    ]
    tried, _ = ROUTER.tries("GET", "/v1/models/x", headers())
    assert tried[3].outcome is Outcome.OTHER_MODEL
    tried, _ = ROUTER.tries("POST", "/v1/batches", headers())
    assert tried[3].outcome is Outcome.CLOSED_PATH
    tried, _ = ROUTER.tries("GET", "/v1/models", headers())
    assert tried[3].outcome is Outcome.NO_MODEL


@pytest.mark.parametrize(
    ("pattern", "rewrite", "path", "expected"),
    [("/a/*", "/*", "/a/b/c", "/b/c"), ("/a/*", "/x/y/*", "/a/b", "/x/y/b"), ("/*", "/x/*", "/b", "/x/b"),
     ("/a", "/b", "/a", "/b"), ("/a/*", "", "/a/b", "/a/b"), ("", "", "/c", "/c")],
)  # fmt: skip
def test_rewriting(pattern: str, rewrite: str, path: str, expected: str) -> None:
    """The part that the star stands for stays as it is."""
    assert rewritten(pattern, rewrite, path) == expected


REFUSED = [
    one.path.replace("/*", "/x").replace("{", "").replace("}", "")
    for group in refused(ROUTER.table).values()
    for one in group
]
SPELLINGS = st.sampled_from([
    lambda path: path, lambda path: path + "/", lambda path: "/" + path, str.upper, str.title,
    lambda path: path.replace("/", "//", 1), lambda path: path.replace("/", "/./", 1),
    lambda path: path.replace("/", "/x/../", 1), lambda path: path.replace("a", "%61", 1),
    lambda path: path.replace("/", "%2f"), lambda path: path.replace("/", "\\"), lambda path: path + "%00",
    lambda path: path + "?x=y", lambda path: path + "#x", lambda path: path + ";x=y", lambda path: path + "/..",
    lambda path: "/claude" + path, lambda path: "/claude/" + path, lambda path: "/claude/.." + path,
    lambda path: "/v1/files/.." + path, lambda path: "http://x" + path, lambda path: path + "%20",
    lambda path: path + "\t", lambda path: "/%2e" + path, lambda path: path + "/%2e%2e",
])  # fmt: skip


@given(
    st.sampled_from([path for path in REFUSED if not path.startswith("/v1/files/")]),
    st.lists(SPELLINGS, min_size=1, max_size=3),
    st.sampled_from(["POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"]),
)
def test_no_spelling_of_a_refused_path_goes_anywhere(path: str, spellings: list[Any], method: str) -> None:
    """Whatever is done to it, with and without routes: a request that is not refused has a path that is open."""
    target = path
    for spell in spellings:
        target = spell(target)
    with contextlib.suppress(ClientFault):
        found = ROUTER.select(method, target, headers()).first
        assert found.fault is not None or (
            found.route_id == "files" and found.path.startswith("/v1/files/") and ".." not in found.path
        )
