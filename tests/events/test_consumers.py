"""Consumers that know nothing of the project but its page: those of docs/events.md, and kcat where it is."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import pytest

from events.outbox.settings import OutboxSettings
from events.publisher.run import publish
from tests.events.publisher.test_run import fill
from tests.support.broker import Broker, needs_apache_kafka
from tests.support.events import incident_event
from tests.support.kafka import settings_for

if TYPE_CHECKING:
    from events.publisher.settings import KafkaSettings

PAGE = Path(__file__).resolve().parents[2] / "docs/events.md"
EXAMPLES = re.findall(r"^```python consumer\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
EVENTS = [incident_event(number) for number in range(1, 6)]


@pytest.fixture(scope="module")
def published(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> KafkaSettings:
    settings = settings_for(broker)
    path = tmp_path_factory.mktemp("outbox") / "outbox.db"
    fill(path, settings.topic_prefix, EVENTS)
    publish(path, OutboxSettings(), settings, threading.Event(), until_empty=True)
    return settings


@needs_apache_kafka("a consumer group reads from the beginning")
async def test_the_consumers_of_the_docs_read_every_event(published: KafkaSettings) -> None:
    assert len(EXAMPLES) == 2
    environment = os.environ | {"KAFKA": published.servers[0], "PREFIX": published.topic_prefix}

    async def run(text: str) -> str:
        text = text.replace("10_000", "4_000").replace('group_id="', f'group_id="{published.topic_prefix}-')
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", text, stdout=-1, stderr=-1, env=environment
        )
        out, err = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 0, err.decode()
        return out.decode()

    for said in await asyncio.gather(*map(run, EXAMPLES)):
        assert [line.split()[0] for line in said.splitlines()] == [event.id for event in EVENTS]


@needs_apache_kafka("kcat reads to the end of each partition")
@pytest.mark.skipif(shutil.which("kcat") is None, reason="kcat is not installed (apt-get install kcat)")
def test_kcat_prints_every_event(published: KafkaSettings) -> None:
    command = ["kcat", "-C", "-e", "-q", "-b", published.servers[0], "-t", f"{published.topic_prefix}.incidents.v1"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert sorted(orjson.loads(line)["id"] for line in ran.stdout.splitlines()) == [event.id for event in EVENTS]
