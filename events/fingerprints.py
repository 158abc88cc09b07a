"""Keyed fingerprints: equal values can be recognised, and nobody without the key can guess them.

Every tenant has a key of its own, made from one master key, so that fingerprints of two tenants say nothing about
each other.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

HEX_CHARS: Final = 32
"""128 bits: no two values of one tenant meet by chance."""

KEY_ID_CHARS: Final = 8


class Fingerprinter:
    """Makes fingerprints under one master key. Without a key it makes none."""

    def __init__(self, master_key: bytes) -> None:
        self._master_key = master_key
        self._tenants: dict[str, bytes] = {}
        self.key_id = hashlib.sha256(b"sluicegate key id\0" + master_key).hexdigest()[:KEY_ID_CHARS]
        """Tells fingerprints of one master key from those of the next."""

    def of(self, tenant: str | None, purpose: str, value: bytes) -> str | None:
        """Return `hmac256:KEY:HEX`; None where there is no key or no value.

        `purpose` keeps kinds of values apart: the same text as a finding and as a user's name differ.
        """
        if not self._master_key or not value:
            return None
        key = self._tenants.get(tenant or "")
        if key is None:
            key = hmac.digest(self._master_key, b"tenant\0" + (tenant or "").encode(), "sha256")
            self._tenants[tenant or ""] = key
        digest = hmac.digest(key, purpose.encode() + b"\0" + value, "sha256")
        return f"hmac256:{self.key_id}:{digest.hex()[:HEX_CHARS]}"
