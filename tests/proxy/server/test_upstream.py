"""The upstream client: pooling, and TLS that is verified."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from typing import TYPE_CHECKING

import pytest

from proxy.server.faults import UpstreamFault
from proxy.server.upstream import Http1Upstream
from tests.support.gateway import config_for, guarded
from tests.support.upstream import Call, completion, says, scripted

if TYPE_CHECKING:
    from pathlib import Path


async def test_connections_are_reused() -> None:
    """One after the other, exchanges share a connection."""
    async with guarded(says("ok")) as proxy:
        for stream in (True, False, True):
            await proxy.chat(stream=stream)
        assert proxy.upstream.connections == 1


@pytest.mark.parametrize("how", ["close header", "bytes behind", "until close"])
async def test_unclean_connections_are_not_reused(how: str) -> None:
    """A connection that said it closes, or that has bytes left in it, serves nobody else."""
    body = completion("ok")

    async def script(call: Call) -> None:
        if how == "close header":
            await call.whole(body, "200 OK", "application/json", ("Connection", "close"))
        elif how == "bytes behind":
            await call.whole(body)
            await call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nsaid")
        else:
            await call.head("200 OK", "application/json")
            await call.send(body)
            call.hang_up()

    async with guarded(script) as proxy:
        answers = [await proxy.chat(stream=False) for _ in range(3)]
        assert proxy.upstream.connections == 3
    assert [answer.body for answer in answers] == [body] * 3


async def test_bytes_on_an_idle_connection_close_it() -> None:
    """What comes without a request is never the answer to the next one."""

    async def script(call: Call) -> None:
        await call.whole(completion("ok"))
        await asyncio.sleep(0.02)
        call.writer.write(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 6\r\n\r\n"said"')

    async with guarded(script) as proxy:
        await proxy.chat(stream=False)
        await asyncio.sleep(0.08)
        answer = await proxy.chat(stream=False)
    assert answer.body == completion("ok")


async def test_fault_comes_after_what_was_sent_before_it() -> None:
    """Bytes that arrived together with an error are read first."""

    async def script(call: Call) -> None:
        await call.start_stream()
        await call.send(b"2\r\nhi\r\nnonsense\r\n")

    async with scripted(script) as upstream:
        client = Http1Upstream(config_for(upstream.url))
        response = await client.send("GET", "/", [], None)
        assert await response.read() == b"hi"
        with pytest.raises(UpstreamFault):
            await response.read()
        response.close()
        await client.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for localhost with its key."""
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    key, cert = path.with_name("key.pem"), path.with_name("cert.pem")
    command = [
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-days", "2", "-keyout", str(key), "-out", str(cert), "-subj", "/CN=localhost",
        "-addext", "subjectAltName=DNS:localhost",
    ]  # fmt: skip
    try:
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("no openssl command here to make a certificate with")
    path.write_bytes(key.read_bytes() + cert.read_bytes())
    return path


async def _tls_server(certificate: Path) -> tuple[asyncio.Server, int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
            await writer.drain()
            await reader.read()
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    return server, server.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    ("host", "trusted", "works"),
    [("localhost", True, True), ("localhost", False, False), ("127.0.0.1", True, False)],
)
async def test_tls_is_verified(certificate: Path, host: str, trusted: bool, works: bool) -> None:
    """Only a certificate of a known authority for the right name is spoken to."""
    server, port = await _tls_server(certificate)
    ca_file = certificate.with_name("cert.pem") if trusted else None
    client = Http1Upstream(config_for(f"https://{host}:{port}", tls_ca_file=ca_file))
    try:
        if works:
            response = await client.send("GET", "/", [], None)
            assert await response.read() == b"hi"
            assert await response.read() == b""
            response.close()
        else:
            with pytest.raises(UpstreamFault) as caught:
                await client.send("GET", "/", [], None)
            assert caught.value.code == "upstream_tls"
    finally:
        await client.close()
        server.close()
