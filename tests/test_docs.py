"""The docs are true: their YAML loads, their commands run, their links lead somewhere, and no metric is missing.

A fenced block says in its first line what it is: `yaml policy [FILE]`, `yaml server`, `sh run`, `sh serve`,
`sh client`, `sh audit`, `python client`. Other blocks are for reading.
"""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

import proxy.cli.serve
from events.audit.database import sqlite_url
from events.audit.keys import read_keys
from events.audit.settings import FILE_NAME as AUDIT_FILE_NAME
from events.audit.store import AuditStore
from policies.document import parse
from policies.encryption import trial_encryption
from policies.loader import load_policy, load_policy_text
from policies.selftest import run_tests
from proxy.cli.judging import judge_text
from proxy.cli.main import run
from proxy.demo.model import running_model
from proxy.server.app import running_server
from proxy.server.audit_file import AuditFile
from proxy.server.config import ServerConfig
from proxy.server.config_file import LogFile, ServerFile, ServerLimitsFile, TimeoutsFile, load_server_config
from proxy.server.config_routes import RouteFile
from proxy.server.config_upstreams import TenantFile, UpstreamFile, UpstreamTimeoutsFile
from proxy.server.events_file import EventsFile, KafkaFile, OutboxFile
from proxy.server.monitor_file import (
    BudgetFile,
    MonitorAlarmsFile,
    MonitorDriftFile,
    MonitorFile,
    MonitorLabelsFile,
    MonitorSlicesFile,
)
from tests.support.audit import KEY, fill
from tests.support.metric_names import all_metrics

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from detectors.types import ChannelKind
    from policies.types import Action, Direction, Policy

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
CLIENT_BASE = "http://127.0.0.1:8080"
"""The address that the README's clients are pointed at."""

SERVER_MODELS = (
    ServerFile, TimeoutsFile, ServerLimitsFile, LogFile, UpstreamFile, UpstreamTimeoutsFile, TenantFile, RouteFile,
    EventsFile, OutboxFile, KafkaFile, AuditFile, MonitorFile, BudgetFile, MonitorSlicesFile, MonitorDriftFile,
    MonitorAlarmsFile, MonitorLabelsFile,
)  # fmt: skip

KNOWN_INFO = {
    "yaml policy",
    "yaml server",
    "yaml",
    "sh run",
    "sh audit",
    "sh serve",
    "sh client",
    "python client",
    "python consumer",
    "python",
    "js",
    "text",
    "json",
    "json balance",
    "yaml recognizers",
    "json oddity",
    "",
}


class Block(NamedTuple):
    """A fenced block."""

    page: Path
    line: int
    info: str
    """`yaml policy`, the file name left out."""
    file: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


_FENCE = re.compile(r"^```(?P<info>[^\n]*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks_of(page: Path) -> Iterator[Block]:
    text = page.read_text()
    for match in _FENCE.finditer(text):
        words = match["info"].split()
        line = text.count("\n", 0, match.start()) + 1
        yield Block(page, line, " ".join(words[:2]), words[2] if len(words) > 2 else "", match["text"])


BLOCKS = [block for page in PAGES for block in blocks_of(page)]


def blocks(info: str, page: Path | None = None) -> list[Block]:
    return [block for block in BLOCKS if block.info == info and page in {None, block.page}]


def test_every_block_says_what_it_is() -> None:
    assert [str(block) for block in BLOCKS if block.info not in KNOWN_INFO] == []


@pytest.mark.parametrize("info", ["sh run", "sh serve", "sh client", "python client", "yaml policy"])
def test_the_readme_has_each_kind_of_block(info: str) -> None:
    """So that no test below passes because it found nothing."""
    assert blocks(info, README)


@pytest.mark.parametrize("block", blocks("yaml policy"), ids=str)
def test_policies_in_the_docs_load_and_pass_their_tests(block: Block) -> None:
    policy = load_policy_text(block.text, str(block.page), encryption=trial_encryption())
    assert [outcome.problems for outcome in run_tests(policy, _judge) if not outcome.passed] == []


def _judge(policy: Policy, text: str, direction: Direction, kind: ChannelKind) -> tuple[Action, str]:
    judged = judge_text(policy, text, direction, kind)
    return judged.action, judged.output


@pytest.mark.parametrize("block", blocks("yaml server"), ids=str)
def test_server_settings_in_the_docs_load(block: Block, tmp_path: Path) -> None:
    for name in re.findall(r"[\w./-]+\.(?:yaml|pem)", block.text):
        if not name.startswith("/"):
            content = "-----BEGIN CERTIFICATE-----" if name.endswith(".pem") else "version: 1\nrules: []\n"
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(content)
    path = tmp_path / "sluicegate.yaml"
    path.write_text(block.text)
    for name in re.findall(r"\bfile: *([\w-]+)[,}]", block.text):
        (tmp_path / name).write_text("a-key-of-enough-characters")
    named = re.findall(r"(?:admin_token_env|\benv): *(\w+)", block.text)
    known = dict.fromkeys(named, "a-token-of-enough-characters") | {"SLUICEGATE_AUDIT_KEYS": KEY}
    load_server_config(path, environment=known)


@pytest.mark.parametrize("block", blocks("yaml"), ids=str)
def test_other_yaml_in_the_docs_is_yaml(block: Block) -> None:
    _, problems = parse(block.text.encode(), str(block.page))
    assert problems == []


@pytest.fixture(scope="module")
def environment() -> Mapping[str, str]:
    """The environment of somebody who has activated the virtual environment."""
    here = str(Path(sys.executable).parent)
    return os.environ | {"PATH": f"{here}{os.pathsep}{os.environ['PATH']}", "OPENAI_API_KEY": "any"}


@pytest.mark.parametrize(
    "command", [line for block in blocks("sh run") for line in block.text.strip().splitlines()]
)
def test_commands_in_the_docs_run(command: str, tmp_path: Path, environment: Mapping[str, str]) -> None:
    """In a folder that holds the policies of the README by their file names."""
    for block in [*blocks("yaml policy", README), *blocks("yaml server", README)]:
        if block.file:
            (tmp_path / block.file).write_text(block.text)
    shell = ["bash", "-euo", "pipefail", "-c", command]
    ran = subprocess.run(
        shell, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout


def test_commands_on_the_audit_store_run(tmp_path: Path, environment: Mapping[str, str]) -> None:
    """One after the other, in a folder that holds a store and its keys."""
    (tmp_path / "sluicegate-state").mkdir()
    store = AuditStore(sqlite_url(tmp_path / "sluicegate-state" / AUDIT_FILE_NAME))
    fill(store, 5)
    store.close()
    commands = [line for block in blocks("sh audit") for line in block.text.strip().splitlines()]
    assert len(commands) > 8
    for command in commands:
        shell = ["bash", "-euo", "pipefail", "-c", command]
        ran = subprocess.run(shell, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, (command, ran.stderr)
        if command == "sluicegate audit key > audit.keys":
            assert read_keys((tmp_path / "audit.keys").read_text()).ids
            (tmp_path / "audit.keys").write_text(KEY)  # the key of the store that is there


@pytest.mark.parametrize("block", blocks("sh serve"), ids=str)
def test_the_serve_command_of_the_docs_is_accepted(
    block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its options, up to the point where a port would be opened."""
    seen: list[ServerConfig] = []
    monkeypatch.setattr(proxy.cli.serve, "serve", seen.append)
    monkeypatch.chdir(tmp_path)
    program, *arguments = shlex.split(block.text.replace("\\\n", ""))
    assert (program, run(arguments)) == ("sluicegate", 0)
    assert f"http://{seen[0].listen_host}:{seen[0].listen_port}" == CLIENT_BASE


@pytest.mark.parametrize("block", [*blocks("sh client"), *blocks("python client")], ids=str)
async def test_clients_in_the_docs_work(block: Block, tmp_path: Path, environment: Mapping[str, str]) -> None:
    """Through a real proxy, to a model that repeats what it is told."""
    async with running_model(pace_s=0.0) as model_url:
        config = ServerConfig(upstream_url=model_url, listen_port=0, admin_port=0, state_dir=tmp_path)
        async with running_server(config, policy=load_policy_text("version: 1\nrules: []\n")) as server:
            assert CLIENT_BASE in block.text
            text = block.text.replace(CLIENT_BASE, server.url)
            command = ["bash", "-c", text] if block.info == "sh client" else [sys.executable, "-c", text]
            process = await asyncio.create_subprocess_exec(
                *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=environment
            )
            out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, err.decode()
    said = b"".join(re.findall(rb'"content":"([^"]*)"', out)) if block.info == "sh client" else out
    assert said == b"You said: Say hello."


def test_make_targets_in_the_docs_are_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {
        name for page in PAGES for name in re.findall(r"(?:^ {4}|`)make ([a-z-]+)", page.read_text(), re.MULTILINE)
    }
    assert {"demo", "test"} <= named
    assert named - targets == set()


def test_every_extra_that_users_choose_is_in_the_readme() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for_users = sorted(set(extras) - {"demo", "dev", "consumers", "fuzz"})  # the others are make's
    assert len(for_users) >= 5
    text = README.read_text()
    assert [name for name in for_users if not re.search(rf"`{name}`|\.\[[a-z,]*\b{name}\b", text)] == []


def test_every_target_of_make_is_in_the_readme_or_the_guide_to_a_change() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)) - {"help", "clean"}
    text = README.read_text() + (ROOT / "CONTRIBUTING.md").read_text()
    assert [name for name in sorted(targets) if not re.search(rf"\bmake {name}(?![a-z-])", text)] == []


def test_the_changelog_has_no_gap_in_a_list_and_no_entry_twice() -> None:
    """Both are what merging leaves behind."""
    text = (ROOT / "CHANGELOG.md").read_text()
    beginnings = re.findall(r"^- (.{50})", text, re.MULTILINE)
    assert len(beginnings) > 50
    assert sorted(beginnings) == sorted(set(beginnings))
    assert re.findall(r"^- .*\n\n+- .{20}", text, re.MULTILINE) == []


def test_every_command_is_in_the_readme(capsys: pytest.CaptureFixture[str]) -> None:
    run(["--help"])
    commands = re.findall(r"^  ([a-z]+)  ", capsys.readouterr().out.split("Commands:")[1], re.MULTILINE)
    assert len(commands) > 5
    text = README.read_text()
    assert [name for name in commands if f"`sluicegate {name}" not in text] == []


def test_every_metric_is_in_the_docs_and_none_besides() -> None:
    metrics = all_metrics()
    names = {f"{metric.name}_total" if metric.type == "counter" else metric.name for metric in metrics}
    documented = set(re.findall(r"^\| `(sluicegate_\w+)` \|", (ROOT / "docs/metrics.md").read_text(), re.MULTILINE))
    assert documented == names


def test_every_server_setting_is_in_the_docs() -> None:
    text = (ROOT / "docs/configuration.md").read_text()
    settings = [name for model in SERVER_MODELS for name in model.model_fields]
    assert [name for name in settings if not re.search(rf"`{name}`", text)] == []


def test_bundled_policies_are_in_the_docs() -> None:
    names = [path.stem for path in (ROOT / "policies/bundled").glob("*.yaml")]
    assert len(names) >= 3
    for page in (README, ROOT / "docs/policies.md"):
        assert [name for name in names if f"`{name}`" not in page.read_text()] == []
    for name in names:
        assert load_policy(name).tests


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_in_the_docs_lead_to_files(page: Path) -> None:
    """Links to other sites are left alone: a test that needs the network is no test."""
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text())
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (page.parent / link).exists()] == []
