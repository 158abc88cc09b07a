"""Addresses of the web, and what only looks like one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.pii.links import PATH_CHARS
from tests.support.detectors import Feed, built, check_cuts, fed, fed_in_deltas, found_texts, spans
from tests.support.scale import examples

REFINED = built("presidio", {"entities": ["URL"], "refined": True})


@pytest.mark.parametrize(
    "address",
    [
        "https://www.example.com/a?b=c#d",
        "http://example.com:8080/x",
        "https://user:secret@example.com/",
        "ftp://files.example.org/readme.txt",
        "http://192.0.2.17/status",
        "http://[2001:db8::17]:8080/",
        "https://bücher.example",
        "https://xn--bcher-kva.example/",
        "https://internal.corp/wiki",
        "example.com",
        "www.example.co.uk",
        "shop.example.de/cart?id=1",
        "t.me/someone",
        "EXAMPLE.COM",
        "google.it",
        "docs.example.name/start",
    ],
)
@pytest.mark.parametrize("frame", ["see {} there", "({})", '"{}"', "{}.", "at {}, or", "{}"])
def test_addresses_are_found_whole(address: str, frame: str) -> None:
    """With port, user and query; without what stands around them."""
    assert found_texts(REFINED, frame.format(address)) == [("URL", address)]


@pytest.mark.parametrize(
    "text",
    [
        "np.array([1])",
        "asyncio.run(main())",
        "self.name",
        "self.it",
        "logger.info",
        "setup.py",
        "main.rs",
        "run.sh",
        "README.md",
        "e.g.file.py",
        "Node.js",
        "Vue.js",
        "the end.In spring",
        "the end.The rest",
        "i.e. this",
        "a.m.",
        "v1.2.3",
        "1.2.3",
        "U.S. law",
        "jane.roe@example.com",
        "www.example",
        "foo.notasuffix",
        "x.id = 3",
        "obj.group",
        "/usr/lib/a.so",
        "C:\\a.com.txt",
        "localhost",
        "https://localhost",
    ],
)
def test_near_misses(text: str) -> None:
    """File names, attributes, versions, abbreviations, ends of sentences."""
    assert found_texts(REFINED, f"see {text} there") == []


PIECES = (
    "https://",
    "http",
    "://",
    "www.",
    "example",
    ".",
    "com",
    "co.uk",
    "/",
    "?a=b",
    "#",
    ":8080",
    "@",
    "(",
    ")",
    '"',
    " ",
    ",",
    "np.ar",
    "ray",
    "x",
    "é",
    "-",
    "_",
    "192.0.2.1",
    ".The",
    "\n",
    "py",
)


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join), st.integers(0, 2**32))
def test_findings_are_the_same_for_every_cut(text: str, seed: int) -> None:
    """Whole, in single characters and cut at random."""
    check_cuts(REFINED, text, seed)


def test_no_character_of_an_address_is_released_before_it_is_found() -> None:
    """In deltas of one character."""
    feed = Feed(REFINED)
    text = "it is at https://www.example.com/a?b=c, she said"
    start = text.index("https")
    for char in text:
        feed.feed(char)
        assert feed.watermark <= start or any(found.start == start for found in feed.findings)


def test_a_path_without_end_is_cut_and_not_lost() -> None:
    """What is held stays within what the detector says."""
    text = "https://example.com/" + "a" * (3 * PATH_CHARS) + " and https://example.org/b."
    feed = fed_in_deltas(REFINED, text, 50)
    assert max(feed.held_chars) <= REFINED.max_span
    assert spans(feed.findings) == spans(fed(REFINED, text).findings)
    assert [found.start for found in feed.findings] == [0, text.index("https://example.org")]
