"""The keys of the audit store: read, made, and used to wrap the data key of each record.

Every record has a data key of its own, wrapped under a key of the ring. To rotate is to wrap anew; to erase is to
throw the wrapped data key away.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from typing import TYPE_CHECKING, Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

if TYPE_CHECKING:
    from collections.abc import Sequence

KEY_BYTES: Final = 32
KEY_ID_CHARS: Final = 8
NONCE_BYTES: Final = 12
MAX_KEYS: Final = 100

HINT: Final = "Make one with: sluicegate audit key"


class AuditKeyError(Exception):
    """Keys cannot be read, or the one that is needed is not there. Holds no key."""


class Wrapped(NamedTuple):
    """A data key under a key of the ring."""

    key_id: str
    data: bytes


class KeyRing:
    """Keys, by their ids. Safe to share between threads."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        """The first key encrypts."""
        self._ciphers = {key_id(key): AESGCM(key) for key in keys}
        self.current = key_id(keys[0])
        """Id of the key that encrypts."""

    @property
    def ids(self) -> list[str]:
        """The ids of all keys, the one that encrypts first."""
        return list(self._ciphers)

    def wrap(self, data_key: bytes, about: bytes) -> Wrapped:
        """Encrypt a data key. `about` binds it to its record."""
        nonce = os.urandom(NONCE_BYTES)
        return Wrapped(self.current, nonce + self._ciphers[self.current].encrypt(nonce, data_key, about))

    def unwrap(self, wrapped: Wrapped, about: bytes) -> bytes:
        """Return the data key. Raises `AuditKeyError`."""
        cipher = self._ciphers.get(wrapped.key_id)
        if cipher is None:
            raise AuditKeyError(f"The key {wrapped.key_id} is not in the key file. Put it back, below the new one.")
        try:
            return cipher.decrypt(wrapped.data[:NONCE_BYTES], wrapped.data[NONCE_BYTES:], about)
        except (InvalidTag, ValueError) as error:
            raise AuditKeyError("The record cannot be decrypted: it was changed.") from error


def key_id(key: bytes) -> str:
    """Return what a key is called in records: it tells nothing of the key."""
    return hashlib.sha256(b"sluicegate audit key\0" + key).hexdigest()[:KEY_ID_CHARS]


def new_key() -> str:
    """Return a new key as it stands in a key file."""
    return base64.b64encode(os.urandom(KEY_BYTES)).decode()


def read_keys(text: str) -> KeyRing:
    """Read keys: one a line in Base64, `#` begins a comment, the first encrypts. Raises `AuditKeyError`."""
    keys: list[bytes] = []
    for number, line in enumerate(text.splitlines(), 1):
        written = line.partition("#")[0].strip()
        if written:
            keys.append(_key(written, number))
    if not keys:
        raise AuditKeyError(f"There is no key. {HINT}")
    if len(keys) > MAX_KEYS:
        raise AuditKeyError(f"There are more than {MAX_KEYS} keys.")
    return KeyRing(keys)


def _key(written: str, number: int) -> bytes:
    try:
        key = base64.b64decode(written, validate=True)
    except (binascii.Error, ValueError):
        raise AuditKeyError(f"Line {number} is not a key: it is not Base64. {HINT}") from None
    if len(key) != KEY_BYTES:
        raise AuditKeyError(f"Line {number} is not a key: it has {len(key)} bytes, not {KEY_BYTES}. {HINT}")
    return key
