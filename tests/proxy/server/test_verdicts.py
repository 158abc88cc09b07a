"""Scores of texts that came not long ago; the texts themselves are nowhere."""

from __future__ import annotations

import pickle

from hypothesis import given
from hypothesis import strategies as st

from proxy.server.verdicts import VerdictCache


def test_the_text_asked_about_longest_ago_is_forgotten() -> None:
    """Asking keeps a text; there is room for two."""
    cache = VerdictCache(b"key", limit=2)
    cache.put("a", (0.1,))
    cache.put("b", (0.2,))
    assert cache.get("a") == (0.1,)
    cache.put("c", (0.3,))
    assert [cache.get(text) for text in "abc"] == [(0.1,), None, (0.3,)]
    assert len(cache) == 2


@given(st.lists(st.text(max_size=8), max_size=30))
def test_every_text_has_its_own_verdict(texts: list[str]) -> None:
    """No two texts share one, lone surrogates included."""
    cache = VerdictCache(b"key")
    for at, text in enumerate(texts):
        cache.put(text, (float(at),))
    last = {text: (float(at),) for at, text in enumerate(texts)}
    assert {text: cache.get(text) for text in texts} == last


def test_no_text_is_kept_and_another_key_gives_other_digests() -> None:
    """What is kept cannot be compared with what another process keeps."""
    one, two = VerdictCache(b"one"), VerdictCache(b"two")
    for cache in (one, two):
        cache.put("a plain sentence", (0.5,))
    assert b"plain" not in pickle.dumps(one._known)
    assert set(one._known).isdisjoint(two._known)


@given(st.lists(st.tuples(st.sampled_from(["", "1", "2", "\0", "\ud800"]), st.sampled_from("ab")), max_size=20))
def test_only_what_the_last_version_said_answers(said: list[tuple[str, str]]) -> None:
    """Whatever was said before, of the same text or another; a version that comes back still means what it said."""
    cache, known = VerdictCache(b"key"), dict[tuple[str, str], tuple[float]]()
    for at, (version, text) in enumerate(said):
        cache.put(text, (float(at),), version)
        known[version, text] = (float(at),)
        cache.version = version
        assert {one: cache.get(one) for one in "ab"} == {one: known.get((version, one)) for one in "ab"}
    cache.version = "3"
    assert [cache.get(text) for text in "ab"] == [None, None]


@given(st.floats(0, 100), st.floats(0, 200))
def test_a_verdict_holds_for_its_time(remember_s: float, later_s: float) -> None:
    """Then the model is asked again, and what it says holds anew; asking does not make it last."""
    clock = [1000.0]
    cache = VerdictCache(b"key", remember_s=remember_s, now_s=lambda: clock[0])
    cache.put("a", (0.1,))
    until_s = 1000.0 + remember_s
    for now_s in (1000.0 + later_s / 2, 1000.0 + later_s):
        clock[0] = now_s
        assert cache.get("a") == ((0.1,) if now_s < until_s else None)
    assert len(cache) == (clock[0] < until_s)
    cache.put("a", (0.2,))
    assert cache.get("a") == ((0.2,) if remember_s and clock[0] + remember_s > clock[0] else None)
