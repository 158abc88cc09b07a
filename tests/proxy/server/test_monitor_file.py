"""The section `monitor:`: each setting reaches the monitor, and what is wrong is said with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.service.settings import DEFAULT_PORT, ServiceSettings
from monitor.settings import Budget
from monitor.types import Dimension, Signal
from policies.problems import ConfigError
from proxy.server.config import ServerConfig
from proxy.server.config_file import load_server_config

HEAD = "version: 1\nupstream: http://127.0.0.1:1\n"
FULL = """
monitor:
  listen: 0.0.0.0:9100
  alertmanager: http://alerts.example:9093
  external_url: https://monitor.example
  shares: 4
  checkpoint: 10s
  budgets:
    - {signal: incidents, share: 0.05, dimension: model, value: m}
    - {signal: bypasses, share: 0.001}
  slices: {top_tenants: 10, max_live: 100}
  drift: {min_ratio: 2.0, adwin_ticket: 0.01, reference: rolling}
  alarms: {pages_per_week: 3, cool_down: 2h, drift_open: 12h}
  labels: {target_precision: 0.8, sample_share: 0.25}
"""


def loaded(folder: Path, text: str, flags: dict[str, str] | None = None, **environment: str) -> ServerConfig:
    path = folder / "sluicegate.yaml"
    path.write_text(HEAD + text)
    return load_server_config(path, flags or {}, environment)


def monitor_of(config: ServerConfig) -> ServiceSettings:
    assert config.monitor is not None
    return config.monitor


def test_every_setting_reaches_the_monitor(tmp_path: Path) -> None:
    settings = monitor_of(loaded(tmp_path, FULL, SLUICEGATE_MONITOR_TOKEN="t" * 20))
    assert (settings.listen_host, settings.listen_port, settings.token) == ("0.0.0.0", 9100, "t" * 20)
    assert (settings.alertmanager_url, settings.external_url) == (
        "http://alerts.example:9093",
        "https://monitor.example",
    )
    assert (settings.shares, settings.checkpoint_s) == (4, 10.0)
    watch = settings.watch
    assert watch.budgets == (
        Budget(signal=Signal.INCIDENTS, share=0.05, dimension=Dimension.MODEL, value="m"),
        Budget(signal=Signal.BYPASSES, share=0.001),
    )
    assert (watch.slices.top_tenants, watch.slices.max_live) == (10, 100)
    assert (watch.drift.min_ratio, watch.drift.adwin_ticket, watch.drift.reference) == (2.0, 0.01, "rolling")
    assert (watch.alarms.pages_per_week, watch.alarms.cool_down_s, watch.alarms.drift_open_s) == (3, 7200, 43_200)
    assert (watch.labels.target_precision, watch.labels.sample_share) == (0.8, 0.25)


def test_a_token_that_can_be_guessed_is_refused_before_a_monitor_starts(tmp_path: Path) -> None:
    text = "monitor: {listen: '0.0.0.0:9091'}\n"
    with pytest.raises(
        ConfigError, match=r"monitor.token_env: the token in SLUICEGATE_MONITOR_TOKEN can be guessed"
    ):
        loaded(tmp_path, text, SLUICEGATE_MONITOR_TOKEN="t" * 15)
    assert monitor_of(loaded(tmp_path, text, SLUICEGATE_MONITOR_TOKEN="t" * 16)).token == "t" * 16
    assert monitor_of(loaded(tmp_path, "monitor: {}\n", SLUICEGATE_MONITOR_TOKEN="t")).token == "t"


def test_without_the_section_there_is_no_monitor_and_an_empty_one_is_the_default(tmp_path: Path) -> None:
    assert loaded(tmp_path, "").monitor is None
    assert monitor_of(loaded(tmp_path, "monitor: {}\n")) == ServiceSettings()
    assert DEFAULT_PORT == 9091


def test_the_option_is_enough_and_wins(tmp_path: Path) -> None:
    flags = {"monitor_listen": "127.0.0.1:0"}
    assert monitor_of(loaded(tmp_path, "", flags)) == ServiceSettings(listen_port=0)
    settings = monitor_of(loaded(tmp_path, "monitor: {listen: '127.0.0.1:9', shares: 3}\n", flags))
    assert (settings.listen_port, settings.shares) == (0, 3)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("monitor: {listen: '0.0.0.0:9091'}\n", ":3:1 monitor.listen: 0.0.0.0 can be reached from other machines"),
        ("monitor: {token_env: NO_SUCH}\n", "monitor.token_env: the environment variable NO_SUCH is not set."),
        ("monitor: {budgets: [{signal: luck, share: 0.1}]}\n", "signal"),
        ("monitor: {budgets: [{signal: incidents, share: 2}]}\n", "share"),
        ("monitor: {alarms: {cool_down: 5}}\n", "5 has no unit"),
        ("monitor: {drift: {min_ration: 2.0}}\n", "min_ration"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        loaded(tmp_path, text)
    assert said in str(raised.value)
