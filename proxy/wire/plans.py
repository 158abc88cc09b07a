"""What a walk does with each member of an object, worked out once for each object of the tables.

It walks nothing: `proxy.wire.walk` does, and says which of its methods visits what.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from proxy.wire.fields import FieldClass, Leaf, Logprobs, Obj, Within

if TYPE_CHECKING:
    from collections.abc import Callable

    from proxy.wire.fields import Node

    Visit = Callable[..., None]


class Step(NamedTuple):
    """What is done with a listed member."""

    node: Node
    on_text: Visit
    """For a string."""
    on_other: Visit
    words: frozenset[str]
    """Strings that need no look."""
    is_number: bool
    is_late: bool
    """Whether it is looked at after the others."""


class Plan(NamedTuple):
    """What is done with an object."""

    node: Obj
    """Kept here so that it lives, and no other object gets its id."""
    enters: bool
    """Whether the texts inside belong to something else than those around it."""
    steps: dict[str, Step]
    marks: bool
    """Whether the slots in it are to be `marked`."""


@dataclass(frozen=True, slots=True)
class Plans:
    """The plans of all tables that were walked so far."""

    visits: Mapping[type, Visit]
    strings: Mapping[FieldClass, Visit]
    structures: Mapping[FieldClass, Visit]
    mistyped: Visit
    """For what is not of the type that a leaf expects."""
    _known: dict[int, Plan] = field(default_factory=dict)

    def plan_of(self, node: Obj) -> Plan:
        """Return the plan of an object."""
        plan = self._known.get(id(node))
        if plan is None:
            is_same = node.within is Within.SAME and node.series is None and node.ends is None
            enters = not is_same or bool(node.numbers)
            steps = {key: self._step(known) for key, known in node.members.items()}
            marks = bool(node.vouchers or node.echoes or (node.series is not None and node.series.of_texts))
            plan = self._known[id(node)] = Plan(node, enters, steps, marks)
        return plan

    def _step(self, node: Node) -> Step:
        if not isinstance(node, Leaf):
            visit = self.visits[node.__class__]
            return Step(node, visit, visit, frozenset(), is_number=False, is_late=isinstance(node, Logprobs))
        on_text = self.strings.get(node.cls, self.mistyped)
        on_other = self.structures.get(node.cls, self.mistyped)
        words = node.values if node.cls is FieldClass.ENUM else frozenset()
        return Step(node, on_text, on_other, words, node.cls is FieldClass.NUMBER, is_late=False)
