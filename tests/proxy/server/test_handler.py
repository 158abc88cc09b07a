"""How an exchange ends when something is wrong: the right envelope, the right decision, no text in the log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.gateway import SECRET, guarded
from tests.support.upstream import Call, says

if TYPE_CHECKING:
    from collections.abc import Sequence


class FailingSink:
    """A bug in the middle of an exchange."""

    async def record(self, _exchange: object, _message: object, _events: Sequence[object]) -> None:
        raise ZeroDivisionError(SECRET)

    def record_end(self, exchange: object) -> None:
        """See `EventSink`."""

    def record_policy(self, change: object) -> None:
        """See `EventSink`."""


@pytest.mark.parametrize("stream", [True, False])
async def test_a_bug_ends_one_exchange_and_passes_no_text(stream: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """The client gets a 500; the log has the kind and place of the error, not its words."""
    async with guarded(says(f"a {SECRET} b")) as proxy:
        proxy.server.services.sink = FailingSink()
        answer = await proxy.chat(stream=stream)
        mode = "stream" if stream else "whole"
        assert proxy.metric("sluicegate_exchanges_total", dialect="openai-chat", mode=mode, decision="failed") == 1
    assert (answer.status, answer.code) == (500, "internal_error")
    printed = "".join(capsys.readouterr())
    assert "ZeroDivisionError" in printed
    assert "test_handler.py" in printed
    assert SECRET not in printed + answer.body.decode()


async def test_an_error_of_the_upstream_is_scanned() -> None:
    """Its JSON comes with its status, edited; what is not JSON is replaced by our own words."""

    async def script(call: Call) -> None:
        if b"html" in call.request.body:
            await call.whole(b"<p>" + SECRET.encode(), "500 Oops", "text/html")
        else:
            await call.whole(json.dumps({"error": {"message": f"no {SECRET}"}}).encode(), "429 Slow Down")

    async with guarded(script) as proxy:
        scanned = await proxy.chat(stream=False)
        replaced = await proxy.chat(stream=False, text="html")
    assert (scanned.status, scanned.json()["error"]["message"]) == (429, "no [hidden]")
    assert (replaced.status, replaced.code) == (500, "upstream_error")
    assert SECRET.encode() not in replaced.body


async def test_a_refused_request_reaches_no_upstream() -> None:
    """A body that is not JSON is the client's fault, in the dialect's envelope."""
    async with guarded(says("x")) as proxy:
        answer = await proxy.post("/v1/chat/completions", b"{not json")
    assert (answer.status, answer.code) == (400, "invalid_json")
    assert proxy.upstream.requests == []


async def test_history_that_lost_its_signature_is_mended_whatever_the_policy() -> None:
    """Thinking that was cut off in an answer does not reach the model again; other requests go as they came."""
    cut = {"type": "thinking", "thinking": "The moon", "signature": ""}
    said = {"type": "text", "text": "Tides."}

    async def script(call: Call) -> None:
        await call.whole(json.dumps({"input_tokens": 7}).encode())

    async with guarded(script) as proxy:
        for content in ([cut, said], [said]):
            asked = {"model": "m", "messages": [{"role": "assistant", "content": content}]}
            answer = await proxy.post("/v1/messages/count_tokens", json.dumps(asked).encode())
            assert answer.json() == {"input_tokens": 7}
    mended, plain = (request.body for request in proxy.upstream.requests)
    assert json.loads(mended) == json.loads(plain)
    assert plain == json.dumps({"model": "m", "messages": [{"role": "assistant", "content": [said]}]}).encode()
