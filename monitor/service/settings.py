"""How the monitor runs: where its state is, who may ask it, whom it tells. Plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from monitor.settings import MonitorSettings

DEFAULT_PORT: Final = 9091
MIN_TOKEN_CHARS: Final = 16
"""Shorter tokens can be guessed over a network."""
MONITOR_SUBSCRIBER: Final = "monitor"
"""The monitor's name among the outbox's subscribers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """Settings of one monitor's process."""

    watch: MonitorSettings = field(default_factory=MonitorSettings)
    """What it watches, and how strictly."""
    listen_host: str = "127.0.0.1"
    listen_port: int = DEFAULT_PORT
    """0: the system picks one."""
    token: str | None = field(default=None, repr=False)
    """Bearer token of the address; needed when that is not loopback."""
    alertmanager_url: str = ""
    """Where alarms are posted in Alertmanager's form, without `/api/v2/alerts`; empty: nowhere."""
    external_url: str = ""
    """Where people reach this monitor: a link in what is posted."""
    shares: int = 1
    """Into how many shares the topics are cut. Several monitors of one group take a share or more each."""
    checkpoint_s: float = 30.0
    """Longest time between two checkpoints."""
