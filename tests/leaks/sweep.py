"""Plants a canary in every place of every type and looks for it in what a client would get.

The guard runs as it does in production, under a policy that redacts the canary wherever it is seen. A canary that
is in the output was never judged.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from policies.loader import load_policy_text
from policies.types import Direction, Policy
from proxy.guard.api import GuardState
from proxy.guard.drive import scan_inline
from proxy.guard.stream import StreamGuard
from proxy.wire.registry import DIALECTS
from proxy.wire.types import Codec, Form, Frame, each_frame
from tests.leaks.subjects import Subject
from tests.leaks.types_of_sdks import Place, is_bytes, places, value_of, with_planted

CANARY = "canary bird 42"
ID_CANARY = "canary-bird-42"
SENTENCE = f"There is a {CANARY} in this text, and it was put into base64."
BASE64 = base64.b64encode(SENTENCE.encode()).decode()
BYTES = json.dumps(list(CANARY.encode()), separators=(",", ":"))

POLICY = f"""
version: 1
name: sweep
detectors:
  canary: {{type: keywords, words: ["{CANARY}", "{ID_CANARY}"]}}
rules:
  - {{id: canary, detector: canary, action: redact, replacement: "[gone]"}}
"""


@dataclass(frozen=True, slots=True)
class Field:
    """One `Class.field` that can hold text."""

    name: str
    root: Any
    place: Place


@dataclass(frozen=True, slots=True)
class Planted:
    """A payload with a canary in it."""

    name: str
    """The place, `Class.field` and what was put there."""
    payload: Any


REPEATED_SHARE = 8
"""One in so many of the places that an earlier type of the subject has had."""

CODED = ("base64", "bytes")
"""Endings of the sorts of canary that have to be decoded."""

REQUEST_POLICY = POLICY.replace('action: redact, replacement: "[gone]"', "action: block, direction: request")


@cache
def request_policy() -> Policy:
    """Return the policy of the sweep over requests."""
    return load_policy_text(REQUEST_POLICY)


@cache
def policy() -> Policy:
    """Return the policy of the sweep."""
    return load_policy_text(POLICY)


def fields_of(subject: Subject) -> list[Field]:
    """Return the places of a subject that can hold text, each `Class.field` once for each root type."""
    found = []
    for kind in subject.kinds:
        seen: set[str] = set()
        for value in value_of(kind, subject.leave_out):
            for place in places(value):
                if place.path and place.name not in seen and _holds_text(place.value):
                    seen.add(place.name)
                    found.append(Field(place.name, value, place))
    return found


def _holds_text(value: Any) -> bool:
    return isinstance(value, str) or is_bytes(value)


def planted(subject: Subject) -> Iterator[Planted]:
    """Yield a subject's payloads: canaries in fields, in keys, in bytes, and in members that nobody knows.

    Events that hold a whole answer hold the same places again: of those only a share is swept, unless all are
    asked for (`make fuzz`).
    """
    known: set[tuple[str, str]] = set()
    for kind in subject.kinds:
        seen: set[tuple[str, str]] = set()
        for value in value_of(kind, subject.leave_out):
            for place in places(value):
                for sort, new in _plants(place.value):
                    key = (place.name, sort)
                    if not place.path or key in seen or (key in known and not _is_swept_again(kind, key)):
                        continue
                    seen.add(key)
                    yield Planted(f"{place.name} {sort}", with_planted(value, place.path, new))
            for sort, new in _plants(value):
                yield Planted(f"{kind.__name__} {sort}", new)
        known |= seen


def _is_swept_again(kind: Any, key: tuple[str, str]) -> bool:
    if os.environ.get("HYPOTHESIS_PROFILE") == "fuzz":
        return True
    return zlib.crc32(f"{kind.__name__} {key}".encode()) % REPEATED_SHARE == 0


def _plants(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, str):
        yield "text", f"a {CANARY} b"
        yield "id", ID_CANARY
        yield "base64", BASE64
        yield "object in place of text", {"x": CANARY}
    elif is_bytes(value):
        yield "bytes", list(CANARY.encode())
        yield "texts in place of numbers", [CANARY]
    elif isinstance(value, dict):
        plain = {key: child for key, child in value.items() if not isinstance(child, (dict, list))}
        yield "unknown member", {**plain, "zz_new": f"a {CANARY} b"}
        yield "unknown key", {**plain, CANARY: 1}
        yield "unknown object", {**plain, "zz_new": {"deep": [{"er": ID_CANARY}]}}
        yield "unknown bytes", {**plain, "zz_new": list(CANARY.encode())}
    elif isinstance(value, (int, float)):
        yield "text in place of a number", CANARY


def outcome(subject: Subject, payload: Any) -> bytes:
    """Return what a client gets of a payload."""
    guard = StreamGuard(_codec(subject), policy())
    guard.receive(subject.write(payload))
    guard.receive_end()
    scan_inline(guard)
    return guard.take()


def _codec(subject: Subject) -> Codec:
    dialect = DIALECTS[subject.dialect]
    return dialect.body_codec() if subject.form is Form.WHOLE else dialect.stream_codec(form=subject.form)


def leaks(subject: Subject) -> list[str]:
    """Return the names of the places of which the canary comes out unseen."""
    return [
        one.name
        for one in planted(subject)
        if is_leaked(outcome(subject, one.payload))
        and not (one.name.endswith(CODED) and is_judged_as_text(subject, one.payload))
    ]


def forwarded(subject: Subject, payload: Any) -> bytes:
    """Return what the model API gets of a request; nothing when it was blocked, or refused as unreadable."""
    codec = DIALECTS[subject.dialect].request_codec()
    guard = StreamGuard(codec, request_policy(), Direction.REQUEST)
    guard.receive(subject.write(payload))
    guard.receive_end()
    scan_inline(guard)
    sent = guard.take()
    return sent if guard.state is GuardState.STATE_DONE else b""


def is_credential(place: str) -> bool:
    """Whether a field of a request holds a key for somebody's service, which is for the model API to use."""
    return any(word in place for word in ("authorization", "headers", "DomainSecret", "domain_secrets"))


def passing(subject: Subject) -> dict[str, list[str]]:
    """Return the places of a request from which a canary goes on to the model, by the sort of canary.

    One that was shown to the detectors as text is not counted: to decode it is their work.
    """
    found: dict[str, list[str]] = {}
    for one in planted(subject):
        if not is_leaked(forwarded(subject, one.payload)):
            continue
        name, _, sort = one.name.partition(" ")
        if one.name.endswith(CODED) and is_judged_as_text(subject, one.payload, is_request=True):
            continue
        found.setdefault(sort, []).append(name)
    return {sort: sorted(set(names)) for sort, names in found.items()}


def _frames(subject: Subject, payload: Any, *, is_request: bool = False) -> list[Frame]:
    codec = DIALECTS[subject.dialect].request_codec() if is_request else _codec(subject)
    return [*each_frame(codec.receive(subject.write(payload))), *codec.receive_end()]


def treatment(subject: Subject, field: Field) -> str:
    """Say how a field is read: the kind of its channel, or that it is taken out."""
    found = "taken out"
    for sort, new in _plants(field.place.value):
        if sort not in {"text", "bytes"}:
            continue
        frames = _frames(subject, with_planted(field.root, field.place.path, new))
        slots = [slot for frame in frames for slot in frame.slots if CANARY in slot.text]
        if slots:
            found = f"{slots[0].channel.kind.value}, {slots[0].mode.value}"
            return f"{found}, goes when it is edited" if slots[0].drop else found
    return found


def is_leaked(written: bytes) -> bool:
    """Whether the canary can be read in the bytes, in any of the ways in which it was planted."""
    return any(CANARY in text or ID_CANARY in text for text in _texts(written))


def is_judged_as_text(subject: Subject, payload: Any, *, is_request: bool = False) -> bool:
    """Whether base64 or bytes stand where text stands, the bytes as digits in the arguments of a tool.

    A detector was shown them, and to decode them is the detector's work.
    """
    frames = _frames(subject, payload, is_request=is_request)
    return any(coded in slot.text for frame in frames for slot in frame.slots for coded in (BASE64, BYTES))


def _texts(written: bytes) -> Iterator[str]:
    text = written.decode("utf-8", "replace")
    yield text
    for raw in re.findall(r"\{.*\}", text):
        try:
            value = json.loads(raw)
        except ValueError:
            continue
        yield from _strings(value)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
        try:
            yield base64.b64decode(value, validate=True).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            return
    elif is_bytes(value):
        yield bytes(item % 256 for item in value).decode("utf-8", "replace")
    elif isinstance(value, dict):
        for key, child in value.items():
            yield key
            yield from _strings(child)
    elif isinstance(value, list):
        for child in value:
            yield from _strings(child)
