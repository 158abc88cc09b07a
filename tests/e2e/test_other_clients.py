"""Clients that know nothing of Sluicegate: raw httpx, httpx-sse, curl, and the `llm` command."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx
import httpx_sse
import pytest

from tests.support.leaks import MAIL, cut_in, runs_left
from tests.support.model import Script, says, script

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.model import Tap

    Play = Callable[[Script], str]

EDITED = "Write to <EMAIL_ADDRESS> today."


@pytest.fixture
def name(play: Play) -> str:
    """A model whose answer is masked."""
    return play(script(says(["Write to ", *cut_in(MAIL, 3), " today."])))


def _asked(name: str, *, stream: bool) -> dict[str, object]:
    return {"model": name, "messages": [{"role": "user", "content": "Hello?"}], "stream": stream}


def _text(events: list[str]) -> str:
    assert events[-1] == "[DONE]"
    parsed = [json.loads(event) for event in events[:-1]]
    return "".join(choice["delta"].get("content") or "" for event in parsed for choice in event["choices"])


def test_httpx_sse(base_url: str, name: str, tap: Tap) -> None:
    """An independent SSE parser reads the stream, to its terminator."""
    url, body = f"{base_url}/chat/completions", _asked(name, stream=True)
    with httpx.Client() as client, httpx_sse.connect_sse(client, "POST", url, json=body) as source:
        assert source.response.headers["content-type"].startswith("text/event-stream")
        assert _text([event.data for event in source.iter_sse()]) == EDITED
    assert runs_left(MAIL, bytes(tap.received)) == []


def test_httpx_whole(base_url: str, name: str) -> None:
    """A whole answer has the length that it declares."""
    answer = httpx.post(f"{base_url}/chat/completions", json=_asked(name, stream=False))
    assert answer.json()["choices"][0]["message"]["content"] == EDITED
    assert int(answer.headers["content-length"]) == len(answer.content)


def test_untouched_stream_keeps_its_bytes(base_url: str, play: Play) -> None:
    """Events that no edit touched are the bytes that the model sent."""
    plain = says(["Just ", "words."])
    answer = httpx.post(f"{base_url}/chat/completions", json=_asked(play(script(plain)), stream=True))
    sent = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in plain)
    assert answer.content == sent + b"data: [DONE]\n\n"


def test_bad_json_is_refused(base_url: str) -> None:
    """A request that is no JSON gets an error envelope that says so."""
    answer = httpx.post(
        f"{base_url}/chat/completions", content=b"{not json", headers={"content-type": "application/json"}
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]


@pytest.mark.parametrize("stream", [False, True])
def test_curl(base_url: str, name: str, tap: Tap, stream: bool) -> None:
    """The line of shell that everybody tries first."""
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not installed")
    command = [curl, "-sS", "--fail-with-body", "-N", "--max-time", "15", f"{base_url}/chat/completions"]
    command += ["-H", "content-type: application/json", "-d", json.dumps(_asked(name, stream=stream))]
    printed = subprocess.run(command, capture_output=True, check=True, timeout=20).stdout.decode()
    if stream:
        events = [line.removeprefix("data: ") for line in printed.splitlines() if line]
        assert _text(events) == EDITED
    else:
        assert json.loads(printed)["choices"][0]["message"]["content"] == EDITED
    assert runs_left(MAIL, bytes(tap.received)) == []


@pytest.mark.parametrize("options", [[], ["--no-stream"]])
def test_llm_command(base_url: str, name: str, tap: Tap, tmp_path: Path, options: list[str]) -> None:
    """The `llm` command, given nothing but the address, prints the masked answer."""
    configured = f"- {{model_id: scripted, model_name: {name}, api_base: '{base_url}'}}\n"
    (tmp_path / "extra-openai-models.yaml").write_text(configured, encoding="utf-8")
    environment = {**os.environ, "LLM_USER_PATH": str(tmp_path), "OPENAI_API_KEY": "test-key"}
    command = [sys.executable, "-m", "llm", "-m", "scripted", *options, "Hello?"]
    done = subprocess.run(command, capture_output=True, check=False, timeout=40, env=environment, cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.decode().strip() == EDITED
    assert runs_left(MAIL, bytes(tap.received)) == []
