from __future__ import annotations

import errno
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import proxy.cli.serve
from proxy.cli.serve import start_problem
from proxy.server.config import ServerConfig

if TYPE_CHECKING:
    from tests.support.cli import Sluicegate

UPSTREAM = "http://127.0.0.1:9"


def test_flags_override_the_file(sluicegate: Sluicegate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "sluicegate.yaml"
    path.write_text(f"version: 1\nupstream: {UPSTREAM}\nlisten: 127.0.0.1:1111\nworkers: 2\n")
    seen: list[ServerConfig] = []
    monkeypatch.setattr(proxy.cli.serve, "serve", seen.append)
    ran = sluicegate("serve", "--config", str(path), "--listen", "127.0.0.1:2222", "--state-dir", str(tmp_path))
    assert ran.code == 0
    (config,) = seen
    assert (config.listen_port, config.workers, config.upstream_url, config.state_dir) == (
        2222,
        2,
        UPSTREAM,
        tmp_path,
    )


def test_every_problem_is_named_before_a_port_is_open(sluicegate: Sluicegate) -> None:
    ran = sluicegate("serve", "--upstream", "ftp://x", "--listen", "8080", "--policy", "defualt")
    assert ran.code == 2
    lines = ran.err.splitlines()
    assert [line.split(":")[0] for line in lines] == ["--listen", "--policy", "--upstream"]


def test_a_broken_policy_is_told_before_a_port_is_open(sluicegate: Sluicegate, tmp_path: Path) -> None:
    policy = tmp_path / "p.yaml"
    policy.write_text("version: 1\nrules: [{id: a, detector: nix, action: block}]\n")
    ran = sluicegate("serve", "--upstream", UPSTREAM, "-p", str(policy), "--state-dir", str(tmp_path / "s"))
    assert ran.code == 2
    assert ran.err.startswith(f"{policy}:2:")
    assert ran.err.count("\n") == 1


def test_an_address_in_use_is_one_line(sluicegate: Sluicegate, policy_file: Path, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        state = str(tmp_path / "s")
        ran = sluicegate(
            "serve",
            *("--upstream", UPSTREAM, "-p", str(policy_file), "--listen", address),
            *("--admin", "127.0.0.1:0", "--state-dir", state),
        )
    assert ran.code == 2
    assert f"{address} or 127.0.0.1:0 is in use" in ran.err


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.EADDRINUSE, "in use"), "127.0.0.1:8080 or 127.0.0.1:9090 is in use. Stop what uses it"),
        (
            OSError(errno.EADDRNOTAVAIL, "not there"),
            "127.0.0.1:8080 or 127.0.0.1:9090 cannot be opened (not there).",
        ),
        (PermissionError(errno.EACCES, "denied"), "127.0.0.1:8080 or 127.0.0.1:9090 cannot be opened (denied)."),
        (PermissionError(errno.EACCES, "denied", "/state"), "/state: denied. Check the path given as --state-dir."),
        (OSError("key is damaged"), "The server cannot start: key is damaged."),
    ],
)
def test_what_the_machine_refuses_in_words(error: OSError, said: str) -> None:
    config = ServerConfig(upstream_url=UPSTREAM, state_dir=Path("state"))
    assert start_problem(error, config).lines[0].startswith(said)


def test_a_monitor_without_its_packages_is_told_before_a_port_is_open(
    sluicegate: Sluicegate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("proxy.cli.monitor_run.find_spec", lambda _name: None)
    ran = sluicegate(
        "serve", "--upstream", UPSTREAM, "--monitor-listen", "127.0.0.1:0", "--state-dir", str(tmp_path)
    )
    assert ran.code == 2
    assert "pip install 'sluicegate[monitor]'" in ran.err
