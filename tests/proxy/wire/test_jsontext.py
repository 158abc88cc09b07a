"""Strict JSON: one meaning or an error."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.wire.jsontext import MAX_DEPTH, Editor, dumps, loads
from proxy.wire.types import WireError

_KEYS = st.sampled_from(["a", "b", "", ":", '"', "\\", '\\"', 'a":', " :", "é"]) | st.text(max_size=3)
_LEAVES = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | _KEYS
_VALUES = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3), max_leaves=12
)
_SEPARATORS = st.sampled_from([(",", ":"), (", ", ": "), (",", " : "), (" ,\n", "\t:\n")])


@given(_VALUES, _SEPARATORS, st.booleans())
def test_values_read_back(value: Any, separators: tuple[str, str], ascii_only: bool) -> None:
    """Whatever the blanks and escapes, the value is read, and distinct keys are never called ambiguous."""
    parsed = loads(json.dumps(value, separators=separators, ensure_ascii=ascii_only).encode())
    assert parsed.value == value
    assert not parsed.is_ambiguous


def with_a_repeated_key(text: str, keys: list[str], separators: tuple[str, str]) -> str:
    colon = separators[1]
    pairs = [f"{json.dumps(key)}{colon}1" for key in keys]
    return "{" + ",".join([f'"x"{colon}{text}', *pairs]) + "}"


@given(_VALUES, st.lists(_KEYS, min_size=1, max_size=3, unique=True), _SEPARATORS)
def test_repeated_keys_are_always_seen(value: Any, keys: list[str], separators: tuple[str, str]) -> None:
    """A key twice in one object makes the text ambiguous, wherever it is and whatever else is in it."""
    inner = json.dumps(value, separators=separators)
    text = with_a_repeated_key(inner, [*keys, keys[0]], separators)
    assert loads(text.encode()).is_ambiguous
    assert loads(f"[{text}]".encode()).is_ambiguous


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":1}',
        '{"a":1,"\\u0061":2}',
        '{"a":":","a":1}',
        '{"a":{"b":1,"b":2}}',
        '[{"k":"\\":","k":1}]',
        '{"a\\\\":1,"a\\\\":2}',
        '{"a" :1,"a" :2}',
    ],
)
def test_ambiguous(text: str) -> None:
    """Escapes and blanks hide no repeated key; the last one wins, as the client will be told."""
    parsed = loads(text.encode())
    assert parsed.is_ambiguous
    assert parsed.value == json.loads(text)


def test_lone_surrogates_become_replacement_characters() -> None:
    """What has no UTF-8 form is replaced, and the text is not forwarded as it came."""
    parsed = loads(b'{"\\ud800":["a\\udc00b","\\ud83c\\udf0a"]}')
    assert parsed.is_ambiguous
    assert parsed.value == {"\ufffd": ["a\ufffdb", "🌊"]}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"nul",
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b'{"a":NaN,"b":"\\ud800"}',
        b'{"a":1e999,"b":"\\ud800"}',
        b"1e999",
        b"{} {}",
        b"'a'",
        b'{"a":1,}',
        b'"a\nb"',
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b"\xef\xbb\xbf{}",
        b'"\\x41"',
        b'"\\ud800',
        b"01",
        b"// c\n1",
        b"[" * 5000,
        b"[" * 2000 + b"]" * 2000,
        b'["\\ud800",' + b"[" * 3000 + b"]" * 3000 + b"]",
    ],
)
def test_not_json(raw: bytes) -> None:
    """What is not one JSON value is the peer's fault."""
    with pytest.raises(WireError) as caught:
        loads(raw)
    assert caught.value.public.startswith("the peer sent")


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_depth(opening: str) -> None:
    """The limit on nesting is exact, with blanks and without."""
    closing = {"[": "]", '{"a":': "}"}[opening]
    for blank in ("", " "):
        good = opening * MAX_DEPTH + blank + "1" + closing * MAX_DEPTH
        loads(good.encode())
        with pytest.raises(WireError, match="nested deeper"):
            loads((opening + good + closing).encode())


@pytest.mark.parametrize(
    "digits",
    ["9223372036854775807", "18446744073709551615", "18446744073709551616", "-9223372036854775809", "4" * 300],
)
def test_both_parsers_read_numbers_alike(digits: str) -> None:
    """Whether a lone surrogate stands beside it makes no difference to an integer."""
    fast = loads(f"[1,{digits}]".encode()).value
    slow = loads(f'["\\ud800",{digits}]'.encode()).value
    assert (fast[1], type(fast[1])) == (slow[1], type(slow[1]))
    assert loads(dumps(slow)).value == slow


def test_dumps_writes_one_line_for_every_reader() -> None:
    """Nothing that any reader takes for a line ending is left unescaped."""
    value = {"a": "".join(map(chr, range(0x20))) + "\x85\u2028\u2029é"}
    text = dumps(value)
    assert len(text.decode().splitlines()) == 1
    assert json.loads(text) == value


def test_editor_leaves_the_original_alone() -> None:
    """Only the copies along the edited paths change."""
    value = {"a": [{"b": "x", "c": 1}, {"b": "y"}], "d": {"e": "z"}}
    before = copy.deepcopy(value)
    editor = Editor(value)
    editor.set(("a", 0, "b"), "X")
    editor.drop(("a", 0, "c"))
    editor.set(("a", 1, "b"), "Y")
    editor.drop(("d", "e"))
    assert value == before
    assert editor.value == {"a": [{"b": "X"}, {"b": "Y"}], "d": {}}
    assert editor.get(("a", 1, "b")) == "Y"
    assert editor.get(("a", 9, "b")) is None


def test_editor_takes_edits_below_what_is_gone() -> None:
    """Edits below a dropped or replaced member do nothing, in either order."""
    editor = Editor({"a": {"b": ["x", "y"]}})
    editor.set(("a", "b", 0), "X")
    editor.drop(("a",))
    editor.set(("a", "b", 1), "Y")
    editor.drop(("a", "b"))
    assert editor.value == {}
    editor = Editor({"a": ["x", "y"]})
    editor.drop(("a", 0))
    editor.set(("a", 5), "no")
    assert editor.value == {"a": [None, "y"]}


def test_editor_leaves_a_list_alone() -> None:
    """A body may be a list, too."""
    value = [{"a": 1}, {"b": 2}]
    editor = Editor(value)
    editor.set((0, "a"), 3)
    editor.drop((1,))
    assert (value, editor.value) == ([{"a": 1}, {"b": 2}], [{"a": 3}, None])
