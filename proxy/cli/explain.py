"""The command `sluicegate policy show --route`: which way a request would go, under which policy, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from multidict import CIMultiDict, CIMultiDictProxy

from policies.problems import ConfigError, did_you_mean
from proxy.cli.errors import CommandError, ExitCode
from proxy.cli.loading import config_problem, resolve
from proxy.cli.terminal import say, write, write_json
from proxy.server.config_file import load_server_config
from proxy.server.faults import ClientFault
from proxy.server.globs import MODEL
from proxy.server.reload import REVISION_CHARS
from proxy.server.router import Outcome, Router
from proxy.server.routes import Treatment, route_table
from proxy.server.run import KEY_FILE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from proxy.server.config import ServerConfig
    from proxy.server.router import Plan, Tried


@dataclass(frozen=True, slots=True)
class Question:
    """A request as the command line describes it."""

    method: str
    target: str
    model: str | None = None
    tenant: str | None = None
    """None: as its headers say."""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)


def run_explain(question: Question, config_file: str | None, *, as_json: bool) -> int:
    """Answer the question. Raises `CommandError` for a configuration or a question that cannot be used."""
    if config_file is None:
        raise CommandError("--route needs the settings that it is about. Give --config FILE.")
    try:
        config = load_server_config(Path(config_file))
    except ConfigError as error:
        raise config_problem(error) from error
    _check(question, config)
    answer = explained(question, config, _hash_key(config))
    if as_json:
        write_json(answer, indent=2)
    else:
        write(_words(answer))
    return ExitCode.OK


def header_of(written: str) -> tuple[str, str]:
    """Return name and value of `Name: value`. Raises `CommandError`; its message repeats no value."""
    name, colon, value = written.partition(":")
    if not colon or not name.strip():
        raise CommandError("--header: write it as 'Name: value'.")
    return name.strip(), value.strip()


def explained(question: Question, config: ServerConfig, hash_key: bytes) -> dict[str, Any]:
    """Return the answer as JSON values: the routes that were tried, and what came of it."""
    router = Router(config, route_table(config), hash_key)
    headers = CIMultiDictProxy(CIMultiDict(question.headers))
    answer: dict[str, Any] = {
        "method": question.method,
        "path": question.target.partition("?")[0],
        "model": question.model,
        "tenant": None,
        "tried": [],
    }
    try:
        selection = router.select(question.method, question.target, headers, question.tenant)
        tried, tenant = router.tries(question.method, question.target, headers, question.tenant)
    except ClientFault as fault:
        return answer | {"route": None} | _refusal(fault)
    plan = selection.decide(question.model) if selection.needs_model else selection.first
    answer |= {"tenant": tenant or None, "tried": _tried(tried, plan, question), "route": plan.route_id}
    return answer | (_refusal(plan.fault) if plan.fault is not None else _way(plan, config))


def _tried(tried: Sequence[Tried], plan: Plan, question: Question) -> list[dict[str, Any]]:
    shown = []
    for one in tried:
        applies = one.route_id == plan.route_id
        reason = Outcome.APPLIES.value if applies else one.outcome.value
        if one.outcome is Outcome.ASKS_MODEL and not applies:
            reason = (
                Outcome.OTHER_MODEL.value if question.model is not None else "it asks for a model: give --model"
            )
        shown.append({"route": one.route_id, "applies": applies, "reason": reason})
        if applies:
            break
    return shown


def _refusal(fault: ClientFault) -> dict[str, Any]:
    return {"treatment": "refused", "status": fault.status, "code": fault.code, "message": fault.public}


def _way(plan: Plan, config: ServerConfig) -> dict[str, Any]:
    assert plan.match is not None  # noqa: S101 - a plan without a fault has one
    match = plan.match
    name = plan.upstream or config.upstream_name
    url = next((one.url for one in config.upstreams if one.name == name), config.upstream_url)
    way: dict[str, Any] = {
        "treatment": match.treatment.value,
        "dialect": None if match.dialect is None else match.dialect.name,
        "upstream": {"name": name or None, "url": url},
        "sent_as": plan.path,
        "policy": None,
    }
    if match.treatment is Treatment.GUARDED:
        source = plan.policy_source or config.policy_source
        policy = resolve(source)
        way["policy"] = {"name": policy.name, "revision": policy.revision, "source": source}
    return way


def _check(question: Question, config: ServerConfig) -> None:
    known = [one.name for one in config.tenants]
    if question.tenant is not None and question.tenant not in known:
        listed = f" Known are {', '.join(known)}." if known else " There is none."
        hint = did_you_mean(question.tenant, known) or listed
        raise CommandError(f"--tenant: there is no tenant {question.tenant!r}.{hint}")
    if question.model is not None and not MODEL.fullmatch(question.model):
        raise CommandError("--model: is not the name of a model: visible ASCII characters, without blanks.")
    if not question.method.isupper() or not question.target.startswith("/"):
        raise CommandError("--route: write it as POST /v1/chat/completions.")


def _hash_key(config: ServerConfig) -> bytes:
    """Return the key of the tenants' key hashes; it is not made where there is none."""
    try:
        return (config.state_dir / KEY_FILE).read_bytes()
    except OSError:
        if any(one.key_hashes for one in config.tenants):
            say(f"{config.state_dir / KEY_FILE} cannot be read: no tenant is known by its key here. Give --tenant.")
        return b""


def _words(answer: dict[str, Any]) -> str:
    named = [f"{key} {answer[key]}" for key in ("model", "tenant") if answer[key] is not None]
    lines = ["  ".join([f"{answer['method']} {answer['path']}", *named])]
    lines += [
        f'  route "{one["route"]}": {"yes" if one["applies"] else "no"}: {one["reason"]}' for one in answer["tried"]
    ]
    if answer["treatment"] == "refused":
        lines.append(f"refused   {answer['status']} {answer['code']}: {answer['message']}")
        return "\n".join(lines) + "\n"
    upstream, policy = answer["upstream"], answer["policy"]
    lines.append(f"upstream  {upstream['name'] or '(default)'}  {upstream['url']}")
    lines.append(f"sent as   {answer['method']} {answer['sent_as']}")
    dialect = f" as {answer['dialect']}" if answer["dialect"] else ""
    lines.append(f"treated   {answer['treatment']}{dialect}")
    if policy is not None:
        lines.append(f"policy    {policy['name']}@{policy['revision'][:REVISION_CHARS]}  {policy['source']}")
    return "\n".join(lines) + "\n"
