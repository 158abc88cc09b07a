"""How the partitions of the topics make shares, and how a consumer group hands whole shares to its members.

A share is every n-th partition of the topics of exchanges and incidents, which have the same key and so the same
partition for one exchange. Verdicts and policies are few and have other keys: every share reads all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from events.schema.envelope import EVENT_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SPREAD: Final = (EVENT_TYPES["exchange"].topic, EVENT_TYPES["incident"].topic)
EVERYWHERE: Final = (EVENT_TYPES["verdict"].topic, EVENT_TYPES["policy"].topic)
TOPICS: Final = (*SPREAD, *EVERYWHERE)


def share_of(partition: int, shares: int) -> str:
    """Return the name of the share that a partition of a spread topic belongs to."""
    return f"share-{partition % shares}"


def share_names(shares: int) -> list[str]:
    """Return the names of all shares."""
    return [f"share-{number}" for number in range(shares)]


def shares_in(parts: Iterable[tuple[str, int]], shares: int) -> set[str]:
    """Return the shares of which partitions (topic below the prefix, number) are there."""
    return {share_of(number, shares) for topic, number in parts if topic in SPREAD}


def spread(members: Sequence[str], shares: int) -> dict[str, list[int]]:
    """Return the numbers of the shares of each member, as even as can be."""
    ordered = sorted(members)
    return {member: list(range(at, shares, len(ordered))) for at, member in enumerate(ordered)}


def partitions_for(numbers: Sequence[int], shares: int, counts: dict[str, list[int]]) -> dict[str, list[int]]:
    """Return by topic below the prefix the partitions of a member with these shares, of those that there are."""
    if not numbers:
        return {}
    wanted = set(numbers)
    found = {topic: [one for one in counts.get(topic, ()) if one % shares in wanted] for topic in SPREAD}
    return found | {topic: list(counts.get(topic, ())) for topic in EVERYWHERE}


def share_assignor(shares: int, prefix: str) -> Any:  # noqa: ANN401 - the library has no types
    """Return what tells the members of a group their partitions."""
    from kafka.coordinator.assignors.abstract import AbstractPartitionAssignor  # noqa: PLC0415 - an extra
    from kafka.protocol.consumer.metadata import (  # noqa: PLC0415
        ConsumerProtocolAssignment,
        ConsumerProtocolSubscription,
    )

    class ShareAssignor(AbstractPartitionAssignor):  # type: ignore[misc]
        name = f"sluicegate-shares-{shares}"  # members that count other shares cannot join
        version = 0

        def assign(self, cluster: Any, members: Any) -> dict[str, Any]:  # noqa: ANN401
            counts = {name: sorted(cluster.partitions_for_topic(f"{prefix}.{name}") or ()) for name in TOPICS}
            made = {}
            for member, numbers in spread([one.member_id for one in members], shares).items():
                mine = partitions_for(numbers, shares, counts)
                pairs = sorted((f"{prefix}.{name}", parts) for name, parts in mine.items())
                made[member] = ConsumerProtocolAssignment(self.version, pairs, b"")
            return made

        def metadata(self, topics: Any) -> Any:  # noqa: ANN401
            return ConsumerProtocolSubscription(self.version, sorted(topics), b"")

        def on_assignment(self, assignment: Any, generation: Any) -> None:  # noqa: ANN401
            pass

    return ShareAssignor()
