"""One exchange: a task reads the request, asks the upstream, and brings its answer through the guard.

It owns the order of things and every way they can end. Bytes are moved by `relay`, written by `client_writer`.
"""

from __future__ import annotations

import asyncio
import time
from functools import lru_cache, partial
from typing import TYPE_CHECKING, cast

import structlog
from aiohttp import hdrs

from policies.placeholders import first_number
from policies.types import Action, Direction
from proxy.guard.api import GuardState
from proxy.server import answers, headers
from proxy.server.aside import aside
from proxy.server.client_request import check_protocol, parse_object, read_body, routed_model
from proxy.server.client_writer import ClientWriter
from proxy.server.decoding import decoder_for
from proxy.server.envelopes import error_body, family_of
from proxy.server.facts import ExchangeFacts
from proxy.server.faults import (
    ClientFault,
    ExchangeFault,
    ExchangeTimeout,
    NotRecordedFault,
    Phase,
    UpstreamFault,
)
from proxy.server.guarding import GuardedMessage
from proxy.server.passing import Passage
from proxy.server.relay import Relay
from proxy.server.reload import DEFAULT
from proxy.server.routes import Treatment
from proxy.server.whole import WholeMessage
from proxy.wire.speakers import goes_on_from_elsewhere, typed_texts
from proxy.wire.types import Form, RequestMender

if TYPE_CHECKING:
    from proxy.server.client_request import ClientRequest
    from proxy.server.reload import ActivePolicy
    from proxy.server.router import Plan
    from proxy.server.routes import Match
    from proxy.server.services import Services
    from proxy.server.upstream import UpstreamResponse
    from proxy.server.watchdog import Watchdog
    from proxy.wire.jsontext import Json
    from proxy.wire.types import Codec, Dialect

MAX_ERROR_BYTES = 1 << 20
"""Longest error body that is read and scanned; error objects are a few hundred bytes."""

_log = structlog.get_logger("sluicegate.exchange")


class Exchange:
    """One request and its response."""

    def __init__(self, services: Services, request: ClientRequest, request_id: str, watchdog: Watchdog) -> None:
        """`watchdog` is the one of the task that will run the exchange."""
        self._services = services
        self._config = services.config
        self._request = request
        self._request_id = request_id
        self._watchdog = watchdog
        self._writer = ClientWriter(request, watchdog, services.config.slow_client_timeout_s)
        self._match: Match | None = None
        self._policies = services.policies.active
        """Those in force when the exchange began."""
        self._policy: ActivePolicy = self._policies[DEFAULT]
        self._is_guarded = False
        self._plan: Plan | None = None
        self._api = services.upstreams[DEFAULT]
        self._facts = ExchangeFacts(request_id, self._policy)
        self._relay: Relay | None = None
        self._upstream: UpstreamResponse | None = None
        self._request_action = Action.ALLOW
        self.decision = "failed"
        """What became of it: an action, or refused, failed, client_gone, slow_client."""
        self.mode = "whole"
        self.tenant = ""

    @property
    def route_id(self) -> str:
        """The route that the request took, for metrics; `none` where it was not even looked for."""
        return "none" if self._plan is None else self._plan.route_id

    @property
    def dialect_name(self) -> str:
        """The dialect's name for metrics; `none` where there is none."""
        return self._match.dialect.name if self._match is not None and self._match.dialect is not None else "none"

    async def run(self) -> None:
        """Do all of it. Raises CancelledError and ConnectionError when the client left."""
        try:
            await self._answer()
        except ExchangeFault as fault:
            await self._end_with(fault)
        except (asyncio.CancelledError, ConnectionError):
            self.decision = "client_gone"
            raise
        except Exception as error:  # noqa: BLE001 - the border: a bug ends one exchange and passes no text
            _log.error("exchange_crashed", request_id=self._request_id, **_where(error))
            await self._end_with(ExchangeFault("internal_error", "The proxy failed on this exchange."))
        finally:
            self._close()

    def shut_down(self) -> None:
        """End the exchange soon, with a proper ending."""
        self._watchdog.shut_down()

    async def _answer(self) -> None:
        request = self._request
        check_protocol(request)
        selection = self._services.router.select(request.method, request.raw_path, request.headers)
        self.tenant = selection.tenant
        self._plan, body = selection.first, None
        if selection.needs_model:
            self._match = self._plan.match
            self._introduce(self._match)  # a fault while the body is read has its event
            body = await self._read_json()
            model, body = await aside(self._watchdog, len(body), partial(routed_model, body))
            self._plan = selection.decide(model)
        match = self._follow(self._plan)
        self._introduce(match)
        if match.dialect is None:
            passage = Passage(self._services, self._api, request, match, self._watchdog, self._writer)
            await passage.run(self._ids())
            self.decision = Action.ALLOW.value
            return
        self._facts.provider = self._api.host
        if body is None and request.method == "POST":
            body = await self._read_json()
        forwarded = headers.request_headers(request.headers, has_body=body is not None)
        began_s = time.perf_counter()
        if body is not None:
            body = await self._guard_request(body, match.dialect)
        before_s = time.perf_counter() - began_s
        self._upstream = await self._watchdog.within(
            Phase.FIRST_BYTE,
            self._api.config.first_byte_timeout_s,
            self._api.send(request.method, match.target, forwarded, body),
        )
        await self._bring(self._upstream, match.dialect, before_s)

    def _follow(self, plan: Plan) -> Match:
        """Go the way of a plan. Raises its fault."""
        if plan.fault is not None or plan.match is None:
            self._match = None
            self._facts.dialect = ""
            raise plan.fault or ClientFault("unknown_route", "This path is not open on this proxy.", 403)
        self._match = plan.match
        self._api = self._services.upstreams[plan.upstream]
        self._policy = self._facts.policy = self._policies[plan.policy_source]
        self._is_guarded = plan.match.treatment is Treatment.GUARDED
        return plan.match

    def _introduce(self, match: Match | None) -> None:
        """Note for the events what the head of the request says."""
        if match is not None:
            self._facts.read_match(match)
            self._facts.tenant = self.tenant or None
            self._facts.memory.substitutes.tenant = self.tenant
            self._facts.memory.substitutes.seed = self._request_id.encode()
            self._facts.read_trace(self._request.headers.get("traceparent"))

    async def _read_json(self) -> bytes:
        headers.require_json(self._request.headers)
        return await read_body(
            self._request, self._watchdog, self._config.max_request_bytes, self._config.body_idle_timeout_s
        )

    async def _guard_request(self, body: bytes, dialect: Dialect) -> bytes:
        """Return the body to send: as it came when no rule looks at requests or none found anything."""
        payload = await aside(self._watchdog, len(body), partial(parse_object, body))
        facts = self._facts
        facts.stream = dialect.wants_stream(payload, self._request.raw_path)
        facts.read_request(payload, len(body))
        self.mode = "stream" if facts.stream else "whole"
        if self._policy.policy.restorer is not None and goes_on_from_elsewhere(payload):
            facts.memory.substitutes.begin_after(first_number(self._request_id))
        if self._policy.allows_echo:
            facts.memory.typed.take(typed_texts(payload))
        if not self._policy.guards_requests and not _needs_mending(dialect, payload):
            return body
        codec = dialect.request_codec(self._config.max_request_bytes)
        message = self._whole(codec, Direction.REQUEST)
        try:
            edited = await message.judge(body, payload)
            self._request_action = message.decision
            if message.state is GuardState.STATE_BLOCKED and message.block is not None:
                raise ClientFault("content_filter", message.block.message)
            if message.state is not GuardState.STATE_DONE:
                raise ClientFault("bad_request", f"The request cannot be read: {message.broken_public}.")
        finally:
            message.finish()
        return edited

    async def _bring(self, upstream: UpstreamResponse, dialect: Dialect, before_s: float) -> None:
        """Bring the upstream's answer to the client."""
        kind = answers.status_kind(upstream.status)
        declared = headers.media_type(upstream.headers.getall(hdrs.CONTENT_TYPE, ()))
        if kind is answers.StatusKind.ERROR:
            await self._bring_error(upstream, dialect, declared)
            return
        self._facts.model_answered = True
        answers.check_type(declared, dialect)
        codings = headers.content_codings(upstream.headers.getall(hdrs.CONTENT_ENCODING, ()))
        decoder = decoder_for(codings, self._config.max_response_bytes)
        relay = Relay(
            self._services, upstream, decoder, self._watchdog, self._config.max_response_bytes, self._api.config
        )
        self._relay = relay
        form = await relay.read_head(lambda data: answers.form_of(declared, dialect, data))
        stream = form is not Form.WHOLE
        self.mode = "stream" if stream else "whole"
        self._record(relay, dialect, upstream, declared)
        out_headers = self._answer_headers(form.media_type, stream=stream)
        if stream:
            codec = dialect.stream_codec(self._config.max_frame_bytes, form)
            message = GuardedMessage(self._services, self._facts, codec, Direction.RESPONSE, self._watchdog)
            await relay.stream(message, self._writer, out_headers, before_s)
            self.decision = self._decided(message.decision)
        else:
            whole = self._whole(dialect.body_codec(self._config.max_response_bytes), Direction.RESPONSE)
            body = await relay.collect(whole)
            await self._writer.send_whole(upstream.status, out_headers, body)
            relay.note_end(before_s)
            self.decision = self._decided(whole.decision)

    async def _bring_error(self, upstream: UpstreamResponse, dialect: Dialect, declared: str) -> None:
        """Bring an error of the upstream: its JSON once it is scanned, our own words otherwise."""
        self.decision = "upstream_error"
        self.mode = "whole"
        body = await self._scanned_error(upstream, dialect) if declared == headers.JSON_TYPE else None
        if body is None:
            body = dialect.error_body(upstream.status, "upstream_error", "The model API answered with an error.")
        upstream.close()
        out_headers = self._answer_headers(headers.JSON_TYPE, stream=False)
        await self._writer.send_whole(upstream.status, out_headers, body)

    async def _scanned_error(self, upstream: UpstreamResponse, dialect: Dialect) -> bytes | None:
        """Return the upstream's error body when all of it was judged and none of it blocked."""
        message = self._whole(dialect.body_codec(MAX_ERROR_BYTES), Direction.RESPONSE)
        try:
            codings = headers.content_codings(upstream.headers.getall(hdrs.CONTENT_ENCODING, ()))
            decoder = decoder_for(codings, MAX_ERROR_BYTES)
            self._relay = Relay(
                self._services, upstream, decoder, self._watchdog, MAX_ERROR_BYTES, self._api.config
            )
            body = await self._relay.collect(message)
        except UpstreamFault:
            return None
        except ExchangeTimeout as timeout:
            if timeout.phase is Phase.SHUTDOWN:
                raise
            return None
        return body if body and message.state is GuardState.STATE_DONE else None

    def _whole(self, codec: Codec, direction: Direction) -> WholeMessage:
        return WholeMessage(self._services, self._facts, codec, direction, self._watchdog)

    async def _end_with(self, fault: ExchangeFault) -> None:
        """End the exchange after a fault: the envelope before the first byte, the dialect's ending after it."""
        self._note(fault)
        slow = isinstance(fault, ExchangeTimeout) and fault.phase is Phase.SLOW_CLIENT
        if self._upstream is not None:
            self._upstream.close()
        if slow:
            self._writer.abort()
            raise ConnectionResetError("slow client")
        try:
            if self._writer.started:
                await self._end_stream(fault)
            else:
                await self._send_error(fault)
        except ExchangeTimeout as again:
            self._writer.abort()
            raise ConnectionResetError("slow client") from again

    async def _end_stream(self, fault: ExchangeFault) -> None:
        if self._relay is None or self.mode != "stream":
            self._writer.abort()  # a whole answer broke in the middle of its one write: nothing can mend that
            raise ConnectionResetError("whole answer cut")
        await self._relay.end_failed(self._writer, fault)

    async def _send_error(self, fault: ExchangeFault) -> None:
        pairs = [("Content-Type", headers.JSON_TYPE), *self._ids()]
        if fault.status == 503:  # noqa: PLR2004
            pairs.append(("Retry-After", "1"))
        dialect = self._match.dialect if self._match is not None else None
        if dialect is None:
            path = self._request.raw_path if self._plan is None else self._plan.path
            family = family_of(path, self._request.headers)
            body = error_body(family, fault.status, fault.code, fault.public)
        else:
            body = dialect.error_body(fault.status, fault.code, fault.public)
        whole_request_read = self._request.content.at_eof()
        close = not whole_request_read or self._services.draining
        await self._writer.send_whole(fault.status, pairs, body, close=close)

    def _note(self, fault: ExchangeFault) -> None:
        if isinstance(fault, ClientFault):
            self.decision = Action.BLOCK.value if fault.code == "content_filter" else "refused"
        elif isinstance(fault, ExchangeTimeout) and fault.phase is Phase.SLOW_CLIENT:
            self.decision = "slow_client"
        elif isinstance(fault, ExchangeTimeout) and fault.phase is Phase.REQUEST_BODY:
            self.decision = "refused"
        elif isinstance(fault, NotRecordedFault):
            self.decision = "failed"  # ours, and counted by the sink
        else:
            self.decision = "failed"
            self._services.metrics.count_upstream_fault(fault.code)
        _log.info(
            "exchange_fault",
            request_id=self._request_id,
            dialect=self.dialect_name,
            code=fault.code,
            status=fault.status,
            after_first_byte=self._writer.started,
        )

    def _decided(self, ours: Action) -> str:
        request = self._request_action
        return (ours if ours.severity >= request.severity else request).value

    def _ids(self) -> list[tuple[str, str]]:
        pairs = [("x-sluicegate-request-id", self._request_id), ("x-content-type-options", "nosniff")]
        if self._is_guarded:
            pairs.append(("x-sluicegate-policy", self._policy.label))
        return pairs

    def _answer_headers(self, content_type: str, *, stream: bool) -> list[tuple[str, str]]:
        pairs = [("Content-Type", content_type), *self._ids()]
        if stream:
            pairs.append(("Cache-Control", "no-cache"))
        if self._upstream is not None:
            pairs += headers.response_headers(self._upstream.headers)
        return pairs

    def _record(self, relay: Relay, dialect: Dialect, upstream: UpstreamResponse, declared: str) -> None:
        if self._services.recordings is None:
            return
        try:
            recorder = self._services.recordings.begin(
                request_id=self._request_id,
                dialect=dialect.name,
                stream=self.mode == "stream",
                status=upstream.status,
                content_type=declared,
                policy=self._policy.label,
            )
        except OSError as error:
            _log.error("recording_failed", request_id=self._request_id, error=type(error).__name__)
            return
        relay.record_to(recorder)

    def _close(self) -> None:
        if self._upstream is not None:
            self._upstream.close()
        facts = self._facts
        if self._relay is not None:
            facts.added_first_s, facts.added_whole_s = self._relay.added_s
            self._relay.close()
        facts.decision, facts.status, facts.ended = self.decision, self._writer.status, True
        self._services.report_end(facts)


def _needs_mending(dialect: Dialect, payload: Json) -> bool:
    return _is_mender(type(dialect)) and cast("RequestMender", dialect).mended_request(payload) is not payload


@lru_cache(maxsize=64)
def _is_mender(kind: type[Dialect]) -> bool:
    return issubclass(kind, RequestMender)  # asking it of a protocol takes a tenth of what guarding a request does


def _where(error: BaseException) -> dict[str, str]:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    at = f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}" if trace is not None else ""
    return {"error": type(error).__name__, "at": at}
