"""A child process that scans: answers, errors, nonsense, death."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from detectors.types import ChannelKind, Finding, ScanResult, Window
from proxy.server.lane_process import MAX_DETECTORS, LaneProcess, LaneProcessError
from tests.support.toy import BrokenDetector, WordDetector

if TYPE_CHECKING:
    from collections.abc import Iterator

WINDOW = Window(ChannelKind.TEXT, "", "a zebra b", 10, final=True)


@contextmanager
def running() -> Iterator[LaneProcess]:
    process = LaneProcess()
    try:
        yield process
    finally:
        process.kill()


def test_it_scans_and_outlives_a_detector_that_raises() -> None:
    """Answers come back; an error comes as its kind only; nonsense comes as an answer no guard accepts."""
    words = WordDetector("words", ("zebra",))
    with running() as process:
        for _ in range(2):
            assert process.scan(words, WINDOW) == ScanResult([Finding("words", "WORD", 12, 17, 1.0)], 19)
        with pytest.raises(LaneProcessError) as caught:
            process.scan(BrokenDetector("broken", RuntimeError("zebra")), WINDOW)
        assert (caught.value.kind, str(caught.value)) == ("RuntimeError", "RuntimeError")
        assert process.scan(BrokenDetector("broken", 17), WINDOW).watermark == -1
        assert process.is_usable()
        more = [WordDetector(f"words-{number}", ("zebra",)) for number in range(MAX_DETECTORS)]
        for detector in more:
            assert process.scan(detector, WINDOW).watermark == 19
        assert not process.is_usable()


def test_a_killed_child_is_an_error_and_not_usable() -> None:
    """Who scans with it then hears so, and does not wait."""
    with running() as process:
        process.kill()
        with pytest.raises(LaneProcessError) as caught:
            process.scan(WordDetector("words", ("zebra",)), WINDOW)
        assert caught.value.kind in {"EOFError", "BrokenPipeError", "ConnectionResetError"}
        process._process.join(5)
        assert not process.is_usable()
