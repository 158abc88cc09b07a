"""Measures Sluicegate against its peers in one run and writes benchmarks/RESULTS.md. Run as `make bench`.

Parties are measured in turn, round after round, so that whatever else the machine does meets all of them alike.
Ends with 0 whatever the figures are: they are read, not enforced.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks import audit, detectors, dialects, events, gateways, toxicity
from benchmarks.compiled import reason_against
from benchmarks.machine import Cores, available_cores, describe, pin, share_out
from benchmarks.payloads import BURST, BURST_ONE_CHUNK, PACED, SINGLE, WHOLE, Workload
from benchmarks.report import (
    Table,
    latency_table,
    memory_table,
    results_page,
    single_table,
    targets_table,
    throughput_table,
)
from benchmarks.stats import Round, Series, Target, quantile

if TYPE_CHECKING:
    from benchmarks.gateways import Gateway

RESULTS = Path(__file__).with_name("RESULTS.md")
RELAY = "aiohttp relay"
OURS = "sluicegate, default"
COMPILED = f"{OURS}, compiled"
_SAMPLE_S = 0.25
_LOAD_EXIT_LIMIT_S = 90.0


@dataclass(frozen=True, slots=True)
class Effort:
    """How long and how often a workload runs on each party."""

    workload: Workload
    rounds: int
    seconds: float
    warmup_s: float


EFFORTS = (
    Effort(BURST, rounds=5, seconds=1.2, warmup_s=0.3),
    Effort(BURST_ONE_CHUNK, rounds=3, seconds=0.8, warmup_s=0.2),
    Effort(WHOLE, rounds=5, seconds=1.2, warmup_s=0.3),
    Effort(SINGLE, rounds=3, seconds=0.6, warmup_s=0.2),
    # A stream lasts 1.3 s; the first of each client opens connections and is not counted.
    Effort(PACED, rounds=3, seconds=3.2, warmup_s=0.1),
)
QUICK = tuple(Effort(one.workload, 1, min(one.seconds, 1.5), one.warmup_s) for one in EFFORTS)


def measure(gateway: Gateway, effort: Effort, core: int | None) -> Round:
    """Put one run of load on one party. Raises RuntimeError when the load generator itself fails."""
    command = [sys.executable, "-m", "benchmarks.load", "--port", str(gateway.port)]
    command += [
        "--workload",
        effort.workload.name,
        "--seconds",
        str(effort.seconds),
        "--warmup",
        str(effort.warmup_s),
    ]
    command += [] if core is None else ["--core", str(core)]
    cpu_before = gateway.cpu_s()
    rss = gateway.rss_mb()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdout=output)
        end = time.monotonic() + _LOAD_EXIT_LIMIT_S
        while process.poll() is None and time.monotonic() < end:
            time.sleep(_SAMPLE_S)
            rss = max(rss, gateway.rss_mb())
        if process.poll() != 0:
            process.kill()
            raise RuntimeError(f"the load generator failed on {gateway.name}: see what it wrote above")
        output.seek(0)
        seen: dict[str, Any] = orjson.loads(output.read())
    cpu_s = gateway.cpu_s() - cpu_before
    return Round(
        answers_per_s=seen["answers"] / effort.seconds,
        cpu_us=1e6 * cpu_s / max(1, seen["answers_all"]),
        cpu_share=cpu_s / (effort.seconds + effort.warmup_s),
        first_ms=(quantile(seen["first_byte_ms"], 0.5), quantile(seen["first_byte_ms"], 0.99)),
        whole_ms=(quantile(seen["whole_ms"], 0.5), quantile(seen["whole_ms"], 0.99)),
        gap_ms=(quantile(seen["gap_ms"], 0.5), quantile(seen["gap_ms"], 0.99)),
        failed=seen["failed"],
        rss_mb=rss,
    )


def _start_parties(stack: ExitStack, cores: Cores, folder: Path, remarks: list[str]) -> list[Gateway]:
    model = stack.enter_context(gateways.model(cores.model))
    parties = [model]
    if gateways.nginx_path() is None:
        remarks.append("nginx is not installed here, so it was skipped (`apt-get install nginx-light`).")
    else:
        parties.append(stack.enter_context(gateways.nginx(model.port, cores.gateway, folder)))
    parties.append(stack.enter_context(gateways.relay(model.port, cores.gateway, folder)))
    parties.append(stack.enter_context(gateways.shell(model.port, cores.gateway, folder)))
    ours = [gateways.sluicegate(model.port, cores.gateway, folder, policy) for policy in ("", "default")]
    if reason := reason_against():
        remarks.append(reason)
    else:
        ours.append(gateways.compiled(model.port, cores.gateway, folder))
    return parties + [stack.enter_context(party) for party in ours]


def _shell_tables(console: Console, rounds: int) -> list[Table]:
    """Compare the HTTP part alone with the relay: what is left for the guard."""
    cores = share_out(available_cores())
    efforts = tuple(Effort(workload, rounds, 1.0, 0.2) for workload in (BURST, BURST_ONE_CHUNK, WHOLE))
    with tempfile.TemporaryDirectory(prefix="sluicegate-bench-") as name, ExitStack() as stack:
        model = stack.enter_context(gateways.model(cores.model))
        starting = (gateways.relay, gateways.shell)
        parties = [stack.enter_context(start(model.port, cores.gateway, Path(name))) for start in starting]
        pin(cores.load)
        every = _measure_all(parties, efforts, cores, console)
    titles = (effort.workload.name for effort in efforts)
    return [throughput_table(title, series, RELAY) for title, series in zip(titles, every, strict=True)]


def _measure_all(
    parties: list[Gateway], efforts: tuple[Effort, ...], cores: Cores, console: Console
) -> list[Series]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    every: list[Series] = []
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=sum(effort.rounds for effort in efforts) * len(parties))
        for effort in efforts:
            series = Series()
            for _ in range(effort.rounds):
                for party in parties:
                    progress.update(task, description=f"{effort.workload.name}: {party.name}")
                    series.add(party.name, measure(party, effort, cores.load))
                    progress.advance(task)
            every.append(series)
    return every


def _targets(burst: Series, whole: Series, paced: Series) -> list[Target]:
    """Judge the compiled build where there is one, and say so."""
    ours, form = (COMPILED, " (compiled)") if COMPILED in burst.rounds else (OURS, "")
    beyond = paced.added_ms("first", ours, RELAY)
    wrong = float(sum(series.failed(party) for series in (burst, whole, paced) for party in {OURS, ours}))
    streams, answers = burst.rate_ratio(ours, RELAY), whole.rate_ratio(ours, RELAY)
    return [
        Target(f"answers/s on streams of 100 events, to the relay{form}", 0.5, streams, True, "x"),
        Target(f"answers/s on 2 KB whole answers, to the relay{form}", 0.7, answers, True, "x"),
        Target(f"first byte beyond the relay, 50 clients, p50{form}", 2.0, beyond[0], unit=" ms"),
        Target(f"first byte beyond the relay, 50 clients, p99{form}", 10.0, beyond[1], unit=" ms"),
        Target("answers that were not what the model sent", 0.0, wrong),
    ]


def _gateway_tables(
    efforts: tuple[Effort, ...], console: Console, remarks: list[str]
) -> tuple[list[Table], list[Target]]:
    cores = share_out(available_cores())
    if cores.gateway is not None and cores.gateway == cores.load:
        remarks.append("There is one core only: all parties shared it, and the ratios say little.")
    with tempfile.TemporaryDirectory(prefix="sluicegate-bench-") as name, ExitStack() as stack:
        parties = _start_parties(stack, cores, Path(name), remarks)
        pin(cores.load)
        idle = {party.name: party.rss_mb() for party in parties[1:]}
        burst, one_chunk, whole, single, paced = every = _measure_all(parties, efforts, cores, console)
    loaded = {party: max(series.rss_mb(party) for series in every) for party in idle}
    tables = [
        throughput_table("Streams of 100 events that arrive in one burst, 32 clients", burst, RELAY),
        throughput_table("The same streams in one HTTP chunk each", one_chunk, RELAY),
        throughput_table("Whole answers of 2 KB, 32 clients", whole, RELAY),
        single_table("Whole answers of 2 KB, 1 client", single),
        latency_table("Streams of 64 events, 20 ms apart, 50 clients", paced, RELAY),
        memory_table(idle, loaded),
    ]
    return tables, _targets(burst, whole, paced)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one short round each: a look, not a measurement")
    parser.add_argument(
        "--shell", type=int, metavar="ROUNDS", help="only the HTTP part without a guard, to the relay"
    )
    parser.add_argument("--kafka", metavar="HOST:PORT", help="a broker: events are published to it, too")
    parser.add_argument("--onnx", type=Path, metavar="DIR", help="a larger toxicity model: it is measured, too")
    parser.add_argument("--output", type=Path, default=RESULTS, help="where to write the results")
    options = parser.parse_args()
    console = Console()
    if options.shell:
        for table in _shell_tables(console, options.shell):
            table.show(console)
        return
    machine, remarks = describe(), list[str]()
    all_cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    try:
        tables, targets = _gateway_tables(QUICK if options.quick else EFFORTS, console, remarks)
    except gateways.GatewayError as error:
        console.print(f"[bold red]The benchmark could not run:[/] {error}")
        sys.exit(1)
    finally:
        if all_cores is not None:
            os.sched_setaffinity(0, all_cores)
    event_tables, event_targets = events.tables(
        events.measure(1.0 if options.quick else 5.0, 2_000 if options.quick else 20_000, options.kafka)
    )
    if not options.kafka:
        remarks.append("No Kafka was named with `--kafka HOST:PORT`: events were measured into the outbox only.")
    audit_tables, audit_targets = audit.tables(audit.measure(5_000 if options.quick else 50_000))
    detector_tables, detector_targets = detectors.measure_policy("default")
    dialect_tables, dialect_targets = dialects.measure("default", 2 if options.quick else dialects.ROUNDS)
    toxicity_tables = toxicity.measure(options.onnx, *((1.0, 10) if options.quick else (4.0, 60)), remarks)
    targets += event_targets + audit_targets + detector_targets + dialect_targets
    tables = [targets_table(targets), *tables, *event_tables, *audit_tables, *detector_tables, *dialect_tables]
    tables += toxicity_tables
    for remark in remarks:
        console.print(f"[yellow]{remark}[/]")
    for table in tables:
        table.show(console)
    options.output.write_text(results_page(machine, tables, remarks), encoding="utf-8")
    console.print(f"Written to {options.output}")


if __name__ == "__main__":
    main()
