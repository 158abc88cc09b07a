"""A minute's numbers taken together: how odd the whole is, where each may be within its bounds. Advisory only."""

from __future__ import annotations

import copy
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from river.anomaly import HalfSpaceTrees, QuantileFilter
from river.preprocessing import MinMaxScaler
from river.tree.padded import PaddedBranch, PaddedLeaf

from monitor.models.firing import Firing
from monitor.types import Level, Oddity, Signal

if TYPE_CHECKING:
    from monitor.types import Slice

TREES: Final = 10
HEIGHT: Final = 5
WINDOW: Final = 250
"""Minutes that the trees learn from; their score is 0 before, and nothing is said."""
WARM_UP: Final = 2 * WINDOW
"""Minutes before anything is said: the trees' first window, and one in which their quantile is learned."""
QUANTILE: Final = 0.995
SEED: Final = 20_260_101
"""Of the trees' cuts: the same in every process, so that a replay is the same."""

_Node = PaddedBranch | PaddedLeaf


class OddityWatch:
    """The minutes of one slice."""

    def __init__(self, place: Slice) -> None:
        self._slice = place
        self._scaler = MinMaxScaler()
        self._trees = QuantileFilter(_trees(), q=QUANTILE)
        self._minutes = 0
        self._last: Oddity | None = None

    def __getstate__(self) -> dict[str, Any]:
        """River keeps each node twice, in its tree and in a list of them; a snapshot tells no copies apart."""
        slim = copy.copy(self._trees)
        inner: Any = copy.copy(self._trees.anomaly_detector)
        inner._tree_nodes = []  # noqa: SLF001
        slim.anomaly_detector = inner
        return vars(self) | {"_trees": slim}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Make the list of nodes anew."""
        vars(self).update(state)
        inner: Any = self._trees.anomaly_detector
        inner._tree_nodes = [list(tree.iter_dfs()) for tree in inner.trees]  # noqa: SLF001

    def minute(self, numbers: dict[str, float], end_s: float, answers: int) -> list[Firing]:
        """Learn from a minute that is over."""
        self._scaler.learn_one(numbers)
        scaled = self._scaler.transform_one(numbers)
        if not self._minutes:
            _plant(self._trees.anomaly_detector, tuple(scaled))
        score = float(self._trees.score_one(scaled))
        is_told = self._minutes > WARM_UP
        is_odd = is_told and bool(self._trees.classify(score))
        limit = self._trees.quantile.get()
        self._trees.learn_one(scaled)
        self._minutes += 1
        self._last = Oddity(
            slice=self._slice,
            end_s=end_s,
            score=score if is_told else None,
            limit=float(limit) if is_told and limit is not None else None,
            is_odd=is_odd,
            minutes=self._minutes,
            warm_up=WARM_UP,
            answers=answers,
            numbers={name: float(value) for name, value in numbers.items()},
        )
        if not is_odd:
            return []
        return [
            Firing(
                slice=self._slice,
                signal=Signal.ODDITY,
                detector="half_space_trees",
                level=Level.INFO,
                chance=1 - QUANTILE,
                observed=score,
                expected=None,
                evidence={name: float(value) for name, value in numbers.items()},
                start_s=end_s - 60.0,
                end_s=end_s,
                events=answers,
            )
        ]

    def last(self) -> Oddity | None:
        """Return the last minute that had answers; None before the first."""
        return self._last


def _trees() -> HalfSpaceTrees:
    return HalfSpaceTrees(n_trees=TREES, height=HEIGHT, window_size=WINDOW, seed=SEED)


@lru_cache(maxsize=1)
def _seedling(names: tuple[str, ...]) -> Any:  # noqa: ANN401 - what River says nothing of is needed
    """Return trees as River plants them at the first minute that they see."""
    trees = _trees()
    trees.learn_one(dict.fromkeys(names, 0.0))
    return trees


def _plant(trees: Any, names: tuple[str, ...]) -> None:  # noqa: ANN401 - as above
    """Plant what River would plant: the same in every slice, so that a copy does, at a fraction of the time."""
    seedling = _seedling(names)
    trees.rng.setstate(seedling.rng.getstate())
    trees.limits.update(seedling.limits)
    for root in seedling.trees:
        nodes: list[_Node] = []
        trees.trees.append(_copied(root, nodes))
        trees._tree_nodes.append(nodes)  # noqa: SLF001


def _copied(node: _Node, nodes: list[_Node]) -> _Node:
    """Return a node that has learned nothing, with all that is below it; note each."""
    if isinstance(node, PaddedBranch):
        left, right = (_copied(child, nodes) for child in node.children)
        new: _Node = PaddedBranch(left, right, node.feature, node.threshold, l_mass=0, r_mass=0)
    else:
        new = PaddedLeaf(r_mass=0, l_mass=0)
    nodes.append(new)
    return new
