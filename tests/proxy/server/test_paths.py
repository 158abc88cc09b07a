"""Patterns of paths: what they match, what is no pattern, and which one covers which."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.server.paths import is_plain, path_pattern, pattern_problem

SEGMENT = st.from_regex(r"[A-Za-z0-9_~@:+-][A-Za-z0-9._~@:+-]{0,8}", fullmatch=True)
PATH = st.lists(SEGMENT, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))
HOSTILE = st.text("/.%a\\?#\x00 ä;*{}", max_size=12)

MATCHES = [
    ("/v1/models", "/v1/models", {}),
    ("/v1/models/{model}", "/v1/models/gpt-4.1:x", {"model": "gpt-4.1:x"}),
    ("/v1beta/models/{model}:generateContent", "/v1beta/models/g-1.5:generateContent", {"model": "g-1.5"}),
    ("/v1beta/models/{model}:generateContent", "/v1beta/models/a:b:generateContent", {"model": "a:b"}),
    ("/a/{one}/b/{two}", "/a/x/b/y", {"one": "x", "two": "y"}),
    ("/a/*", "/a/b", {"rest": "b"}),
    ("/a/*", "/a/b/c.d", {"rest": "b/c.d"}),
    ("/*", "/a", {"rest": "a"}),
    ("/a/{id}/*", "/a/1/b/c", {"id": "1", "rest": "b/c"}),
    ("/", "/", {}),
]


@pytest.mark.parametrize(("pattern", "path", "names"), MATCHES)
def test_what_matches(pattern: str, path: str, names: dict[str, str]) -> None:
    """A name is one segment, a star one or more."""
    assert pattern_problem(pattern) is None
    assert path_pattern(pattern).match(path) == names


@pytest.mark.parametrize(
    "path",
    ["/a", "/a/", "/a//b", "/a/../b", "/a/.b", "/a/b/..", "/a/b/", "/a/%2e", "/A/b", "/ab", "a/b", "/a/b?c",
     "/a/\n", "/a/b\n"],
)  # fmt: skip
def test_what_a_star_does_not_match(path: str) -> None:
    """No empty segment, no dots that lead elsewhere, no escape."""
    assert path_pattern("/a/*").match(path) is None


@pytest.mark.parametrize(
    "text",
    ["", "a", "/a/", "//a", "/a/../b", "/a*", "/*/a", "/a/**", "/{A}", "/{a", "/a}", "/%20", "/ä", "/a b", "/a?b",
     "/{x}/{x}", "/{rest}/*", "/" + "a" * 200, "/a\n", "*", "/{a}{b}"],
)  # fmt: skip
def test_what_is_no_pattern(text: str) -> None:
    """It is told so, and not compiled."""
    assert pattern_problem(text) is not None


@given(PATH)
def test_a_plain_path_is_its_own_pattern(path: str) -> None:
    """It matches itself, and everything under its folder's star does too."""
    assert is_plain(path)
    assert pattern_problem(path) is None or ".." in path
    assert path_pattern(path).match(path) == {}
    assert path_pattern("/*").match(path) == {"rest": path[1:]}


@given(HOSTILE)
def test_nothing_hostile_is_plain_or_matches(text: str) -> None:
    """What a star or a name lets through has one spelling only."""
    path = "/a/" + text
    matched = path_pattern("/a/*").match(path)
    assert (matched is not None) == (is_plain(path) and path != "/a/")
    if matched is not None:
        assert not set("%\\?#\x00 ä;*{}") & set(path)
        assert all(part and not part.startswith(".") for part in path[1:].split("/"))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("/a", "/a", True),
        ("/a", "/b", False),
        ("/a/*", "/a/b", True),
        ("/a/*", "/a/*", True),
        ("/a/*", "/a/b/*", True),
        ("/a/*", "/a/{id}", True),
        ("/a/*", "/a", False),
        ("/a/*", "/ab/*", False),
        ("/a/b/*", "/a/*", False),
        ("/*", "/a/{id}/*", True),
        ("/*", "/", False),
        ("/a/{id}", "/a/b", True),
        ("/a/{id}", "/a/*", False),
        ("/a/b", "/a/{id}", False),
    ],
)
def test_covering(one: str, other: str, expected: bool) -> None:
    """Only what surely is covered."""
    assert path_pattern(one).covers(path_pattern(other)) is expected
