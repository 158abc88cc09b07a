from __future__ import annotations

import json
from typing import TYPE_CHECKING

from proxy.cli.terminal import console, say, say_errors, write, write_json

if TYPE_CHECKING:
    import pytest


def test_data_goes_to_stdout_and_words_about_it_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    write("data")
    say("one", "two")
    assert capsys.readouterr() == ("data", "one\ntwo\n")


def test_an_error_stays_one_line_whatever_it_quotes(capsys: pytest.CaptureFixture[str]) -> None:
    say_errors(["bad:\n  value\n  there", "other"])
    assert capsys.readouterr().err == "bad: value there\nother\n"


def test_json_is_one_line_in_utf8(capsys: pytest.CaptureFixture[str]) -> None:
    write_json({"a": "\N{SNOWMAN}\n"})
    out = capsys.readouterr().out
    assert out == '{"a": "\N{SNOWMAN}\\n"}\n'
    assert json.loads(out) == {"a": "\N{SNOWMAN}\n"}


def test_square_brackets_in_a_text_are_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    console().print("[bold]not bold[/bold] :smile:")
    assert capsys.readouterr().out == "[bold]not bold[/bold] :smile:\n"
