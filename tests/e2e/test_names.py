"""A proxy and a pipeline of spaCy's, each in a process of its own: no name leaves, also when the model dies."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from detectors.names.detector import NamesDetector
from detectors.types import ChannelKind
from events.schema import Bypass, Failure
from policies.loader import load_policy_text
from policies.problems import PolicyError
from policies.types import Action, Limits, OnError, Rule
from proxy.cli.main import run
from proxy.server import model_lane
from proxy.server.model_lane import Timing
from tests.e2e.test_toxicity import model_processes
from tests.support.gateway import Proxy, guarded, policy_with, until
from tests.support.names import NamesTroubleSource, names_folder, write_pipeline
from tests.support.process import product
from tests.support.upstream import says, scripted, texts_of

if TYPE_CHECKING:
    from pathlib import Path

TEXT = frozenset({ChannelKind.TEXT})
POLICY = f"""
version: 1
name: names
limits: {{deadline: 20s}}
detectors:
  names: {{type: names, model: "{names_folder()}"}}
rules:
  - {{id: names, detector: names, action: redact, direction: both}}
"""


async def test_names_never_leave_and_a_dead_model_is_replaced(tmp_path: Path) -> None:
    """Split over events, in both directions; after SIGKILL the next answer is judged by another process."""
    (tmp_path / "policy.yaml").write_text(POLICY)
    split = says("It rained. J. R. R", "oe met Ja", "ne", " Roe in Port", "land, he said. ", "Bye, Dr. J", "ane.")
    expected = "It rained. <PERSON> met <PERSON> in <LOCATION>, he said. Bye, Dr. <PERSON>."
    async with scripted(split) as upstream, product(tmp_path, upstream.url) as process:
        server: Any = SimpleNamespace(url=f"http://127.0.0.1:{process.port}")
        unused: Any = None
        proxy = Proxy(server, upstream, unused, unused)
        assert texts_of((await proxy.chat(stream=True, text="Who is Jane Roe?")).body) == expected
        assert upstream.requests[-1].json()["messages"][-1]["content"] == "Who is <PERSON>?"
        (model,) = model_processes(process.process.pid)
        model.kill()
        await until(lambda: {one.pid for one in model_processes(process.process.pid)} - {model.pid}, 60)
        upstream.script = says("It rained in Port", "land, too.")
        assert texts_of((await proxy.chat(stream=True)).body) == "It rained in <LOCATION>, too."
        _, metrics = await process.admin("/metrics")
    assert b'sluicegate_model_restarts_total{reason="died"} 1.0' in metrics


@pytest.mark.parametrize("on_error", list(OnError))
@pytest.mark.parametrize(("how", "reason"), [("die", "error"), ("raise", "error"), ("hang", "deadline")])
async def test_a_model_that_fails_follows_on_error_and_recovers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str, reason: str, on_error: OnError
) -> None:
    """Closed: nothing unjudged leaves and a failure is told. Open: it leaves and a bypass is. Then all is well."""
    monkeypatch.setattr(model_lane, "USUAL", Timing(hang_s=0.5, first_pause_s=0.01, last_pause_s=0.02))
    detector = NamesDetector("names", NamesTroubleSource(str(tmp_path)), ["PERSON"], None)
    rule = Rule(id="names", detector="names", action=Action.REDACT, on_error=on_error, channels=TEXT)
    policy = policy_with(detector, rule, limits=Limits(deadline_s=0.3 if how == "hang" else 20.0))
    async with guarded(says("all is well. ", f"now {how}. ", "after"), policy) as proxy:
        answer = await proxy.chat(stream=False)
        event = proxy.sink.events[0][2]
        proxy.upstream.script = says("as calm as ever")
        async with asyncio.timeout(20):
            while b"as calm as ever" not in (await proxy.chat(stream=False)).body:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    assert (f"now {how}".encode() in answer.body) is (on_error is OnError.ALLOW)
    assert isinstance(event, Bypass if on_error is OnError.ALLOW else Failure)
    assert event.reason == reason


async def test_a_model_that_went_stops_the_start(tmp_path: Path) -> None:
    """Between the check of the policy and the start its files went: no port is opened."""
    folder = write_pipeline(tmp_path / "model")
    policy = load_policy_text(POLICY.replace(str(names_folder()), str(folder)))
    (folder / "entity_ruler" / "patterns.jsonl").write_text("{")
    with pytest.raises(PolicyError, match="spaCy cannot load it"):
        async with guarded(says("hi"), policy):
            pass


def test_a_policy_whose_model_is_missing_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, the place, and the command that helps."""
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY.replace(str(names_folder()), "en_core_web_nowhere"))
    for command in (["check", "--policy", str(path), str(path)], ["policy", "validate", str(path)]):
        assert run(command) == 2
        said = "".join(capsys.readouterr())
        assert "policy.yaml:6:" in said
        assert "'en_core_web_nowhere' is not installed. Install it with pip" in said
