"""The part `monitor:` of `sluicegate.yaml`: what is watched, how strictly, and whom the monitor tells."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

from pydantic import Field

from monitor.service.settings import MIN_TOKEN_CHARS, ServiceSettings
from monitor.settings import Budget, MonitorSettings
from monitor.types import COUNTED, Dimension
from policies.fields import Duration, StrictModel
from proxy.server.config_fields import Address, FileText, UrlText, is_loopback, split_address

if TYPE_CHECKING:
    from collections.abc import Mapping

TOKEN_VARIABLE: Final = "SLUICEGATE_MONITOR_TOKEN"  # noqa: S105 - the name of the variable, not the token

_Share = Annotated[float, Field(gt=0, lt=1)]
_Count = Annotated[int, Field(ge=1, le=100_000)]
_Settings = TypeVar("_Settings")


class BudgetFile(StrictModel):
    """An entry of `budgets:`."""

    signal: Annotated[str, Field(pattern="^(" + "|".join(COUNTED) + ")$")]
    share: _Share
    dimension: Annotated[str, Field(pattern="^(" + "|".join(Dimension) + ")$")] = Dimension.GLOBAL.value
    value: FileText | None = None


class MonitorSlicesFile(StrictModel):
    """The mapping under `slices:`."""

    top_tenants: Annotated[int, Field(ge=0, le=1000)] = 0
    max_live: Annotated[int, Field(ge=10, le=2000)] = 10


class MonitorDriftFile(StrictModel):
    """The mapping under `drift:`."""

    min_ratio: Annotated[float, Field(ge=1, le=100)] = 1.0
    adwin_ticket: _Share = 0.5
    adwin_page: _Share = 0.5
    shape_limit: Annotated[float, Field(gt=0, le=10)] = 0.1
    reference: FileText = "pinned"


class MonitorAlarmsFile(StrictModel):
    """The mapping under `alarms:`."""

    pages_per_week: _Count = 1
    tickets_per_week: _Count = 1
    cool_down: Annotated[Duration, Field(ge=1, le=604_800)] = 0
    drift_open: Annotated[Duration, Field(ge=60, le=2_592_000)] = 0


class MonitorLabelsFile(StrictModel):
    """The mapping under `labels:`."""

    target_precision: _Share = 0.5
    min_verdicts: _Count = 1
    sample_share: Annotated[float, Field(ge=0, le=1)] = 0.0


class MonitorFile(StrictModel):
    """The mapping under `monitor:`. What each one is, `ServiceSettings` and `MonitorSettings` say."""

    listen: Address = ""
    token_env: FileText = TOKEN_VARIABLE
    alertmanager: UrlText = ""
    external_url: UrlText = ""
    shares: Annotated[int, Field(ge=1, le=64)] = 1
    checkpoint: Annotated[Duration, Field(ge=1, le=3600)] = 0
    budgets: Annotated[list[BudgetFile], Field(max_length=100)] = Field(default_factory=list)
    slices: MonitorSlicesFile = MonitorSlicesFile()
    drift: MonitorDriftFile = MonitorDriftFile()
    alarms: MonitorAlarmsFile = MonitorAlarmsFile()
    labels: MonitorLabelsFile = MonitorLabelsFile()


def monitor_settings(
    given: MonitorFile, environment: Mapping[str, str]
) -> tuple[ServiceSettings, list[tuple[str, str]]]:
    """Return the settings, and problems: a key below `monitor` and a message."""
    problems: list[tuple[str, str]] = []
    named = {"alertmanager": "alertmanager_url", "external_url": "external_url", "shares": "shares"}
    values: dict[str, Any] = {to: getattr(given, key) for key, to in named.items() if key in given.model_fields_set}
    if "checkpoint" in given.model_fields_set:
        values["checkpoint_s"] = given.checkpoint
    if given.listen:
        host, port = split_address(given.listen)
        values |= {"listen_host": host, "listen_port": int(port)}
    token = environment.get(given.token_env)
    is_open = not is_loopback(values.get("listen_host", "127.0.0.1"))
    if token:
        values["token"] = token
        if is_open and len(token) < MIN_TOKEN_CHARS:
            said = f"the token in {given.token_env} can be guessed: it has less than {MIN_TOKEN_CHARS} characters."
            problems.append(("token_env", said))
    elif "token_env" in given.model_fields_set:
        problems.append(("token_env", f"the environment variable {given.token_env} is not set."))
    elif is_open:
        said = f"can be reached from other machines. Use 127.0.0.1, or set a token in {TOKEN_VARIABLE}."
        problems.append(("listen", f"{values['listen_host']} {said}"))
    return ServiceSettings(watch=_watch(given), **values), problems


def _watch(given: MonitorFile) -> MonitorSettings:
    known = MonitorSettings()
    budgets = tuple(
        Budget(signal=_signal(one.signal), share=one.share, dimension=Dimension(one.dimension), value=one.value)
        for one in given.budgets
    )
    return replace(
        known,
        budgets=budgets or known.budgets,
        slices=_over(known.slices, given.slices),
        drift=_over(known.drift, given.drift),
        alarms=_over(known.alarms, given.alarms),
        labels=_over(known.labels, given.labels),
    )


def _signal(name: str) -> Any:  # noqa: ANN401 - one of the signals that have rates
    return next(one for one in COUNTED if one.value == name)


def _over(known: _Settings, given: StrictModel) -> _Settings:
    """Return settings with what is given in their place; durations have their unit in the name."""
    names = {key: key if hasattr(known, key) else f"{key}_s" for key in given.model_fields_set}
    changed: _Settings = replace(known, **{name: getattr(given, key) for key, name in names.items()})  # type: ignore[type-var]
    return changed
