"""The defaults of the server, which are those that the reference names."""

from __future__ import annotations

from pathlib import Path

from policies.fields import write_duration
from proxy.server.config import ServerConfig
from proxy.server.config_file import LogFile, ServerLimitsFile, TimeoutsFile

DOCS = (Path(__file__).parents[3] / "docs" / "configuration.md").read_text(encoding="utf-8")
CONFIG = ServerConfig(upstream_url="https://api.example.com")


def rows(key: str) -> list[str]:
    return [line for line in DOCS.splitlines() if line.startswith(f"| `{key}` |")]


def test_documented_defaults_are_the_real_ones() -> None:
    """Each row of the reference ends in the default of the dataclass."""
    for key in TimeoutsFile.model_fields:
        seconds = getattr(CONFIG, f"{key}_timeout_s")
        written = f"{int(seconds / 60)}m" if seconds >= 120 else write_duration(seconds)
        assert any(row.endswith(f"| `{written}` |") for row in rows(key)), key
    for key in ServerLimitsFile.model_fields:
        number = getattr(CONFIG, "max_" + key.replace("_size", "_bytes"))
        unit = "MiB" if number % (1 << 20) == 0 else "KiB"
        written = str(number) if key == "connections" else f"{number >> (20 if unit == 'MiB' else 10)}{unit}"
        assert any(row.endswith(f"| `{written}` |") for row in rows(key)), key
    for key in LogFile.model_fields:
        assert rows(key)[0].endswith(f"| `{getattr(CONFIG, f'log_{key}')}` |")
    assert rows("listen")[0].endswith(f"| `{CONFIG.listen_host}:{CONFIG.listen_port}` |")
    assert rows("admin")[0].endswith(f"| `{CONFIG.admin_host}:{CONFIG.admin_port}` |")
    assert rows("state_dir")[0].endswith(f"| `{CONFIG.state_dir}` |")
    assert rows("workers")[0].endswith(f"| `{CONFIG.workers}` |")


def test_the_admin_token_is_not_shown() -> None:
    """A configuration in a log line or a traceback gives nothing away."""
    secret = "not-to-be-seen-anywhere"
    assert secret not in repr(ServerConfig(upstream_url="https://api.example.com", admin_token=secret))
