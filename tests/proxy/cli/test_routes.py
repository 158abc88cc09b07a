"""The command `sluicegate routes`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.cli import Sluicegate


def test_the_table_of_a_terminal(sluicegate: Sluicegate) -> None:
    ran = sluicegate("routes")
    assert ran.code == 0
    assert "/v1/chat/completions " in ran.out
    assert "/v1/batches/*" in ran.out


def test_json_and_markdown(sluicegate: Sluicegate) -> None:
    rows = json.loads(sluicegate("routes", "--json").out)
    assert {"method": "POST", "path": "/v1/chat/completions", "treated": "openai-chat", "note": ""} in rows
    assert {"refuse", "pass"} <= {row["treated"] for row in rows}
    assert sluicegate("routes", "--markdown").out.startswith("# Routes\n")


def test_what_a_configuration_opens(sluicegate: Sluicegate, tmp_path: Path) -> None:
    path = tmp_path / "sluicegate.yaml"
    path.write_text("version: 1\nupstream: http://127.0.0.1:9\npassed_paths: [/v1/embeddings]\n")
    rows = json.loads(sluicegate("routes", "--config", str(path), "--json").out)
    assert [row["note"] for row in rows if row["treated"] == "pass unread"] == ["opened by the configuration"]
    path.write_text("version: 1\nupstream: http://127.0.0.1:9\npassed_paths: [v1]\n")
    ran = sluicegate("routes", "--config", str(path))
    assert (ran.code, ran.err.startswith(f"{path}:3:16 passed_paths[0]: 'v1' is not a path.")) == (2, True)
