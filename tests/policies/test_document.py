"""The YAML reader: what scalars mean, where things are, what is refused, and that nothing can make it slow."""

from __future__ import annotations

import json
import math
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.document import MAX_DEPTH, MAX_FILE_BYTES, mark_of, parse, plain


def read(text: str | bytes) -> object:
    node, problems = parse(text if isinstance(text, bytes) else text.encode(), "p.yaml")
    assert problems == []
    assert node is not None
    return plain(node)


def complaints(source: str | bytes) -> list[str]:
    return [str(p) for p in parse(source if isinstance(source, bytes) else source.encode(), "p.yaml")[1]]


@pytest.mark.parametrize(
    "text",
    [
        "no",
        "on",
        "Yes",
        "y",
        "1_000",
        "12:30:45",
        "2024-01-02",
        "007",
        "0x1F",
        "0o17",
        "1.",
        ".inf",
        ".nan",
        "e5",
        "=",
        "<<",
    ],
)
def test_a_text_stays_a_text(text: str) -> None:
    """What YAML 1.1 turns into booleans, numbers, dates and merges stays as written."""
    assert read(f"k: {text}") == {"k": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("true", True),
        ("False", False),
        ("0", 0),
        ("-12", -12),
        ("+3", 3),
        ("1.50", 1.5),
        ("-.5", -0.5),
        ("1e3", 1000.0),
        ("9" * 30, "9" * 30),
        ("'1'", "1"),
        ('"true"', "true"),
        ("!!str 1", "1"),
    ],
)
def test_numbers_booleans_and_null(text: str, value: object) -> None:
    """The plain scalars of the JSON kind have their values, and quotes make a text of anything."""
    found = read(f"k: {text}")
    assert found == {"k": value}
    assert isinstance(found, dict)
    assert type(found["k"]) is type(value)


def test_keys_are_texts() -> None:
    """A key that looks like a number or boolean is the text that was written."""
    assert read("1: a\ntrue: b\n1.50: c\nno: d") == {"1": "a", "true": "b", "1.50": "c", "no": "d"}


def test_an_alias_stands_for_its_anchor() -> None:
    """Anchors may be used, within the limit on values."""
    assert read("a: &x [1, 2]\nb: *x") == {"a": [1, 2], "b": [1, 2]}


def test_a_byte_order_mark_is_passed_over() -> None:
    """Editors of other systems write one."""
    assert read(b"\xef\xbb\xbfa: b") == {"a": "b"}


def test_marks_point_at_keys_and_items() -> None:
    """A member is where its key is, an item of a list where it begins; unknown steps are passed over."""
    node, _ = parse("a:\n  - é: [x,\n        y]\n".encode(), "p.yaml")
    assert node is not None
    assert mark_of(node, ("a",)) == (1, 1)
    assert mark_of(node, ("a", 0, "é")) == (2, 5)
    assert mark_of(node, ("a", 0, "é", 1)) == (3, 9)
    assert mark_of(node, ("a", 0, "é", "str", 1)) == (3, 9)
    assert mark_of(node, ("zzz",)) == (1, 1)


@pytest.mark.parametrize(
    ("source", "line"),
    [
        (b"", "p.yaml: is empty."),
        (b"# only\n", "p.yaml: is empty."),
        (b"a: \xff", "p.yaml:1:4 is not UTF-8. Save the file as UTF-8."),
        (b"k: 1\n\xc3\xa9: \xe9x", "p.yaml:2:4 is not UTF-8. Save the file as UTF-8."),
        ("a: b".encode("utf-16"), "p.yaml:1:1 is not UTF-8. Save the file as UTF-8."),
        (
            b"a: \x01",
            "p.yaml:1:4 holds the control character U+0001. Remove it, or write it as an escape in quotes.",
        ),
        (
            b"x" * (MAX_FILE_BYTES + 1),
            "p.yaml: is larger than 1048576 bytes. Put long word lists into a file of their own.",
        ),
        (b"a: " + b"[" * 50, f"p.yaml:1:{3 + MAX_DEPTH + 1} is nested deeper than {MAX_DEPTH} levels."),
    ],
    ids=["empty", "comment", "not utf-8", "not utf-8 after it", "utf-16", "control", "large", "deep"],
)
def test_what_is_no_document(source: bytes, line: str) -> None:
    """One line says what is wrong with the whole file."""
    assert complaints(source) == [line]


LAUGHS = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12)
)
BOMBS = {
    "aliases": LAUGHS,
    "flow lists": "[" * 500_000,
    "flow mappings": "{a: " * 250_000,
    "block lists": "- " * 500_000,
    "complex keys": "? " * 500_000,
    "many values": "- a\n" * 250_000,
    "many duplicates": "a: b\n" * 200_000,
    "many anchors": "- &a b\n" * 140_000,
    "long text": "a: " + "x" * 1_000_000,
    "long key": "x" * 1_000_000 + ": a",
    "escapes": 'a: "' + "\\n" * 500_000 + '"',
    "comments": "#\n" * 500_000 + "a: b",
    "too large": "a" * 50_000_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_d7_a_bomb_is_over_quickly(name: str) -> None:
    """D7: whatever the file, the answer takes at most 100 ms of processor time."""
    source = BOMBS[name].encode()
    least = math.inf
    for _ in range(3):  # what else runs on the machine can only add to it
        begin = time.process_time()
        parse(source, "p.yaml")
        least = min(least, time.process_time() - begin)
        if least <= 0.1:
            return
    pytest.fail(f"it took {least:.3f} s of processor time")


def test_d7_a_bomb_needs_little_memory() -> None:
    """D7: a bomb of aliases takes less than 10 MB."""
    source = LAUGHS.encode()
    tracemalloc.start()
    try:
        _, problems = parse(source, "p.yaml")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "more than 10000 values" in str(problems[0])
    assert peak < 10_000_000


@given(st.binary(max_size=200) | st.text("[]{}&*!|>'\"-?:,#%@`~ \n\tab1", max_size=60).map(str.encode))
def test_every_input_is_a_tree_or_a_problem(source: bytes) -> None:
    """No input raises, and no input is silently nothing."""
    node, problems = parse(source, "p.yaml")
    assert node is not None or problems
    if node is not None:
        plain(node)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.text(st.characters(codec="utf-8", max_codepoint=0xFFFF), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", min_size=1, max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(VALUES)
def test_json_is_read_as_it_is(value: object) -> None:
    """JSON is YAML 1.2: what a JSON writer writes comes back equal (but for its pairs of surrogates)."""
    node, problems = parse(json.dumps({"k": value}).encode(), "p.yaml")
    assert problems == []
    assert node is not None
    assert plain(node) == {"k": value}
