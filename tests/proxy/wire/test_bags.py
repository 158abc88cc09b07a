"""Text in unusual clothes."""

from __future__ import annotations

import base64

import pytest

from proxy.wire.bags import bag_text, bytes_text, decimal_text, is_token_ids, readable_text, shown_text


def test_a_bag_tells_keys_strings_bytes_and_long_numbers() -> None:
    """Nothing in a structure is missed, and short numbers are no text."""
    value = {"a": ["b", {"c": None}], "d": list(b"jane"), "e": 4111111111111111, "f": 5, "g": True, "h": ""}
    assert bag_text(value).split("\n") == ["a", "b", "c", "d", "jane", "e", "4111111111111111", "f", "g", "h"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([106, 97], "ja"),
        ([0x1F30A], "🌊"),
        ([], ""),
        ([1, "a"], ""),
        ([-1], ""),
        ([2**40], ""),
        ([255], "\ufffd"),
        ([0xD800], "\ufffd"),
    ],
)
def test_bytes_text(value: list[object], text: str) -> None:
    """Integers are bytes of UTF-8, code points, or nothing."""
    assert bytes_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (999999, ""),
        (1000000, "1000000"),
        (-4111111111111111, "-4111111111111111"),
        (0.5, ""),
        (0.4111111, "0.4111111"),
    ],
)
def test_decimal_text(value: float, text: str) -> None:
    """Seven digits name somebody."""
    assert decimal_text(value)[0] == text


def test_numbers_that_may_have_lost_digits_are_told() -> None:
    """A long float may have had more digits on the wire."""
    assert decimal_text(1e29) == ("", False)
    assert not decimal_text(0.4111111111)[1]
    assert decimal_text(0.25)[1]
    assert decimal_text(10**30)[1]


def test_readable_text() -> None:
    """Base64 of noise is nothing; of text, both forms; anything else is itself."""
    noise = base64.b64encode(bytes(range(256))).decode()
    assert readable_text(noise) == ""
    assert readable_text(f"data:image/png;base64,{noise}") == ""
    assert readable_text(base64.urlsafe_b64encode(bytes([251, 255, 254] * 20)).decode()) == ""
    hidden = base64.b64encode(b"call jane at noon, please").decode()
    assert readable_text(hidden) == f"{hidden}\ncall jane at noon, please"
    assert (
        readable_text("http://example.com/a/long/address/of/a/picture")
        == "http://example.com/a/long/address/of/a/picture"
    )
    assert readable_text("short") == "short"
    assert readable_text("a" * 25) != "a" * 24


def test_token_ids_are_integers_alone() -> None:
    assert is_token_ids([[1], [2, 3]])
    assert not is_token_ids([1, "a"])


def test_html_as_a_browser_shows_it() -> None:
    """Tags fall away, also in the middle of a word; entities are characters."""
    assert shown_text("<b>ja</b>ne&#64;example<i>.com</i> &amp; co") == "jane@example.com & co"
    assert shown_text("a < b and c > d") == "a  d"
    assert shown_text("plain") == "plain"
