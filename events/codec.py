"""Events as bytes and back. It knows no queue and no broker."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson
from pydantic import TypeAdapter, ValidationError

from events.schema.envelope import EVENT_TYPES, MAX_EVENT_BYTES, Event

if TYPE_CHECKING:
    from events.schema.envelope import EventType

_BY_TYPE = {kind.type: kind for kind in EVENT_TYPES.values()}


class EventError(ValueError):
    """Bytes that are no event, or an event that cannot be written. The message quotes nothing of it."""


def encode(event: Event) -> bytes:
    """Return an event as CloudEvents JSON. Raises `EventError` when it is too long or cannot be written."""
    return encode_wire(event.wire())


def encode_wire(wire: dict[str, Any]) -> bytes:
    """Return an event that is a mapping already (see `wire_of`) as bytes. Raises `EventError` as `encode` does."""
    try:
        value = orjson.dumps(wire)
    except (TypeError, ValueError) as error:
        raise EventError("unserialisable") from error
    if len(value) > MAX_EVENT_BYTES:
        raise EventError("too_large")
    return value


def read_wire(value: bytes) -> dict[str, Any]:
    """Return an event as the mapping it is, of a type known or not. Raises `EventError`."""
    try:
        wire = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise EventError("not JSON") from error
    if not isinstance(wire, dict) or not all(isinstance(wire.get(key), str) for key in ("id", "type", "subject")):
        raise EventError("not a CloudEvent")
    return wire


def kind_of(wire: dict[str, Any]) -> EventType | None:
    """Return the type of an event that was read; None for one that this version does not know."""
    return _BY_TYPE.get(wire["type"])


def decode_data(wire: dict[str, Any]) -> Any:  # noqa: ANN401 - one of the data classes
    """Return the data of an event as its class; what a later version added is left out. Raises `EventError`."""
    kind = kind_of(wire)
    if kind is None:
        raise EventError(f"the type {wire['type']!r} is not known to this version")
    try:
        return _adapter(kind.data).validate_python(wire.get("data"))
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise EventError(f"{kind.name}: data.{where} is not as the schema says") from None


@lru_cache(maxsize=16)
def _adapter(data: type) -> TypeAdapter[Any]:
    return TypeAdapter(data)
