"""The commands `sluicegate pii decrypt` and `pii key`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from policies.encryption import KEYS_VARIABLE, Encryption, read_keys, write_key
from proxy.cli.pii import LineFinder

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.cli import Sluicegate

KEY, OTHER = b"\x07" * 32, b"\x08" * 32
CIPHER = Encryption([KEY])
VALUE = 'Zarn "Vokk" Plimf'
TOKEN = CIPHER.token("NAME", "", VALUE)


@pytest.fixture
def keys(tmp_path: Path) -> str:
    """A key file: a new key before the one that wrote the tokens."""
    path = tmp_path / "keys"
    path.write_text(f"{write_key(OTHER)}\n{write_key(KEY)} # the old one\n")
    return str(path)


def test_a_new_key_is_one_for_a_key_file(sluicegate: Sluicegate) -> None:
    ran, again = sluicegate("pii", "key"), sluicegate("pii", "key")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out != again.out
    read_keys(ran.out)


def test_a_token_a_file_and_standard_input(sluicegate: Sluicegate, keys: str, tmp_path: Path) -> None:
    """A token has its value on a line; a text is written as it is, but for its tokens."""
    ran = sluicegate("pii", "decrypt", "--key", keys, TOKEN)
    assert (ran.code, ran.out, ran.err) == (0, VALUE + "\n", "")
    assert sluicegate("pii", "decrypt", "--key", keys, TOKEN[1:-1]).out == VALUE + "\n"
    text = f"a {TOKEN}\r\n\tb &lt;{TOKEN[1:-1]}&gt;"
    (tmp_path / "text").write_bytes(text.encode())
    for ran in (
        sluicegate("pii", "decrypt", "--key", keys, str(tmp_path / "text")),
        sluicegate("pii", "decrypt", "--key", keys, stdin=text.encode()),
        sluicegate("pii", "decrypt", "--key", keys, "-", stdin=text.encode()),
    ):
        assert (ran.code, ran.out, ran.err) == (0, f"a {VALUE}\r\n\tb {VALUE}", "")


def test_json_stays_json(sluicegate: Sluicegate, keys: str) -> None:
    text = json.dumps({"to": TOKEN})
    ran = sluicegate("pii", "decrypt", "--key", keys, "--json", stdin=text.encode())
    assert json.loads(ran.out) == {"to": VALUE}


def test_keys_from_the_environment(sluicegate: Sluicegate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEYS_VARIABLE, f"{write_key(OTHER)},{write_key(KEY)}")
    assert sluicegate("pii", "decrypt", TOKEN).out == VALUE + "\n"


def test_tokens_of_a_tenant(sluicegate: Sluicegate, keys: str) -> None:
    """They are read as that tenant's, and as nobody else's."""
    token = CIPHER.token("NAME", "north", VALUE)
    assert sluicegate("pii", "decrypt", "--key", keys, "--tenant", "north", token).out == VALUE + "\n"
    ran = sluicegate("pii", "decrypt", "--key", keys, token)
    assert (ran.code, ran.out) == (1, token + "\n")
    assert "another tenant's" in ran.err


def test_what_cannot_be_read_stays_and_is_named(sluicegate: Sluicegate, keys: str) -> None:
    """Each with its line and column; the others are read."""
    foreign = Encryption([b"\x09" * 32]).token("MAIL", "", "x")
    damaged = TOKEN[:-2] + ("b" if TOKEN[-2] != "b" else "c") + ">"
    ran = sluicegate("pii", "decrypt", "--key", keys, stdin=f"{TOKEN}\n {damaged}\n\n{foreign}".encode())
    assert (ran.code, ran.out) == (1, f"{VALUE}\n {damaged}\n\n{foreign}")
    first, second = ran.err.splitlines()
    assert first.startswith("<stdin>:2:2: <NAME:enc:")
    assert "was changed" in first
    assert second.startswith("<stdin>:4:1: <MAIL:enc:")
    assert "needs the key" in second
    assert write_key(KEY) not in ran.err


@pytest.mark.parametrize("content", [None, "", "nonsense\n"])
def test_without_a_key(sluicegate: Sluicegate, tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "keys").write_text(content)
    ran = sluicegate("pii", "decrypt", "--key", str(tmp_path / "keys"), TOKEN)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "Check what is given as --key." in ran.err
    ran = sluicegate("pii", "decrypt", TOKEN)
    assert (ran.code, KEYS_VARIABLE in ran.err) == (2, True)


def test_a_file_that_is_not_there(sluicegate: Sluicegate, keys: str) -> None:
    ran = sluicegate("pii", "decrypt", "--key", keys, "nowhere.txt")
    assert (ran.code, "no such file" in ran.err) == (2, True)


def test_lines_are_counted_from_one() -> None:
    """Asked in order, each line is passed once."""
    text = "ab\n\ncd\n"
    lines = LineFinder(text)
    assert [lines.place(at) for at in (0, 1, 3, 4, 5)] == [":1:1", ":1:2", ":2:1", ":3:1", ":3:2"]
