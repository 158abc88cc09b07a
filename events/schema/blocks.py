"""Parts that several events have in common: whose request, which model, which policy."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RequestBlock:
    """The request that an event is about."""

    id: str
    """The exchange's id: the header `x-sluicegate-request-id` of the answer, and the key of the event."""
    tenant: str | None
    """Name of the tenant in the server's configuration; null where there are none."""
    subject_hash: str | None
    """Keyed fingerprint of the end user that the client named in its request; null where it named none."""
    route: str
    """The path that was asked, as the dialect knows it."""
    dialect: str
    """Wire format of the request."""
    stream: bool
    """Whether the client asked for a stream."""


@dataclass(frozen=True, slots=True)
class ModelBlock:
    """The model that answered."""

    provider: str | None
    """Host of the model API."""
    name: str | None
    """Name that the client asked for; null until the model API has answered it with success."""
    version: str | None = None
    """Version that the model API reported, where it is known."""


@dataclass(frozen=True, slots=True)
class PolicyBlock:
    """The policy in force for the exchange."""

    id: str
    """Its name."""
    hash: str
    """`sha256:` and the revision: a hash of all that can change what happens to a text."""
