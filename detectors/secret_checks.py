"""Tells real secrets from what only looks like one: checksums, entropy, structure, what documentation writes.

Each check gets the secret part of a match and answers whether it can be real. None knows a pattern.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections import Counter
from zlib import crc32

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECKSUM_CHARS = 6
_GITHUB_CHARS = 36

# What stands where a secret would be in documentation. A random key contains one of these about once in 10^9.
_PLACEHOLDER = re.compile(
    r"example|placeholder|redacted|changeme|change_me|dummy|insert|your[-_]?|my[-_](?:key|token|secret)"
    r"|x{5}|0{8}|\*{3}|\.{3}|1234567|abcdefg|<[^>]*>|\$\{|\{\{|%\(",
    re.IGNORECASE,
)
_WEAK_PASSWORD = re.compile(
    r"(?:pass(?:word|wd)?|pwd|pw|secret|user|username|x+|\*+|%s|\[.*)\Z|[<${]", re.IGNORECASE
)
_URL_SCHEME = re.compile(r"[a-z]{2,12}\+[a-z0-9]{1,16}\Z")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.IGNORECASE)
_MIN_ASSIGNED_HEX_BITS = 3.0
_LEAST_TOKEN_BITS = 2.8


def entropy_bits(value: str) -> float:
    """Return Shannon's entropy of the characters, in bits a character: 0 for `aaaa`, 4 for random hex, below 6."""
    return -sum(n / len(value) * math.log2(n / len(value)) for n in Counter(value).values())


def is_no_placeholder(value: str) -> bool:
    """Whether the value is not one that documentation uses in place of a secret."""
    return _PLACEHOLDER.search(value) is None


def is_random_token(value: str) -> bool:
    """Whether a value behind a telling prefix is random enough to be issued: not a placeholder, not a word."""
    return is_no_placeholder(value) and entropy_bits(value) >= _LEAST_TOKEN_BITS


def has_base62_checksum(value: str) -> bool:
    """Whether the last six characters are the CRC-32 of those before the checksum and after the prefix, in base 62.

    GitHub and npm make their tokens so: prefix, `_`, 30 random characters, checksum.
    """
    body = value[value.index("_") + 1 :]
    return body[-_CHECKSUM_CHARS:] == base62_checksum(body[:-_CHECKSUM_CHARS])


def base62_checksum(body: str) -> str:
    """Return the CRC-32 of `body` in base 62, six characters."""
    number = crc32(body.encode())
    digits = []
    for _ in range(_CHECKSUM_CHARS):
        number, digit = divmod(number, 62)
        digits.append(_BASE62[digit])
    return "".join(reversed(digits))


def is_github_token(value: str) -> bool:
    """Whether a token of the usual length has its checksum; other lengths only have to be random."""
    if len(value) - value.index("_") - 1 == _GITHUB_CHARS:
        return has_base62_checksum(value)
    return is_random_token(value)


def is_jwt(value: str) -> bool:
    """Whether the first part decodes to a JSON object that names an algorithm, as a JOSE header must."""
    header = value.partition(".")[0]
    try:
        decoded = json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return False
    return isinstance(decoded, dict) and ("alg" in decoded or "enc" in decoded)


def is_basic_credentials(value: str) -> bool:
    """Whether the value is the base64 of `user:password`."""
    try:
        decoded = base64.b64decode(value + "=" * (-len(value) % 4), validate=True).decode()
    except (binascii.Error, ValueError):
        return False
    return ":" in decoded and decoded.isprintable()


def is_real_password(value: str) -> bool:
    """Whether a password in a URL is not one that only shows where the password goes."""
    return _WEAK_PASSWORD.match(value) is None and is_no_placeholder(value)


def is_aws_secret(value: str) -> bool:
    """Whether 40 characters of base64 are random and mixed, as AWS makes them; a git hash is not."""
    return is_mixed(value) and any(c.isupper() for c in value) and is_random_token(value)


def is_mixed(value: str) -> bool:
    """Whether the value has letters and digits."""
    return any(c.isdigit() for c in value) and any(c.isalpha() for c in value)


def is_assigned_secret(value: str, least_bits: float) -> bool:
    """Whether a value given to something called `password` or `api_key` is random enough to be one.

    Values of hexadecimal digits have at most 4 bits a character, so less is asked of them. UUIDs are mostly
    identifiers, so they are not taken. The scheme of a connection string is not, so that the string is.
    """
    if _URL_SCHEME.match(value):
        return False
    if not is_mixed(value) or not is_no_placeholder(value) or _UUID.match(value):
        return False
    is_hex = all(c in "0123456789abcdefABCDEF" for c in value)
    return entropy_bits(value) >= (min(least_bits, _MIN_ASSIGNED_HEX_BITS) if is_hex else least_bits)
