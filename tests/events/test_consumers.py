"""Consumers that know nothing of the project but its page: those of docs/events.md, kcat and check-jsonschema.

The last two are tested where they are installed; `make consumers` installs them, and does not go on without.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
import threading
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import pytest

from events.outbox.settings import OutboxSettings
from events.publisher.run import publish
from tests.events.publisher.test_run import fill
from tests.support.broker import Broker, needs_apache_kafka
from tests.support.events import all_events, incident_event
from tests.support.kafka import settings_for

if TYPE_CHECKING:
    from events.publisher.settings import KafkaSettings

PAGE = Path(__file__).resolve().parents[2] / "docs/events.md"
EXAMPLES = re.findall(r"^```python consumer\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
EVENTS = [incident_event(number) for number in range(11, 16)]
OTHERS = [event for event in all_events() if event.kind.name != "incident"]
MUST = "SLUICEGATE_CONSUMERS" in os.environ


def tool(name: str) -> str | None:
    """Where a program is: beside this Python, or on the path."""
    beside = Path(sys.executable).with_name(name)
    return str(beside) if beside.is_file() else shutil.which(name)


def needs(name: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(tool(name) is None and not MUST, reason=f"{name} is not installed: make consumers")


@pytest.fixture(scope="module")
def published(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> KafkaSettings:
    settings = settings_for(broker)
    path = tmp_path_factory.mktemp("outbox") / "outbox.db"
    fill(path, settings.topic_prefix, EVENTS + OTHERS)
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


def said_by_kcat(settings: KafkaSettings, topic: str, *more: str) -> str:
    kcat = tool("kcat")
    assert kcat is not None, "kcat is not installed: apt-get install kcat"
    command = [kcat, "-C", "-e", "-q", "-b", settings.servers[0], "-t", f"{settings.topic_prefix}.{topic}", *more]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


@needs_apache_kafka("kcat reads to the end of each partition")
@needs("kcat")
def test_kcat_prints_every_event_with_its_key_and_headers(published: KafkaSettings) -> None:
    for event in (*EVENTS[:1], *OTHERS):
        lines = said_by_kcat(published, event.kind.topic, "-f", "%k\\t%h\\t%s\\n").splitlines()
        known = [one for one in (*EVENTS, *OTHERS) if one.kind is event.kind]
        assert len(lines) == len(known)
        for one in known:
            (line,) = [line for line in lines if f"ce_id={one.id}," in line]
            key, headers, value = line.split("\t", 2)
            assert (key, f"ce_type={one.kind.type}" in headers.split(",")) == (one.subject, True)
            assert orjson.loads(value)["id"] == one.id


@needs_apache_kafka("kcat reads to the end of each partition")
@needs("kcat")
@needs("check-jsonschema")
def test_what_kcat_prints_is_valid_to_check_jsonschema(published: KafkaSettings, tmp_path: Path) -> None:
    """Schemas and events together, in the hands of a validator that no one here wrote; and it can say no."""
    for event in (*EVENTS[:1], *OTHERS):
        schema = files("events").joinpath(f"schemas/{event.kind.name}.json")
        assert check("--check-metaschema", str(schema)) == 0
        instances = []
        for number, line in enumerate(said_by_kcat(published, event.kind.topic).splitlines()):
            instances.append(tmp_path / f"{event.kind.name}-{number}.json")
            instances[-1].write_text(line)
        assert check("--schemafile", str(schema), *map(str, instances)) == 0
        instances[0].write_text(line.replace('"specversion":"1.0"', '"specversion":"2.0"'))
        assert check("--schemafile", str(schema), str(instances[0])) == 1


def check(*arguments: str) -> int:
    program = tool("check-jsonschema")
    assert program is not None, "check-jsonschema is not installed: pip install check-jsonschema"
    return subprocess.run([program, *arguments], capture_output=True, check=False, timeout=60).returncode
