"""The decoded reading of JSON escapes and its map back."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.guard.unescape import UnescapedView


def read(text: str, cuts: list[int]) -> UnescapedView:
    """Feed a text at cuts, then its end."""
    view = UnescapedView(0)
    last = 0
    for stop in [*sorted({c % (len(text) + 1) for c in cuts}), len(text)]:
        view.feed(text[last:stop], final=False)
        last = stop
    view.feed("", final=True)
    return view


@given(st.text(max_size=30), st.booleans(), st.lists(st.integers(0, 300), max_size=10))
def test_it_decodes_what_json_encodes(value: str, ascii_: bool, cuts: list[int]) -> None:
    """At every cut, the view of a JSON string's content is the string."""
    content = json.dumps(value, ensure_ascii=ascii_)[1:-1]
    view = read(content, cuts)
    expected = json.loads(f'"{content}"').encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert view.buffer.text == expected


@given(st.text('ab\\u0041"nd8', max_size=30), st.lists(st.integers(0, 30), max_size=8))
def test_cut_invariance_and_a_monotone_map(text: str, cuts: list[int]) -> None:
    """Any text, also with broken escapes: same view at every cut; every view offset has its own source offset."""
    view, whole = read(text, cuts), read(text, [])
    assert view.buffer.text == whole.buffer.text
    offsets = [view.to_source(i) for i in range(view.buffer.end + 1)]
    assert offsets == [whole.to_source(i) for i in range(whole.buffer.end + 1)]
    assert offsets == sorted(set(offsets))
    assert offsets[0] == 0
    assert offsets[-1] == len(text)
    for index, source in enumerate(offsets):
        assert view.floor(source) == source
        assert view.from_source(source) == index


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"a\u0040b", "a@b"),
        (r"\ud83d\ude00!", "\U0001f600!"),
        (r"\ud83d!", "\ufffd!"),
        (r"C:\dir", r"C:\dir"),
        (r"\u00zz", r"\u00zz"),
        ("end\\", "end\\"),
        (r"\"q\"", '"q"'),
    ],
)
def test_cases(text: str, expected: str) -> None:
    """Escapes are decoded; what is none stands for itself."""
    assert read(text, []).buffer.text == expected


def test_an_unfinished_escape_is_kept_back() -> None:
    """The map does not pass the beginning of an escape whose end has not come."""
    view = UnescapedView(0)
    view.feed(r"ab\u00", final=False)
    assert view.buffer.text == "ab"
    assert view.to_source(view.buffer.end) == 2
    view.feed("40", final=False)
    assert view.buffer.text == "ab@"
    assert view.floor(5) == 2


def test_a_view_of_a_view_maps_through_both() -> None:
    """JSON nested in a string of JSON: offsets come back to the original."""
    outer = UnescapedView(0)
    source = r"x\\u0041y"
    outer.feed(source, final=True)
    inner = UnescapedView(0, outer)
    inner.feed(outer.buffer.text, final=True)
    assert inner.buffer.text == "xAy"
    assert [inner.to_source(i) for i in range(4)] == [0, 1, 8, 9]
