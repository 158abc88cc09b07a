"""The worked example of docs/adding-a-dialect.md does what the page says, and keeps the promises."""

from __future__ import annotations

import importlib
import json
import random
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from proxy.guard.api import GuardState
from proxy.wire.registry import DIALECTS
from proxy.wire.types import FrameRole
from tests.support import generated
from tests.support.dialect_case import DialectCase, Prose
from tests.support.guards import guarded
from tests.support.wire import cuts, frames_of, read

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = (Path(__file__).parents[3] / "docs" / "adding-a-dialect.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """Return the code blocks of the page in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The page followed to the letter, but for the folders: module, registry, recordings, row."""
    module, recordings = blocks("python")
    imported, row = blocks("text")
    (tmp_path / "parrot.py").write_text(module, encoding="utf-8")
    (tmp_path / "parrot_recordings.py").write_text(recordings, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    names: dict[str, Any] = {}
    exec(imported.replace("proxy.wire.", ""), names)
    monkeypatch.setitem(DIALECTS, "parrot", names["PARROT"])
    support = importlib.import_module("parrot_recordings")
    case = eval("{" + row + "}", {"DialectCase": DialectCase, "parrot": support})["parrot"]
    yield SimpleNamespace(dialect=names["PARROT"], recordings=support, case=case)
    for name in ("parrot", "parrot_recordings"):
        sys.modules.pop(name)


def test_the_example_reads_its_recordings(followed: Any) -> None:
    """Each passes as it came, at every cut; an error is a failure."""
    for name, events in followed.recordings.RECORDINGS.items():
        data = followed.recordings.written(events)
        for parts in cuts(data):
            frames, fault = read(followed.dialect.stream_codec(), parts)
            assert fault is None
            assert b"".join(frame.raw for frame in frames) == data
        assert (frames[-1].role is FrameRole.FAILURE) is (name == "error")


def test_the_example_keeps_the_promises(followed: Any) -> None:
    """Generated answers: cuts make no difference, streamed is whole, nothing planted, blocks end as filtered."""
    case, blocked = followed.case, 0
    for seed in range(40):
        chance = random.Random(seed)
        answer = case.answer(Prose(chance, clean=False))
        streamed = guarded(case.spoken.stream_codec(), [answer.stream])
        whole = guarded(case.spoken.body_codec(), [answer.whole])
        assert streamed == guarded(case.spoken.stream_codec(), generated.cut(chance, answer.stream))
        assert case.shown(streamed[0]) == case.shown_whole(whole[0])
        assert streamed[1:] == whole[1:]
        assert not any(value in text for value in answer.planted for text in case.shown(streamed[0]).values())
        if streamed[2] is GuardState.STATE_BLOCKED:
            blocked += 1
            assert streamed[0].endswith(b'data: {"end":"filtered"}\n\n')
            assert json.loads(whole[0])["end"] == "filtered"
    assert blocked


def test_the_example_fails_as_its_clients_expect(followed: Any) -> None:
    """Requests are read, errors have one envelope everywhere, the route is its own."""
    dialect = followed.dialect
    (slot,) = frames_of(dialect.request_codec(), b'{"say":"hello","stream":true}')[0].slots
    assert slot.text == "hello"
    assert dialect.wants_stream({"stream": True}, "/v1/parrot")
    assert dialect.stream_codec().end_failed("gone", "x") == b'data: {"error":"gone"}\n\n'
    assert (
        dialect.body_codec().end_failed("gone", "x") == dialect.error_body(502, "x", "gone") == b'{"error":"gone"}'
    )
    assert [route.path for route in dialect.routes] == ["/v1/parrot"]


def test_the_ollama_modules_are_as_small_as_the_page_says() -> None:
    """Some three hundred lines together."""
    folder = Path(__file__).parents[3] / "proxy" / "wire"
    lines = sum(len((folder / name).read_text().splitlines()) for name in ("ollama.py", "ollama_endings.py"))
    assert 250 < lines < 400
