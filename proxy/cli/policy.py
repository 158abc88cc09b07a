"""The commands `sluicegate policy validate`, `show` and `test`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policies.problems import shown
from policies.selftest import run_tests
from proxy.cli.errors import CommandError, ExitCode
from proxy.cli.judging import judge_text
from proxy.cli.loading import load, resolve
from proxy.cli.terminal import say, say_errors, write, write_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from detectors.types import ChannelKind
    from policies.selftest import TestOutcome
    from policies.types import Action, Direction, Policy


def run_validate(files: Sequence[str]) -> int:
    """Check every file before the answer, so that all problems are seen at once. Warnings change no exit code."""
    problems: list[str] = []
    for file in files:
        try:
            resolved = resolve(file)
        except CommandError as error:
            problems.extend(error.lines)
        else:
            say_errors(f"warning: {one}" for one in resolved.advice)
            rules = len(resolved.rules)
            write(f"{file}: valid: {resolved.name}@{resolved.revision[:12]}, {rules} rules, mode {resolved.mode}\n")
    if problems:
        say_errors(problems)
        return ExitCode.CONFIG
    return ExitCode.OK


def run_show(file: str | None, alone: Sequence[str] = (), *, as_json: bool) -> int:
    """Write a policy after `extends`, as YAML that loads to the same revision, or as JSON.

    `alone` are options that were given though they belong to `--route`. Raises `CommandError`.
    """
    if alone:
        raise CommandError(f"{alone[0]} belongs to --route METHOD PATH.")
    if file is None:
        raise CommandError("Name a policy, or give --route METHOD PATH with --config FILE.")
    resolved = resolve(file)
    if as_json:
        import yaml  # noqa: PLC0415 - only here

        shown_policy = yaml.safe_load(resolved.to_yaml())
        warnings = [str(one) for one in resolved.advice]
        write_json({"revision": resolved.revision, "policy": shown_policy, "warnings": warnings}, indent=2)
    else:
        write(f"# revision: {resolved.revision}\n{resolved.to_yaml()}")
    return ExitCode.OK


def run_show_route(route: tuple[str, str], request: Mapping[str, Any], config: str | None, *, as_json: bool) -> int:
    """Say which way a request would go. `request`: model and tenant, or None, and headers as they were written."""
    from proxy.cli.explain import Question, header_of, run_explain  # noqa: PLC0415 - it needs the server

    headers = tuple(header_of(one) for one in request["headers"])
    question = Question(*route, request["model"], request["tenant"], headers)
    return run_explain(question, config, as_json=as_json)


def run_policy_tests(files: Sequence[str]) -> int:
    """Run the tests of every file. Exit code 1 when one fails, 2 when a policy cannot be loaded."""
    loaded = [(file, load(file)) for file in files]
    failed = total = 0
    for file, policy in loaded:
        outcomes = run_tests(policy, _judge)
        for outcome in outcomes:
            write(_outcome_lines(file, outcome))
        failed += sum(not outcome.passed for outcome in outcomes)
        total += len(outcomes)
        if not outcomes:
            say(f"{file}: has no tests. Add 'tests:' with a text and what you expect of it.")
    say(f"{total - failed} of {total} tests passed.")
    return ExitCode.BLOCKED if failed else ExitCode.OK


def _judge(policy: Policy, text: str, direction: Direction, kind: ChannelKind) -> tuple[Action, str]:
    judgement = judge_text(policy, text, direction, kind)
    return judgement.action, judgement.output


def _outcome_lines(file: str, outcome: TestOutcome) -> str:
    """Write a test's outcome; below a failed one, each expectation that was not met."""
    if outcome.passed:
        return f"PASS {file}:{outcome.test.line} {outcome.test.name}\n"
    lines = [f"FAIL {file}:{outcome.test.line} {outcome.test.name}", f"     text: {shown(outcome.test.text)}"]
    lines += [f"     {problem}" for problem in outcome.problems]
    return "\n".join(lines) + "\n"
