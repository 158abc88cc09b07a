"""What running monitors say, asked of their addresses and taken together."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

LIMIT_S: Final = 5.0
_UNKNOWN: Final = 404
"""The answer to a name that nothing has."""


class NoMonitorError(Exception):
    """A monitor does not answer as one, or refuses. `status` and `said` are of its answer, where it gave one."""

    def __init__(self, url: str, status: int | None = None, said: str = "") -> None:
        super().__init__(f"{url}: " + ("no monitor answers there" if status is None else f"answers {status}"))
        self.url = url
        self.status = status
        self.said = said


@dataclass(slots=True)
class Said:
    """What monitors say, taken together."""

    states: set[str] = field(default_factory=set)
    records: int = 0
    lag: int = 0
    rates: dict[tuple[str, str, str], tuple[int, int]] = field(default_factory=dict)
    """By dimension, value and signal: answers with it, and answers."""
    alarms: list[dict[str, Any]] = field(default_factory=list)
    """Those that are not closed."""
    labels: list[dict[str, Any]] = field(default_factory=list)
    """What verdicts say, of each share that has any."""
    oddities: list[dict[str, Any]] = field(default_factory=list)
    """The last minutes, of each share and slice."""

    @property
    def state(self) -> str:
        """Their states, in words."""
        return ", ".join(sorted(self.states))


def asked(urls: Sequence[str], window: str, token: str | None = None) -> Said:
    """Ask monitors, and add up what they say. Waits for them. Raises `NoMonitorError`."""
    said = Said()
    for url in urls:
        status = _ask(url, "/api/status", token)
        said.states.add(status["state"])
        said.records += status["totals"]["counted"]
        said.lag += status["lag"]
        for one in _ask(url, f"/api/rates?window={window}", token):
            key = (one["dimension"], one["value"], one["signal"])
            count, responses = said.rates.get(key, (0, 0))
            said.rates[key] = (count + one["count"], responses + one["responses"])
        said.alarms += [one for one in _ask(url, "/api/alarms", token) if one["state"] != "closed"]
        said.labels += _ask(url, "/api/labels", token).values()
        for found in _ask(url, "/api/oddity", token).values():
            said.oddities += found
    return said


def to_review(urls: Sequence[str], query: str, token: str | None = None) -> tuple[list[dict[str, Any]], int]:
    """Return what waits for a verdict, the oldest first, and how much there is. Raises `NoMonitorError`."""
    found, unknown = [], []
    for url in urls:
        try:
            found.append(_ask(url, f"/api/review?{query}", token))
        except NoMonitorError as error:
            if error.status != _UNKNOWN:
                raise
            unknown.append(error)
    if unknown and not found:
        raise unknown[0]  # of several monitors, one that knows the name is enough
    first = sorted((one for part in found for one in part["first"]), key=lambda one: (one["time"], one["id"]))
    return first, sum(part["waiting"] for part in found)


def open_alarms(url: str, token: str | None = None) -> list[str]:
    """Return the ids of a monitor's alarms that are not closed. Raises `NoMonitorError`."""
    return [one["id"] for one in _ask(url, "/api/alarms", token) if one["state"] != "closed"]


def told(url: str, path: str, body: dict[str, Any] | None, token: str | None = None) -> Any:  # noqa: ANN401 - JSON
    """Tell a monitor something; return what it answers, None where that is nothing. Raises `NoMonitorError`."""
    return _ask(url, path, token, json.dumps(body or {}).encode())


def _ask(url: str, path: str, token: str | None, body: bytes | None = None) -> Any:  # noqa: ANN401 - JSON
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(url.rstrip("/") + path, body, headers)  # noqa: S310 - what the user names
    try:
        with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:  # noqa: S310
            return json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        with error:
            said = _said(error.read())
        raise NoMonitorError(url, error.code, said) from None
    except (OSError, ValueError) as error:
        raise NoMonitorError(url) from error


def _said(body: bytes) -> str:
    """Return what a monitor says is wrong; nothing where the answer is not its own."""
    try:
        return str(json.loads(body)["error"])
    except (ValueError, TypeError, KeyError):
        return ""
