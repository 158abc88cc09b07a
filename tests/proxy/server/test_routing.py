"""Routes on the wire: two scripted upstreams, several policies, keys that stay where they belong (D5)."""

from __future__ import annotations

import asyncio
import itertools
import json
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from policies.loader import load_policy_text
from policies.problems import PolicyError
from proxy.server.app import running_server
from proxy.server.config import RouteConfig, TenantConfig, UpstreamConfig
from proxy.server.tenants import key_hash
from tests.support.gateway import POLICY, SECRET, ListSink, Proxy, config_for, guarded, until
from tests.support.upstream import Call, completion, says, scripted, texts_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.upstream import Script, Upstream

OWN_KEY = "sk-own-" + "o" * 20
CLIENT_KEY = "sk-client-" + "c" * 20
TENANT_KEY = "sk-tenant-" + "t" * 20
CHAT = "/v1/chat/completions"


@asynccontextmanager
async def routed(
    tmp_path: Path, main: Script | None = None, other: Script | None = None
) -> AsyncIterator[tuple[Proxy, Upstream]]:
    """A proxy with the default way, and routes to a second upstream with a key of its own."""
    for name in ("model", "tenant"):
        text = POLICY.replace("name: test", f"name: {name}").replace("[hidden]", f"[{name}]")
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    model, tenant = str(tmp_path / "model.yaml"), str(tmp_path / "tenant.yaml")
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(scripted(main or says(f"a {SECRET} b")))
        second = await stack.enter_async_context(scripted(other or says(f"a {SECRET} b")))
        headers = (("authorization", f"Bearer {OWN_KEY}"), ("x-org", "us"))
        config = config_for(
            first.url,
            upstreams=(
                UpstreamConfig(name="other", url=second.url, headers=headers, secrets=(OWN_KEY.encode(),)),
                UpstreamConfig(name="slow", url=second.url, first_byte_timeout_s=0.05),
            ),
            tenants=(TenantConfig("research", (key_hash(b"", TENANT_KEY),)), TenantConfig("kids")),
            tenant_header="x-team",
            routes=(
                RouteConfig(id="kids", tenant="kids", policy_source=tenant),
                RouteConfig(id="slow", path="/slow/*", rewrite="/*", upstream="slow"),
                RouteConfig(id="other", path="/other/*", rewrite="/*", upstream="other"),
                RouteConfig(id="big", model="big-*", upstream="other", policy_source=model),
                RouteConfig(id="research", tenant="research", policy_source=tenant),
                RouteConfig(id="stored", path="/v1/chat/completions/{id}", dialect="openai-chat"),
                RouteConfig(id="raw", path="/raw/*", unread=True, upstream="other"),
            ),
        )
        sink, policy = ListSink(), load_policy_text(POLICY)
        server = await stack.enter_async_context(running_server(config, policy, sink=sink))
        yield Proxy(server, first, sink, policy), second


def asked(model: Any = "small", **more: Any) -> bytes:
    return json.dumps({"model": model, "messages": [], **more}).encode()


WAYS: list[tuple[str, bytes, tuple[str, str], str, int, str]] = [
    (CHAT, asked(), ("x-a", "b"), "[hidden]", 0, "test"),
    (CHAT, asked("big-1"), ("x-a", "b"), "[model]", 1, "model"),
    ("/other" + CHAT, asked("big-1"), ("x-a", "b"), "[hidden]", 1, "test"),
    (CHAT, asked("big-1"), ("x-team", "kids"), "[tenant]", 0, "tenant"),
    (CHAT, asked(), ("x-team", "research"), "[hidden]", 0, "test"),
    (CHAT, asked(), ("authorization", f"Bearer {TENANT_KEY}"), "[tenant]", 0, "tenant"),
    (CHAT, asked("big-1"), ("authorization", f"Bearer {TENANT_KEY}"), "[model]", 1, "model"),
]


@pytest.mark.parametrize("stream", [False, True])
async def test_ways(tmp_path: Path, stream: bool) -> None:
    """By path, model and tenant: the right upstream hears it at the right path, under the right policy."""
    async with routed(tmp_path) as (proxy, other):
        for path, body, header, text, upstream, policy in WAYS:
            payload = {**json.loads(body), "stream": stream}
            answer = await proxy.post(path, json.dumps(payload).encode(), header)
            said = texts_of(answer.body) if stream else answer.json()["choices"][0]["message"]["content"]
            assert (answer.status, said) == (200, f"a {text} b")
            heard = [proxy.upstream.requests, other.requests]
            assert [len(one) for one in heard] == [1 - upstream, upstream]
            assert [one.line for one in heard[upstream]] == [f"POST {CHAT} HTTP/1.1"]
            assert answer.headers["x-sluicegate-policy"].partition("@")[0] == policy
            assert {label.partition("@")[0] for _, label, _ in proxy.sink.events} == {policy}
            for done in (*heard, proxy.sink.events):
                done.clear()


SMUGGLED: list[tuple[bytes, int, list[Any]]] = [
    (b'{"model":"small","model":"big-1","messages":[]}', 200, [[], ["big-1"]]),
    (b'{"model":"big-1","model":"small","messages":[]}', 200, [["small"], []]),
    (b'{"model":"small","mod\\u0065l":"big-1","messages":[]}', 200, [[], ["big-1"]]),
    (b'{"model":"small","MODEL":"big-1","messages":[]}', 400, [[], []]),
    (b'{"Model":"big-1","messages":[]}', 400, [[], []]),
    (b'{"model":["big-1"],"messages":[]}', 400, [[], []]),
    (b'{"model":{"a":"big-1"},"messages":[]}', 400, [[], []]),
    (b'{"model":7,"messages":[]}', 400, [[], []]),
    (b'{"model":true,"messages":[]}', 400, [[], []]),
    (b'{"model":"","messages":[]}', 400, [[], []]),
    (b'{"model":" big-1","messages":[]}', 400, [[], []]),
    (b'{"model":"big-1\\u0000","messages":[]}', 400, [[], []]),
    (b'{"model":"b\\u0456g-1","messages":[]}', 400, [[], []]),
    (b'{"model":"BIG-1","messages":[]}', 200, [[], ["BIG-1"]]),
    (b'{"model":null,"messages":[]}', 200, [[None], []]),
    (b'{"messages":[]}', 200, [[None], []]),
    (b'{"messages":[{"model":"big-1"}],"model":"small"}', 200, [["small"], []]),
    (b'["model","big-1"]', 400, [[], []]),
    (b'{"model":"big-1"', 400, [[], []]),
    (b"", 400, [[], []]),
]


async def test_the_model_that_decides_is_the_one_that_is_forwarded(tmp_path: Path) -> None:
    """A body in which two servers would see two models is written again, or refused."""
    async with routed(tmp_path) as (proxy, other):
        for body, status, models in SMUGGLED:
            answer = await proxy.post(CHAT, body)
            bodies = [[one.body for one in up.requests] for up in (proxy.upstream, other)]
            assert answer.status == status, body
            assert [[json.loads(one).get("model") for one in some] for some in bodies] == models, body
            assert all(one.count(b'"model"') <= 1 + body.count(b"[{") for some in bodies for one in some), body
            proxy.upstream.requests.clear()
            other.requests.clear()


async def test_a_body_that_is_not_ambiguous_goes_on_as_it_came(tmp_path: Path) -> None:
    """Byte for byte, with its blanks."""
    body = b'{ "messages": [], "model" : "big-1" }'
    async with routed(tmp_path) as (proxy, other):
        await proxy.post(CHAT, body)
        assert [one.body for one in other.requests] == [body]
        answer = await proxy.post(CHAT + "?model=small", body)
    assert (answer.status, answer.code) == (400, "ambiguous_model")


CREDENTIALS = [
    ("Authorization", f"Bearer {CLIENT_KEY}"), ("authorization", CLIENT_KEY), ("X-Api-Key", CLIENT_KEY),
    ("api-key", CLIENT_KEY), ("x-goog-api-key", CLIENT_KEY),
]  # fmt: skip
QUERIES = [
    "",
    f"?key={CLIENT_KEY}",
    f"?a=b&KEY={CLIENT_KEY}",
    f"?k%65y={CLIENT_KEY}&c=d",
    f"?access_token={CLIENT_KEY}",
]


async def test_keys_stay_where_they_belong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """D5: our key reaches the one upstream, the client's the other, and neither any log, metric or answer."""
    seen = ""
    async with routed(tmp_path) as (proxy, other):
        for header, query in itertools.product(CREDENTIALS, QUERIES):
            answers = [
                await proxy.post(CHAT + query, asked("big-1"), header),
                await proxy.post("/raw/v1/x" + query, b"{}", header),
                await proxy.post(CHAT + query, asked(), header),
                await proxy.get("/nope" + query, header),
            ]
            assert [answer.status for answer in answers] == [200, 200, 200, 403]
            ours, theirs = list(other.requests), list(proxy.upstream.requests)
            assert [(one.header("authorization"), one.header("x-org")) for one in ours] == [
                (f"Bearer {OWN_KEY}", "us")
            ] * 2
            assert CLIENT_KEY not in str(ours)
            assert [(one.line, one.header(header[0])) for one in theirs] == [
                (f"POST {CHAT}{query} HTTP/1.1", header[1])
            ]
            assert OWN_KEY not in str(theirs)
            seen += str(answers)
            other.requests.clear()
            proxy.upstream.requests.clear()
        seen += str([*proxy.server.services.metrics.registry.collect()]) + str(proxy.sink.events)
    seen += "".join(capsys.readouterr())
    assert OWN_KEY not in seen
    assert CLIENT_KEY not in seen


ECHOES = {
    "error": ("403 Forbidden", "application/json", b'{"error":{"message":"bad key %s"}}'),
    "unauthorized": ("401 Unauthorized", "application/json", b'{"error":{"message":"bad key %s"}}'),
    "whole": ("200 OK", "application/json", completion("your key is KEY").replace(b"KEY", b"%s")),
    "html": ("500 Oops", "text/html", b"<p>%s</p>"),
    "stream": ("200 OK", "text/event-stream", b'data: {"choices":[{"index":0,"delta":{"content":"k %s"}}]}\n\n'),
}


async def test_an_upstream_that_repeats_our_key(tmp_path: Path) -> None:
    """D5: it does not get through, in a header or in a body, cut anywhere; a 401 is not the client's to mend."""
    now = ECHOES["error"]

    async def script(call: Call) -> None:
        status, kind, body = now
        body = body % OWN_KEY.encode()
        at = body.index(OWN_KEY.encode()) + 9
        await call.head(status, kind, ("Content-Length", str(len(body))), ("x-request-id", OWN_KEY))
        await call.send(body[:at])
        await call.send(body[at:])

    async with routed(tmp_path, other=script) as (proxy, _):
        for name, path in itertools.product(ECHOES, ("/other" + CHAT, "/raw/v1/x")):
            now = ECHOES[name]
            raw = await proxy.raw(
                f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n"
                f"Content-Length: {len(asked())}\r\n\r\n".encode() + asked()
            )  # fmt: skip
            assert raw.startswith(b"HTTP/1.1 502" if name == "unauthorized" else b"HTTP/1.1 "), name
            assert OWN_KEY[:12].encode() not in raw, name


async def test_a_stored_answer_is_guarded(tmp_path: Path) -> None:
    """A path that is opened with a dialect is guarded for GET, too."""
    async with routed(tmp_path) as (proxy, _):
        answer = await proxy.get("/v1/chat/completions/c1", ("Authorization", CLIENT_KEY))
        assert proxy.upstream.requests[0].line == "GET /v1/chat/completions/c1 HTTP/1.1"
    assert answer.json()["choices"][0]["message"]["content"] == "a [hidden] b"


async def test_timeouts_are_those_of_the_upstream(tmp_path: Path) -> None:
    """A route's upstream has its own patience."""

    async def silent(call: Call) -> None:
        await call.wait_gone()

    async with routed(tmp_path, other=silent) as (proxy, _):
        answer = await proxy.post("/slow" + CHAT, asked())
    assert (answer.status, answer.code) == (504, "upstream_timeout")


async def test_routes_are_counted(tmp_path: Path) -> None:
    """By names of the configuration, whatever a client writes."""
    async with routed(tmp_path) as (proxy, _):
        await proxy.post(CHAT, asked("big-1"), ("authorization", f"Bearer {TENANT_KEY}"))
        await proxy.post(CHAT, asked(), ("x-team", "kids"))
        await proxy.post(CHAT, asked(), ("x-team", "anything"))
        await proxy.get("/nope", ("x-team", "kids"))
        await proxy.raw(b"GET /v1/models HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: close\r\n\r\n")
        found = {
            tuple(sample.labels.values()): sample.value
            for metric in proxy.server.services.metrics.registry.collect()
            for sample in metric.samples
            if sample.name == "sluicegate_route_exchanges_total"
        }
    assert found == {
        ("big", "research", "redact"): 1,
        ("kids", "kids", "redact"): 1,
        ("default", "none", "redact"): 1,
        ("kids", "kids", "refused"): 1,
        ("none", "none", "refused"): 1,
    }


async def test_policies_of_routes_reload_together(tmp_path: Path) -> None:
    """One with a mistake keeps all; a stream keeps the one it began with; all are named in the error."""
    async with routed(tmp_path) as (proxy, _):
        holder = proxy.server.services.policies
        before = holder.active
        model, tenant = tmp_path / "model.yaml", tmp_path / "tenant.yaml"
        model.write_text(model.read_text().replace("[model]", "[new]"))
        tenant.write_text("rules: [broken")
        assert not await holder.reload()
        assert holder.active is before
        tenant.write_text(POLICY.replace("[hidden]", "[other]"))
        assert await holder.reload()
        assert holder.active is not before
        assert holder.active[""] is before[""]
        whole = await proxy.post(CHAT, asked("big-1"))
        assert whole.json()["choices"][0]["message"]["content"] == "a [new] b"
        assert await holder.reload()
        assert proxy.metric("sluicegate_config_reloads_total", result="unchanged") == 1


async def test_every_policy_is_checked_before_a_port_is_open(tmp_path: Path) -> None:
    """All mistakes of all policies are in one error."""
    sources = []
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.yaml").write_text("version: 1\nrulez: []\n")
        sources.append(str(tmp_path / f"{name}.yaml"))
    default, *others = sources
    routes = tuple(RouteConfig(id=one[-6], model=one[-6], policy_source=one) for one in others)
    with pytest.raises(PolicyError) as caught:
        async with running_server(config_for("http://127.0.0.1:9", policy_source=default, routes=routes)):
            pass
    assert [line.split(":")[0] for line in str(caught.value).splitlines() if "rulez" in line] == sources


@pytest.mark.parametrize(
    ("body", "kind", "status", "expected"),
    [
        (b'{"a":"a zebra-47 b"}', "application/json", 200, b'{"a":"a [hidden] b"}'),
        (b'{"id":"zebra-47"}', "application/json", 200, b'{"id":"[hidden]"}'),
        (b'data: {"a":"zebra-47"}\n\n', "text/event-stream", 200, b'data: {"a":"[hidden]"}\n\n'),
        (b'data: {"a":"zeb"}\n\ndata: {"a":"ra-47"}\n\n', "text/event-stream", 200,
         b'data: {"a":"zeb"}\n\ndata: {"a":"ra-47"}\n\n'),
        (b'{"a":"forbidden fruit"}', "application/json", 200, b'"object":"chat.completion"'),
        (b'["zebra-47"]', "application/json", 502, b'"code":"upstream_broken"'),
        (b'{"a":"zebra-47"}\n', "application/x-ndjson", 502, b'"code":"upstream_type"'),
    ],
)  # fmt: skip
async def test_what_an_open_path_is_read_as(body: bytes, kind: str, status: int, expected: bytes) -> None:
    """As `openai-chat`: all is scanned, and what it does not know is not joined, as the refusal's message says."""

    async def script(call: Call) -> None:
        await call.whole(body, "200 OK", kind)

    async with guarded(script, open_paths=("/v2/answer",)) as proxy:
        answer = await proxy.post("/v2/answer", b'{"q":"hi"}')
    assert answer.status == status
    assert expected in answer.body


async def test_an_open_path_speaks_the_dialect_that_it_names() -> None:
    """What that dialect joins is joined, and a blocked answer ends as its answers do."""

    async def script(call: Call) -> None:
        said = ["a zeb", "ra-47 b", " forbidden fruit"] if b"halt" in call.request.body else ["a zeb", "ra-47 b"]
        lines = [b'{"message":{"content":"%b"},"done":false}\n' % one.encode() for one in said]
        await call.whole(b"".join(lines), "200 OK", "application/x-ndjson")

    opened = {"open_paths": ("/v2/answer",), "open_dialects": {"/v2/answer": "ollama"}}
    async with guarded(script, **opened) as proxy:
        answer = await proxy.post("/v2/answer", b'{"q":"hi"}')
        blocked = await proxy.post("/v2/answer", b'{"q":"halt"}')
    assert b"".join(json.loads(line)["message"]["content"].encode() for line in answer.body.splitlines()) == (
        b"a [hidden] b"
    )
    assert json.loads(blocked.body.splitlines()[-1])["done_reason"] == "content_filter"


async def test_a_fault_while_the_body_is_read_for_its_model_has_its_event(tmp_path: Path) -> None:
    """Whether the model or the path decides the way, every guarded exchange ends in one event."""
    cut = f"POST {CHAT} HTTP/1.1\r\nHost: p\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{{"
    async with routed(tmp_path) as (proxy, _):
        ended = proxy.sink.ended
        for path in (CHAT, "/other" + CHAT):
            assert (await proxy.post(path, b'{"model":"big-1"')).status == 400
            assert (await proxy.post(path, asked(), ("Content-Type", "text/plain"))).status == 415
            _, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            writer.write(cut.replace(CHAT, path).encode())
            await writer.drain()
            writer.close()
            await until(lambda: len(ended) == 3)
            assert {(facts.route, facts.dialect) for facts in ended} == {(CHAT, "openai-chat")}
            assert [facts.decision for facts in ended] == ["refused", "refused", "client_gone"]
            ended.clear()
        assert (await proxy.post("/raw/v1/x", b"{")).status != 400
        assert (await proxy.post("/v1/unknown", asked("big-1"))).status == 403
        assert ended == [], "nothing is guarded there"
