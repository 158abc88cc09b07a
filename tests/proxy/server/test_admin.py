"""The admin address: health, readiness, metrics, and who may ask."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from proxy.server.admin import AdminError, check_admin_address
from tests.support.bad_tokens import status_for
from tests.support.gateway import guarded
from tests.support.upstream import Call, says

CONTRACT = [
    "exchanges_total", "incidents_total", "bypasses_total", "added_latency_seconds", "held_chars", "scan_seconds",
    "scanned_chars_total", "response_chars_total", "loop_lag_seconds", "config_reloads_total",
]  # fmt: skip


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.7", "example.org"])
def test_other_addresses_need_a_token(host: str) -> None:
    """An address that others can reach is refused without a token."""
    with pytest.raises(AdminError, match="token"):
        check_admin_address(host, None)
    check_admin_address(host, "t")


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.8.8.8"])
def test_loopback_needs_none(host: str) -> None:
    """Loopback is open."""
    check_admin_address(host, None)


async def test_metrics_of_the_contract() -> None:
    """Every metric of the contract is there, and an exchange fills it."""
    async with guarded(says("a zebra-47 b")) as proxy:
        await proxy.chat(stream=True)
        async with httpx.AsyncClient(base_url=proxy.server.admin_url or "") as client:
            page = (await client.get("/metrics")).text
            assert (await client.get("/healthz")).status_code == 200
            assert (await client.get("/readyz")).status_code == 200
            assert (await client.get("/nope")).status_code == 404
    for name in CONTRACT:
        assert f"# HELP sluicegate_{name.removesuffix('_total')}" in page
    assert 'sluicegate_incidents_total{action="redact",category="words",rule="hide"} 1.0' in page
    assert 'sluicegate_scanned_chars_total{detector="words"}' in page
    assert "zebra" not in page


async def test_token_guards_every_route() -> None:
    """With a token, nothing answers without it, known or not."""
    wrong: list[dict[str, str]] = [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "t0ken"}]
    async with (
        guarded(says("x"), admin_token="t0ken") as proxy,
        httpx.AsyncClient(base_url=proxy.server.admin_url or "") as client,
    ):
        for path in ("/healthz", "/readyz", "/metrics", "/nope"):
            for headers in wrong:
                assert (await client.get(path, headers=headers)).status_code == 401
        assert (await client.get("/metrics", headers={"Authorization": "Bearer t0ken"})).status_code == 200
        assert await status_for(proxy.server.admin_url or "", b"Bearer \xff\xfe") == 401


async def test_admin_is_not_on_the_clients_address() -> None:
    """Clients cannot ask for metrics."""
    async with guarded(says("x")) as proxy:
        assert (await proxy.get("/metrics")).status == 403


async def test_draining_is_not_ready() -> None:
    """While it drains the proxy is healthy but not ready."""
    go, begun = asyncio.Event(), asyncio.Event()

    async def script(call: Call) -> None:
        begun.set()
        await go.wait()
        await call.whole(b"{}")

    async with guarded(script) as proxy:
        busy = asyncio.ensure_future(proxy.chat(stream=False))
        await begun.wait()
        drain = asyncio.ensure_future(proxy.server.drain())
        async with httpx.AsyncClient(base_url=proxy.server.admin_url or "") as client:
            await asyncio.sleep(0)
            assert (await client.get("/readyz")).status_code == 503
            assert (await client.get("/healthz")).status_code == 200
        go.set()
        await asyncio.gather(busy, drain)
