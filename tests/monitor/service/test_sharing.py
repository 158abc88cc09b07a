"""Shares: every partition in exactly one, whole shares to each member, as even as can be."""

from __future__ import annotations

from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from monitor.service.sharing import (
    EVERYWHERE,
    SPREAD,
    partitions_for,
    share_assignor,
    share_names,
    share_of,
    shares_in,
    spread,
)

MEMBERS = st.lists(st.text("abc", min_size=1, max_size=3), min_size=1, max_size=5, unique=True)


@given(MEMBERS, st.integers(1, 12), st.integers(1, 20))
def test_each_spread_partition_has_one_member_and_all_have_the_others(
    members: list[str], shares: int, partitions: int
) -> None:
    counts = {topic: list(range(partitions)) for topic in (*SPREAD, *EVERYWHERE)}
    numbers = spread(members, shares)
    assert sorted(one for found in numbers.values() for one in found) == list(range(shares))
    assert max(map(len, numbers.values())) - min(map(len, numbers.values())) <= 1
    given_to = {member: partitions_for(found, shares, counts) for member, found in numbers.items()}
    for topic in SPREAD:
        assert sorted(one for parts in given_to.values() for one in parts.get(topic, ())) == counts[topic]
    for member, parts in given_to.items():
        if numbers[member]:
            assert all(parts[topic] == counts[topic] for topic in EVERYWHERE)
            pairs = {(topic, one) for topic, found in parts.items() for one in found}
            assert shares_in(pairs, shares) <= {f"share-{number}" for number in numbers[member]}
        else:
            assert parts == {}


def test_the_topics_of_one_exchange_are_in_one_share() -> None:
    assert [share_of(partition, 3) for partition in range(4)] == ["share-0", "share-1", "share-2", "share-0"]
    assert share_names(2) == ["share-0", "share-1"]


def test_the_group_is_told_in_the_librarys_form() -> None:
    assignor = share_assignor(2, "p")
    cluster = SimpleNamespace(partitions_for_topic=lambda _topic: {0, 1, 2})
    made = assignor.assign(cluster, [SimpleNamespace(member_id="b"), SimpleNamespace(member_id="a")])
    assert sorted(made) == ["a", "b"]
    own = {(part.topic, part.partition) for part in made["a"].partitions()}
    assert ("p.exchanges.v1", 2) in own
    assert ("p.exchanges.v1", 1) not in own
    assert ("p.verdicts.v1", 1) in own
    assert assignor.metadata({"t"}).topics == ["t"]
    assert assignor.name == "sluicegate-shares-2"
