"""Scores from a service, over real HTTP: what is asked, what is sent again, and when it is left alone."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from detectors.toxicity import remote_engine as module
from detectors.toxicity.sources import RemoteSource
from detectors.types import ModelUnavailableError
from proxy.server.model_process import ModelProcess
from tests.support.detectors import built, fed
from tests.support.inference import MODEL, Service, scores_of, serving
from tests.support.models import LABELS

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXTS = ["a calm day", "you nitwit", "\ud800 lone", ""]


@pytest.fixture
def service() -> Iterator[Service]:
    with serving() as running:
        yield running


def source(url: str, **more: Any) -> RemoteSource:
    made = RemoteSource(url, MODEL, "", "text", "scores", LABELS, 5.0, 1, 3, 60.0)
    return dataclasses.replace(made, **more)


def test_a_batch_is_one_question(service: Service) -> None:
    """Over one connection; rows may come flat or nested."""
    engine = source(service.url).load()
    for _ in range(2):
        assert [list(one) for one in engine.scores(TEXTS)] == [scores_of(text) for text in TEXTS]
    service.faults.append("rows")
    assert [list(one) for one in engine.scores(TEXTS)] == [scores_of(text) for text in TEXTS]
    assert [len(asked) for asked in service.asked] == [4, 4, 4]
    assert service.connections == 1
    assert source(service.url + "/", version="2").load().scores(["x"]) == [tuple(scores_of("x"))]


@pytest.mark.parametrize("before", range(0, 160, 20))
def test_a_text_that_may_have_too_many_tokens_is_asked_about_in_parts(service: Service, before: int) -> None:
    """The service would cut off what it cannot read: a word is found wherever it stands among signs."""
    signs = "\U0001f642 "
    text = signs * before + "nitwit " + signs * (160 - before)
    calm, found, short = source(service.url).load().scores(["calm", text, "nitwit"])
    assert (list(calm), list(found), list(short)) == (scores_of("calm"), scores_of("nitwit"), scores_of("nitwit"))
    (asked,) = service.asked
    assert len(asked) > 3
    assert all(len(one.encode()) <= 510 for one in asked)
    assert source(service.url, max_tokens=2000).load().scores([text]) == [found]
    assert service.asked[1:] == [[text]]


def test_it_is_told_which_model_answered(service: Service) -> None:
    """As the service says with each answer; one that failed says nothing."""
    engine = source(service.url, retries=0).load()
    assert engine.version == ""
    for version in ("", "1", "2", "x" * 5000):
        service.version = version
        engine.scores(["x"])
        assert engine.version == f"{MODEL}:{version}"[: module.MAX_VERSION_CHARS]
    service.version, service.faults[:] = "3", ["short"]
    with pytest.raises(ModelUnavailableError):
        engine.scores(["x"])
    assert engine.version.startswith(f"{MODEL}:xxx")


@pytest.mark.parametrize("fault", ["cut", "503", "429"])
def test_what_was_refused_or_cut_off_is_sent_again(service: Service, fault: str) -> None:
    """Once, as it was told."""
    service.faults += [fault]
    assert source(service.url).load().scores(["x"]) == [tuple(scores_of("x"))]
    service.faults += [fault, fault]
    with pytest.raises(ModelUnavailableError):
        source(service.url).load().scores(["x"])
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("400", "the service answered with status 400"),
        ("html", "the answer has no output 'scores', floats in 1 rows of 3"),
        ("short", "the answer has no output 'scores'"),
        ("name", "the answer has no output 'scores'"),
        ("huge", "the answer has no output 'scores'"),
        ("nan", "its scores are not between 0 and 1"),
        ("large", "the answer has no output 'scores'"),
    ],
)
def test_what_is_no_answer_is_not_asked_again(service: Service, fault: str, told: str) -> None:
    """Another try would get the same; nothing of the text is in the words."""
    service.faults += [fault]
    with pytest.raises(ModelUnavailableError) as caught:
        source(service.url).load().scores(["zebra"])
    assert told in str(caught.value)
    assert "zebra" not in str(caught.value)
    assert service.faults == []


def test_what_takes_too_long_is_not_asked_again(service: Service) -> None:
    """The answer would come too late."""
    service.faults += ["hang", "hang"]
    with pytest.raises(ModelUnavailableError, match="ReadTimeoutError"):
        source(service.url, timeout_s=0.05).load().scores(["x"])
    assert service.faults == ["hang"]


def test_a_service_that_fails_is_left_alone_and_tried_again(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After three failures nobody asks; after the pause one question closes the circuit."""
    now_s = 100.0
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now_s))
    engine = source(service.url).load()
    service.faults += ["400"] * 4
    for told in ["status 400"] * 3 + ["left alone"] * 2:
        with pytest.raises(ModelUnavailableError, match=told):
            engine.scores(["x"])
    assert service.faults == ["400"]
    now_s += 60
    with pytest.raises(ModelUnavailableError, match="status 400"):
        engine.scores(["x"])
    with pytest.raises(ModelUnavailableError, match="left alone"):
        engine.scores(["x"])
    now_s += 60
    assert engine.scores(["x"]) == engine.scores(["x"])


def test_nobody_listens() -> None:
    """A service that is down is an error of the moment, not of the policy: loading it succeeds."""
    with serving() as service:
        pass
    detector = built("toxicity", {"model": "remote", "remote": {"url": service.url, "model": MODEL}})
    process = ModelProcess(detector.model)  # type: ignore[attr-defined]
    try:
        process.wait_ready(30.0)
        (why,) = process.scores(["x"], 30.0).scored
    finally:
        process.kill()
    assert why == f"{MODEL}: NewConnectionError"


def test_the_detector_judges_with_it(service: Service) -> None:
    """As a policy says it."""
    remote = {"url": service.url, "model": MODEL, "labels": list(LABELS)}
    detector = built("toxicity", {"model": "remote", "remote": remote, "thresholds": {"insult": 0.5}})
    assert detector.categories == LABELS
    assert "insult" in {one.category for one in fed(detector, "you nitwit").findings}
