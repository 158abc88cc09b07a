"""Known request targets match as they are spelled; every trick on a path is refused."""

from __future__ import annotations

import pytest

from proxy.server.faults import ClientFault
from proxy.server.routes import SAFE_ROUTES, RouteTable, Treatment
from proxy.wire.registry import DIALECTS
from proxy.wire.types import Route

TABLE = RouteTable(
    DIALECTS.values(),
    passed=(*SAFE_ROUTES, Route("POST", "/v1/embeddings")),
    opened={"/v1/own": DIALECTS["openai-chat"]},
)

KNOWN = [
    ("POST", "/v1/chat/completions", "openai-chat"),
    ("POST", "/v1/completions", "openai-completions"),
    ("POST", "/v1/own", "openai-chat"),
    ("POST", "/v1beta/models/gemini-2.5-flash:generateContent", "gemini"),
    ("POST", "/v1/projects/p/locations/l/publishers/google/models/m:streamGenerateContent", "gemini"),
    ("GET", "/v1/models", None),
    ("GET", "/v1/models/gpt-4.1:org~x@2", None),
    ("POST", "/v1/embeddings", None),
]


@pytest.mark.parametrize(("method", "path", "dialect"), KNOWN)
@pytest.mark.parametrize("query", ["", "api-version=2024-10-21&x=%20"])
def test_known_targets(method: str, path: str, dialect: str | None, query: str) -> None:
    """A known path is guarded by its dialect or passed, and goes on as it came."""
    target = f"{path}?{query}" if query else path
    match = TABLE.match(method, target)
    assert (match.dialect.name if match.dialect else None) == dialect
    assert match.treatment is (Treatment.PASSED if dialect is None else Treatment.GUARDED)
    assert match.target == target


TRICKS = [
    "/v1/chat/completions/", "//v1/chat/completions", "/v1//chat/completions", "/v1/chat/../chat/completions",
    "/v1/chat/completions%2f", "/v1/chat%2Fcompletions", "/V1/chat/completions", "/v1/./chat/completions",
    "/v1/chat/completions;a=b", "/v1/chat/completions#x", "/v1/chat/completions\\", "http://x/v1/chat/completions",
    "/v1/chat/completions%00", "/%761/chat/completions", "v1/chat/completions", "*", "", "/", "?",
    "/v1/chat/completions\n", " /v1/chat/completions",
]  # fmt: skip


@pytest.mark.parametrize("target", TRICKS)
def test_another_spelling_is_another_path(target: str) -> None:
    """Nothing is decoded, folded or tidied up before it is matched."""
    with pytest.raises(ClientFault) as caught:
        TABLE.match("POST", target)
    assert (caught.value.status, caught.value.code) == (403, "unknown_route")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a%2fb", "a\nb", "a b", "ä", ".hidden"])
def test_a_name_is_one_plain_segment(name: str) -> None:
    """What fills a `{name}` cannot lead elsewhere."""
    with pytest.raises(ClientFault) as caught:
        TABLE.match("GET", f"/v1/models/{name}")
    assert caught.value.status == 403


@pytest.mark.parametrize(
    ("method", "path", "verbs"),
    [("GET", "/v1/chat/completions", "POST"), ("DELETE", "/v1/models", "GET"), ("POST", "/v1/models/m", "GET")],
)
def test_a_known_path_with_another_method(method: str, path: str, verbs: str) -> None:
    """It is 405 and says what the path answers."""
    with pytest.raises(ClientFault) as caught:
        TABLE.match(method, path)
    assert (caught.value.status, caught.value.public) == (405, f"This path answers {verbs} only.")


@pytest.mark.parametrize("method", ["countTokens", "embedContent"])
def test_a_method_of_google_is_a_path_of_its_own(method: str) -> None:
    """It is refused for what it carries, not for its verb."""
    with pytest.raises(ClientFault) as caught:
        TABLE.match("POST", f"/v1beta/models/gemini-2.5-flash:{method}")
    assert (caught.value.status, caught.value.code) == (403, "unknown_route")
    assert "passed_paths" in caught.value.public


@pytest.mark.parametrize("query", ["", "a b", "a\x7f", 'a"', "a#b", "ä", "a<b", "a[0]"])
def test_a_query_that_is_none(query: str) -> None:
    """An empty query, or one with characters that RFC 3986 does not allow, is refused."""
    with pytest.raises(ClientFault) as caught:
        TABLE.match("POST", f"/v1/chat/completions?{query}")
    assert (caught.value.status, caught.value.code) == (400, "bad_query")


@pytest.mark.parametrize(
    ("method", "path", "hint"),
    [("POST", "/v1/answer", 'open_paths: ["/v1/answer"]'), ("GET", "/v1/x", 'passed_paths: ["/v1/x"]')],
)
def test_an_unknown_path_says_how_to_open_it(method: str, path: str, hint: str) -> None:
    """The message names the setting; a path that cannot be shown is not repeated."""
    with pytest.raises(ClientFault) as caught:
        TABLE.match(method, path)
    assert caught.value.public.endswith(hint)
    with pytest.raises(ClientFault) as caught:
        TABLE.match(method, path + "/<b>")
    assert "<b>" not in caught.value.public
