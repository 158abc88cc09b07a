"""A model that dies, hangs or runs out of memory never lets text pass unless told so, and recovers by itself."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING, Any

import pytest

from detectors.toxicity.detector import ToxicityDetector
from detectors.types import ChannelKind
from events.schema import Bypass, Failure
from policies.loader import load_policy_text
from policies.problems import PolicyError
from policies.types import Action, Limits, OnError, Rule
from proxy.server import app, model_lane
from proxy.server.app import running_server
from proxy.server.model_lane import Timing
from tests.support.gateway import ListSink, Proxy, config_for, guarded, policy_with, until
from tests.support.models import TroubleSource, model_folder, write_model
from tests.support.upstream import says, scripted, texts_of

if TYPE_CHECKING:
    from pathlib import Path

    from policies.types import Policy

TEXT = frozenset({ChannelKind.TEXT})


def trouble(folder: Path, on_error: OnError, deadline_s: float = 20.0) -> Policy:
    detector = ToxicityDetector("tox", TroubleSource(str(folder)), ("length",), {"length": 0.9})
    rule = Rule(id="tox", detector="tox", action=Action.BLOCK, on_error=on_error, channels=TEXT)
    return policy_with(detector, rule, limits=Limits(deadline_s=deadline_s))


@pytest.mark.parametrize("on_error", list(OnError))
@pytest.mark.parametrize(
    ("how", "reason"), [("die", "error"), ("raise", "error"), ("hang", "deadline"), ("memory", "error")]
)
async def test_a_failed_model_follows_on_error_and_recovers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str, reason: str, on_error: OnError
) -> None:
    """Closed: nothing unjudged leaves and a failure is told. Open: it leaves and a bypass is. Then all is well."""
    monkeypatch.setattr(model_lane, "USUAL", Timing(hang_s=0.5, first_pause_s=0.01, last_pause_s=0.02))
    policy = trouble(tmp_path, on_error, 0.3 if how == "hang" else 20.0)
    async with guarded(says("all is well. ", f"now {how}. ", "after"), policy) as proxy:
        answer = await proxy.chat(stream=False)
        event = proxy.sink.events[0][2]
        proxy.upstream.script = says("as calm as ever")
        async with asyncio.timeout(20):
            while b"as calm as ever" not in (good := await proxy.chat(stream=False)).body:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    assert (f"now {how}".encode() in answer.body) is (on_error is OnError.ALLOW)
    assert isinstance(event, Bypass if on_error is OnError.ALLOW else Failure)
    assert event.reason == reason
    assert good.status == 200


@pytest.mark.parametrize("stream", [True, False])
async def test_a_killed_worker_ends_the_answer_and_not_the_proxy(tmp_path: Path, stream: bool) -> None:
    """SIGKILL while it scores, as when memory runs out: the answer stops, the next one is judged again."""
    policy = trouble(tmp_path, OnError.BLOCK)
    async with guarded(says("well. ", "wait. ", "after"), policy) as proxy:
        (lane,) = proxy.server.services.lanes.models.lanes
        asked = asyncio.ensure_future(proxy.chat(stream=stream))
        await until(lambda: lane.source.batches() == [1, 1] and not lane.is_idle)  # type: ignore[attr-defined]
        assert lane._process is not None
        assert lane._process.pid is not None
        os.kill(lane._process.pid, signal.SIGKILL)
        answer = await asked
        assert proxy.metric("sluicegate_model_restarts_total", reason="died") == 1
        assert proxy.metric("sluicegate_detector_failures_total", detector="tox", reason="error") == 1
    assert b"content_filter" in answer.body
    assert b"wait" not in answer.body
    assert b"after" not in answer.body


WORDS = f"""
version: 1
name: words
detectors:
  tox: {{type: toxicity, model: "onnx:{model_folder()}"}}
rules:
  - {{id: severe, detector: tox, categories: [severe_toxicity], min_score: 0.8, action: block, direction: both}}
  - {{id: mild, detector: tox, categories: [insult], min_score: 0.8, action: rewrite, direction: both}}
"""


async def test_a_real_model_in_a_real_proxy() -> None:
    """A mild insult is taken out and the answer goes on; a severe one ends it; a prompt is judged as well."""
    mild = says("The tide is low. ", "You are such a ", "nitwit today! ", "See you soon.")
    async with guarded(mild, WORDS) as proxy:
        answer = await proxy.chat(stream=True)
        assert texts_of(answer.body) == "The tide is low. [removed] See you soon."
        proxy.upstream.script = says("The tide is low. ", "What a scoundrel", " you are. Bye.")
        answer = await proxy.chat(stream=True)
        assert texts_of(answer.body).startswith("The tide is low. ")
        assert b"scoundrel" not in answer.body
        assert b"content_filter" in answer.body
        assert (await proxy.chat(stream=False, text="You scoundrel.")).status == 400
        assert proxy.metric("sluicegate_model_texts_total", source="cache") > 0


async def test_a_model_file_that_is_gone_stops_the_start(tmp_path: Path) -> None:
    """Between the check of the policy and the start its files went: no port is opened."""
    folder = write_model(tmp_path / "model")
    policy = load_policy_text(WORDS.replace(str(model_folder()), str(folder)))
    (folder / "model.onnx").unlink()
    with pytest.raises(PolicyError, match=r"holds no \.onnx file"):
        async with guarded(says("hi"), policy):
            pass


async def test_nothing_is_lost_that_was_judged_while_a_decision_was_recorded() -> None:
    """The last verdict comes while the first decision is on its way to the disk: what it lets out leaves, too."""
    async with guarded(says("The tide is low. ", "You nitwit! ", "See you", " soon."), WORDS) as proxy:
        (lane,) = proxy.server.services.lanes.models.lanes
        record = proxy.sink.record

        async def slowly(*given: Any) -> None:
            await record(*given)
            await asyncio.sleep(0.05)  # the upstream ends
            await until(lambda: lane.is_idle)
            await asyncio.sleep(0.01)  # its verdict reaches the guard

        proxy.sink.record = slowly  # type: ignore[method-assign]
        answer = await proxy.chat(stream=True)
    assert texts_of(answer.body) == "The tide is low. [removed] See you soon."
    assert answer.body.rstrip().endswith(b"[DONE]")
    assert answer.complete


async def test_a_reload_loads_a_new_model_beside_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broken one changes nothing; a rule that changed loads nothing; a new model is ready when it is in force."""

    async def looks_away(_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(app, "watch", looks_away)
    one, two = write_model(tmp_path / "one"), write_model(tmp_path / "two", labels=("insult", "severe_toxicity"))
    path = tmp_path / "words.yaml"
    path.write_text(WORDS.replace(str(model_folder()), str(one)))
    async with scripted(says("All is well. ", "You nitwit! ", "Bye.")) as upstream:
        config = config_for(upstream.url, policy_source=str(path))
        async with running_server(config, sink=ListSink()) as server:
            models, holder = server.services.lanes.models, server.services.policies
            proxy = Proxy(server, upstream, ListSink(), holder.current.policy)
            (lane,) = models.lanes
            data = (two / "model.onnx").read_bytes()
            (two / "model.onnx").write_bytes(data[:-40])
            path.write_text(WORDS.replace(str(model_folder()), str(two)))
            assert not await holder.reload()
            path.write_text(WORDS.replace(str(model_folder()), str(one)).replace("action: rewrite", "action: flag"))
            assert await holder.reload()
            assert models.lanes == (lane,)
            assert texts_of((await proxy.chat(stream=True)).body) == "All is well. You nitwit! Bye."
            (two / "model.onnx").write_bytes(data)
            path.write_text(WORDS.replace(str(model_folder()), str(two)))
            assert await holder.reload()
            assert [one.ready.done() and one.pid is not None for one in models.lanes] == [True, True]
            assert texts_of((await proxy.chat(stream=True)).body) == "All is well. [removed] Bye."
