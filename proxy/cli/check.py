"""The command `sluicegate check`: one text through a policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from events.schema import Bypass
from proxy.cli.errors import ExitCode
from proxy.cli.inputs import read_text
from proxy.cli.judging import judge_text
from proxy.cli.loading import load
from proxy.cli.terminal import console, say, write, write_json

if TYPE_CHECKING:
    from detectors.types import ChannelKind
    from events.schema import Failure, Incident
    from policies.types import Direction, Policy
    from proxy.cli.judging import Judgement


def run_check(policy: str, path: str, direction: Direction, kind: ChannelKind, *, as_json: bool) -> int:
    """Judge the text at `path`. Returns the exit code; raises `CommandError` when it cannot."""
    loaded = load(policy)
    judgement = judge_text(loaded, read_text(path), direction, kind)
    if as_json:
        write_json(judgement_json(loaded, judgement))
    else:
        write(judgement.output)
        _show(loaded, judgement)
    say(*map(_unjudged_line, judgement.unjudged))
    return ExitCode.BLOCKED if judgement.blocked else ExitCode.OK


def judgement_json(policy: Policy, judgement: Judgement) -> dict[str, Any]:
    """Return the JSON form, which holds no text of the input but what may leave."""
    return {
        "action": judgement.action.value,
        "output": judgement.output,
        "findings": [finding_json(incident) for incident in judgement.incidents],
        "policy": policy.name,
        "revision": policy.revision,
    }


def finding_json(incident: Incident) -> dict[str, Any]:
    """Return the JSON form of a finding that a rule acted on."""
    return {
        "detector": incident.detector,
        "category": incident.category,
        "start": incident.start,
        "end": incident.end,
        "score": incident.score,
        "rule": incident.rule,
    }


def _show(policy: Policy, judgement: Judgement) -> None:
    """Write the decision and its findings to standard error."""
    if judgement.output and not judgement.output.endswith("\n"):
        say("")
    say(f"{judgement.action.value}  (policy {policy.name}@{policy.revision[:12]})")
    if not judgement.incidents:
        return
    from rich.table import Table  # noqa: PLC0415 - only where a table is drawn

    table = Table("start", "end", "category", "score", "rule", "action", box=None, header_style="bold")
    for one in judgement.incidents:
        table.add_row(str(one.start), str(one.end), one.category, f"{one.score:.2f}", one.rule, one.action)
    console(stderr=True).print(table)


def _unjudged_line(event: Bypass | Failure) -> str:
    outcome = "the text went on unjudged" if isinstance(event, Bypass) else "the text was blocked"
    return (
        f'detector "{event.detector}" could not judge characters {event.start} to {event.end}'
        f" ({event.reason}): {outcome}, as on_error says."
    )
