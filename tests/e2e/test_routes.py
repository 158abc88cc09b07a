"""Two model APIs and three policies behind one address, through the product's own entry point."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import anthropic
import ollama
import openai
import pytest
from google import genai

from proxy.server.run import fingerprint_key
from proxy.server.tenants import key_hash
from tests.support.model import Script, ScriptedModel, says, script
from tests.support.product import served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.model import BackgroundLoop

ASK: Any = [{"role": "user", "content": "Hello?"}]
OWN_KEY = "sk-own-" + "o" * 20
TENANT_KEY = "sk-tenant-" + "t" * 20
PLAIN_KEY = "sk-plain-" + "p" * 20

POLICY = """
version: 1
name: NAME
detectors: {words: {type: keywords, words: [zebra]}}
rules: [{id: hide, detector: words, action: redact, replacement: "[NAME]"}]
"""

CONFIG = """
version: 1
upstream: MAIN
policy: main.yaml
upstreams:
  own:
    url: OTHER
    headers: {authorization: {env: OWN_KEY, prefix: "Bearer "}}
  dead: {url: "http://127.0.0.1:1"}
limits: {request_size: 64KiB}
tenants:
  research: {key_hashes: ["HASH"]}
routes:
  - {id: dead, path: "/dead/*", rewrite: "/*", upstream: dead}
  - {id: closed, path: /v1/completions, refuse: true}
  - {id: own, path: "/own/*", rewrite: "/*", upstream: own, policy: path.yaml}
  - {id: big, model: "big*", upstream: own, policy: model.yaml}
  - {id: research, tenant: research, policy: tenant.yaml}
"""


@pytest.fixture(scope="module")
def other(background: BackgroundLoop) -> Iterator[ScriptedModel]:
    """A second scripted model API."""

    async def make() -> ScriptedModel:
        return await ScriptedModel().start()

    started = background.run(make())
    yield started
    background.run(started.stop())


@pytest.fixture(scope="module")
def proxy(
    model: ScriptedModel, other: ScriptedModel, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, int, Path]]:
    """Address, admin port and folder of a running proxy."""
    folder = tmp_path_factory.mktemp("routes")
    for name in ("main", "path", "model", "tenant"):
        (folder / f"{name}.yaml").write_text(POLICY.replace("NAME", name))
    hashed = key_hash(fingerprint_key(folder), TENANT_KEY)
    text = CONFIG.replace("MAIN", model.url).replace("OTHER", other.url).replace("HASH", hashed)
    (folder / "sluicegate.yaml").write_text(text)
    with served(["--config", str(folder / "sluicegate.yaml")], folder, {"OWN_KEY": OWN_KEY}) as (port, admin):
        yield f"http://127.0.0.1:{port}", admin, folder


WAYS: list[tuple[str, str, str, str, str]] = [
    # path, key, model; policy, upstream
    ("", PLAIN_KEY, "small", "main", "main"),
    ("/own", PLAIN_KEY, "small", "path", "own"),
    ("", PLAIN_KEY, "big-1", "model", "own"),
    ("", TENANT_KEY, "small", "tenant", "main"),
    ("", TENANT_KEY, "big-1", "model", "own"),
    ("/own", TENANT_KEY, "big-1", "path", "own"),
]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("way", WAYS)
def test_the_way_of_a_request(
    proxy: tuple[str, int, Path], model: ScriptedModel, other: ScriptedModel, way: tuple[str, ...], stream: bool
) -> None:
    """By path, model and tenant: another upstream, another policy, and the official client notices nothing."""
    base, key, name, policy, hears = way
    for api in (model, other):
        api.scripts[name] = script(says(["a ze", "bra b"]))
    before = [len(api.requests) for api in (model, other)]
    with openai.OpenAI(base_url=f"{proxy[0]}{base}/v1", api_key=key, max_retries=0, timeout=15) as client:
        made = client.chat.completions.with_raw_response.create(model=name, messages=ASK, stream=stream)
        parsed: Any = made.parse()
        said = (
            "".join(choice.delta.content or "" for event in parsed for choice in event.choices)
            if stream
            else parsed.choices[0].message.content
        )
    assert said == f"a [{policy}] b"
    assert made.headers["x-sluicegate-policy"].partition("@")[0] == policy
    heard = [len(api.requests) - count for api, count in zip((model, other), before, strict=True)]
    assert heard == ([1, 0] if hears == "main" else [0, 1])


def test_the_proxys_key_stays_with_it(proxy: tuple[str, int, Path], other: ScriptedModel) -> None:
    """Not in errors that repeat it, not in the log, not in the metrics; nor is the client's."""
    error = {"error": {"message": f"Bad key {OWN_KEY}.", "type": "x", "param": None, "code": "y"}}
    other.scripts["big-error"] = Script(whole=error, status=403)
    other.scripts["big-401"] = Script(whole=error, status=401)
    with openai.OpenAI(base_url=f"{proxy[0]}/v1", api_key=PLAIN_KEY, max_retries=0, timeout=15) as client:
        with pytest.raises(openai.PermissionDeniedError) as refused:
            client.chat.completions.create(model="big-error", messages=ASK)
        with pytest.raises(openai.InternalServerError) as unauthorized:
            client.chat.completions.create(model="big-401", messages=ASK)
        with pytest.raises(openai.PermissionDeniedError) as closed:
            client.batches.list()
    assert unauthorized.value.status_code == 502
    assert unauthorized.value.code == "upstream_credential"
    assert "passed_paths" in closed.value.message
    with urllib.request.urlopen(f"http://127.0.0.1:{proxy[1]}/metrics", timeout=5) as answer:
        metrics = answer.read().decode()
    assert 'sluicegate_route_exchanges_total{decision="redact",route="big",tenant="research"}' in metrics
    seen = metrics + (proxy[2] / "log").read_text() + str([refused.value, unauthorized.value, closed.value])
    assert [key for key in (OWN_KEY, PLAIN_KEY, TENANT_KEY) if key in seen] == []


FAULTS: list[tuple[type[openai.APIStatusError], str, str, dict[str, Any]]] = [
    (openai.PermissionDeniedError, "unknown_route", "/v1/batches", {}),
    (openai.PermissionDeniedError, "refused_route", "/v1/completions", {"model": "m", "prompt": "x"}),
    (openai.BadRequestError, "bad_model", "/v1/chat/completions", {"model": 7, "messages": []}),
    (openai.BadRequestError, "ambiguous_model", "/v1/chat/completions", {"model": "a", "Model": "b"}),
    (openai.BadRequestError, "ambiguous_model", "/v1/chat/completions?model=x", {"model": "a"}),
    (openai.APIStatusError, "request_too_large", "/v1/chat/completions", {"messages": ["x" * 70_000]}),
    (openai.InternalServerError, "upstream_unreachable", "/dead/v1/chat/completions", {"model": "m"}),
]
STATUSES = {"request_too_large": 413, "upstream_unreachable": 502}


def test_our_errors_are_the_sdks_exceptions(proxy: tuple[str, int, Path]) -> None:
    """Each one is the class that its status stands for, with our code and our message."""
    with openai.OpenAI(base_url=proxy[0], api_key=PLAIN_KEY, max_retries=0, timeout=15) as client:
        for kind, code, path, body in FAULTS:
            with pytest.raises(kind) as caught:
                client.post(path, cast_to=object, body=body)
            assert caught.value.code == code
            assert caught.value.status_code == STATUSES.get(code, caught.value.status_code)
            assert isinstance(caught.value.body, dict)
            assert str(caught.value.body["message"]) in caught.value.message
        with pytest.raises(openai.APIStatusError) as wrong_method:
            client.get("/v1/chat/completions", cast_to=object)
        with pytest.raises(openai.APIStatusError) as wrong_type:
            client.post("/v1/chat/completions", cast_to=object, options={"headers": {"content-type": "text/plain"}})
    assert (wrong_method.value.status_code, wrong_method.value.code) == (405, "method_not_allowed")
    assert (wrong_type.value.status_code, wrong_type.value.code) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("path", "header", "expected"),
    [
        ("/v1/messages/batches", "accept", {"type": "error", "error": {"type": "permission_error"}}),
        ("/v1/files/f/content", "anthropic-version", {"type": "error", "error": {"type": "permission_error"}}),
        ("/v1beta/files/f", "accept", {"error": {"code": 403, "status": "PERMISSION_DENIED"}}),
        ("/v1/files/f", "x-goog-api-key", {"error": {"code": 403, "status": "PERMISSION_DENIED"}}),
        ("/v1/files/f/content", "accept", {"error": {"type": "permission_error", "code": "unknown_route"}}),
    ],
)
def test_refusals_have_the_form_of_the_clients_api(
    proxy: tuple[str, int, Path], path: str, header: str, expected: dict[str, Any]
) -> None:
    """As the SDK of Anthropic, Google or OpenAI reads them, with the line that opens the path."""
    request = urllib.request.Request(proxy[0] + path, headers={header: "x"})
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=10)
    with caught.value as answer:
        found = json.load(answer)
    assert answer.status == 403
    assert found.get("type") == expected.get("type")
    assert expected["error"].items() <= found["error"].items()
    assert "passed_paths: [" in found["error"]["message"]


def test_the_sdk_of_ollama_raises_our_message(proxy: tuple[str, int, Path]) -> None:
    """`show` would tell a system prompt."""
    with pytest.raises(ollama.ResponseError) as caught:
        ollama.Client(host=proxy[0]).show("m")
    assert caught.value.status_code == 403
    assert 'passed_paths: ["/api/show"]' in caught.value.error


def test_the_sdk_of_anthropic_raises_our_message(proxy: tuple[str, int, Path]) -> None:
    """Its own class, for batches and for files, whose path it shares with OpenAI."""
    with anthropic.Anthropic(base_url=proxy[0], api_key=PLAIN_KEY, max_retries=0) as client:
        for ask in (client.messages.batches.list, lambda: client.beta.files.download("f")):
            with pytest.raises(anthropic.PermissionDeniedError) as caught:
                ask()
            assert caught.value.body["error"]["type"] == "permission_error"
            assert "passed_paths: [" in caught.value.message


def test_the_sdk_of_google_raises_our_message(proxy: tuple[str, int, Path]) -> None:
    """Its own class, with the status that it knows."""
    client = genai.Client(api_key=PLAIN_KEY, http_options={"base_url": proxy[0]})
    with pytest.raises(genai.errors.ClientError) as caught:
        client.files.get(name="f")
    client.close()
    assert (caught.value.code, caught.value.status) == (403, "PERMISSION_DENIED")
    assert "passed_paths: [" in caught.value.message
