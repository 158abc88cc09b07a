"""Reload: atomic, keeps the last good policy, and a stream keeps the one it began with (B8, scaled)."""

from __future__ import annotations

import asyncio
import os
import threading
from functools import partial
from typing import TYPE_CHECKING

from structlog.testing import capture_logs

from policies.loader import load
from policies.sources import read_bytes, stamp
from proxy.server import app, reload
from proxy.server.app import running_server
from proxy.server.metrics import Metrics
from proxy.server.reload import FileWatch, PolicyHolder, watch
from tests.support.gateway import POLICY, ListSink, Proxy, config_for, until
from tests.support.scale import scaled
from tests.support.upstream import Call, delta, finish, says, scripted, texts_of

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

RELOADS = scaled(60, 1000)


async def test_reloads_under_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No request fails, every event carries one revision, and invalid files change nothing."""

    async def looks_away(_: PolicyHolder) -> None:
        await asyncio.Event().wait()  # or it would reload, too, and the counts would be anybody's

    monkeypatch.setattr(app, "watch", looks_away)
    path = tmp_path / "acme.yaml"
    path.write_text(POLICY)
    sink = ListSink()
    async with scripted(says("a zeb", "ra-47 b")) as upstream:
        config = config_for(upstream.url, policy_source=str(path))
        async with running_server(config, sink=sink) as server:
            holder = server.services.policies
            proxy = Proxy(server, upstream, sink, holder.current.policy)
            stop = asyncio.Event()
            seen: list[tuple[int, str, str]] = []

            async def load_up(stream: bool) -> None:
                while not stop.is_set():
                    answer = await proxy.chat(stream=stream)
                    text = texts_of(answer.body) if stream else answer.json()["choices"][0]["message"]["content"]
                    seen.append((answer.status, answer.headers["x-sluicegate-policy"], text))

            loads = [asyncio.ensure_future(load_up(stream)) for stream in (True, False, True)]
            valid: dict[str, str] = {holder.current.label: "a [hidden] b"}
            for number in range(RELOADS):
                if number % 3 == 2:
                    path.write_text("rules: [broken")
                    before = holder.current
                    assert not await holder.reload()
                    assert holder.current is before
                else:
                    path.write_text(POLICY.replace("[hidden]", f"[{number}]"))
                    assert await holder.reload()
                    valid[holder.current.label] = f"a [{number}] b"
            stop.set()
            await asyncio.gather(*loads)
            assert proxy.metric("sluicegate_config_reloads_total", result="failed") == RELOADS // 3
            assert proxy.metric("sluicegate_config_reloads_total", result="changed") == RELOADS - RELOADS // 3
    assert len(seen) > 20
    assert {status for status, _, _ in seen} == {200}
    assert all(text == valid[label] for _, label, text in seen)
    labels: dict[str, set[str]] = {}
    for request_id, label, _ in sink.events:
        labels.setdefault(request_id, set()).add(label)
    assert all(len(found) == 1 for found in labels.values())
    activities = [change.activity for change in sink.policies]
    assert activities == ["loaded", *(["refused" if n % 3 == 2 else "reloaded" for n in range(RELOADS)])]
    assert all(change.problems > 0 for change in sink.policies if change.activity == "refused")
    assert len({facts.request_id for facts in sink.ended}) == len(sink.ended) == len(seen)


async def test_stream_keeps_the_policy_it_began_with(tmp_path: Path) -> None:
    """A reload in the middle of a stream does not change its rules."""
    path = tmp_path / "acme.yaml"
    path.write_text(POLICY)
    begun, go = asyncio.Event(), asyncio.Event()

    async def script(call: Call) -> None:
        await call.start_stream()
        await call.chunk(delta("first zebra-47 "))
        begun.set()
        await go.wait()
        await call.chunk(delta("then zebra-47") + finish() + b"data: [DONE]\n\n")
        await call.end_stream()

    async with (
        scripted(script) as upstream,
        running_server(config_for(upstream.url, policy_source=str(path)), sink=ListSink()) as server,
    ):
        proxy = Proxy(server, upstream, ListSink(), server.services.policies.current.policy)
        answer = asyncio.ensure_future(proxy.chat(stream=True))
        await begun.wait()
        path.write_text(POLICY.replace("[hidden]", "[new]"))
        await server.services.policies.reload()
        go.set()
        assert texts_of((await answer).body) == "first [hidden] then [hidden]"
        upstream.script = says("zebra-47")
        assert texts_of((await proxy.chat(stream=True)).body) == "[new]"


async def test_watch_sees_changes_of_content(tmp_path: Path) -> None:
    """A changed file is loaded without a signal; parents count, too; a repaired one is found again."""
    parent, path = tmp_path / "parent.yaml", tmp_path / "child.yaml"
    parent.write_text(POLICY)
    path.write_text("version: 1\nname: child\nextends: ./parent.yaml\n")
    metrics = Metrics()
    holder = PolicyHolder.loaded(lambda: load(path), metrics)
    task = asyncio.ensure_future(watch(holder, poll_s=0.005))
    first = holder.current
    parent.write_text(POLICY.replace("[hidden]", "[one]"))
    await until(lambda: holder.current is not first)
    second = holder.current
    parent.write_text("nonsense: [")
    await until(
        lambda: metrics.registry.get_sample_value("sluicegate_config_reloads_total", {"result": "failed"}) == 1
    )
    assert holder.current is second
    parent.write_text(POLICY.replace("[hidden]", "[two]"))
    await until(lambda: holder.current is not second)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


TWICE = """version: 1
name: twice
detectors:
  words:
    type: presidio
    entities: [TWICE]
    recognizers:
      - {name: twice, supported_entity: TWICE, patterns: [{name: word, regex: '(\\w+) \\1', score: 0.5}]}
rules: [{id: words, detector: words, action: flag}]
"""


async def test_what_a_policy_is_warned_of_is_logged_when_it_comes_into_force(tmp_path: Path) -> None:
    """At the start and at a reload, once each; a metric counts what is in force."""
    path = tmp_path / "twice.yaml"
    path.write_text(TWICE)
    metrics = Metrics()
    with capture_logs() as logs:
        holder = PolicyHolder.loaded(lambda: load(path), metrics)
        assert [(one["event"], one["log_level"], one["policy"]) for one in logs] == [
            ("policy_warning", "warning", holder.current.label)
        ]
        assert "twice.yaml:8:" in logs[0]["problem"]
        assert "backtracks" in logs[0]["problem"]
        assert metrics.registry.get_sample_value("sluicegate_policy_warnings") == 1
        assert await holder.reload()
        assert len(logs) == 1
        path.write_text(TWICE.replace("action: flag", "action: redact"))
        assert await holder.reload()
        assert [one["event"] for one in logs[1:]] == ["policy_warning", "policy_reloaded"]
        path.write_text(TWICE.replace("\\1", "and"))
        assert await holder.reload()
    assert [one["event"] for one in logs[3:]] == ["policy_reloaded"]
    assert metrics.registry.get_sample_value("sluicegate_policy_warnings") == 0


def test_a_touch_is_no_change(tmp_path: Path) -> None:
    """Only content counts; a replaced file with the same content does not."""
    path = tmp_path / "a.yaml"
    path.write_text("one")
    watched = FileWatch([stamp(path, read_bytes, 100)])
    assert not watched.changed()
    os.utime(path, ns=(1, 1))
    assert not watched.changed()
    other = tmp_path / "b.yaml"
    other.write_text("one")
    other.replace(path)
    assert not watched.changed()
    path.write_text("two")
    assert watched.changed()
    path.unlink()
    assert watched.changed()


def test_a_change_before_the_first_look_is_seen(tmp_path: Path) -> None:
    """What counts is what was loaded, not what the first look found."""
    path = tmp_path / "a.yaml"
    path.write_text("one")
    read = stamp(path, read_bytes, 100)
    path.write_text("two")
    assert FileWatch([read]).changed()


def _holder(path: Path) -> PolicyHolder:
    return PolicyHolder.loaded(lambda: load(path), Metrics())


async def test_a_broken_file_is_reported_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every problem is named; the same broken content is not looked at again; the cure is seen."""
    path = tmp_path / "p.yaml"
    path.write_text(POLICY)
    holder = _holder(path)
    path.write_text(POLICY.replace("action: block", "action: blok").replace("id: hide", "id: 3"))
    assert not await holder.reload()
    printed = "".join(capsys.readouterr())
    assert "is not one of allow, flag, redact" in printed
    assert "id: 3 is not a text" in printed
    assert not FileWatch(holder.files).changed()
    path.write_text(POLICY)
    assert FileWatch(holder.files).changed()


async def test_a_missing_new_parent_is_looked_for(tmp_path: Path) -> None:
    """The file whose arrival would cure the error is watched."""
    path, parent = tmp_path / "p.yaml", tmp_path / "other.yaml"
    path.write_text(POLICY)
    holder = _holder(path)
    path.write_text("version: 1\nname: child\nextends: ./other.yaml\n")
    assert not await holder.reload()
    watched = FileWatch(holder.files)
    assert not watched.changed()
    parent.write_text(POLICY)
    assert watched.changed()
    assert await holder.reload()
    assert holder.current.policy.name == "child"


async def test_word_lists_are_watched_and_comments_change_nothing(tmp_path: Path) -> None:
    """A file that a detector names counts as the policy's; what decides nothing leaves the policy in place."""
    path, words = tmp_path / "p.yaml", tmp_path / "words.txt"
    path.write_text(POLICY.replace('words: ["zebra-47"]', "file: words.txt"))
    words.write_text("falcon\n")
    holder = _holder(path)
    first = holder.current
    words.write_text("eagle\n")
    assert FileWatch(holder.files).changed()
    assert await holder.reload()
    second = holder.current
    assert second.policy.revision != first.policy.revision
    path.write_text(path.read_text() + "# comment\n")
    assert FileWatch(holder.files).changed()
    assert await holder.reload()
    assert holder.current is second


async def test_a_file_that_goes_away_and_comes_back(tmp_path: Path) -> None:
    """An editor that replaces the file never costs the policy."""
    path = tmp_path / "p.yaml"
    path.write_text(POLICY)
    holder = _holder(path)
    first = holder.current
    path.unlink()
    assert not await holder.reload()
    assert holder.current is first
    path.write_text(POLICY)
    assert FileWatch(holder.files).changed()
    assert await holder.reload()
    assert holder.current is first


def test_policies_are_warm_when_they_come_into_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What texts are looked at with is built at the start, and at a reload off the event loop, before the swap."""
    path = tmp_path / "acme.yaml"
    path.write_text(POLICY)
    warmed: list[tuple[str, bool]] = []
    monkeypatch.setattr(
        reload,
        "warm",
        lambda p, _: warmed.append((p.revision, threading.current_thread() is threading.main_thread())),
    )
    holder = PolicyHolder.loaded(partial(load, str(path)), Metrics())
    first = holder.current.policy.revision
    assert warmed == [(first, True)]
    path.write_text(POLICY.replace("[hidden]", "[gone]"))
    assert asyncio.run(holder.reload())
    assert warmed[1:] == [(holder.current.policy.revision, False)]
    assert holder.current.policy.revision != first
