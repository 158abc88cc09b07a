"""A proxy in a process of its own, and a real model beside it: what is abusive never leaves, also when it dies."""

from __future__ import annotations

from contextlib import suppress
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import psutil

from tests.support.gateway import Proxy, until
from tests.support.models import model_folder
from tests.support.process import product
from tests.support.upstream import says, scripted, texts_of

if TYPE_CHECKING:
    from pathlib import Path

POLICY = f"""
version: 1
name: words
limits: {{deadline: 20s}}
detectors:
  tox: {{type: toxicity, model: "onnx:{model_folder()}"}}
rules:
  - {{id: severe, detector: tox, categories: [severe_toxicity], min_score: 0.8, action: block, direction: both}}
  - {{id: mild, detector: tox, categories: [insult], min_score: 0.8, action: rewrite}}
"""


def model_processes(pid: int) -> list[psutil.Process]:
    found = []
    for child in psutil.Process(pid).children(recursive=True):
        with suppress(psutil.ZombieProcess, psutil.NoSuchProcess):
            if "spawn_main" in " ".join(child.cmdline()):
                found.append(child)
    return found


async def test_abuse_never_leaves_and_a_dead_model_is_replaced(tmp_path: Path) -> None:
    """Rewritten, blocked, refused in a prompt; after SIGKILL the next answer is judged by another process."""
    (tmp_path / "policy.yaml").write_text(POLICY)
    mild = says("A fine day. ", "You are a nit", "wit. ", "Bye.")
    async with scripted(mild) as upstream, product(tmp_path, upstream.url) as process:
        server: Any = SimpleNamespace(url=f"http://127.0.0.1:{process.port}")
        unused: Any = None
        proxy = Proxy(server, upstream, unused, unused)
        assert texts_of((await proxy.chat(stream=True)).body) == "A fine day. [removed] Bye."
        (model,) = model_processes(process.process.pid)
        model.kill()
        await until(lambda: {one.pid for one in model_processes(process.process.pid)} - {model.pid}, 20)
        upstream.script = says("A fine day. ", "What a scoun", "drel.", " Bye.")
        answer = await proxy.chat(stream=True)
        assert texts_of(answer.body).startswith("A fine day. ")
        assert b"scoun" not in answer.body
        assert b"content_filter" in answer.body
        assert (await proxy.chat(stream=False, text="You scoundrel!")).status == 400
        _, metrics = await process.admin("/metrics")
    assert b'sluicegate_model_restarts_total{reason="died"} 1.0' in metrics
