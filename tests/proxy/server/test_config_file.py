"""Reading `sluicegate.yaml`: every message of the broken ones, flags over the file, paths, defaults."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.problems import ConfigError
from proxy.server.config import ServerConfig
from proxy.server.config_file import load_server_config
from tests.support.broken_table import Broken, read_table

CASES = read_table(Path(__file__).with_name("broken_configs.txt"))
TOKEN = "0123456789abcdef"
ENVIRONMENT = {"SHORT_TOKEN": "abc", "LONG_KEY": "k" * 20, "TWO_LINES": "k" * 9 + "\n" + "k" * 9}
URL = "https://api.example.com"


def problems(*args: object) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_server_config(*args)  # type: ignore[arg-type]
    return str(caught.value).split("\n")


def config(folder: Path, text: str, **flags: str | int | None) -> ServerConfig:
    path = folder / "sluicegate.yaml"
    path.write_text(f"version: 1\n{text}", encoding="utf-8")
    return load_server_config(path, flags, {})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_broken_configuration_says_where_and_what_to_do(
    case: Broken, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exactly these lines, in the order of the file."""
    monkeypatch.chdir(tmp_path)
    Path("good.pem").write_text("-----BEGIN CERTIFICATE-----\n", encoding="utf-8")
    Path("sluicegate.yaml").write_text(case.text, encoding="utf-8")
    assert problems(Path("sluicegate.yaml"), {}, ENVIRONMENT) == case.lines


def test_there_are_enough_broken_configurations() -> None:
    """The table has at least 40 cases, all different."""
    assert len(CASES) >= 80
    assert len({case.text for case in CASES}) == len(CASES)


def test_an_upstream_alone_is_enough() -> None:
    """Everything else has a default, and those are the dataclass's."""
    assert load_server_config(None, {"upstream": URL}, {}) == ServerConfig(upstream_url=URL)


def test_everything_that_can_be_said(tmp_path: Path) -> None:
    """Each key arrives in its field; relative paths start from the folder of the file."""
    (tmp_path / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\n", encoding="utf-8")
    (tmp_path / "acme.yaml").write_text("version: 1\nrules: []\n", encoding="utf-8")
    found = config(
        tmp_path,
        """
upstream: https://api.example.com/base/
policy: acme.yaml
listen: 0.0.0.0:80
admin: "[::1]:0"
state_dir: state
workers: 4
timeouts: {connect: 1s, first_byte: 2s, idle: 3s, total: 4m, header: 5s, body_idle: 6s, slow_client: 7s, drain: 8s}
limits: {request_size: 1KiB, response_size: 2MiB, frame_size: 3KiB, header_size: 4KiB, connections: 5}
open_paths: [/a]
passed_paths: [/b, /c/d]
tls_ca_file: ca.pem
record_dir: records
log: {format: console, level: debug}
""",
    )
    assert found == ServerConfig(
        upstream_url="https://api.example.com/base",
        policy_source=str(tmp_path / "acme.yaml"),
        listen_host="0.0.0.0",
        listen_port=80,
        admin_host="::1",
        admin_port=0,
        state_dir=tmp_path / "state",
        workers=4,
        connect_timeout_s=1.0,
        first_byte_timeout_s=2.0,
        idle_timeout_s=3.0,
        total_timeout_s=240.0,
        header_timeout_s=5.0,
        body_idle_timeout_s=6.0,
        slow_client_timeout_s=7.0,
        drain_timeout_s=8.0,
        max_request_bytes=1 << 10,
        max_response_bytes=2 << 20,
        max_frame_bytes=3 << 10,
        max_header_bytes=4 << 10,
        max_connections=5,
        open_paths=("/a",),
        passed_paths=("/b", "/c/d"),
        tls_ca_file=tmp_path / "ca.pem",
        record_dir=tmp_path / "records",
        log_format="console",
        log_level="debug",
    )


def test_an_open_path_may_name_its_dialect(tmp_path: Path) -> None:
    """One that is built in, or one that the file describes; without one it is read as a chat completion."""
    described = "dialects: {own: {whole: {fields: {$.text: text}, blocked: {text: '{message}'}}}}\n"
    paths = "open_paths: [/a, {path: /b, dialect: gemini}, {path: /c}, {path: '/d/*', dialect: own}]\n"
    found = config(tmp_path, described + paths, upstream=URL)
    assert found.open_paths == ("/a", "/b", "/c", "/d/*")
    assert found.open_dialects == {"/b": "gemini", "/d/*": "own"}


def test_flags_override_the_file(tmp_path: Path) -> None:
    """A flag that is not given changes nothing; paths in flags start from where the command runs."""
    text = "upstream: https://file.example.com\nlisten: 127.0.0.1:1\nstate_dir: state\nworkers: 2\n"
    found = config(tmp_path, text, upstream=URL, listen="localhost:2", state_dir="here", workers=3, policy=None)
    assert (found.upstream_url, found.listen_host, found.listen_port) == (URL, "localhost", 2)
    assert (found.state_dir, found.workers, found.policy_source) == (Path("here"), 3, "default")


def test_a_wrong_flag_is_named(tmp_path: Path) -> None:
    """Problems of flags and file come together."""
    flags = {
        "upstream": "x",
        "listen": "80",
        "admin": "0.0.0.0:1",
        "policy": "strct",
        "workers": 99,
        "state_dir": "",
    }
    (tmp_path / "sluicegate.yaml").write_text("version: 1\nworker: 2\n", encoding="utf-8")
    token = "set a token in SLUICEGATE_ADMIN_TOKEN."
    bundled = "a bundled policy (default, safety, shadow, strict)"
    assert problems(tmp_path / "sluicegate.yaml", flags, {}) == [
        f"--admin: 0.0.0.0 can be reached from other machines. Use 127.0.0.1, or {token}",
        "--listen: '80' is not HOST:PORT. Write it as 127.0.0.1:8080.",
        f"--policy: 'strct' is neither {bundled} nor a file. Did you mean 'strict'?",
        "--state-dir: is empty. Write something, or leave the key out.",
        "--upstream: 'x' is not an http or https URL. Write it as https://api.openai.com.",
        "--workers: 99 is out of range: at most 64 is allowed.",
        f"{tmp_path}/sluicegate.yaml:2:1 unknown key 'worker'. Did you mean 'workers'?",
    ]


def test_no_file_and_no_upstream(tmp_path: Path) -> None:
    """Both ways to give it are named; a missing file says only that."""
    assert problems(None, {}, {}) == [
        "sluicegate: upstream: is missing. Give --upstream URL, or 'upstream: URL' in the --config file."
    ]
    assert problems(tmp_path / "no.yaml", {}, {}) == [f"{tmp_path}/no.yaml: there is no such file. Check the path."]


def test_a_token_opens_the_admin_address(tmp_path: Path) -> None:
    """With a token in the environment any address will do; the variable can have another name."""
    flags = {"upstream": URL, "admin": "0.0.0.0:9090"}
    found = load_server_config(None, flags, {"SLUICEGATE_ADMIN_TOKEN": TOKEN})
    assert (found.admin_host, found.admin_token) == ("0.0.0.0", TOKEN)
    (tmp_path / "s.yaml").write_text("version: 1\nadmin_token_env: OTHER\n", encoding="utf-8")
    assert load_server_config(tmp_path / "s.yaml", flags, {"OTHER": TOKEN}).admin_token == TOKEN


def test_a_bundled_name_and_a_file_of_that_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path stays a path, whatever the file is called."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "strict").write_text("version: 1\nrules: []\n", encoding="utf-8")
    assert load_server_config(None, {"upstream": URL, "policy": "strict"}, {}).policy_source == "strict"
    assert load_server_config(None, {"upstream": URL, "policy": "./strict"}, {}).policy_source == str(
        tmp_path / "strict"
    )


def test_no_credentials_in_messages() -> None:
    """A URL with a password in it is not repeated."""
    for start in ("https://", "ftp://"):
        for end in ("", ":99999", ":x", "?a"):
            url = f"{start}user:hunter22@api.example.com{end}"
            assert "hunter22" not in "".join(problems(None, {"upstream": url}, {}))


@given(st.text(max_size=40))
def test_every_listen_address_is_taken_or_told(value: str) -> None:
    """No text raises anything but the error of the configuration."""
    try:
        found = load_server_config(None, {"upstream": URL, "listen": value}, {})
    except ConfigError:
        return
    assert 0 <= found.listen_port <= 65535
    assert found.listen_host


def test_d7_a_hostile_configuration_is_refused_quickly(tmp_path: Path) -> None:
    """D7: the limits of the reader hold here too."""
    path = tmp_path / "sluicegate.yaml"
    path.write_text("- a\n" * 250_000, encoding="utf-8")
    begin = time.process_time()
    assert "more than 10000 values" in problems(path, {}, {})[0]
    assert time.process_time() - begin <= 0.3
