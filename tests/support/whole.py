"""A policy by definition, without the guard: one text, whole, all findings at once."""

from __future__ import annotations

from detectors.types import ChannelKind, Window
from policies.decide import decide, render_replacement
from policies.substitutes import Substitutes
from policies.types import Action, Direction, Policy


def run_whole(policy: Policy, text: str, direction: Direction, kind: ChannelKind) -> tuple[Action, str]:
    """What the policy makes of one text, by definition: all findings at once, edits from the back."""
    window = Window(kind, "", text, 0, final=True)
    findings = [f for d in policy.detectors.values() if kind in d.kinds for f in d.scan(window).findings]
    decision = decide(policy, findings, direction, kind)
    output = text if decision.block is None else text[: decision.block.finding.start]
    known = Substitutes()
    written = []
    for edit in decision.edits:
        matched = text[edit.start : edit.end]
        value = matched if edit.rule.reads_value(direction) else None
        written.append(render_replacement(policy, edit, matched, known, value))
    for edit, replacement in zip(reversed(decision.edits), reversed(written), strict=True):
        output = output[: edit.start] + replacement + output[edit.end :]
    return decision.action, output
