"""The dashboard: the form that Grafana reads, panels that do not overlap, queries about metrics that there are."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from monitor.service.metrics import DIMENSIONS, WINDOWS
from monitor.types import COUNTED, AlarmState, Level
from tests.support.metric_names import all_metrics, known_names, labels_of, samples_of

BOARD: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[2] / "deploy" / "grafana" / "sluicegate.json").read_text()
)
PANELS = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
EXPRS = [target["expr"] for panel in PANELS for target in panel["targets"]]
KEYWORDS = {
    "sum", "by", "max", "rate", "increase", "histogram_quantile", "topk", "time", "or", "unless", "offset", "h",
    "vector", "le", "part", "value", "decision", "rule", "action", "detector", "subscriber", "outcome",
    "reason", "level", "signal",
}  # fmt: skip

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
FOLDER = Path(__file__).parent / "grafana"
TYPES: dict[str, Any] = json.loads((FOLDER / "schema.json").read_text())["definitions"]["Checked"]["properties"]
NOT_DRAWN = {
    "sluicegate_active_exchanges", "sluicegate_config_reloads", "sluicegate_log_lines_lost",
    "sluicegate_loop_lag_seconds", "sluicegate_model_restarts", "sluicegate_model_texts",
    "sluicegate_model_waiting",
    "sluicegate_monitor_failures", "sluicegate_monitor_shares", "sluicegate_monitor_slices",
    "sluicegate_monitor_state", "sluicegate_monitor_told", "sluicegate_outbox_buried", "sluicegate_outbox_bytes",
    "sluicegate_policy_warnings",
    "sluicegate_publisher_state", "sluicegate_response_chars", "sluicegate_restored", "sluicegate_route_exchanges",
    "sluicegate_scan_threads_lost", "sluicegate_scanned_chars", "sluicegate_upstream_faults",
}  # fmt: skip
"""Metrics that the dashboard leaves out: alert rules have them, or they are for a closer look."""


def problems(kind: str, value: Any) -> list[str]:
    """What is wrong with a part of the dashboard by the types of Grafana."""
    return [f"{list(one.path)}: {one.message}" for one in Draft7Validator(TYPES[kind]).iter_errors(value)]


def test_the_board_has_the_form_that_grafana_reads() -> None:
    assert problems("dashboard", BOARD) == []
    assert BOARD["schemaVersion"] == 39
    assert [problems("row", one) for one in BOARD["panels"] if one["type"] == "row" and problems("row", one)] == []
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_panel_has_the_form_that_grafana_reads(panel: dict[str, Any]) -> None:
    assert problems("panel", panel) == []
    assert problems(panel["type"], panel["options"]) == []
    if panel["type"] == "timeseries":
        assert problems("timeseriesField", panel["fieldConfig"]["defaults"]["custom"]) == []
    refs = [target["refId"] for target in panel["targets"]]
    assert refs == ["A", "B", "C", "D", "E"][: len(refs)] != []
    assert [panel["datasource"], *[target["datasource"] for target in panel["targets"]]] == [DATASOURCE] * (
        1 + len(refs)
    )


def test_the_types_find_what_is_wrong() -> None:
    panel = next(one for one in PANELS if one["type"] == "timeseries")
    assert problems("panel", panel | {"gridPos": {"x": 0}})
    assert problems("panel", panel | {"tittle": "misspelt"})
    assert problems("timeseries", panel["options"] | {"legend": {"displayMode": "dance"}})


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
@pytest.mark.skipif(not os.environ.get("SLUICEGATE_DEPLOY"), reason="installs packages (make test-deploy does it)")
def test_the_types_are_those_that_grafana_publishes(tmp_path: Path) -> None:
    for name in ("package.json", "tsconfig.json", "board.ts"):
        shutil.copy(FOLDER / name, tmp_path)
    for command in (["npm", "install", "--no-package-lock", "--silent"], ["npm", "run", "--silent", "schema"]):
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
        assert ran.returncode == 0, ran.stdout + ran.stderr
    assert json.loads((tmp_path / "schema.json").read_text()) == json.loads((FOLDER / "schema.json").read_text())


def test_panels_do_not_overlap() -> None:
    for one, other in combinations(BOARD["panels"], 2):
        a, b = one["gridPos"], other["gridPos"]
        apart = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
        assert apart or a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"], (one["title"], other["title"])
        assert a["x"] + a["w"] <= 24


@pytest.mark.parametrize("expr", EXPRS)
def test_a_query_asks_for_labels_that_its_metrics_have(expr: str) -> None:
    for name, _, matchers in re.findall(r"(sluicegate_\w+)(\{([^}]*)\})?", expr):
        known = labels_of()[name]
        asked = set(re.findall(r'(\w+)="', matchers))
        grouped = {one.strip() for group in re.findall(r"by \(([^)]*)\)", expr) for one in group.split(",")}
        assert asked | grouped <= known, (name, asked, grouped)
    choices = {"signal": {*COUNTED, "$signal"}, "dimension": set(DIMENSIONS), "window": {"$window"}}
    choices |= {"level": set(Level), "state": set(AlarmState)}
    for label, value in re.findall(r'(\w+)="([^"]*)"', expr):
        assert value in choices[label]


def test_every_metric_is_drawn_or_left_out_on_purpose() -> None:
    drawn = {name for expr in EXPRS for name in re.findall(r"sluicegate_\w+", expr)}
    left = {metric.name for metric in all_metrics() if not drawn & samples_of(metric)}
    assert left == NOT_DRAWN


@pytest.mark.parametrize("expr", EXPRS)
def test_a_query_is_about_metrics_that_there_are(expr: str) -> None:
    bare = re.sub(r'"[^"]*"', "", expr)
    assert set(re.findall(r"sluicegate_\w+", bare)) - known_names() == set()
    words = set(re.findall(r"\b[a-z_]+\b", re.sub(r"\{[^}]*\}|\[[^\]]*\]", "", bare)))
    assert {word for word in words if not word.startswith("sluicegate_")} - KEYWORDS == set()
    assert bare.count("(") == bare.count(")")
    assert set(re.findall(r"\$(\w+)", expr)) <= {variable["name"] for variable in BOARD["templating"]["list"]}


def test_the_choices_are_those_of_the_monitor() -> None:
    choices = {one["name"]: one["query"].split(",") for one in BOARD["templating"]["list"]}
    assert choices["window"] == list(WINDOWS)
    assert choices["signal"] == [signal.value for signal in COUNTED]


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed (make test-deploy does it)")
def test_promtool_reads_every_query(tmp_path: Path) -> None:
    filled = [expr.replace("$signal", "incidents").replace("$window", "1h") for expr in EXPRS]
    rules = [{"record": f"panel:query:{number}", "expr": expr} for number, expr in enumerate(filled)]
    path = tmp_path / "queries.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}))
    ran = subprocess.run(
        ["promtool", "check", "rules", str(path)], capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
