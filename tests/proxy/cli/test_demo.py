from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import proxy.cli.demo

if TYPE_CHECKING:
    from tests.support.cli import Sluicegate


def test_without_the_client_library_it_says_what_to_install(
    sluicegate: Sluicegate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proxy.cli.demo, "find_spec", lambda _name: None)
    ran = sluicegate("demo", "--once")
    assert ran.code == 2
    assert "pip install 'sluicegate[demo]'" in ran.err
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--listen", "8080", "--listen: '8080' is not HOST:PORT. Write it as 127.0.0.1:8080."),
        ("--admin", "127.0.0.1:x", "--admin: 'x' is not a port."),
        ("--listen", "0.0.0.0:0", "--listen: 0.0.0.0 can be reached from other machines."),
    ],
)
def test_addresses_are_checked(sluicegate: Sluicegate, option: str, value: str, said: str) -> None:
    ran = sluicegate("demo", "--once", option, value)
    assert ran.code == 2
    assert ran.err.startswith(said)
