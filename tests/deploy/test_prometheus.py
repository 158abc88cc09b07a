"""The alert rules: about metrics that there are, tested each, and right by promtool where it is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.metric_names import known_names

FOLDER = Path(__file__).resolve().parents[2] / "deploy" / "prometheus"
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((FOLDER / "sluicegate.rules.yaml").read_text())["groups"]
    for rule in group["rules"]
]
SELECTOR = re.compile(r"sluicegate_\w+")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_rule_is_about_metrics_that_there_are(rule: dict[str, Any]) -> None:
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
    named = set(SELECTOR.findall(rule["expr"]))
    assert named
    assert named - known_names() == set()
    assert rule["labels"]["severity"] in {"page", "ticket", "{{ $labels.level }}"}
    assert set(rule["annotations"]) == {"summary", "description"}


def test_every_rule_is_tested_firing_and_not_firing() -> None:
    tests = yaml.safe_load((FOLDER / "sluicegate.test.yaml").read_text())["tests"]
    cases = [case for one in tests for case in one["alert_rule_test"]]
    named = {rule["alert"] for rule in RULES}
    assert {case["alertname"] for case in cases if case["exp_alerts"]} == named
    assert {case["alertname"] for case in cases if not case["exp_alerts"]} == named


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed (make test-deploy does it)")
@pytest.mark.parametrize(
    "command",
    [
        ["check", "rules", "sluicegate.rules.yaml"],
        ["test", "rules", "sluicegate.test.yaml"],
        ["check", "config", "prometheus.yaml"],
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_promtool_finds_nothing_wrong(command: list[str]) -> None:
    ran = subprocess.run(
        ["promtool", *command], cwd=FOLDER, capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
