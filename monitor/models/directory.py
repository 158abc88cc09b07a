"""Which slices an answer belongs to. The number of live slices is bounded; what is rare shares a slice."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from river.sketch import HeavyHitters

from monitor.models.unsaved import PartlySaved
from monitor.types import POOLED, WHOLE, Dimension, Slice

if TYPE_CHECKING:
    from monitor.records import ExchangeRecord
    from monitor.settings import SliceSettings

TENANT: Final = Dimension.TENANT
NAMED: Final = (Dimension.MODEL, Dimension.ROUTE, Dimension.POLICY, TENANT)
"""The dimensions of which an answer has a value."""
EPSILON: Final = 0.002
"""Share of answers above which the sketch is sure to know a tenant; it remembers some thousand names at most."""
REVIEW_EVERY: Final = 1000
"""Answers between two looks at which tenants are the most frequent."""
LEAD: Final = 2.0
"""A tenant takes another's slice when it is this many times as frequent: a slice that changes hands learns anew."""


class Directory(PartlySaved):
    """The live slices."""

    UNSAVED: ClassVar = frozenset({"_named"})

    def __init__(self, settings: SliceSettings) -> None:
        self._settings = settings
        self._live: dict[Slice, None] = {WHOLE: None}
        self._tenants = HeavyHitters(support=EPSILON / 2, epsilon=EPSILON)
        self._until_review = REVIEW_EVERY
        self._begin()

    def _begin(self) -> None:
        self._named: dict[Dimension, dict[str, Slice]] = {dimension: {} for dimension in Dimension}
        """The same slices by dimension and value."""
        for one in self._live:
            self._named[one.dimension][one.value] = one

    def slices_of(self, record: ExchangeRecord) -> list[Slice]:
        """Return the slices of an answer, the whole first; new ones begin here."""
        found = [WHOLE]
        values = (record.model, record.route, record.policy, record.tenant)
        for dimension, value in zip(NAMED, values, strict=True):
            if value is not None and dimension in self._settings.dimensions:
                found.append(self.place(dimension, value))
        return found

    def categories_of(self, record: ExchangeRecord) -> list[Slice]:
        """Return the slices of the categories that rules acted on."""
        if not record.categories or Dimension.CATEGORY not in self._settings.dimensions:
            return []
        return list(dict.fromkeys(self.place(Dimension.CATEGORY, name) for name in record.categories))

    def place(self, dimension: Dimension, value: str) -> Slice:
        """Return the slice of a value: its own where there is room, else the one that it shares."""
        named = self._named[dimension]
        if dimension is TENANT:
            self._tenants.update(value)
        found = named.get(value)
        if found is None and self._has_room(dimension):
            found = self._add(Slice(dimension, value))
        return found or named.get(POOLED) or self._add(Slice(dimension, POOLED))

    def adopt(self, settings: SliceSettings) -> None:
        """Go on under other settings; slices that live stay."""
        self._settings = settings

    def review(self) -> list[Slice]:
        """Give slices to tenants that have become frequent; return those that had to go. Call it per answer."""
        self._until_review -= 1
        if self._until_review > 0:
            return []
        self._until_review = REVIEW_EVERY
        live = set(self._named[TENANT]) - {POOLED}
        if len(live) < self._settings.top_tenants:
            return []
        gone: list[Slice] = []
        common = (str(name) for name, _ in self._tenants.most_common(self._settings.top_tenants))
        rising = [name for name in common if name not in live]
        weakest = sorted(live, key=lambda name: (self._tenants[name], name))
        for name, rival in zip(weakest, rising, strict=False):
            if self._tenants[rival] < LEAD * self._tenants[name]:
                break
            gone.append(self.drop(Slice(TENANT, name)))
            self._add(Slice(TENANT, rival))
        return gone

    def drop(self, gone: Slice) -> Slice:
        """Forget a slice; its place is free."""
        self._live.pop(gone, None)
        self._named[gone.dimension].pop(gone.value, None)
        return gone

    def live(self) -> list[Slice]:
        """Return the live slices in the order in which they began."""
        return list(self._live)

    def _add(self, new: Slice) -> Slice:
        self._live[new] = None
        self._named[new.dimension][new.value] = new
        return new

    def _has_room(self, dimension: Dimension) -> bool:
        tenants = len(self._named[TENANT])
        if dimension is TENANT:
            return tenants < self._settings.top_tenants and len(self._live) < self._settings.max_live
        shared = len(Dimension)  # each dimension may come to need the slice that is shared
        free = self._settings.max_live - (len(self._live) - tenants) - self._settings.top_tenants - shared
        return free > 0
