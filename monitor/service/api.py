"""The monitor's address: what it knows as JSON, and health and metrics as the proxy's admin address has them.

Loopback needs no token; any other address does not start without one.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import time
from typing import TYPE_CHECKING, Any, Final

import orjson
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from events.outbox.rows import OutboxError
from monitor.service import picking
from monitor.service.references import ReferencesError
from monitor.service.settings import MIN_TOKEN_CHARS
from monitor.service.verdicts import MAX_BYTES, VerdictError
from monitor.service.views import (
    alarm_view,
    pair_view,
    point_view,
    rate_view,
    slice_view,
    totals_view,
    waiting_view,
)
from monitor.types import WINDOWS_S, AlarmState, Dimension, Signal, Slice

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler, Middleware
    from prometheus_client import CollectorRegistry

    from monitor.service.reading import Reader
    from monitor.service.runner import Runner
    from monitor.service.verdicts import Verdicts

ACTS: Final = ("acknowledge", "close")
KINDS: Final = {"incident": False, "allowed": True}
"""What waits for a verdict: incidents, and answers of the sample that were allowed."""
REVIEWED: Final = 50
MAX_REVIEWED: Final = 1000
MAX_SHOWN_CHARS: Final = 100
"""Of what somebody wrote, in an error."""
_BEARER: Final = "Bearer "


class AddressError(ValueError):
    """The address may not be opened like this; the message says what to do."""


def check_address(host: str, token: str | None) -> None:
    """Refuse an address that others can reach when there is no token. Raises `AddressError`."""
    if _is_loopback(host):
        return
    if token is None:
        raise AddressError(
            f"{host} can be reached from other machines: set a token in SLUICEGATE_MONITOR_TOKEN, or use 127.0.0.1"
        )
    if len(token) < MIN_TOKEN_CHARS:
        raise AddressError(f"the token can be guessed: it has less than {MIN_TOKEN_CHARS} characters")


class _Api:
    def __init__(self, reader: Reader, runner: Runner, registry: CollectorRegistry, verdicts: Verdicts) -> None:
        self._verdicts = verdicts
        self._reader = reader
        self._runner = runner
        self._registry = registry

    async def healthz(self, _request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def readyz(self, _request: web.Request) -> web.Response:
        runner = self._runner
        if runner.is_ready:
            return web.Response(text="ready\n")
        return web.Response(status=503, text=f"{runner.state}: {runner.why or f'{runner.lag} records wait'}\n")

    async def metrics(self, _request: web.Request) -> web.Response:
        body = await asyncio.to_thread(generate_latest, self._registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def rates(self, request: web.Request) -> web.Response:
        found = await asyncio.to_thread(self._reader.rates, *_part(request))
        return _json([rate_view(rate) for rate in found])

    async def balance(self, request: web.Request) -> web.Response:
        found = await asyncio.to_thread(self._reader.balance, *_part(request))
        return _json([pair_view(pair) for pair in found])

    async def series(self, request: web.Request) -> web.Response:
        dimension = _choice(request, "dimension", {one.value: one for one in Dimension}, Dimension.GLOBAL)
        signal = _choice(request, "signal", {one.value: one for one in Signal}, Signal.INCIDENTS)
        window = _choice(request, "window", {name: name for name in WINDOWS_S}, "1h")
        place = Slice(dimension, request.query.get("value", ""))
        try:
            found = await asyncio.to_thread(self._reader.series, place, signal, window)
        except KeyError:
            return _problem(404, f"there is no series of {signal.value} for {place}")
        return _json([point_view(point) for point in found])

    async def slices(self, _request: web.Request) -> web.Response:
        return _json([slice_view(info) for info in await asyncio.to_thread(self._reader.slices)])

    async def alarms(self, request: web.Request) -> web.Response:
        state = _choice(request, "state", {one.value: one for one in AlarmState}, None)
        states = frozenset(AlarmState) if state is None else frozenset({state})
        return _json([alarm_view(alarm) for alarm in await asyncio.to_thread(self._reader.alarms, states)])

    async def labels(self, _request: web.Request) -> web.Response:
        return _json(await asyncio.to_thread(self._reader.labels))

    async def review(self, request: web.Request) -> web.Response:
        is_allowed = _choice(request, "kind", KINDS, None)
        limit = _number(request, "limit", REVIEWED, MAX_REVIEWED)
        names = {name: request.query[name] for name in picking.NAMES if name in request.query}
        if is_allowed and {"rule", "category"} & names.keys():
            raise _bad_request("an allowed answer has no rule and no category: leave them out, or kind=allowed")
        try:
            found, waiting = await asyncio.to_thread(
                self._reader.waiting, is_allowed=is_allowed, names=names, limit=limit
            )
        except picking.UnknownNameError as error:
            return _problem(404, str(error))
        return _json({"waiting": waiting, "first": [waiting_view(one) for one in found]})

    async def oddity(self, _request: web.Request) -> web.Response:
        return _json(await asyncio.to_thread(self._reader.oddities))

    async def quantiles(self, _request: web.Request) -> web.Response:
        return _json(await asyncio.to_thread(self._reader.quantiles))

    async def digest(self, _request: web.Request) -> web.Response:
        return _json([alarm_view(alarm) for alarm in await asyncio.to_thread(self._reader.digest)])

    async def status(self, _request: web.Request) -> web.Response:
        runner = self._runner
        totals = await asyncio.to_thread(self._reader.totals)
        return _json({"state": runner.state, "why": runner.why, "lag": runner.lag, "totals": totals_view(totals)})

    async def act(self, request: web.Request) -> web.Response:
        alarm_id, what = request.match_info["id"], request.match_info["what"]
        try:
            await asyncio.to_thread(self._reader.say, what, alarm_id, time.time())
        except KeyError:
            return _problem(404, "there is no open alarm of this id here")
        return web.Response(status=204)

    async def give_verdict(self, request: web.Request) -> web.Response:
        try:
            event_id, about = await asyncio.to_thread(self._verdicts.give, await request.read())
        except VerdictError as error:
            return _problem(400, str(error))
        except (OutboxError, OSError) as error:
            return _problem(503, f"the verdict was not kept: {error}")
        return _json({"event_id": event_id, "known": await asyncio.to_thread(self._reader.knows, about)}, 202)

    async def keep_reference(self, request: web.Request) -> web.Response:
        try:
            is_kept = await asyncio.to_thread(self._reader.keep_reference, request.match_info["name"])
        except ReferencesError as error:
            return _problem(400, str(error))
        return web.Response(status=204) if is_kept else _problem(409, "too few answers have been seen yet")


def api_app(
    reader: Reader, runner: Runner, registry: CollectorRegistry, verdicts: Verdicts, token: str | None
) -> web.Application:
    """Return the application."""
    api = _Api(reader, runner, registry, verdicts)
    app = web.Application(
        middlewares=[_authorised(token), _own_pages_only, _wrong_paths], client_max_size=MAX_BYTES
    )
    app.router.add_get("/healthz", api.healthz)
    app.router.add_get("/readyz", api.readyz)
    app.router.add_get("/metrics", api.metrics)
    app.router.add_get("/api/rates", _asked(api.rates, "dimension", "window"))
    app.router.add_get("/api/balance", _asked(api.balance, "dimension", "window"))
    app.router.add_get("/api/series", _asked(api.series, "dimension", "value", "signal", "window"))
    app.router.add_get("/api/slices", _asked(api.slices))
    app.router.add_get("/api/alarms", _asked(api.alarms, "state"))
    app.router.add_get("/api/digest", _asked(api.digest))
    app.router.add_get("/api/labels", _asked(api.labels))
    app.router.add_get("/api/review", _asked(api.review, "kind", *picking.NAMES, "limit"))
    app.router.add_get("/api/oddity", _asked(api.oddity))
    app.router.add_get("/api/quantiles", _asked(api.quantiles))
    app.router.add_get("/api/status", _asked(api.status))
    app.router.add_post("/api/verdicts", api.give_verdict)
    app.router.add_post("/api/references/{name}", api.keep_reference)
    app.router.add_post("/api/alarms/{id}/{what:" + "|".join(ACTS) + "}", api.act)
    return app


def _asked(handler: Handler, *known: str) -> Handler:
    """Refuse parameters that a path does not have: with a name misspelt, all would be answered for a part."""

    async def check(request: web.Request) -> web.StreamResponse:
        given = [name for name, _ in request.query.items()]  # its keys have no name twice
        wrong = next((name for name in given if name not in known or given.count(name) > 1), None)
        if wrong in known:
            raise _bad_request(f"{wrong} is given twice")
        if wrong is not None:
            may = f"it takes {', '.join(known)}" if known else "it takes none"
            raise _bad_request(f"{wrong[:MAX_SHOWN_CHARS]!r} is no parameter of {request.path}: {may}")
        return await handler(request)

    return check


def _part(request: web.Request) -> tuple[Dimension | None, str | None]:
    """Return which slices and which window are asked for; None: all. Raises HTTPBadRequest."""
    dimension = _choice(request, "dimension", {one.value: one for one in Dimension}, None)
    return dimension, _choice(request, "window", {name: name for name in WINDOWS_S}, None)


def _choice(request: web.Request, name: str, known: dict[str, Any], default: Any) -> Any:  # noqa: ANN401
    """Return what a parameter names. Raises HTTPBadRequest."""
    given = request.query.get(name)
    if given is None:
        return default
    if given not in known:
        raise _bad_request(f"{name} is one of {', '.join(known)}")
    return known[given]


def _number(request: web.Request, name: str, default: int, most: int) -> int:
    """Return a number from 1 to `most`. Raises HTTPBadRequest."""
    given = request.query.get(name, str(default))
    if given.isascii() and given.isdigit() and 1 <= int(given) <= most:
        return int(given)
    raise _bad_request(f"{name} is a number from 1 to {most}")


def _bad_request(said: str) -> web.HTTPBadRequest:
    return web.HTTPBadRequest(text=orjson.dumps({"error": said}).decode(), content_type="application/json")


def _json(value: object, status: int = 200) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(value), content_type="application/json")


def _problem(status: int, said: str) -> web.Response:
    return web.Response(status=status, body=orjson.dumps({"error": said}), content_type="application/json")


def _authorised(token: str | None) -> Middleware:
    wanted = None if token is None else f"{_BEARER}{token}".encode(errors="surrogateescape")

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").encode(errors="surrogateescape")
        if wanted is not None and not hmac.compare_digest(given, wanted):
            return web.Response(status=401, text="unauthorised\n", headers={"WWW-Authenticate": "Bearer"})
        return await handler(request)

    return check


@web.middleware
async def _own_pages_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A page of another site that a person has open may not close alarms: browsers name where they come from."""
    if request.method == "POST" and "Origin" in request.headers:
        return web.Response(status=403, text="not from a page of another site\n")
    return await handler(request)


@web.middleware
async def _wrong_paths(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What is wrong with a question is JSON everywhere below /api/, be it that there is no such question."""
    try:
        return await handler(request)
    except web.HTTPMethodNotAllowed as error:
        if not request.path.startswith("/api/"):
            raise
        may = ", ".join(sorted(error.allowed_methods))
        answer = _problem(405, f"{request.path[:MAX_SHOWN_CHARS]} takes {may}")
        answer.headers["Allow"] = may
        return answer
    except web.HTTPNotFound:
        if not request.path.startswith("/api/"):
            raise
        return _problem(404, f"there is no {request.path[:MAX_SHOWN_CHARS]} here")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
