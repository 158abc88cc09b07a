"""What reviewers' verdicts say, drawn for a terminal: precision by rule, recall, delay, and proposals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rich.console import Group
from rich.table import Table
from rich.text import Text

from monitor.models.intervals import beta_interval

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType

MAX_RULES: Final = 8
_UNITS: Final = ((86_400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))


def review(labels: list[dict[str, Any]]) -> RenderableType | None:
    """Return the figures, those with most verdicts first; None before the first verdict."""
    rules = _added(one for share in labels for one in share["precision"])
    judged = {key: counts for key, counts in rules.items() if counts[0] + counts[1]}
    lines = [*_delays(labels), *_recalls(labels), *_proposals(labels)]
    if not judged and not lines:
        return None
    return Group(_precisions(judged, labels), *lines) if judged else Group(*lines)


def _added(precisions: Iterable[dict[str, Any]]) -> dict[tuple[str, str], tuple[int, int, int]]:
    """Return by policy and rule the verdicts that say right and wrong, and incidents, of all shares."""
    found: dict[tuple[str, str], tuple[int, int, int]] = {}
    for one in precisions:
        right, wrong, incidents = found.get((one["policy"], one["rule"]), (0, 0, 0))
        found[one["policy"], one["rule"]] = (
            right + one["right"], wrong + one["wrong"], incidents + one["incidents"],
        )  # fmt: skip
    return found


def _precisions(judged: dict[tuple[str, str], tuple[int, int, int]], labels: list[dict[str, Any]]) -> Table:
    table = Table(box=None, header_style="bold", padding=(0, 1, 0, 0))
    for name in ("rule, by its verdicts", "incidents", "right", "wrong", "precision, in %", "by its scores"):
        table.add_column(name, justify="left" if name.startswith("rule") else "right", no_wrap=True)
    order = sorted(judged, key=lambda key: (-judged[key][0] - judged[key][1], key))
    for policy, rule in order[:MAX_RULES]:
        right, wrong, incidents = judged[policy, rule]
        low, high = beta_interval(right, wrong)
        share = Text.assemble(f"{100 * right / (right + wrong):.0f}", (f" {100 * low:.0f}-{100 * high:.0f}", "dim"))
        table.add_row(
            f"{policy} {rule}", str(incidents), str(right), str(wrong), share, _estimated(labels, policy, rule)
        )
    return table


def _estimated(labels: list[dict[str, Any]], policy: str, rule: str) -> str:
    """Return what scores speak for; the lowest and highest of several shares, whose models are their own."""
    found = sorted(
        100 * one["estimated"]
        for share in labels
        for one in share["precision"]
        if (one["policy"], one["rule"]) == (policy, rule) and one["estimated"] is not None
    )
    if not found:
        return "-"
    low, high = f"{found[0]:.0f}", f"{found[-1]:.0f}"
    return low if low == high else f"{low} to {high}"


def _delays(labels: list[dict[str, Any]]) -> list[Text]:
    return [
        Text(f"Verdicts came after {_time(delay['0.5'])} (median), {_time(delay['0.95'])} (95th percentile).")
        for share in labels
        if (delay := share["delay_s"]) and None not in delay.values()
    ]


def _recalls(labels: list[dict[str, Any]]) -> list[Text]:
    return [
        Text(
            f"Recall, estimated from {recall['judged']} sampled answers:"
            f" {100 * recall['share']:.0f} % ({100 * recall['low']:.0f}-{100 * recall['high']:.0f})."
        )
        for share in labels
        if (recall := share["recall"]) is not None and recall["share"] is not None
    ]


def _proposals(labels: list[dict[str, Any]]) -> list[Text]:
    return [
        Text(
            f"Proposed for {one['policy']} {one['rule']}: threshold {one['threshold']:g} instead of {one['now']:g};"
            f" {100 * one['precision']:.0f} % right instead of {100 * one['precision_now']:.0f} %, with"
            f" {100 * one['recall']:.0f} % of what is right and {100 * one['volume']:.0f} % of the incidents."
        )
        for share in labels
        for one in share["proposals"]
    ]


def _time(seconds: float) -> str:
    """Write a time in the largest unit that it has one of."""
    size, unit = next((one for one in _UNITS if seconds >= one[0]), _UNITS[-1])
    return f"{seconds / size:.3g} {unit}"
