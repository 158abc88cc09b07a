"""`audit:` in sluicegate.yaml, and --audit-key: every mistake with what to do. No message holds a key."""

from __future__ import annotations

from pathlib import Path

import pytest

from events.audit.settings import AuditText
from policies.problems import ConfigError
from proxy.server.audit_file import KEY_VARIABLE
from proxy.server.config import ServerConfig
from proxy.server.config_file import load_server_config
from tests.support.audit import KEY

HEAD = "version: 1\nupstream: http://127.0.0.1:9\n"


def load(folder: Path, audit: str, environment: dict[str, str] | None = None, **flags: str) -> ServerConfig:
    (folder / "audit.keys").write_text(KEY)
    (folder / "sluicegate.yaml").write_text(HEAD + audit)
    return load_server_config(folder / "sluicegate.yaml", flags, environment or {})


def test_without_the_section_there_is_no_store(tmp_path: Path) -> None:
    assert load(tmp_path, "").audit is None


def test_a_key_file_is_enough(tmp_path: Path) -> None:
    audit = load(tmp_path, "audit: {key_file: audit.keys}\n").audit
    assert audit is not None
    assert (audit.keys, audit.text, audit.window_chars, audit.retention_s) == (
        KEY,
        AuditText.WINDOW,
        400,
        7_776_000,
    )
    assert load_server_config(None, {"upstream": "http://h", "audit_key": str(tmp_path / "audit.keys")}, {}).audit


def test_everything_can_be_set(tmp_path: Path) -> None:
    text = "audit: {text: whole, window_chars: 9, max_chars: 5000, database_env: DB, retention: 48h}\n"
    audit = load(tmp_path, text, {KEY_VARIABLE: f"{KEY},{KEY}", "DB": "postgresql://u:p@h/d"}).audit
    assert audit is not None
    assert (audit.text, audit.window_chars, audit.max_chars) == (AuditText.WHOLE, 9, 5000)
    assert (audit.database, audit.retention_s) == ("postgresql://u:p@h/d", 172_800)


def test_the_option_names_another_key_for_the_section(tmp_path: Path) -> None:
    (tmp_path / "other.keys").write_text(KEY)
    audit = load(tmp_path, "audit: {text: none, key_file: gone}\n", audit_key=str(tmp_path / "other.keys")).audit
    assert audit is not None
    assert audit.text is AuditText.NONE


@pytest.mark.parametrize(
    ("audit", "environment", "said"),
    [
        ("{}", {}, "audit.key_env: there is no key: name a file as key_file, or set the environment variable"),
        ("{key_file: gone}", {}, "audit.key_file: 'gone': "),
        ("{}", {KEY_VARIABLE: "hunter2"}, "Line 1 is not a key"),
        ("{key_file: audit.keys, database: nonsense}", {}, "audit.database: is not a URL"),
        ("{key_file: audit.keys, database: 'postgresql://u:hunter2@h/d'}", {}, "holds a password"),
        ("{key_file: audit.keys, database_env: DB}", {}, "the environment variable DB is not set"),
        ("{key_file: audit.keys, database_env: DB}", {"DB": "mysql://u:hunter2@h/d"}, "'mysql' is not known"),
        ("{key_file: audit.keys, database_env: DB, database: 'sqlite:///a'}", {"DB": "x"}, "says the same"),
        ("{key_file: audit.keys, text: some}", {}, "'some' is not one of whole, window, none"),
        ("{key_file: audit.keys, retention: 1s}", {}, "audit.retention"),
    ],
)
def test_mistakes_say_where_and_what_to_do(
    audit: str, environment: dict[str, str], said: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, f"audit: {audit}\n", environment)
    assert said in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert "sluicegate.yaml:3:" in str(caught.value)
