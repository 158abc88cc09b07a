"""A running proxy before a scripted upstream, and a client that speaks raw bytes. Nothing is mocked."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from policies.loader import load_policy_text
from policies.types import Limits, Mode, Policy, Rule
from proxy.server.app import running_server
from proxy.server.config import ServerConfig
from tests.support.upstream import scripted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from detectors.types import Detector
    from events.schema import Bypass, Failure, Incident
    from proxy.server.app import RunningServer
    from proxy.server.facts import ExchangeFacts, MessageFacts
    from proxy.server.reload import PolicyChange
    from tests.support.upstream import Script, Upstream

SECRET = "zebra-" + "47"

POLICY = f"""
version: 1
name: test
detectors:
  words: {{type: keywords, words: ["{SECRET}"]}}
  stop: {{type: keywords, words: ["forbidden fruit"]}}
rules:
  - {{id: hide, detector: words, action: redact, replacement: "[hidden]"}}
  - {{id: stop, detector: stop, action: block}}
"""

REQUEST_POLICY = POLICY.replace("action: redact,", "action: redact, direction: both,").replace(
    "action: block", "action: block, direction: both"
)


def policy_with(detector: Detector, *rules: Rule, limits: Limits | None = None) -> Policy:
    """A policy of one detector that no YAML can name."""
    return Policy(
        "one", "0" * 64, Mode.ENFORCE, limits or Limits(), MappingProxyType({detector.name: detector}), rules
    )


class ListSink:
    """Keeps events in memory."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str, Incident | Bypass | Failure]] = []
        self.ended: list[ExchangeFacts] = []
        self.policies: list[PolicyChange] = []

    async def record(
        self, exchange: ExchangeFacts, message: MessageFacts, events: Sequence[Incident | Bypass | Failure]
    ) -> None:
        self.events += [(exchange.request_id, exchange.policy.label, event) for event in events]

    def record_end(self, exchange: ExchangeFacts) -> None:
        self.ended.append(exchange)

    def record_policy(self, change: PolicyChange) -> None:
        self.policies.append(change)


@dataclass(slots=True)
class Proxy:
    """All that a test wants of a running proxy."""

    server: RunningServer
    upstream: Upstream
    sink: ListSink
    policy: Policy

    @property
    def port(self) -> int:
        return int(self.server.url.rpartition(":")[2])

    async def chat(self, *, stream: bool, text: str = "hi", **more: Any) -> Answer:
        payload = {"model": "m", "stream": stream, "messages": [{"role": "user", "content": text}], **more}
        return await self.post("/v1/chat/completions", json.dumps(payload).encode())

    async def post(self, path: str, body: bytes, *headers: tuple[str, str]) -> Answer:
        lines = [f"POST {path} HTTP/1.1", "Host: proxy", f"Content-Length: {len(body)}"]
        if not any(name.lower() == "content-type" for name, _ in headers):
            lines.append("Content-Type: application/json")
        lines += [f"{name}: {value}" for name, value in headers]
        head = ("\r\n".join([*lines, "Connection: close"]) + "\r\n\r\n").encode("latin-1")
        return parse_answer(await self.raw(head + body))

    async def get(self, path: str, *headers: tuple[str, str]) -> Answer:
        lines = [f"GET {path} HTTP/1.1", "Host: proxy", *(f"{n}: {v}" for n, v in headers), "Connection: close"]
        return parse_answer(await self.raw(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")))

    async def raw(self, data: bytes, timeout_s: float = 10.0) -> bytes:
        """Send bytes, return all that comes until the proxy closes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(data)
            async with asyncio.timeout(timeout_s):
                return await reader.read()
        except ConnectionResetError:
            return b""
        finally:
            writer.close()

    def metric(self, name: str, **labels: str) -> float:
        return self.server.services.metrics.registry.get_sample_value(name, labels) or 0.0


@dataclass(slots=True)
class Answer:
    """A parsed response."""

    status: int
    reason: str
    headers: dict[str, str]
    body: bytes
    complete: bool
    """Whether the body ended as its framing says."""
    rest: bytes = field(default=b"")

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.json()["error"]["code"])


def parse_answer(raw: bytes) -> Answer:
    """Parse one response strictly."""
    head, _, rest = raw.partition(b"\r\n\r\n")
    line, *lines = head.decode("latin-1").split("\r\n")
    _, status, reason = line.split(" ", 2)
    headers: dict[str, str] = {}
    for one in lines:
        name, _, value = one.partition(":")
        assert name.lower() not in headers, f"{name} twice"
        headers[name.lower()] = value.strip()
    if int(status) == 100:
        return parse_answer(rest)
    if headers.get("transfer-encoding") == "chunked":
        body, complete, rest = _dechunk(rest)
    else:
        length = int(headers.get("content-length", len(rest)))
        body, rest, complete = rest[:length], rest[length:], len(rest) >= length
    return Answer(int(status), reason, headers, body, complete, rest)


def _dechunk(data: bytes) -> tuple[bytes, bool, bytes]:
    body = b""
    while True:
        size, mark, data = data.partition(b"\r\n")
        if not mark:
            return body, False, b""
        length = int(size, 16)
        if length == 0:
            return body, data[:2] == b"\r\n", data[2:]
        if len(data) < length + 2:
            return body + data[:length], False, b""
        body, data = body + data[:length], data[length + 2 :]


async def until(true: Callable[[], object], timeout_s: float = 8.0) -> None:
    """Wait for what no event tells: counters of the product, descriptors, other processes."""
    async with asyncio.timeout(timeout_s):
        while not true():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.005)


def config_for(upstream_url: str, **more: Any) -> ServerConfig:
    """A configuration with short waits on ephemeral ports."""
    given: dict[str, Any] = {
        "upstream_url": upstream_url,
        "listen_port": 0,
        "admin_port": 0,
        "connect_timeout_s": 2.0,
        "first_byte_timeout_s": 5.0,
        "idle_timeout_s": 5.0,
        "total_timeout_s": 20.0,
        "header_timeout_s": 5.0,
        "body_idle_timeout_s": 5.0,
        "slow_client_timeout_s": 5.0,
        "drain_timeout_s": 1.0,
    }
    return ServerConfig(**{**given, **more})


@asynccontextmanager
async def guarded(script: Script, policy: Policy | str = POLICY, **config: Any) -> AsyncIterator[Proxy]:
    """Run the proxy before a scripted upstream."""
    loaded = load_policy_text(policy) if isinstance(policy, str) else policy
    sink = ListSink()
    async with scripted(script) as upstream:
        settings = config_for(config.pop("upstream_url", upstream.url), **config)
        async with running_server(settings, loaded, sink=sink) as server:
            yield Proxy(server, upstream, sink, loaded)
