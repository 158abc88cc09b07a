"""`audit list`, `show` and `export`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.audit import records
from events.audit.database import sqlite_url
from events.audit.records import Record
from events.audit.sealing import excerpts_value, parse_sealed, seal
from events.audit.settings import FILE_NAME
from events.audit.store import AuditStore
from events.schema.excerpts import Excerpt
from proxy.cli.audit_show import CLOSE, OPEN, marked, visible
from tests.support.audit import KEY, PLAIN, TIME_MS, fill, ring
from tests.support.cli import Sluicegate


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    store = AuditStore(sqlite_url(tmp_path / FILE_NAME))
    fill(store, 4)
    policy = Record("p", records.POLICY, TIME_MS, revision="sha256:1")
    store.append([(policy, parse_sealed(seal(ring(), "p", {"policy": "version: 1\n"})))], TIME_MS)
    store.erase_request("req_4", TIME_MS)
    store.close()
    (tmp_path / "keys").write_text(KEY)
    return tmp_path


def test_a_list_shows_the_newest_first_and_filters(folder: Path, sluicegate: Sluicegate) -> None:
    ran = sluicegate("audit", "list", "--state-dir", str(folder), "--tenant", "acme")
    assert ran.code == 0
    rows = [line.split()[0] for line in ran.out.splitlines()[1:] if line[:1].isdigit()]
    assert rows == ["3", "1"]
    ran = sluicegate("audit", "list", "--state-dir", str(folder), "--json", "--limit", "2")
    assert [one["seq"] for one in json.loads(ran.out)] == [4, 3]
    assert "newest 2" not in ran.out


def test_a_record_shows_its_text_marked_only_with_the_key(
    folder: Path, sluicegate: Sluicegate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SLUICEGATE_AUDIT_KEYS", raising=False)
    where = ["--state-dir", str(folder)]
    closed = sluicegate("audit", "show", "inc_2", *where)
    assert (closed.code, PLAIN in closed.out) == (0, False)
    assert "encrypted" in closed.out
    assert "--key FILE" in closed.err
    opened = sluicegate("audit", "show", "inc_2", *where, "--key", str(folder / "keys"), "--show-policy")
    assert f"the {OPEN}walrus{CLOSE} said 2" in opened.out
    assert "the [gone] said 2" in opened.out
    assert "version: 1" in opened.out
    value = json.loads(sluicegate("audit", "show", "req_2", *where, "--key", str(folder / "keys"), "--json").out)
    assert (value[0]["text_state"], value[0]["texts"][0]["original"]) == ("decrypted", f"{PLAIN} 2")


def test_an_erased_record_says_so_and_a_missing_one_too(folder: Path, sluicegate: Sluicegate) -> None:
    assert "erased" in sluicegate("audit", "show", "inc_4", "--state-dir", str(folder)).out
    ran = sluicegate("audit", "show", "inc_9", "--state-dir", str(folder))
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "there is no such record" in ran.err
    ran = sluicegate("audit", "show", "1", "--show-policy", "--state-dir", str(folder))
    assert (ran.code, "is encrypted" in ran.err) == (2, True)


def test_the_whole_text_of_an_exchange_is_shown_with_its_incident(tmp_path: Path, sluicegate: Sluicegate) -> None:
    store = AuditStore(sqlite_url(tmp_path / FILE_NAME))
    fill(store, 1)
    whole = excerpts_value(
        [Excerpt("response", "text[0]", 0, "all of the walrus", "all of", "stopped", is_cut=True)]
    )
    exchange = Record("w", records.EXCHANGE, TIME_MS, request_id="req_1", action="block")
    store.append([(exchange, parse_sealed(seal(ring(), "w", whole)))], TIME_MS)
    store.close()
    (tmp_path / "keys").write_text(KEY)
    ran = sluicegate("audit", "show", "inc_1", "--state-dir", str(tmp_path), "--key", str(tmp_path / "keys"))
    assert f"all {OPEN}of the{CLOSE} walrus" in ran.out
    assert "cut off" in ran.out
    assert "then stopped with: stopped" in ran.out


def test_export_writes_a_line_each_with_texts_when_asked(folder: Path, sluicegate: Sluicegate) -> None:
    where = ["--state-dir", str(folder)]
    lines = [json.loads(line) for line in sluicegate("audit", "export", *where).out.splitlines()]
    assert [one["seq"] for one in lines] == [1, 2, 3, 4]
    assert PLAIN not in json.dumps(lines)
    ran = sluicegate("audit", "export", *where, "--text", "--key", str(folder / "keys"), "--category", "C2")
    (line,) = ran.out.splitlines()
    assert json.loads(line)["sealed"]["texts"][0]["original"] == f"{PLAIN} 2"


@given(
    st.text(st.characters(), max_size=30), st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=3)
)
def test_marking_changes_nothing_but_the_marks(text: str, spans: list[tuple[int, int]]) -> None:
    if OPEN in text or CLOSE in text:
        return
    shown = marked(text, 5, spans).plain
    assert shown.replace(OPEN, "").replace(CLOSE, "") == visible(text, keep="\n\t")
    assert shown.count(OPEN) == shown.count(CLOSE)
    covered = {at for a, b in spans for at in range(max(a - 5, 0), min(b - 5, len(text)))}
    assert (OPEN in shown) == bool(covered)


@pytest.mark.parametrize(
    ("text", "shown"), [("\x1b[31m", "\\x1b[31m"), ("a\u202eb", "a\\u202eb"), ("\ud800", "\\ud800")]
)
def test_nothing_steers_the_terminal(text: str, shown: str) -> None:
    assert visible(text) == shown
