"""Tokens in place of values, and the way back for who has the key."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.types import ChannelKind, Window
from policies.encryption import (
    KEY_BYTES,
    Encryption,
    KeyFileError,
    Token,
    TokenError,
    read_keys,
    tokens_in,
    trial_encryption,
    write_key,
)
from policies.loader import load_policy_text

ONE, TWO = b"\x01" * KEY_BYTES, b"\x02" * KEY_BYTES
TENANTS = st.sampled_from(["", "north", "süd"])
CATEGORIES = st.sampled_from(["EMAIL_ADDRESS", "US_SSN", "Project Orion", "名"])
VALUES = st.text(min_size=1, max_size=40)


def only(text: str) -> Token:
    """The token that a text is."""
    (token,) = tokens_in(text)
    assert (token.start, token.end) == (0, len(text))
    return token


@given(VALUES, CATEGORIES, TENANTS)
def test_a_token_is_turned_into_its_value(value: str, category: str, tenant: str) -> None:
    """Any text, lone surrogates too; after the key was replaced as well, while the old one is kept."""
    written = Encryption([ONE]).token(category, tenant, value)
    assert re.fullmatch("<[A-Z0-9_]+:enc:[b-zA-Z]{8}:[b-zA-Z-]+>", written)
    assert Encryption([TWO, ONE]).value(only(written), tenant) == value
    assert Encryption([TWO, ONE]).token(category, tenant, value) == Encryption([TWO]).token(category, tenant, value)


@given(VALUES, VALUES, st.tuples(CATEGORIES, TENANTS), st.tuples(CATEGORIES, TENANTS))
def test_equal_tokens_are_of_equal_values(
    value: str, other: str, where: tuple[str, str], elsewhere: tuple[str, str]
) -> None:
    """Of one tenant and category; nobody else's token is the same."""
    cipher = Encryption([ONE])
    is_same = (value, where) == (other, elsewhere)
    assert (cipher.token(*where, value) == cipher.token(*elsewhere, other)) == is_same


def test_nothing_has_no_token() -> None:
    assert Encryption([ONE]).token("A b", "", "") == "<A_B>"


def test_what_is_not_so_is_told() -> None:
    """A token of another tenant, of another category, under another key; one that was changed anywhere, or cut."""
    cipher = Encryption([ONE])
    written = cipher.token("US_SSN", "north", "078-05-1120")
    token = only(written)
    for wrong in ("", "south"):
        with pytest.raises(TokenError, match="another tenant's"):
            cipher.value(token, wrong)
    with pytest.raises(TokenError, match="was changed"):
        cipher.value(token._replace(label="EMAIL_ADDRESS"), "north")
    with pytest.raises(TokenError, match=f"needs the key {token.key_id}"):
        Encryption([TWO]).value(token, "north")
    with pytest.raises(TokenError, match="protects nothing"):
        cipher.value(only(trial_encryption().token("A", "", "x")), "")
    for at, letter in enumerate(token.data):
        changed = token.data[:at] + ("b" if letter in "-c" else "c") + token.data[at + 1 :]
        for damaged in (changed, token.data[:at], token.data[:at] + token.data[at + 1 :]):
            with pytest.raises(TokenError):
                cipher.value(token._replace(data=damaged), "north")


@pytest.mark.parametrize("spelling", ["<{}>", "&lt;{}&gt;", "\\u003c{}\\u003e", "{}"])
def test_tokens_are_found_as_they_may_be_written(spelling: str) -> None:
    """In brackets, escaped ones, or none; what stands around them stays."""
    cipher = Encryption([ONE])
    token = spelling.format(cipher.token("A_B", "", "x")[1:-1])
    text = f"a {token}, b {token}."
    found = list(tokens_in(text))
    assert [text[one.start : one.end] for one in found] == [token, token]
    assert [cipher.value(one, "") for one in found] == ["x", "x"]


EVERYTHING = """
version: 1
views: [characters, lookalikes, markup, spacing, leetspeak, encoded, ciphers]
detectors:
  pii:
    type: presidio
    refined: true
    countries: [us, uk, de, es, it, in]
    entities: [CREDIT_CARD, EMAIL_ADDRESS, PHONE_NUMBER, IBAN_CODE, IP_ADDRESS, MAC_ADDRESS, CRYPTO, URL, DATE_TIME]
  secrets: {type: secrets}
  words: {type: keywords, words: [damn, hell, crap, bomb, acme], ignore_case: true, whole_word: true}
rules:
  - {id: pii, detector: pii, action: redact}
  - {id: secrets, detector: secrets, action: redact}
  - {id: words, detector: words, action: redact}
"""


def test_no_detector_takes_a_token_for_a_value() -> None:
    """What comes back with the next request is not encrypted again, whatever the value was."""
    policy = load_policy_text(EVERYTHING)
    cipher = Encryption([ONE])
    text = " and ".join(cipher.token("EMAIL_ADDRESS", "", f"user{n}@example.com" * (1 + n % 3)) for n in range(400))
    window = Window(ChannelKind.TEXT, "", text, 0, final=True)
    looking = [d for name, one in policy.detectors.items() for d in (one, *policy.viewing[name])]
    assert [(d.name, text[f.start : f.end]) for d in looking for f in d.scan(window).findings] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "There is no key."),
        ("# nothing\n\n", "There is no key."),
        ("!!!", "Line 1 is not a key: it is not Base64."),
        (write_key(ONE) + "\nAAAA # short", "Line 2 is not a key: it has 3 bytes, not 32."),
        ((write_key(ONE) + "\n") * 101, "There are more than 100 keys."),
    ],
)
def test_a_file_that_holds_no_keys(text: str, said: str) -> None:
    """The line is named, the key is not shown."""
    with pytest.raises(KeyFileError) as caught:
        read_keys(text)
    assert str(caught.value).startswith(said)
    assert "AQEB" not in str(caught.value)


def test_keys_are_shown_nowhere() -> None:
    """Neither by what holds them nor by a policy."""
    cipher = read_keys(f"# new\n{write_key(TWO)}\n{write_key(ONE)} # old")
    policy = load_policy_text("version: 1\nrules: []\n", encryption=cipher)
    assert "encryption" not in repr(policy)
    assert write_key(TWO) not in repr(cipher) + repr(policy)
