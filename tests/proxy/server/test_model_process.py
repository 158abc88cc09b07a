"""A process with one model: answers, errors, silence, death, lack of memory, files that are wrong."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from detectors.toxicity.sources import OnnxSource
from proxy.server.model_process import ModelProcess, ModelProcessError
from tests.support.models import LABELS, TroubleSource, model_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from detectors.types import ModelSource

READY_S = 30.0


@contextmanager
def running(source: ModelSource) -> Iterator[ModelProcess]:
    process = ModelProcess(source)
    try:
        process.wait_ready(READY_S)
        yield process
    finally:
        process.kill()


def test_a_real_model_scores_in_its_process() -> None:
    """What comes back is what the model says here."""
    source = OnnxSource(str(model_folder()))
    texts = ["a fine day", "you blockhead"]
    with running(source) as process:
        scored, versions = process.scores(texts, READY_S)
    assert scored == source.load().scores(texts)
    assert all(len(one) == len(LABELS) for one in scored)
    assert versions == ["", ""], "a model in files is always the same"


def test_an_error_fails_alone_and_the_process_goes_on(tmp_path: Path) -> None:
    """Of several texts only the one that raises has no scores; its message does not come back."""
    with running(TroubleSource(str(tmp_path))) as process:
        assert process.scores(["ab", "raise this", "abcd"], READY_S).scored == [(0.02,), "RuntimeError", (0.04,)]
        away = ["ModelUnavailableError"] * 2
        assert process.scores(["away", "ab"], READY_S).scored == away, "nobody asks again what cannot answer"
        assert process.scores(["ab"], READY_S).scored == [(0.02,)]


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are Linux's")
def test_lack_of_memory_is_an_error_like_any_other(tmp_path: Path) -> None:
    """The text that was too much fails, and the next one is scored."""
    with running(TroubleSource(str(tmp_path))) as process:
        assert process.scores(["memory", "ab"], READY_S).scored == ["MemoryError", (0.02,)]
        assert process.scores(["ab"], READY_S).scored == [(0.02,)]
        assert Path(f"/proc/{process.pid}/oom_score_adj").read_text().strip() == "600"


@pytest.mark.parametrize(
    ("text", "kind", "told"),
    [("hang", "hung", "no answer within 0.2 seconds"), ("die", "died", "ended with exit code 3")],
)
def test_silence_and_death_end_the_process(tmp_path: Path, text: str, kind: str, told: str) -> None:
    """Whoever asked hears which of the two it was."""
    with running(TroubleSource(str(tmp_path))) as process:
        with pytest.raises(ModelProcessError) as caught:
            process.scores([text], 0.2 if kind == "hung" else READY_S)
        assert caught.value.kind == kind
        assert told in caught.value.message
        with pytest.raises(ModelProcessError) as again:
            process.scores(["ab"], READY_S)
        assert again.value.kind == "died"


@pytest.mark.parametrize(
    ("how", "kind", "told"),
    [("config", "config", "the model is not there. Get one."), ("once", "load", "(MemoryError)")],
)
def test_a_model_that_cannot_be_loaded_says_why(tmp_path: Path, how: str, kind: str, told: str) -> None:
    """Files that are wrong are told apart from what may pass by itself."""
    process = ModelProcess(TroubleSource(str(tmp_path), how))
    with pytest.raises(ModelProcessError) as caught:
        process.wait_ready(READY_S)
    assert caught.value.kind == kind
    assert told in caught.value.message


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_is_told_to_the_whole_group_does_not_end_it(tmp_path: Path, number: signal.Signals) -> None:
    """Answers that run when the proxy is stopped are still judged: the proxy ends its models when they are over."""
    with running(TroubleSource(str(tmp_path))) as process:
        os.kill(process.pid or 0, number)
        assert process.scores(["ab"], READY_S).scored == [(0.02,)]
    process._process.join(READY_S)
    assert not process._process.is_alive()


def test_loading_has_a_limit(tmp_path: Path) -> None:
    """A process that is not ready in time is killed."""
    process = ModelProcess(TroubleSource(str(tmp_path), "slow"))
    with pytest.raises(ModelProcessError) as caught:
        process.wait_ready(0.05)
    assert caught.value.kind == "load"
    process._process.join(READY_S)
    assert not process._process.is_alive()


def test_too_few_numbers_are_no_answer(tmp_path: Path) -> None:
    """An engine that answers for fewer texts than it was asked about has answered for none."""
    with running(TroubleSource(str(tmp_path), "garbage")) as process:
        assert process.scores(["ab", "abc"], READY_S).scored == ["WrongAnswer"] * 2
