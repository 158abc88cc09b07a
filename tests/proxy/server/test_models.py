"""Windows on their way to a model: who shares one, what is loaded before it is needed, and when it ends."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from detectors.toxicity.detector import ToxicityDetector
from detectors.types import ChannelKind, Finding, ScanResult, Window
from proxy.guard.api import ScanFailureReason
from proxy.server import models as module
from proxy.server.models import Models
from tests.support.gateway import until
from tests.support.models import TroubleSource
from tests.support.toy import WordDetector

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import pytest

    from detectors.types import ModelDetector

WINDOW = Window(ChannelKind.TEXT, "", "a zebra", 10, final=True)
FOUND = ScanResult([Finding("length", "length", 10, 17, 0.07)], 17)


def detector(source: TroubleSource, name: str = "length") -> ToxicityDetector:
    return ToxicityDetector(name, source, ("length",), {"length": 0.05})


async def judged(models: Models, asked: ModelDetector, window: Window = WINDOW) -> ScanResult | ScanFailureReason:
    done: asyncio.Future[ScanResult | ScanFailureReason] = asyncio.get_running_loop().create_future()
    models.submit(asked, window, 30.0, lambda outcome, _: done.set_result(outcome), "owner")
    return await done


@asynccontextmanager
async def running(errors: list[str] | None = None) -> AsyncIterator[Models]:
    told = errors if errors is not None else []
    made = Models(asyncio.get_running_loop(), on_error=lambda name, error: told.append(f"{name} {error!r}"))
    yield made
    made.close()


@dataclass(frozen=True)
class Raising:
    """A detector whose own code fails."""

    model: TroubleSource
    where: str
    name: str = "raising"

    def inputs(self, window: Window) -> list[str]:
        if self.where == "inputs":
            raise LookupError
        return [window.text]

    def read(self, window: Window, scores: Any) -> ScanResult:
        raise ArithmeticError


async def test_a_window_is_judged_by_the_scores_of_its_texts(tmp_path: Path) -> None:
    """Two detectors of one model share its lane; a window with nothing to judge asks nobody."""
    source = TroubleSource(str(tmp_path))
    async with running() as models:
        assert await models.prepare([detector(source), WordDetector("words", ("zebra",))]) == []
        assert await judged(models, detector(source)) == FOUND
        other = detector(TroubleSource(str(tmp_path)), "other")
        assert models.known(other, WINDOW) == ScanResult([Finding("other", "length", 10, 17, 0.07)], 17)
        assert models.known(other, WINDOW._replace(text="else")) is None
        nothing = Window(ChannelKind.TEXT, "", " -- ", 3, final=True)
        assert await judged(models, other, nothing) == models.known(other, nothing) == ScanResult([], 7)
        assert len(models.lanes) == 1
        assert source.batches() == [1, 1]


async def test_the_texts_of_a_window_are_worked_out_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where several windows are looked up before the first is submitted; what nobody submits is forgotten."""
    windows = [Window(ChannelKind.TEXT, "", "x" * n, n, final=True) for n in range(1, module.MAX_LOOKED_UP + 3)]
    asked: list[Window] = []
    inputs = ToxicityDetector.inputs
    monkeypatch.setattr(
        ToxicityDetector, "inputs", lambda self, window: (asked.append(window), inputs(self, window))[1]
    )
    async with running() as models:
        one = detector(TroubleSource(str(tmp_path)))
        assert [models.known(one, window) for window in windows] == [None] * len(windows)
        for window in windows[2:]:
            await judged(models, one, window)
        assert len(asked) == len(windows)
        await judged(models, one, windows[0])
        assert asked[len(windows) :] == [windows[0]]
        assert models.known(one, windows[0]) is not None
        assert models._looked_up == {}


async def test_what_a_detector_raises_is_a_failed_scan(tmp_path: Path) -> None:
    """Before the model is asked and after it."""
    errors: list[str] = []
    source = TroubleSource(str(tmp_path))
    async with running(errors) as models:
        for where in ("inputs", "read"):
            raising: Any = Raising(source, where)
            assert models.known(raising, WINDOW) is None
            assert await judged(models, raising) is ScanFailureReason.ERROR
    assert errors == ["raising LookupError()", "raising ArithmeticError()"]


async def test_models_that_can_never_be_loaded_are_told(tmp_path: Path) -> None:
    """One that is wrong is named and gone; one that only failed is not a mistake of the policy."""
    async with running() as models:
        wrong = [detector(TroubleSource(str(tmp_path), how)) for how in ("config", "once")]
        assert await models.prepare(wrong) == ["the model is not there. Get one."]
        assert "config" not in {lane.source.how for lane in models.lanes}  # type: ignore[attr-defined]


async def test_a_model_that_no_policy_names_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while, for exchanges that began before; not while one of them waits for it."""
    monkeypatch.setattr(module, "RETIRE_S", 0.01)
    sources = [TroubleSource(str(tmp_path), how) for how in ("", "new")]
    async with running() as models:
        models.keep([])
        await models.prepare([detector(one) for one in sources])  # takes longer than that while
        waiting = asyncio.ensure_future(judged(models, detector(sources[0]), WINDOW._replace(text="wait")))
        await until(lambda: not all(lane.is_idle for lane in models.lanes))
        models.keep([detector(sources[1])])
        await asyncio.sleep(0.05)
        assert len(models.lanes) == 2
        (tmp_path / "gate").touch()
        assert await waiting == ScanResult([], 14)
        await until(lambda: [lane.source for lane in models.lanes] == [sources[1]])


async def test_after_the_end_nobody_waits(tmp_path: Path) -> None:
    """A window that comes when all is closed has failed."""
    async with running() as models:
        models.close()
        assert await judged(models, detector(TroubleSource(str(tmp_path)))) is ScanFailureReason.OVERLOAD
        models.close()
