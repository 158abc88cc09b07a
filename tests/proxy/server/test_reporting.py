"""Setting up where events go, before a port is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from events.outbox.rows import OutboxError
from events.outbox.settings import OutboxSettings
from events.outbox.store import Store
from proxy.server.events_file import kafka_at
from proxy.server.reporting import outbox_path, prepare_outbox
from tests.support.gateway import config_for

if TYPE_CHECKING:
    from pathlib import Path


def test_events_are_kept_for_kafka_while_it_is_configured(tmp_path: Path) -> None:
    def subscribers() -> list[tuple[str, bool]]:
        store = Store(outbox_path(plain), OutboxSettings())
        found = [(one.name, one.active) for one in store.subscribers()]
        store.close()
        return found

    plain = config_for("http://127.0.0.1:9", state_dir=tmp_path / "new" / "state")
    prepare_outbox(plain)
    assert subscribers() == []
    prepare_outbox(config_for("http://127.0.0.1:9", state_dir=plain.state_dir, kafka=kafka_at("127.0.0.1:9")))
    assert subscribers() == [("kafka", True)]
    prepare_outbox(plain)
    assert subscribers() == [("kafka", False)]


def test_a_file_that_is_no_outbox_is_refused(tmp_path: Path) -> None:
    config = config_for("http://127.0.0.1:9", state_dir=tmp_path)
    outbox_path(config).write_bytes(b"no database" * 100)
    with pytest.raises(OutboxError, match=r"outbox\.db"):
        prepare_outbox(config)
