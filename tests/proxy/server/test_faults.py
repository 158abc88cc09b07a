"""The matrix B3: whatever the upstream does, the client gets a well-formed end and nothing stays behind."""

from __future__ import annotations

import asyncio
import gc
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.gateway import Proxy, guarded
from tests.support.upstream import DONE, Call, chat_stream, completion, delta, payloads_of, says, texts_of

if TYPE_CHECKING:
    from tests.support.upstream import Script

SHORT: dict[str, Any] = {"first_byte_timeout_s": 0.15, "idle_timeout_s": 0.15, "connect_timeout_s": 0.3}
STREAM = b"".join(chat_stream("one ", "two ", "three"))
BODY = completion("one two three")


async def silent(call: Call) -> None:
    await call.wait_gone()


async def head_only(call: Call) -> None:
    await call.start_stream()
    await call.wait_gone()


async def json_head_only(call: Call) -> None:
    await call.head("200 OK", "application/json", ("Content-Length", "10"))
    await call.wait_gone()


async def reset_at_once(call: Call) -> None:
    call.reset()


async def hang_up_at_once(call: Call) -> None:
    call.hang_up()


async def half_a_head(call: Call) -> None:
    await call.send(b"HTTP/1.1 200 OK\r\nContent-Ty")
    call.hang_up()


async def slow_head(call: Call) -> None:
    await call.send(b"HTTP/1.1 200 OK\r\nContent-Type: te")
    await call.wait_gone()


async def not_http(call: Call) -> None:
    await call.send(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
    call.hang_up()


async def html(call: Call) -> None:
    await call.whole(b"<html>Bad gateway, said the text</html>", content_type="text/html")


async def html_declared_json(call: Call) -> None:
    await call.whole(b"<html>said the text</html>")


async def html_declared_stream(call: Call) -> None:
    await call.whole(b"<html>said the text</html>", content_type="text/event-stream")


async def plain_text(call: Call) -> None:
    await call.whole(b"said the text", content_type="text/plain")


async def no_type(call: Call) -> None:
    await call.whole(BODY, content_type=None)


async def two_types(call: Call) -> None:
    await call.whole(BODY, "200 OK", "application/json", ("Content-Type", "text/html"))


async def empty(call: Call) -> None:
    await call.whole(b"")


async def empty_stream(call: Call) -> None:
    await call.stream()


async def no_content(call: Call) -> None:
    await call.head("204 No Content", None)


async def partial_content(call: Call) -> None:
    await call.whole(BODY, "206 Partial Content")


async def truncated_json(call: Call) -> None:
    await call.whole(BODY[:-9])


async def lying_length(call: Call) -> None:
    await call.head("200 OK", "application/json", ("Content-Length", str(len(BODY) + 50)))
    await call.send(BODY)
    call.hang_up()


async def json_array(call: Call) -> None:
    await call.whole(b'"said the text"')


async def redirect(call: Call) -> None:
    await call.whole(b"", "302 Found", "text/html", ("Location", "http://127.0.0.1:1/said"))


async def bad_chunking(call: Call) -> None:
    await call.start_stream()
    await call.send(b"zz\r\nsaid the text\r\n")
    await call.wait_gone()


async def odd_status(call: Call) -> None:
    await call.whole(BODY, "999 Said The Text")


BEFORE: list[tuple[Script, int]] = [
    (silent, 504),
    (head_only, 504),
    (json_head_only, 504),
    (reset_at_once, 502),
    (hang_up_at_once, 502),
    (half_a_head, 502),
    (slow_head, 504),
    (not_http, 502),
    (html, 502),
    (html_declared_json, 502),
    (html_declared_stream, 502),
    (plain_text, 502),
    (no_type, 502),
    (two_types, 502),
    (empty, 502),
    (empty_stream, 502),
    (no_content, 502),
    (partial_content, 502),
    (truncated_json, 502),
    (lying_length, 502),
    (json_array, 502),
    (redirect, 502),
    (bad_chunking, 502),
    (odd_status, 502),
]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(("script", "status"), BEFORE, ids=[script.__name__ for script, _ in BEFORE])
async def test_fault_before_the_first_byte(script: Script, status: int, stream: bool) -> None:
    """An envelope with the right status, none of the upstream's words, and the next request works."""
    async with guarded(script, **SHORT) as proxy:
        began_s = time.monotonic()
        answer = await proxy.chat(stream=stream)
        assert time.monotonic() - began_s < 1.5
        assert (answer.status, answer.complete) == (status, True)
        assert "said" not in (answer.reason + str(answer.headers) + answer.body.decode()).lower()
        assert answer.code.startswith("upstream_")
        await _still_works(proxy)


async def test_refused_connection() -> None:
    """An upstream that is not there is a 502."""
    async with guarded(silent, upstream_url="http://127.0.0.1:1") as proxy:
        answer = await proxy.chat(stream=True)
    assert (answer.status, answer.code) == (502, "upstream_unreachable")


async def _begin(call: Call) -> None:
    await call.start_stream()
    await call.chunk(delta("one ") + delta("two "))


async def stops(call: Call) -> None:
    await _begin(call)
    await call.wait_gone()


async def resets(call: Call) -> None:
    await _begin(call)
    await asyncio.sleep(0.02)  # an RST overtakes what the other side has not read yet
    call.reset()


async def closes(call: Call) -> None:
    await _begin(call)
    call.hang_up()


async def cuts_a_frame(call: Call) -> None:
    await _begin(call)
    await call.chunk(delta("said the text")[:-30])
    await call.end_stream()


async def cuts_a_chunk(call: Call) -> None:
    await _begin(call)
    await call.send(b"ff\r\ndata: said the te")
    call.hang_up()


async def breaks_chunking(call: Call) -> None:
    await _begin(call)
    await asyncio.sleep(0.02)  # likewise: a parser drops what it read together with an error
    await call.send(b"said the text\r\n")
    await call.wait_gone()


async def speaks_no_json(call: Call) -> None:
    await _begin(call)
    await call.chunk(b"data: said the text\n\n")
    await call.wait_gone()


async def huge_frame(call: Call) -> None:
    await _begin(call)
    await call.chunk(b"data: " + b"x" * 70_000)
    await call.wait_gone()


async def no_terminator(call: Call) -> None:
    await _begin(call)
    await call.end_stream()


AFTER: list[Script] = [
    stops, resets, closes, cuts_a_frame, cuts_a_chunk, breaks_chunking, speaks_no_json, huge_frame,
]  # fmt: skip


@pytest.mark.parametrize("script", AFTER, ids=[script.__name__ for script in AFTER])
async def test_fault_after_the_first_byte(script: Script) -> None:
    """The stream ends in the dialect's own way, with an error that an SDK raises, and nothing unread leaves."""
    async with guarded(script, **SHORT, max_frame_bytes=65536) as proxy:
        began_s = time.monotonic()
        answer = await proxy.chat(stream=True)
        assert time.monotonic() - began_s < 1.5
        assert (answer.status, answer.complete) == (200, True)
        payloads = payloads_of(answer.body)
        assert "error" in payloads[-1]
        assert b"said" not in answer.body
        assert texts_of(answer.body) == "one two "
        await _still_works(proxy)


async def test_total_time_is_bounded() -> None:
    """A stream that drips for ever is ended when the total is used up."""

    async def drips(call: Call) -> None:
        await call.start_stream()
        while not call.writer.is_closing():
            await call.chunk(delta("drip "))
            await asyncio.sleep(0.02)

    async with guarded(drips, total_timeout_s=0.3) as proxy:
        answer = await proxy.chat(stream=True)
    assert answer.complete
    assert "error" in payloads_of(answer.body)[-1]


@pytest.mark.parametrize("stream", [True, False])
async def test_one_byte_at_a_time(stream: bool) -> None:
    """Slicing changes nothing."""

    async def slices(call: Call) -> None:
        raw = STREAM if stream else BODY
        kind = "text/event-stream" if stream else "application/json"
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(raw)}\r\n\r\n".encode()
        for byte in head + raw:
            await call.send(bytes([byte]))

    async with guarded(slices) as proxy:
        answer = await proxy.chat(stream=stream)
    assert answer.body == (STREAM if stream else BODY)


@pytest.mark.parametrize("asked", [True, False])
async def test_the_other_mode_than_asked(asked: bool) -> None:
    """JSON where a stream was asked, and the reverse, are guarded as what they are (E20)."""

    async def script(call: Call) -> None:
        if asked:
            await call.whole(completion("the forbidden fruit"))
        else:
            await call.stream(*chat_stream("the forbidden fruit"))

    async with guarded(script) as proxy:
        answer = await proxy.chat(stream=asked)
    assert answer.status == 200
    assert b"fruit" not in answer.body
    assert b"content_filter" in answer.body


async def test_stream_declared_as_json() -> None:
    """The first bytes decide where the declared type is wrong."""

    async def script(call: Call) -> None:
        await call.whole(STREAM)

    async with guarded(script) as proxy:
        answer = await proxy.chat(stream=True)
    assert (answer.body, answer.headers["content-type"]) == (STREAM, "text/event-stream")


async def test_upstream_error_is_scanned_and_passed() -> None:
    """An error object passes with its status; text in it is judged like any other (E23)."""

    async def script(call: Call) -> None:
        prompt = call.request.json()["messages"][0]["content"]
        body = b'{"error":{"message":"about %s","type":"t","param":null,"code":"c"}}' % prompt.encode()
        await call.whole(
            body, "429 Slow Down", "application/json", ("Retry-After", "7"), ("X-RateLimit-Reset", "1s")
        )

    async with guarded(script) as proxy:
        clean = await proxy.chat(stream=True, text="cheese")
        dirty = await proxy.chat(stream=True, text="the forbidden fruit")
    assert (clean.status, clean.json()["error"]["message"]) == (429, "about cheese")
    assert (clean.reason, clean.headers["retry-after"], clean.headers["x-ratelimit-reset"]) == (
        "Too Many Requests", "7", "1s",
    )  # fmt: skip
    assert (dirty.status, dirty.code) == (429, "upstream_error")
    assert b"fruit" not in dirty.body


async def test_upstream_error_that_is_no_json_is_replaced() -> None:
    """Its status stays, its words do not."""

    async def script(call: Call) -> None:
        await call.whole(b"<h1>said nginx</h1>", "503 Said", "text/html")

    async with guarded(script) as proxy:
        answer = await proxy.chat(stream=True)
    assert (answer.status, answer.code) == (503, "upstream_error")
    assert b"said" not in answer.body


async def test_interim_answers_and_trailers_are_dropped() -> None:
    """1xx answers and trailers never reach the client (E22)."""

    async def script(call: Call) -> None:
        await call.send(b"HTTP/1.1 103 Early Hints\r\nLink: said\r\n\r\n")
        await call.start_stream(("Trailer", "X-Said"))
        await call.chunk(STREAM)
        await call.send(b"0\r\nX-Said: said\r\n\r\n")

    async with guarded(script) as proxy:
        raw = await proxy.raw(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTE: trailers\r\n"
            b"Content-Type: application/json\r\nContent-Length: 29\r\n\r\n" + b'{"stream":true,"messages":[]}'
        )
    assert b"said" not in raw.lower()
    assert raw.startswith(b"HTTP/1.1 200 OK\r\n")
    assert raw.endswith(b"0\r\n\r\n")


async def test_bytes_after_the_terminator_are_dropped() -> None:
    """Nothing follows `[DONE]`, and the client does not wait for an upstream that lingers."""

    async def script(call: Call) -> None:
        await call.start_stream()
        await call.chunk(STREAM + delta("said later"))
        await call.wait_gone()

    async with guarded(script) as proxy:
        answer = await proxy.chat(stream=True)
    assert answer.body == STREAM
    assert answer.body.endswith(DONE)


async def test_nothing_is_left_behind() -> None:
    """Tasks and descriptors come back to the baseline after all kinds of ends."""
    scripts = [says("fine"), resets, closes, cuts_a_chunk, reset_at_once, html, truncated_json]
    turn = iter(scripts * 12)

    async def script(call: Call) -> None:
        await next(turn)(call)

    async with guarded(script, **SHORT) as proxy:
        rounds = []
        for _ in range(2):  # the first fills the pool of idle upstream connections
            await asyncio.gather(*(proxy.chat(stream=number % 2 == 0) for number in range(6 * len(scripts))))
            rounds.append(await _open_things())
        before, after = rounds
    assert after[0] <= before[0] + 2
    assert after[1] <= before[1] + 2


async def _open_things() -> tuple[int, int]:
    for _ in range(20):
        await asyncio.sleep(0.005)  # let closed transports go
    gc.collect()
    return len(asyncio.all_tasks()), _descriptors()


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def _still_works(proxy: Proxy) -> None:
    proxy.upstream.script = says("fine")
    answer = await proxy.chat(stream=False)
    assert answer.status == 200
