"""Tokens that stand for a value and can be turned into it again by who has the key: `<EMAIL_ADDRESS:enc:KEY:DATA>`.

AES-SIV (RFC 5297, <https://www.rfc-editor.org/rfc/rfc5297>) under a key made from the one in the file: the same
value of one tenant and category is the same token, at any cut and in every turn of a conversation. See adr/0036.

The data of a token are short groups of letters, none of them a vowel: no detector takes them for a number, an
address or a word.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from policies.placeholders import label_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

KEY_BYTES: Final = 32
MAX_KEYS: Final = 100
KEYS_VARIABLE: Final = "SLUICEGATE_ENCRYPT_KEYS"
"""The environment variable with the keys, where no file is named; separated by commas."""
HINT: Final = "Make one with: sluicegate pii key"

_CIPHER_KEY_BYTES: Final = 64
"""AES-256-SIV has two keys."""
_KEY_ID_BYTES: Final = 5
_KEY_ID_CHARS: Final = 8
_LETTERS: Final = "bcdfghjkmnpqrstvwxzBCDFGHJKLMNPQ"
_BASE32: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_WRITE = str.maketrans(_BASE32, _LETTERS)
_READ = str.maketrans(_LETTERS, _BASE32)
_GROUP_CHARS: Final = 7
"""Between hyphens: an Italian tax number may be 16 letters, and a bank's code is 8."""

_TOKEN = re.compile(
    rf"(?P<open><|&lt;|\\u003[cC])?(?P<label>[A-Z0-9_]+):enc:"
    rf"(?P<key>[{_LETTERS}]{{{_KEY_ID_CHARS}}}):(?P<data>[{_LETTERS}]+(?:-[{_LETTERS}]+)*)(?P<close>>|&gt;|\\u003[eE])?"
)


class KeyFileError(Exception):
    """A file holds no keys. Holds no key."""


class TokenError(Exception):
    """A token cannot be decrypted. Says what to do; holds neither a key nor a value."""


class Token(NamedTuple):
    """A token in a text."""

    start: int
    end: int
    label: str
    """Its category."""
    key_id: str
    data: str


class Encryption:
    """Turns values into tokens under the first of its keys, and tokens of all of them into values.

    Safe to share between threads.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        """`keys` have `KEY_BYTES` each; the first encrypts."""
        self._ciphers = {_key_id(key): AESSIV(_cipher_key(key)) for key in keys}
        self._current = _key_id(keys[0])

    def token(self, category: str, tenant: str, value: str) -> str:
        """Return what stands for a value of this category in texts of this tenant."""
        label = label_of(category)
        data = value.encode("utf-8", "surrogatepass")
        if not data:
            return f"<{label}>"
        sealed = self._ciphers[self._current].encrypt(data, _about(label, tenant))
        return f"<{label}:enc:{self._current}:{_grouped(_letters(sealed))}>"

    def value(self, token: Token, tenant: str) -> str:
        """Return what a token of this tenant stands for. Raises `TokenError`."""
        cipher = self._ciphers.get(token.key_id)
        if cipher is None and token.key_id == _key_id(_TRIAL_KEY):
            raise TokenError("was written by a command that tries policies, under a key that protects nothing.")
        if cipher is None:
            known = ", ".join(self._ciphers)
            raise TokenError(f"needs the key {token.key_id}; the key file has {known}. Put that key back into it.")
        try:
            data = cipher.decrypt(_bytes(token.data), _about(token.label, tenant))
        except (InvalidTag, ValueError) as error:
            whose = f"tenant {tenant!r}" if tenant else "no tenant; name one with --tenant"
            raise TokenError(f"was changed, or is another tenant's (read as that of {whose}).") from error
        return data.decode("utf-8", "surrogatepass")


def tokens_in(text: str) -> Iterator[Token]:
    """Yield the tokens of a text, in order, with angle brackets, escaped ones or none."""
    for match in _TOKEN.finditer(text):
        start = match.start() if match["close"] else match.start("label")
        end = match.end() if match["open"] else match.end("data")
        yield Token(start, end, match["label"], match["key"], match["data"])


def read_keys(text: str) -> Encryption:
    """Read keys: one a line in Base64, `#` begins a comment, the first encrypts. Raises `KeyFileError`."""
    keys = [
        _key(written, number)
        for number, line in enumerate(text.splitlines(), 1)
        if (written := line.partition("#")[0].strip())
    ]
    if not keys:
        raise KeyFileError(f"There is no key. {HINT}")
    if len(keys) > MAX_KEYS:
        raise KeyFileError(f"There are more than {MAX_KEYS} keys.")
    return Encryption(keys)


def write_key(key: bytes) -> str:
    """Return a key as it stands in a key file."""
    return base64.b64encode(key).decode()


def trial_encryption() -> Encryption:
    """Return the encryption of commands that try a policy: everybody has its key, and tokens never change."""
    return Encryption([_TRIAL_KEY])


_TRIAL_KEY: Final = hashlib.sha256(b"sluicegate: a key that protects nothing").digest()


def _key(written: str, number: int) -> bytes:
    try:
        key = base64.b64decode(written, validate=True)
    except (binascii.Error, ValueError):
        raise KeyFileError(f"Line {number} is not a key: it is not Base64. {HINT}") from None
    if len(key) != KEY_BYTES:
        raise KeyFileError(f"Line {number} is not a key: it has {len(key)} bytes, not {KEY_BYTES}. {HINT}")
    return key


def _key_id(key: bytes) -> str:
    """Return what a key is called in tokens: it tells nothing of the key."""
    return _letters(hashlib.sha256(b"sluicegate encrypt key\0" + key).digest()[:_KEY_ID_BYTES])


def _cipher_key(key: bytes) -> bytes:
    return HKDF(SHA256(), _CIPHER_KEY_BYTES, None, b"sluicegate encrypt").derive(key)


def _about(label: str, tenant: str) -> list[bytes]:
    """Return what is authenticated beside the value: a token moved elsewhere is no token."""
    return [label.encode(), tenant.encode("utf-8", "surrogatepass")] if tenant else [label.encode()]


def _letters(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=").translate(_WRITE)


def _grouped(letters: str) -> str:
    return "-".join(letters[at : at + _GROUP_CHARS] for at in range(0, len(letters), _GROUP_CHARS))


def _bytes(grouped: str) -> bytes:
    """Raises ValueError for what `_grouped` does not write."""
    letters = grouped.replace("-", "")
    data = base64.b32decode(letters.translate(_READ) + "=" * (-len(letters) % 8))
    if _grouped(_letters(data)) != grouped:
        raise ValueError("more bits than bytes, or other groups")
    return data
