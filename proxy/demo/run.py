"""The demo: scripted model, real proxy, traffic of the official client through it, all on loopback.

It comes to an end (`once`), or stays up so that any client can be pointed at it.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from events.schema import Incident
from monitor.service.settings import ServiceSettings
from policies.loader import load_policy
from proxy.demo.drift import monitor_address, show_drift
from proxy.demo.model import MODEL_NAME, PACE_S, running_model
from proxy.demo.recorded import recorded_in, show_recorded
from proxy.demo.script import SCENARIOS
from proxy.demo.show import show_played, show_summary
from proxy.demo.traffic import ask, make_client
from proxy.demo.verdict import Held, Played, problems_of
from proxy.guard.drive import scan_inline
from proxy.guard.stream import StreamGuard
from proxy.server.app import running_server
from proxy.server.config import ServerConfig
from proxy.server.logs import configure_logging
from proxy.server.recording import RecordedRead, read_recording
from proxy.server.reporting import outbox_path
from proxy.wire.registry import DIALECTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import openai
    from rich.console import Console

    from events.schema import Bypass, Failure
    from policies.types import Policy
    from proxy.demo.script import Scenario
    from proxy.server.app import RunningServer
    from proxy.server.facts import ExchangeFacts, MessageFacts
    from proxy.server.reload import PolicyChange
    from proxy.server.services import EventSink

DEMO_POLICY = Path(__file__).parent / "policy.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """What the demo is told."""

    once: bool = False
    listen_host: str = "127.0.0.1"
    listen_port: int = 0
    admin_host: str = "127.0.0.1"
    admin_port: int = 0
    pace_s: float = PACE_S
    """Seconds between two events of the model."""


@dataclass(slots=True)
class IncidentLog:
    """Keeps what the proxy reports, by exchange, and lets it go on to the outbox."""

    outbox: EventSink
    incidents: dict[str, list[Incident]] = field(default_factory=dict)

    async def record(
        self, exchange: ExchangeFacts, message: MessageFacts, events: Sequence[Incident | Bypass | Failure]
    ) -> None:
        """See `EventSink.record`."""
        await self.outbox.record(exchange, message, events)
        found = [event for event in events if isinstance(event, Incident)]
        self.incidents.setdefault(exchange.request_id, []).extend(found)

    def record_end(self, exchange: ExchangeFacts) -> None:
        """See `EventSink.record_end`."""
        self.outbox.record_end(exchange)

    def record_policy(self, change: PolicyChange) -> None:
        """See `EventSink.record_policy`."""
        self.outbox.record_policy(change)

    def of(self, request_id: str) -> tuple[Incident, ...]:
        """Return what was acted on in an exchange."""
        return tuple(self.incidents.get(request_id, ()))


async def run_demo(options: DemoOptions, console: Console) -> bool:
    """Run the demo. Returns whether everything came as the script says. Raises OSError when a port is taken."""
    configure_logging("console", "error")
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sluicegate-demo-")))
        model_url = await stack.enter_async_context(running_model(options.pace_s))
        policy = load_policy(DEMO_POLICY)
        config = _config(options, model_url, folder)
        server = await stack.enter_async_context(running_server(config))
        server.services.sink = log = IncidentLog(server.services.sink)
        console.print(f"model     {model_url}  (scripted, on this machine)")
        console.print(f"proxy     {server.url}")
        console.print(f"policy    {policy.name}@{policy.revision[:12]}  {DEMO_POLICY}", soft_wrap=True)
        console.print()
        player = _Player(policy, config.record_dir or folder, log, console, server)
        played = await player.play_all(model_url)
        show_summary(console, played)
        recorded = await recorded_in(outbox_path(config), len(played))
        show_recorded(console, recorded, outbox_path(config))
        watched = _config(DemoOptions(), model_url, folder / "watched", ServiceSettings(listen_port=0))
        other = await stack.enter_async_context(running_server(watched))
        has_alarm = await show_drift(console, other.url, watched.state_dir)
        if not options.once:
            _show_how_to_go_on(console, server, folder, monitor_address(watched.state_dir))
            await _until_interrupted()
    return has_alarm and recorded.exchanges >= len(played) and not any(problems_of(one) for one in played)


def _config(
    options: DemoOptions, model_url: str, folder: Path, monitor: ServiceSettings | None = None
) -> ServerConfig:
    return ServerConfig(
        upstream_url=model_url,
        policy_source=str(DEMO_POLICY),
        listen_host=options.listen_host,
        listen_port=options.listen_port,
        admin_host=options.admin_host,
        admin_port=options.admin_port,
        state_dir=folder / "state",
        record_dir=folder / "recordings",
        drain_timeout_s=1.0,
        monitor=monitor,
        log_level="error",
    )


@dataclass(frozen=True, slots=True)
class _Player:
    policy: Policy
    recordings: Path
    log: IncidentLog
    console: Console
    server: RunningServer

    async def play_all(self, model_url: str) -> list[Played]:
        """Ask every prompt of model and proxy, streamed and whole, and show each as it comes."""
        played: list[Played] = []
        async with make_client(model_url) as direct, make_client(self.server.url) as guarded:
            for client in (direct, guarded):  # connections are open before anything is timed
                await client.models.list()
                await ask(client, SCENARIOS[0], stream=True)
            total = 2 * len(SCENARIOS)
            for scenario in SCENARIOS:
                for stream in (True, False):
                    played.append(await self._play(scenario, direct, guarded, stream=stream))
                    show_played(self.console, len(played), total, played[-1])
        return played

    async def _play(
        self, scenario: Scenario, direct: openai.AsyncOpenAI, guarded: openai.AsyncOpenAI, *, stream: bool
    ) -> Played:
        said = await ask(direct, scenario, stream=stream)
        before_s = added_first_byte_s(self.server)
        got = await ask(guarded, scenario, stream=stream)
        while self.server.gateway.active:  # noqa: ASYNC110 - its record is complete when it ends; nothing tells
            await asyncio.sleep(0.001)
        added_s = added_first_byte_s(self.server) - before_s if stream else None
        held = held_in(self.recordings / f"{got.request_id}.jsonl", self.policy) if stream else Held()
        return Played(scenario, stream, said, got, self.log.of(got.request_id), held, added_s)


def added_first_byte_s(server: RunningServer) -> float:
    """Return the seconds that the proxy added to all first bytes so far, by its own metric."""
    registry = server.services.metrics.registry
    return registry.get_sample_value("sluicegate_added_latency_seconds_sum", {"part": "first_byte"}) or 0.0


def held_in(recording: Path, policy: Policy) -> Held:
    """Return how much was held in a recorded stream, by playing it through a guard again."""
    head, parts = read_recording(recording)
    guard = StreamGuard(DIALECTS[head.dialect].stream_codec(), policy)
    for part in parts:
        if isinstance(part, RecordedRead):
            guard.receive(part.data)
            scan_inline(guard)
            guard.take()
    stats = guard.stats
    return Held(stats.held_chars_peak, stats.held_chars_sum / stats.samples if stats.samples else 0.0)


def _show_how_to_go_on(console: Console, server: RunningServer, folder: Path, monitor_url: str) -> None:
    """Print where everything is, and commands to paste."""
    for line in (*_places(server, folder, monitor_url), *_commands(server, folder, monitor_url)):
        console.print(line, soft_wrap=True)


def _places(server: RunningServer, folder: Path, monitor_url: str) -> tuple[str, ...]:
    return (
        "",
        "The proxy stays up. Whatever you say, the model repeats; try an e-mail address.",
        "",
        f"  base URL  {server.url}/v1   (any key, model {MODEL_NAME!r})",
        f"  ready     {server.admin_url}/readyz",
        f"  metrics   {server.admin_url}/metrics",
        f"  monitor   {monitor_url}/api/alarms",
        f"  records   {folder / 'recordings'}",
        "",
    )


def _commands(server: RunningServer, folder: Path, monitor_url: str) -> tuple[str, ...]:
    base = f"{server.url}/v1"
    program = "sluicegate" if shutil.which("sluicegate") else sys.argv[0]
    return (
        "With curl:",
        "",
        f"  curl -N {base}/chat/completions -H 'content-type: application/json' \\",
        f"""    -d '{{"model": "{MODEL_NAME}", "stream": true, "messages":""",
        """         [{"role": "user", "content": "I am jane.roe@example.com"}]}'""",
        "",
        "With any OpenAI client:",
        "",
        f"  export OPENAI_BASE_URL={base} OPENAI_API_KEY=any",
        "",
        "The policy alone, and a recorded answer step by step:",
        "",
        f"  echo 'write to jane.roe@example.com' | {program} check -p {DEMO_POLICY} -",
        f"  for f in {folder / 'recordings'}/*; do {program} replay -p {DEMO_POLICY} $f; done",
        "",
        "What was recorded, as JSON, and as a SIEM wants it:",
        "",
        f"  {program} events tail --state-dir {folder / 'state'}",
        f"  {program} events tail --state-dir {folder / 'state'} --format ocsf",
        "",
        "What the monitor sees, live:",
        "",
        f"  {program} monitor status --url {monitor_url}",
        "",
        "Ctrl-C ends it.",
    )


async def _until_interrupted() -> None:
    """Wait for SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()
