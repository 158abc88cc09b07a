from __future__ import annotations

from proxy.cli.errors import CommandError, ExitCode


def test_an_error_keeps_its_lines_and_its_code() -> None:
    error = CommandError("one", "two", code=ExitCode.BLOCKED)
    assert (error.lines, error.code, str(error)) == (("one", "two"), 1, "one\ntwo")


def test_exit_codes_are_those_of_the_contract() -> None:
    assert {code.name: code.value for code in ExitCode} == {
        "OK": 0,
        "BLOCKED": 1,
        "CONFIG": 2,
        "INTERNAL": 70,
        "INTERRUPTED": 130,
        "PIPE": 141,
    }
