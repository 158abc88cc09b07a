"""Described dialects: every message of the broken ones, the examples, and both through a running proxy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from policies.problems import ConfigError
from proxy.server.config_file import load_server_config
from tests.support.broken_table import Broken, read_table
from tests.support.described import FOLDER, events, example, read_events, tgi_stream
from tests.support.gateway import SECRET, guarded

if TYPE_CHECKING:
    from tests.support.upstream import Call

CASES = read_table(Path(__file__).with_name("broken_dialects.txt"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_broken_description_says_where_and_what_to_do(
    case: Broken, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exactly these lines, in the order of the file."""
    monkeypatch.chdir(tmp_path)
    Path("sluicegate.yaml").write_text(case.text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_server_config(Path("sluicegate.yaml"), {}, {})
    assert str(caught.value).split("\n") == case.lines


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_examples_load(path: Path) -> None:
    """Each describes at least one dialect, with paths."""
    dialects = load_server_config(path, {}, {}).dialects
    assert dialects
    assert all(dialect.routes for dialect in dialects)


async def test_a_described_stream_is_guarded() -> None:
    """Cut texts are masked, the repeated text agrees, a block ends as the description says."""

    async def script(call: Call) -> None:
        asked = call.request.json()["inputs"]
        last = ["go ", "on forbidden", " fruit"] if asked == "block" else ["say ", SECRET[:4], SECRET[4:], "!"]
        await call.stream(*(events(event) for event in tgi_stream(last)))

    async with guarded(script, dialects=(example("tgi", "tgi"),)) as proxy:
        answer = await proxy.post("/generate_stream", b'{"inputs":"hide"}')
        assert (answer.status, answer.headers["content-type"]) == (200, "text/event-stream")
        read = read_events(answer.body.replace(b"data: ", b"data:"))
        assert "".join(event["token"]["text"] for event in read) == "say [hidden]!"
        assert read[-1]["generated_text"] == "say [hidden]!"
        read = read_events(
            (await proxy.post("/generate_stream", b'{"inputs":"block"}')).body.replace(b"a: ", b"a:")
        )
        said = "".join(event["token"]["text"] for event in read)
        assert said.startswith("go on ")
        assert read[-1]["details"]["finish_reason"] == "content_filter"
        assert read[-1]["generated_text"] == said
        assert "forbidden" not in said


async def test_a_route_may_name_a_described_dialect(tmp_path: Path) -> None:
    """Beside its own paths; a name that nobody described is told."""

    async def script(call: Call) -> None:
        await call.whole(json.dumps({"generated_text": f"say {SECRET}"}).encode())

    route = "routes:\n  - {id: other, path: /hf/generate, rewrite: /generate, dialect: DIALECT}\n"
    text = (FOLDER / "tgi.yaml").read_text(encoding="utf-8") + route
    (tmp_path / "good.yaml").write_text(text.replace("DIALECT", "tgi"), encoding="utf-8")
    (tmp_path / "bad.yaml").write_text(text.replace("DIALECT", "tgy"), encoding="utf-8")
    with pytest.raises(ConfigError, match="there is no dialect 'tgy'"):
        load_server_config(tmp_path / "bad.yaml", {}, {})
    config = load_server_config(tmp_path / "good.yaml", {}, {})
    async with guarded(script, dialects=config.dialects, routes=config.routes) as proxy:
        answer = await proxy.post("/hf/generate", b'{"inputs":"x"}')
        assert answer.json() == {"generated_text": "say [hidden]"}
        assert proxy.upstream.requests[0].line == "POST /generate HTTP/1.1"


async def test_described_answers_that_are_whole() -> None:
    """Lists too; refusals and errors have the description's envelope; other paths stay closed."""
    said = {"a": f"say {SECRET}", "b": "forbidden fruit"}

    async def script(call: Call) -> None:
        name = call.request.json()["text"]
        if name == "lost":
            await call.whole(b'{"detail":"no such text as %s"}' % SECRET.encode(), "404 Not Found")
        elif name == "list":
            await call.whole(json.dumps([{"label": "safe", "note": SECRET}]).encode())
        else:
            await call.whole(json.dumps({"id": "1", "label": "unsafe", "explanation": said[name]}).encode())

    async with guarded(script, dialects=(example("classifier", "classifier"),)) as proxy:
        answer = await proxy.post("/classify", b'{"text":"a"}')
        assert answer.json() == {"id": "1", "label": "unsafe", "explanation": "say [hidden]"}
        answer = await proxy.post("/classify", b'{"text":"b"}')
        assert {**answer.json(), "explanation": ""} == {
            "id": "1",
            "label": "withheld",
            "scores": [],
            "explanation": "",
        }
        assert answer.json()["explanation"]
        assert (await proxy.post("/classify", b'{"text":"list"}')).json() == [{"label": "safe", "note": "[hidden]"}]
        answer = await proxy.post("/classify", b'{"text":"lost"}')
        assert (answer.status, answer.json()) == (404, {"detail": "no such text as [hidden]"})
        assert (await proxy.post("/classify", b"[]")).json()["detail"]
        assert (await proxy.post("/classify/other", b"{}")).status == 403


async def test_a_described_stream_of_lines() -> None:
    """Also when the upstream gives the layout another of its names; a dead upstream ends with the error."""

    async def script(call: Call) -> None:
        line = json.dumps({"id": "1", "label": "safe", "explanation": f"no {SECRET}"}).encode() + b"\n"
        await call.head("200 OK", "application/jsonl", ("Transfer-Encoding", "chunked"))
        await call.chunk(line)
        if call.request.json()["text"] == "dead":
            call.reset()
        else:
            await call.end_stream()

    async with guarded(script, dialects=(example("classifier", "classifier"),)) as proxy:
        answer = await proxy.post("/classify/batch", b'{"text":"x"}')
        assert answer.headers["content-type"] == "application/x-ndjson"
        assert answer.json() == {"id": "1", "label": "safe", "explanation": "no [hidden]"}
        lines = (await proxy.post("/classify/batch", b'{"text":"dead"}')).body.splitlines()
        assert set(json.loads(lines[-1])) == {"detail"}
