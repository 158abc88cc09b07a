"""The product's own entry point, as a process, between real clients and a scripted model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import openai
import pytest

from tests.support.model import BackgroundLoop, Script, ScriptedModel, Tap
from tests.support.product import served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

POLICY = Path(__file__).with_name("policy.yaml")


@pytest.fixture(scope="session")
def background() -> Iterator[BackgroundLoop]:
    """A loop for the model and the taps."""
    loop = BackgroundLoop()
    yield loop
    loop.close()


@pytest.fixture(scope="session")
def model(background: BackgroundLoop) -> Iterator[ScriptedModel]:
    """The scripted model API."""

    async def make() -> ScriptedModel:
        return await ScriptedModel().start()

    started = background.run(make())
    yield started
    background.run(started.stop())


@pytest.fixture(scope="session")
def proxy_port(model: ScriptedModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a running `sluicegate serve`."""
    arguments = ["--upstream", model.url, "--policy", str(POLICY)]
    with served(arguments, tmp_path_factory.mktemp("proxy")) as (port, _):
        yield port


@pytest.fixture
def tap(background: BackgroundLoop, proxy_port: int) -> Iterator[Tap]:
    """A recording relay before the proxy; clients of a test connect to it."""
    started = background.run(Tap(proxy_port).start())
    yield started
    background.run(started.stop())


@pytest.fixture
def base_url(tap: Tap) -> str:
    """What a client is configured with."""
    return f"http://127.0.0.1:{tap.port}/v1"


@pytest.fixture
def client(base_url: str) -> Iterator[openai.OpenAI]:
    """The official client."""
    with openai.OpenAI(base_url=base_url, api_key="test-key", max_retries=0, timeout=15) as made:
        yield made


@pytest.fixture
def play(model: ScriptedModel, request: pytest.FixtureRequest) -> Callable[[Script], str]:
    """Register a script; returns the name of the model to ask for."""

    def register(script: Script) -> str:
        name = f"m{len(model.scripts)}"
        model.scripts[name] = script
        return name

    return register
