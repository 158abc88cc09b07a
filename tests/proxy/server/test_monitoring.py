"""A proxy with a monitor beside it: what passes is counted there, and a killed monitor comes back and goes on."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

from monitor.service.settings import ServiceSettings
from proxy.server.app import running_server
from proxy.server.auditing import processes_aside
from proxy.server.monitoring import plan_for
from tests.support.gateway import POLICY, SECRET, ListSink, Proxy, config_for, until
from tests.support.served_monitor import call
from tests.support.upstream import says, scripted


def counted(folder: Path) -> int:
    try:
        _, slices = call((folder / "monitor" / "address").read_text().strip() + "/api/slices")
    except OSError:
        return -1
    return sum(one["responses"] for one in slices if one["dimension"] == "global")


async def test_what_passes_is_counted_beside_the_proxy(tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY)
    state = tmp_path / "state"
    settings = ServiceSettings(listen_port=0, checkpoint_s=0.3)

    async def until_counted(count: int) -> None:
        for _ in range(400):
            if await asyncio.to_thread(counted, state) == count:
                return
            await asyncio.sleep(0.05)
        raise AssertionError(await asyncio.to_thread(counted, state))

    async with scripted(says(f"a {SECRET} b")) as upstream:
        config = config_for(upstream.url, state_dir=state, monitor=settings, policy_source=str(policy))
        async with running_server(config, hash_key=b"k" * 32) as server:
            proxy = Proxy(server, upstream, ListSink(), server.services.policies.current.policy)
            (process,) = server.aside
            for _ in range(5):
                await proxy.chat(stream=True)
            await until_counted(5)
            pid = process.pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            for _ in range(3):
                await proxy.chat(stream=True)
            await until(lambda: process.pid not in {None, pid}, timeout_s=20)
            await until_counted(8)
        assert (state / "monitor" / "share-0.checkpoint").exists()


def test_it_is_started_where_it_is_wanted() -> None:
    config: Any = config_for("http://127.0.0.1:1", monitor=ServiceSettings(), event_source="/sluicegate/t")
    assert len(processes_aside(config)) == 1
    assert processes_aside(config_for("http://127.0.0.1:1")) == []
    plan = plan_for(config)
    assert (plan.source, plan.topic_prefix, plan.kafka) == ("/sluicegate/t", "sluicegate", None)
    assert plan.outbox_path.parent == config.state_dir
