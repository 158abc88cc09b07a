"""What is done with the members of an object."""

from proxy.wire.fields import NUMBER, FieldClass, Leaf, Logprobs, Obj, Within, enum, text
from proxy.wire.plans import Plans


def visit(*_: object) -> None:
    """Visit nothing."""


def mistyped(*_: object) -> None:
    """Visit nothing either."""


PLANS = Plans({Obj: visit, Logprobs: visit, Leaf: visit}, {FieldClass.TEXT: visit}, {}, mistyped)


def test_each_class_of_leaf_has_its_step() -> None:
    """Known words and numbers need no look, log-probabilities come last, other types are mistyped."""
    plan = PLANS.plan_of(Obj({"w": enum("a"), "n": NUMBER, "t": text(), "l": Logprobs(), "o": Obj()}))
    assert plan.steps["w"].words == {"a"}
    assert [name for name, step in plan.steps.items() if step.is_number] == ["n"]
    assert [name for name, step in plan.steps.items() if step.is_late] == ["l"]
    assert (plan.steps["t"].on_text, plan.steps["t"].on_other) == (visit, mistyped)
    assert not plan.enters


def test_a_plan_is_made_once() -> None:
    """Of an object without members too; and it says whether the object opens something of its own."""
    empty, delta = Obj(), Obj({}, Within.DELTA)
    assert PLANS.plan_of(empty) is PLANS.plan_of(empty)
    assert PLANS.plan_of(delta).enters
    assert PLANS.plan_of(delta).node is delta
