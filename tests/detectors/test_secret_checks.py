"""The checks that tell a secret from what looks like one, each on its own."""

from __future__ import annotations

import base64

import pytest

from detectors import secret_checks as check
from tests.support.secrets import B62, B64, HEX, chars, checksummed, jwt


@pytest.mark.parametrize(("value", "bits"), [("a", 0.0), ("aaaa", 0.0), ("abab", 1.0), ("abcd", 2.0), (HEX, 4.0)])
def test_entropy(value: str, bits: float) -> None:
    """Bits a character, from the value's own frequencies."""
    assert check.entropy_bits(value) == bits


def test_checksum() -> None:
    """The check value of CRC-32 in base 62, padded; one changed character is noticed wherever it is."""
    # 0xCBF43926, the published check value of CRC-32 for "123456789".
    number = 0
    for digit in check.base62_checksum("123456789"):
        number = number * 62 + B62.index(digit)
    assert number == 0xCBF43926
    token = checksummed("ghp")
    assert check.has_base62_checksum(token)
    for at in range(4, len(token)):
        changed = token[:at] + ("0" if token[at] != "0" else "1") + token[at + 1 :]
        assert not check.has_base62_checksum(changed)


def _b64(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (jwt(), True),
        (_b64('{"enc":"A256GCM"}') + ".x", True),
        (_b64('{"typ":"JWT"}') + ".x", False),
        (_b64('["alg"]') + ".x", False),
        (_b64("no json") + ".x", False),
        ("eyJ" + "\u00e9" + ".x", False),
        ("a.x", False),
    ],
)
def test_jwt(value: str, expected: bool) -> None:
    """The header is a JSON object that names an algorithm."""
    assert check.is_jwt(value) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (chars(B62, 24), True),
        (chars(HEX, 32), True),
        (chars(B62, 24) + "example", False),
        ("correct-horse-battery-staple-9", True),
        ("correct-horse-battery-staple", False),
        ("12345678901234567890", False),
        ("aaaaaaaaaaaaaaa1", False),
        ("550e8400-e29b-41d4-a716-446655440000", False),
        ("postgresql+psycopg2", False),
    ],
)
def test_assigned_secret(value: str, expected: bool) -> None:
    """Letters and digits, random enough, and not an example, a UUID or the beginning of a URL."""
    assert check.is_assigned_secret(value, 3.5) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("hunter2", True),
        ("passw0rd!", True),
        ("password", False),
        ("PASS", False),
        ("<password>", False),
        ("${PW}", False),
        ("xxxx", False),
        ("***", False),
    ],
)
def test_real_password(value: str, expected: bool) -> None:
    """Only what shows where the password goes is let through."""
    assert check.is_real_password(value) is expected


def test_aws_secret() -> None:
    """Forty characters of base64 are one, forty hexadecimal digits are a git hash."""
    assert check.is_aws_secret(chars(B64, 40))
    assert not check.is_aws_secret(chars(HEX, 40))


def test_basic_credentials() -> None:
    """The value decodes to text with a colon in it."""
    assert check.is_basic_credentials(base64.b64encode(b"jane:pw").decode())
    assert not check.is_basic_credentials(base64.b64encode(b"nothing").decode())
    assert not check.is_basic_credentials("a")
    assert not check.is_basic_credentials(base64.b64encode(b"\xff\xfe:").decode())
