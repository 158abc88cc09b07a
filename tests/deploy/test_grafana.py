"""The dashboard: the form that Grafana reads, panels that do not overlap, queries about metrics that there are."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from monitor.service.metrics import WINDOWS
from monitor.types import COUNTED
from tests.support.metric_names import known_names

BOARD: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[2] / "deploy" / "grafana" / "sluicegate.json").read_text()
)
PANELS = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
EXPRS = [target["expr"] for panel in PANELS for target in panel["targets"]]
KEYWORDS = {
    "sum", "by", "max", "rate", "increase", "histogram_quantile", "topk", "time", "or", "vector", "le", "part",
    "value", "decision", "rule", "action", "detector", "subscriber", "outcome", "reason", "level", "signal",
}  # fmt: skip

_DATASOURCE = {
    "type": "object",
    "required": ["type", "uid"],
    "properties": {"type": {"const": "prometheus"}, "uid": {"const": "${datasource}"}},
}
SCHEMA: dict[str, Any] = {
    # What of Grafana's dashboard model (kinds/dashboard, schemaVersion 39) this dashboard uses.
    "type": "object",
    "required": ["uid", "title", "schemaVersion", "panels", "templating", "time"],
    "properties": {
        "uid": {"type": "string", "maxLength": 40},
        "schemaVersion": {"const": 39},
        "panels": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "type", "title", "gridPos"],
                "properties": {
                    "id": {"type": "integer", "minimum": 1},
                    "type": {"enum": ["row", "timeseries", "stat"]},
                    "gridPos": {
                        "type": "object",
                        "required": ["x", "y", "w", "h"],
                        "properties": {
                            "x": {"type": "integer", "minimum": 0, "maximum": 23},
                            "y": {"type": "integer", "minimum": 0},
                            "w": {"type": "integer", "minimum": 1, "maximum": 24},
                            "h": {"type": "integer", "minimum": 1},
                        },
                    },
                    "datasource": _DATASOURCE,
                    "targets": {
                        "type": "array",
                        "minItems": 1,
                        "items": {
                            "type": "object",
                            "required": ["expr", "refId", "legendFormat", "datasource"],
                            "properties": {"refId": {"pattern": "^[A-Z]$"}, "datasource": _DATASOURCE},
                        },
                    },
                    "fieldConfig": {"type": "object", "required": ["defaults", "overrides"]},
                },
            },
        },
        "templating": {
            "type": "object",
            "properties": {
                "list": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["name", "type", "query"],
                        "properties": {"type": {"enum": ["datasource", "custom"]}},
                    },
                }
            },
        },
    },
}


def test_it_has_the_form_that_grafana_reads() -> None:
    assert list(Draft202012Validator(SCHEMA).iter_errors(BOARD)) == []
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
    assert all(panel["targets"] for panel in PANELS)
    for panel in PANELS:
        refs = [target["refId"] for target in panel["targets"]]
        assert len(set(refs)) == len(refs)


def test_panels_do_not_overlap() -> None:
    for one, other in combinations(BOARD["panels"], 2):
        a, b = one["gridPos"], other["gridPos"]
        apart = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
        assert apart or a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"], (one["title"], other["title"])
        assert a["x"] + a["w"] <= 24


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
