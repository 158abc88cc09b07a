"""Keywords: what counts as a word, in which spelling, what is held for it, and what bad lists are told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from detectors.keywords import MAX_WORD_CHARS, KeywordDetector
from detectors.types import DetectorConfigError
from tests.support.detectors import Feed, built, fed, fed_in_deltas, found_texts, spans
from tests.support.prose import prose
from tests.support.scale import examples

if TYPE_CHECKING:
    from pathlib import Path

# words, options, text, matched texts
SPELLINGS: list[tuple[list[str], dict[str, bool], str, list[str]]] = [
    (["Project Orion"], {}, "On PROJECT orion we", ["PROJECT orion"]),
    (["Project Orion"], {}, "Project\nOrion, Project\u00a0Orion", ["Project\nOrion", "Project\u00a0Orion"]),
    (["Project Orion"], {}, "Project  Orion and ProjectOrion", []),
    ([" Project \t Orion\n"], {}, "Project Orion", ["Project Orion"]),
    (["Project Orion"], {"ignore_case": False}, "Project Orion, project orion", ["Project Orion"]),
    (["orion"], {}, "orions morion orion_2 orion2 Orion's", ["Orion"]),
    (["orion"], {"whole_word": False}, "orions morion", ["orion", "orion"]),
    (["falcon-9b"], {}, "falcon-9b falcon-9bn falcon-9b.", ["falcon-9b", "falcon-9b"]),
    (["$ecret!"], {}, "a$ecret!b", ["$ecret!"]),
    (["C++"], {}, "C++ C+++ C++17 ObjC++", ["C++", "C++", "C++"]),
    (["Straße"], {}, "STRASSE, Strasse, straße", ["STRASSE", "Strasse", "straße"]),
    (["ss"], {"whole_word": False}, "Fluß, misst", ["ß", "ss"]),
    (["as"], {"whole_word": False}, "aß", []),
    (["sx"], {"whole_word": False}, "ßx", []),
    (["café"], {}, "cafe\u0301, CAFÉ, cafe", ["cafe\u0301", "CAFÉ"]),
    (["cafe\u0301"], {}, "café", ["café"]),
    (["cafe"], {}, "café, cafe\u0301", []),
    (["İzmir"], {}, "İzmir i\u0307zmir izmir", ["İzmir", "i\u0307zmir"]),
    (["ΣΟΦΟΣ"], {}, "σοφος σοφός σοφοσ", ["σοφος", "σοφοσ"]),
    (["机密"], {}, "这是机密文件", ["机密"]),
    (["ลับ"], {}, "ความลับมาก", ["ลับ"]),
    (["Orion"], {}, "文Orion件", ["Orion"]),
    (["Project Orion", "Orion"], {}, "Project Orion", ["Project Orion", "Orion"]),
    (["ab"], {"whole_word": False}, "xabyab", ["ab", "ab"]),
    # Chains: each occurrence is cut where the earlier ones end, so that the whole chain is covered.
    (["abc", "bcd"], {"whole_word": False}, "abcd", ["abc", "d"]),
    (["aa"], {"whole_word": False}, "aaaa", ["aa", "a", "a"]),
    (["big red fox", "red fox den", "fox"], {}, "big red fox den", ["big red fox", "fox", " den"]),
]


@pytest.mark.parametrize(("words", "options", "text", "expected"), SPELLINGS)
def test_spelling(words: list[str], options: dict[str, bool], text: str, expected: list[str]) -> None:
    """What counts as an occurrence, whole and character by character."""
    detector = built("keywords", {"words": words, **options})
    assert [found for _, found in found_texts(detector, text)] == expected
    assert fed_in_deltas(detector, text, 1).findings == fed(detector, text).findings


# words, options, text so far, the text held back
HOLDS: list[tuple[list[str], dict[str, bool], str, str]] = [
    (["Project Orion"], {}, "about the p", "p"),
    (["Project Orion"], {}, "about the Projec", "Projec"),
    (["Project Orion"], {}, "about the Project ", "Project "),
    (["Project Orion"], {}, "about the Projects", ""),
    (["Project Orion"], {}, "a stop", ""),
    (["Project Orion"], {}, "stop Project Orion", "Project Orion"),
    (["Project Orion"], {}, "stop Project Orion ", ""),
    (["orion"], {"whole_word": False}, "the morion", ""),
    (["orion"], {"whole_word": False}, "the mori", "ori"),
    (["orion", "orionid"], {"whole_word": False}, "an orion", "orion"),
    (["C++"], {}, "in C++", ""),
    (["C++"], {}, "in C+", "C+"),
    (["Straße"], {}, "die STRAS", "STRAS"),
    (["ssx"], {"whole_word": False}, "aß", "ß"),
    (["sx"], {"whole_word": False}, "aß", ""),
    # The next occurrence of a chain may have begun, but what is covered already need not wait for it.
    (["abc", "bcd"], {"whole_word": False}, "xabc", ""),
    (["aa"], {"whole_word": False}, "aaaaaaaa", ""),
]


@pytest.mark.parametrize(("words", "options", "text", "held"), HOLDS)
def test_hold(words: list[str], options: dict[str, bool], text: str, held: str) -> None:
    """Only the live beginning of a word is held, and a whole word until its right neighbour is known."""
    for delta_chars in (1, len(text)):
        feed = Feed(built("keywords", {"words": words, **options}))
        for start in range(0, len(text), delta_chars):
            feed.feed(text[start : start + delta_chars])
        assert text[feed.watermark :] == held


def occurrences(words: dict[str, list[str]], text: str, *, whole_word: bool) -> set[tuple[int, int, str]]:
    """Find every occurrence the slow way: each word at each place, by `re` (ASCII letters only)."""
    found = set()
    for category, members in words.items():
        for word in members:
            pattern = re.escape(word)
            if whole_word:
                pattern = (r"\b" if word[0].isalnum() else "") + pattern + (r"\b" if word[-1].isalnum() else "")
            for start in range(len(text)):
                match = re.compile(pattern, re.IGNORECASE).match(text, start)
                if match:
                    found.add((match.start(), match.end(), category))
    return found


def is_chained(span: tuple[int, int, str], others: set[tuple[int, int, str]]) -> bool:
    """Whether an occurrence overlaps another one without one lying in the other."""
    start, end, _ = span
    return any(s < start < e < end or start < s < end < e for s, e, _ in others)


ABC_WORDS = st.lists(st.text("abAB -", min_size=1, max_size=5).filter(str.strip), min_size=1, max_size=5)


@settings(max_examples=examples(300), deadline=None)
@given(
    ABC_WORDS, ABC_WORDS, st.text("abAB -.", max_size=30), st.booleans(), st.lists(st.integers(0, 30), max_size=8)
)
def test_it_finds_what_a_slow_search_finds(
    left: list[str], right: list[str], text: str, whole_word: bool, cuts: list[int]
) -> None:
    """Every occurrence and nothing else; occurrences in a chain keep their end and are covered whole."""
    words = {"left": [" ".join(w.split()) for w in left], "right": [" ".join(w.split()) for w in right]}
    found = {
        span[:3] for span in spans(fed(KeywordDetector("k", words, whole_word=whole_word), text, cuts).findings)
    }
    expected = occurrences(words, text, whole_word=whole_word)
    alone = {span for span in expected if not any(is_chained(other, expected) for other in expected)}
    assert alone <= found
    assert {(end, category) for _, end, category in found} == {(end, category) for _, end, category in expected}
    assert {n for start, end, _ in found for n in range(start, end)} == {
        n for start, end, _ in expected for n in range(start, end)
    }


def test_categories() -> None:
    """A list is one category, a mapping several; a word of two categories is two findings."""
    assert built("keywords", {"words": ["a"]}, name="codenames").categories == ("codenames",)
    assert built("keywords", {"words": ["a"], "category": "CODENAME"}, name="codenames").categories == ("CODENAME",)
    both = built("keywords", {"words": {"MODEL": ["falcon", "Orion"], "PROJECT": ["orion"]}})
    assert both.categories == ("MODEL", "PROJECT")
    assert found_texts(both, "Falcon, orion") == [("MODEL", "Falcon"), ("MODEL", "orion"), ("PROJECT", "orion")]


def test_words_of_a_file(tmp_path: Path) -> None:
    """A file adds words to those in the policy; its comments, empty lines and byte order mark are not words."""
    path = tmp_path / "words.txt"
    path.write_bytes("\ufeffOrion\r\n\r\n# a comment\n#tag\n  café \n".encode())
    detector = built("keywords", {"words": {"A": ["falcon"]}, "file": str(path), "category": "B"})
    assert found_texts(detector, "orion falcon #tag CAFÉ a comment") == [
        ("B", "orion"),
        ("A", "falcon"),
        ("B", "#tag"),
        ("B", "CAFÉ"),
    ]


MISPLACED_CATEGORY = (
    "'category' names the words of a list or a file, but 'words' is a mapping from category to words. "
    "Remove 'category'."
)
# parameters, place of the error, message
BAD_LISTS: list[tuple[dict[str, Any], tuple[str | int, ...], str]] = [
    ({}, ("words",), "no words: give 'words', or a 'file' with one word a line."),
    ({"words": {"A": []}}, ("words",), "no words: give 'words', or a 'file' with one word a line."),
    ({"words": ["a", " \t"]}, ("words", 1), "an empty word would match everywhere: remove it."),
    ({"words": {"A": ["a", ""]}}, ("words", "A", 1), "an empty word would match everywhere: remove it."),
    (
        {"words": ["x" * (MAX_WORD_CHARS + 1)]},
        ("words", 0),
        "a word of 501 characters is longer than 500: shorten it to what identifies it.",
    ),
    (
        {"words": {"A": ["a"]}, "category": "B"},
        ("category",),
        MISPLACED_CATEGORY,
    ),
    (
        {"file": "no/such/list.txt"},
        ("file",),
        "cannot read the word list 'no/such/list.txt': No such file or directory.",
    ),
]


@pytest.mark.parametrize(("params", "loc", "message"), BAD_LISTS)
def test_bad_list(params: dict[str, Any], loc: tuple[str | int, ...], message: str) -> None:
    """What cannot work is refused when the policy is read, with the place and the cure."""
    with pytest.raises(DetectorConfigError) as caught:
        built("keywords", params)
    assert (caught.value.loc, str(caught.value)) == (loc, message)


def test_bad_file(tmp_path: Path) -> None:
    """A file's faults are told with their line or byte, and never with the word itself."""
    path = tmp_path / "words.txt"
    path.write_bytes(b"fine\ncaf\xe9\n")
    with pytest.raises(DetectorConfigError, match=r"is not UTF-8 \(byte 8\): save it as UTF-8\.$"):
        built("keywords", {"file": str(path)})
    path.write_text("fine\n" + "secretword" * 60)
    with pytest.raises(DetectorConfigError, match=r"words\.txt:2: a word of 600 characters") as caught:
        built("keywords", {"file": str(path)})
    assert "secretword" not in str(caught.value)


@pytest.mark.parametrize(
    "params",
    [
        {"words": "Orion"},
        {"words": [1]},
        {"word": ["a"]},
        {"words": {"not a name": ["a"]}},
        {"words": ["a"], "category": ""},
    ],
)
def test_bad_parameters(params: dict[str, Any]) -> None:
    """Shapes and names are checked before anything is built."""
    with pytest.raises(ValidationError):
        built("keywords", params)


def test_a_thousand_words_hold_little_of_ordinary_text() -> None:
    """A thousand code names hold less than half a character of English on average, and never a whole word of it."""
    letters = "zxkqvwjybg"
    names = [f"Project {letters[n // 100]}{letters[n // 10 % 10]}on{letters[n % 10]}is" for n in range(1000)]
    feed = fed_in_deltas(built("keywords", {"words": names}), prose(20_000), 4)
    assert not feed.findings
    assert sum(feed.held_chars) / len(feed.held_chars) < 0.5
