"""The number of slices is bounded, and the frequent tenants have one each."""

from __future__ import annotations

from monitor.models.directory import Directory
from monitor.settings import SliceSettings
from monitor.snapshots import dump, load
from monitor.types import POOLED, WHOLE, Dimension, Slice
from tests.support.monitor import caught, exchange


def test_an_answer_is_in_one_slice_of_each_dimension() -> None:
    found = Directory(SliceSettings()).slices_of(exchange(tenant=None))
    assert [one.dimension for one in found] == ["global", "model", "route", "policy"]


def test_categories_are_those_that_rules_acted_on() -> None:
    directory = Directory(SliceSettings())
    assert directory.categories_of(caught()) == [Slice(Dimension.CATEGORY, "CARD")]
    assert directory.categories_of(exchange()) == []


def test_ten_thousand_tenants_share_what_is_left() -> None:
    directory = Directory(SliceSettings(top_tenants=10, max_live=40))
    for number in range(10_000):
        directory.slices_of(exchange(tenant=f"t{number}", model=f"m{number}"))
        directory.review()
    live = directory.live()
    assert len(live) <= 40
    assert {WHOLE, Slice(Dimension.TENANT, POOLED), Slice(Dimension.MODEL, POOLED)} <= set(live)
    assert sum(one.dimension is Dimension.TENANT for one in live) <= 11


def test_a_tenant_that_becomes_frequent_gets_a_slice() -> None:
    directory = Directory(SliceSettings(top_tenants=2))
    for name in ("a", "b"):
        directory.slices_of(exchange(tenant=name))
    gone = []
    for _ in range(1500):
        directory.slices_of(exchange(tenant="late"))
        gone += directory.review()
    assert len(gone) == 1
    assert Slice(Dimension.TENANT, "late") in directory.live()


def test_a_slice_that_is_dropped_leaves_room() -> None:
    directory = Directory(SliceSettings(top_tenants=1))
    (*_, first) = directory.slices_of(exchange(tenant="a"))
    directory.drop(first)
    assert directory.place(Dimension.TENANT, "b") == Slice(Dimension.TENANT, "b")


def test_a_restored_one_knows_its_slices_by_name() -> None:
    one = Directory(SliceSettings(top_tenants=2, max_live=30))
    for number in range(40):
        one.slices_of(exchange(tenant=f"t{number}", model=f"m{number}"))
    other = load(dump(one))
    for number in range(40):
        record = exchange(tenant=f"t{number}", model=f"m{number}")
        assert other.slices_of(record) == one.slices_of(record)
    assert other.live() == one.live()
    assert dump(other) == dump(one)
