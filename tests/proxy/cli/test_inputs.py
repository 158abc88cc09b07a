from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.cli.errors import CommandError
from proxy.cli.inputs import decode, input_name, read_text

if TYPE_CHECKING:
    from pathlib import Path


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_every_text_comes_back_as_it_is(text: str) -> None:
    assert decode(text.encode(), "x") == text


@given(st.binary())
def test_bytes_are_text_or_an_error_that_names_the_first_bad_one(data: bytes) -> None:
    text = data.decode(errors="replace")
    if text.encode() == data:
        assert decode(data, "x") == text
        return
    with pytest.raises(CommandError) as caught:
        decode(data, "x")
    offset = int(caught.value.lines[0].split("offset ")[1].split(")")[0])
    data[:offset].decode()
    assert f"byte 0x{data[offset]:02x}" in caught.value.lines[0]


def test_line_ends_of_a_file_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "t"
    path.write_bytes(b"a\r\nb\rc\n")
    assert read_text(str(path)) == "a\r\nb\rc\n"


def test_a_name_is_there_for_standard_input() -> None:
    assert [input_name("-"), input_name("a.txt")] == ["<stdin>", "a.txt"]


def test_a_missing_file_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"no such file\. Give a path, or - for standard input"):
        read_text(str(tmp_path / "nix"))
