"""Content encodings: decoded and guarded, or refused; bombs are cut (D4, E21)."""

from __future__ import annotations

import gzip
import resource
import time
import zlib
from collections.abc import Callable
from itertools import pairwise

import brotli
import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.server.decoding import INFLATERS, Decoder, decoder_for
from proxy.server.faults import UpstreamFault
from tests.support.gateway import guarded
from tests.support.scale import examples
from tests.support.upstream import Call, chat_stream, completion, texts_of


def _raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACKERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("x-gzip", gzip.compress),
    "deflate": ("deflate", zlib.compress),
    "raw deflate": ("deflate", _raw_deflate),
    "br": ("br", brotli.compress),
    "zstd": ("zstd", zstd.compress),
}


def decode(coding: str, data: bytes, cuts: tuple[int, ...] = (), max_bytes: int = 1 << 26) -> bytes:
    decoder = Decoder(coding, max_bytes)
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    out = b"".join(
        piece for start, end in pairwise(edges) if end > start for piece in decoder.decode(data[start:end])
    )
    decoder.decode_end()
    return out


@pytest.mark.parametrize("name", PACKERS)
@settings(max_examples=examples(60), deadline=None)
@given(data=st.binary(max_size=300).map(lambda part: part * 700), cuts=st.tuples(*[st.integers(0, 1 << 20)] * 3))
def test_round_trip_at_any_cut(name: str, data: bytes, cuts: tuple[int, ...]) -> None:
    """What was packed comes out, however the packed bytes are cut."""
    coding, pack = PACKERS[name]
    if len(data) > 1 << 17:
        data = data[: 1 << 17]
    assert decode(coding, pack(data), cuts) == data


@pytest.mark.parametrize("name", PACKERS)
def test_damage_is_refused(name: str) -> None:
    """A cut, or bytes after the end, are faults."""
    coding, pack = PACKERS[name]
    packed = pack(b"some text " * 50)
    for wrong in (packed[:-1], packed[: len(packed) // 2], packed + b"tail"):
        with pytest.raises(UpstreamFault):
            decode(coding, wrong)
    with pytest.raises(UpstreamFault):
        decode(coding, b"\xff\xfenot packed at all" * 9)


@pytest.mark.parametrize("name", PACKERS)
def test_output_is_bounded(name: str) -> None:
    """The size limit holds to within one step."""
    coding, pack = PACKERS[name]
    decoder = Decoder(coding, 100_000)
    got = 0
    with pytest.raises(UpstreamFault):  # noqa: PT012 - the pieces before the fault count
        for piece in decoder.decode(pack(bytes(range(256)) * 4000)):
            got += len(piece)
    assert got <= 100_000


@pytest.mark.parametrize("codings", [["compress"], ["gzip", "gzip"], ["gzip", "br"], ["made-up"], ["aes128gcm"]])
def test_unknown_and_nested_codings_are_refused(codings: list[str]) -> None:
    """What cannot be decoded is never passed on."""
    with pytest.raises(UpstreamFault):
        decoder_for(codings, 1000)


def test_plain_needs_no_decoder() -> None:
    """Identity is no coding."""
    assert decoder_for([], 10) is None
    assert set(INFLATERS) == {coding for coding, _ in PACKERS.values()}


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("name", PACKERS)
async def test_packed_answers_are_guarded(name: str, stream: bool) -> None:
    """An upstream that packs although identity was asked is read all the same."""
    coding, pack = PACKERS[name]
    raw = b"".join(chat_stream("a zeb", "ra-47 b")) if stream else completion("a zebra-47 b")

    async def script(call: Call) -> None:
        assert call.request.header("accept-encoding") == "identity"
        kind = "text/event-stream" if stream else "application/json"
        await call.whole(pack(raw), "200 OK", kind, ("Content-Encoding", coding))

    async with guarded(script) as proxy:
        answer = await proxy.chat(stream=stream)
    text = texts_of(answer.body) if stream else answer.json()["choices"][0]["message"]["content"]
    assert text == "a [hidden] b"
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize("value", ["compress", "gzip, gzip", "made-up", "identity, made-up"])
async def test_unreadable_encodings_are_502(value: str) -> None:
    """An unknown or nested encoding is refused, not passed raw."""

    async def script(call: Call) -> None:
        await call.whole(completion("x"), "200 OK", "application/json", ("Content-Encoding", value))

    async with guarded(script) as proxy:
        answer = await proxy.chat(stream=False)
    assert (answer.status, answer.code) == (502, "upstream_encoding")


@pytest.mark.parametrize("name", ["gzip", "br", "zstd"])
@pytest.mark.parametrize("kind", ["text/event-stream", "application/json"])
async def test_bombs_are_cut(name: str, kind: str) -> None:
    """A bomb of 256 MB costs less than two seconds and 32 MB (D4)."""
    bomb = _bomb(name)

    async def script(call: Call) -> None:
        await call.whole(bomb, "200 OK", kind, ("Content-Encoding", PACKERS[name][0]))

    async with guarded(script) as proxy:
        before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began_s = time.monotonic()
        answer = await proxy.chat(stream=True)
        assert time.monotonic() - began_s < 2
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 32 << 10
    assert answer.status == 502


def _bomb(name: str) -> bytes:
    """Pack 256 MB in pieces: the test must not hold them itself."""
    piece = b'{"a":"' + b"A" * ((1 << 20) - 6)
    if name == "gzip":
        packer = zlib.compressobj(wbits=31)
        return (
            packer.compress(piece)
            + b"".join(packer.compress(b"A" * (1 << 20)) for _ in range(255))
            + packer.flush()
        )
    if name == "br":
        press = brotli.Compressor(quality=1)
        out = press.process(piece) + b"".join(press.process(b"A" * (1 << 20)) for _ in range(255))
        return bytes(out + press.finish())
    zpacker = zstd.ZstdCompressor()
    out = zpacker.compress(piece) + b"".join(zpacker.compress(b"A" * (1 << 20)) for _ in range(255))
    return out + zpacker.flush()
