"""The whole way, on loopback: plain answers, edits, blocks, both modes."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.gateway import REQUEST_POLICY, SECRET, guarded, until
from tests.support.upstream import DONE, Call, chat_stream, completion, delta, says, texts_of


async def test_clean_stream_is_byte_identical() -> None:
    """A stream in which no rule finds anything arrives as it was sent."""
    async with guarded(says("Hello ", "wor", "ld")) as proxy:
        answer = await proxy.chat(stream=True)
    assert (answer.status, answer.complete) == (200, True)
    assert answer.body == b"".join(chat_stream("Hello ", "wor", "ld"))
    assert answer.headers["content-type"] == "text/event-stream"


async def test_clean_whole_answer_is_byte_identical() -> None:
    """So does a whole answer, with its length."""
    async with guarded(says("Hello world")) as proxy:
        answer = await proxy.chat(stream=False)
    assert answer.body == completion("Hello world")
    assert answer.headers["content-length"] == str(len(answer.body))


@pytest.mark.parametrize("stream", [True, False])
async def test_redaction_in_both_modes(stream: bool) -> None:
    """A word cut over three events never leaves, and its incident is recorded."""
    async with guarded(says("a ", SECRET[:2], SECRET[2:4], SECRET[4:], " b")) as proxy:
        answer = await proxy.chat(stream=stream)
    text = texts_of(answer.body) if stream else answer.json()["choices"][0]["message"]["content"]
    assert text == "a [hidden] b"
    assert [getattr(event, "rule", None) for _, _, event in proxy.sink.events] == ["hide"]
    assert (
        proxy.metric(
            "sluicegate_exchanges_total",
            dialect="openai-chat",
            mode="stream" if stream else "whole",
            decision="redact",
        )
        == 1
    )


@pytest.mark.parametrize("stream", [True, False])
async def test_block_in_both_modes(stream: bool) -> None:
    """A blocked answer is a 200 with the dialect's ending."""
    async with guarded(says("eat the ", "forbidden", " fruit", " now")) as proxy:
        answer = await proxy.chat(stream=stream)
    assert (answer.status, answer.complete) == (200, True)
    assert b"content_filter" in answer.body
    assert b"fruit" not in answer.body
    assert answer.body.endswith(DONE) or not stream


async def test_block_closes_the_upstream_at_once() -> None:
    """After a block no more tokens are paid for (A9)."""
    closed = asyncio.Event()

    async def script(call: Call) -> None:
        await call.start_stream()
        await call.chunk(delta("the forbidden fruit, ") + delta("and more"))
        await call.wait_gone(0.25)
        closed.set()

    async with guarded(script) as proxy:
        answer = await proxy.chat(stream=True)
        await asyncio.wait_for(closed.wait(), 1)
    assert answer.complete
    assert b"content_filter" in answer.body


async def test_client_gone_closes_the_upstream() -> None:
    """A client that leaves takes its upstream connection with it."""
    async with guarded(_endless) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        body = b'{"model":"m","stream":true,"messages":[]}'
        writer.write(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
        )
        await reader.readuntil(b"tick")
        writer.close()
        await asyncio.wait_for(proxy.upstream.gone.wait(), 2)
        await until(lambda: not proxy.server.gateway.active)
    assert (
        proxy.metric("sluicegate_exchanges_total", dialect="openai-chat", mode="stream", decision="client_gone")
        == 1
    )


async def _endless(call: Call) -> None:
    await call.start_stream()
    await call.chunk(delta("tick tick "))
    await call.wait_gone()


async def test_request_is_guarded_when_rules_say_so() -> None:
    """A rule for requests edits or stops the prompt."""
    async with guarded(says("fine"), REQUEST_POLICY) as proxy:
        edited = await proxy.chat(stream=False, text=f"my {SECRET}")
        stopped = await proxy.chat(stream=False, text="the forbidden fruit")
    assert edited.status == 200
    assert proxy.upstream.requests[0].json()["messages"][0]["content"] == "my [hidden]"
    assert (stopped.status, stopped.code) == (400, "content_filter")
    assert len(proxy.upstream.requests) == 1


async def test_request_without_rules_is_forwarded_untouched() -> None:
    """The bytes of a request that no rule looks at do not change."""
    body = b'{ "model":"m",  "messages":[{"role":"user","content":"h\\u0069"}] }'
    async with guarded(says("fine")) as proxy:
        await proxy.post("/v1/chat/completions", body)
    assert proxy.upstream.requests[0].body == body


async def test_models_pass_as_json_only() -> None:
    """A listed path passes; what is not JSON does not."""

    async def script(call: Call) -> None:
        if "bad" in call.request.line:
            await call.whole(b"<p>hi", content_type="text/html")
        else:
            await call.whole(b'{"data":[]}')

    async with guarded(script) as proxy:
        good = await proxy.get("/v1/models")
        bad = await proxy.get("/v1/models/bad")
    assert (good.status, good.body) == (200, b'{"data":[]}')
    assert (bad.status, bad.code) == (502, "upstream_type")


async def test_ids_and_policy_on_every_guarded_answer() -> None:
    """Every answer has an id, and names the policy with twelve digits of its revision."""
    async with guarded(says("x")) as proxy:
        answers = [await proxy.chat(stream=True), await proxy.chat(stream=False), await proxy.get("/nope")]
        label = f"test@{proxy.policy.revision[:12]}"
    assert len({answer.headers["x-sluicegate-request-id"] for answer in answers}) == 3
    assert [answer.headers.get("x-sluicegate-policy") for answer in answers] == [label, label, None]


async def test_overload_is_shed() -> None:
    """One exchange too many is answered 503 with Retry-After, and the next one after it is served (B4)."""
    release = asyncio.Event()
    begun = asyncio.Event()

    async def script(call: Call) -> None:
        begun.set()
        await release.wait()
        await call.whole(completion("ok"))

    async with guarded(script, max_connections=1) as proxy:
        first = asyncio.ensure_future(proxy.chat(stream=False))
        await begun.wait()
        shed = await proxy.chat(stream=False)
        release.set()
        assert (await first).status == 200
        assert (await proxy.chat(stream=False)).status == 200
    assert (shed.status, shed.headers["retry-after"], shed.code) == (503, "1", "overloaded")
