"""Audit stores as tests need them: fixed keys, records with texts, and the file as bytes."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from events.audit.keys import KeyRing, read_keys
from events.audit.records import INCIDENT, Record
from events.audit.sealing import Sealed, excerpts_value, parse_sealed, seal
from events.schema.excerpts import Excerpt

if TYPE_CHECKING:
    from pathlib import Path

    from events.audit.store import AuditStore

TIME_MS = 1_795_676_400_000
PLAIN = "the walrus said"
"""Stands in every text; must not stand in any file."""
KEY = base64.b64encode(b"k" * 32).decode()
NEW_KEY = base64.b64encode(b"n" * 32).decode()


def ring(text: str = KEY) -> KeyRing:
    return read_keys(text)


def record(number: int, **more: Any) -> Record:
    given: dict[str, Any] = {
        "request_id": f"req_{number}",
        "incident_id": f"inc_{number}",
        "subject_hash": f"hmac256:s{number % 3}",
        "tenant": "acme" if number % 2 else "",
        "model": f"m{number % 2}",
        "rule": "hide",
        "category": f"C{number % 4}",
        "action": "redact",
        "policy": "p",
        "revision": "sha256:1",
        "detail": '{"channel":"text[0]","direction":"response","start":4,"end":10,"score":1.0}',
    }
    return Record(f"id{number}", INCIDENT, TIME_MS + number, **{**given, **more})


def text_of(number: int) -> Sealed:
    excerpt = Excerpt("response", "text[0]", 0, f"{PLAIN} {number}", f"the [gone] said {number}")
    return parse_sealed(seal(ring(), f"id{number}", excerpts_value([excerpt])))


def fill(store: AuditStore, count: int, first: int = 1) -> None:
    store.append([(record(one), text_of(one)) for one in range(first, first + count)], TIME_MS)


def raw_bytes(folder: Path) -> bytes:
    """All bytes of all files below a folder."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())
