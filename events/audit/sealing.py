"""What a record of the audit store says of a text, and its encrypted form: the one that the outbox carries.

The form: one byte of version, the key's id, the wrapped data key, the encrypted JSON. The id of the event is bound
into both, so that no sealed text can stand in another record.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from events.audit.keys import KEY_BYTES, KEY_ID_CHARS, NONCE_BYTES, AuditKeyError, Wrapped
from events.schema.excerpts import Excerpt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from events.audit.keys import KeyRing

VERSION: Final = b"\x01"
WRAPPED_BYTES: Final = NONCE_BYTES + KEY_BYTES + 16


class Sealed(NamedTuple):
    """An encrypted text."""

    wrapped: Wrapped
    body: bytes


def seal(ring: KeyRing, record_id: str, value: object) -> bytes:
    """Encrypt a JSON value under a data key of its own. A lone surrogate survives."""
    about = record_id.encode()
    data_key = os.urandom(KEY_BYTES)
    wrapped = ring.wrap(data_key, about)
    nonce = os.urandom(NONCE_BYTES)
    body = AESGCM(data_key).encrypt(nonce, json.dumps(value).encode("ascii"), about)
    return VERSION + wrapped.key_id.encode() + wrapped.data + nonce + body


def parse_sealed(data: bytes) -> Sealed:
    """Take the form apart. Raises ValueError for what is none."""
    at = 1 + KEY_ID_CHARS
    if data[:1] != VERSION or len(data) < at + WRAPPED_BYTES + NONCE_BYTES + 16:
        raise ValueError("not a sealed text of this version")
    return Sealed(Wrapped(data[1:at].decode("ascii"), data[at : at + WRAPPED_BYTES]), data[at + WRAPPED_BYTES :])


def unseal(ring: KeyRing, record_id: str, sealed: Sealed) -> Any:  # noqa: ANN401 - whatever was sealed
    """Decrypt. Raises `AuditKeyError`."""
    about = record_id.encode()
    data_key = ring.unwrap(sealed.wrapped, about)
    try:
        text = AESGCM(data_key).decrypt(sealed.body[:NONCE_BYTES], sealed.body[NONCE_BYTES:], about)
    except (InvalidTag, ValueError) as error:
        raise AuditKeyError("The record cannot be decrypted: it was changed.") from error
    return json.loads(text)


def rewrapped(ring: KeyRing, record_id: str, wrapped: Wrapped) -> Wrapped:
    """Return a data key under the ring's current key. Raises `AuditKeyError`."""
    about = record_id.encode()
    return ring.wrap(ring.unwrap(wrapped, about), about)


def excerpts_value(excerpts: Sequence[Excerpt]) -> dict[str, Any]:
    """Return excerpts as the value that is sealed."""
    return {"texts": [one._asdict() for one in excerpts]}


def read_excerpts(value: Any) -> list[Excerpt]:  # noqa: ANN401 - what was unsealed
    """Return the excerpts of a value; members that a later version added are left out."""
    known = Excerpt._fields
    return [Excerpt(**{key: one[key] for key in known if key in one}) for one in value["texts"]]
