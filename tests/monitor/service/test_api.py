"""The address tells what the engine knows, to whom it may, and takes what people say of alarms."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

from events.outbox.database import FILE_NAME
from monitor.engine import Engine
from monitor.service import share as share_module
from monitor.service.api import ACTS, AddressError, check_address
from monitor.types import WINDOWS_S, Alarm
from tests.support.bad_tokens import status_for
from tests.support.monitor import incident, verdict
from tests.support.served_monitor import call, fed, served_monitor
from tests.support.watching import START_S, AlarmingEngine

TOKEN = "t" * 20
DOCS = Path(__file__).resolve().parents[3] / "docs" / "monitor-service.md"


@pytest.fixture(autouse=True)
def _alarming(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(share_module, "Engine", AlarmingEngine)


async def asked(url: str, *more: Any) -> tuple[int, Any]:
    return await asyncio.to_thread(call, url, *more)


async def test_what_is_known_is_told(tmp_path: Path) -> None:
    async with served_monitor(fed(tmp_path)) as (url, _, runner, *_):
        assert await asked(f"{url}/healthz") == (200, "ok\n")
        assert await asked(f"{url}/readyz") == (503, "starting: 0 records wait\n")
        runner.state = "caught_up"
        assert await asked(f"{url}/readyz") == (200, "ready\n")
        status, rates = await asked(f"{url}/api/rates?dimension=global&window=3d")
        assert status == 200
        assert [(one["count"], one["responses"]) for one in rates if one["signal"] == "incidents"] == [(20, 200)]
        _, points = await asked(f"{url}/api/series?signal=incidents&window=6h")
        assert sum(point["count"] for point in points) == 20
        _, slices = await asked(f"{url}/api/slices")
        assert {"dimension": "model", "value": "m"}.items() <= next(
            one for one in slices if one["dimension"] == "model"
        ).items()
        _, alarms = await asked(f"{url}/api/alarms?state=open")
        assert [one["id"] for one in alarms] == ["alm_100"]
        assert (await asked(f"{url}/api/status"))[1]["totals"]["counted"] == 200
        status, page = await asked(f"{url}/metrics")
        assert status == 200
        assert 'sluicegate_monitor_records_total{outcome="counted"} 200.0' in page


async def test_verdicts_quantiles_and_the_digest_are_told(tmp_path: Path) -> None:
    shares = fed(tmp_path)
    engine = shares.by_name["share-0"].engine
    for number in range(30):
        engine.receive(incident(number, START_S + 200 + number), START_S + 200 + number)
        label = "true_positive" if number % 3 else "false_positive"
        engine.receive(verdict(number, label, START_S + 300 + number), START_S + 300 + number)
    async with served_monitor(shares) as (url, *_):
        status, labels = await asked(f"{url}/api/labels")
        assert status == 200
        (precision,) = labels["share-0"]["precision"]
        assert (precision["rule"], precision["right"], precision["wrong"]) == ("cards", 20, 10)
        assert precision["share"] == pytest.approx(2 / 3)
        assert labels["share-1"]["precision"] == []
        assert float(labels["share-0"]["delay_s"]["0.5"]) == 100
        _, quantiles = await asked(f"{url}/api/quantiles")
        assert quantiles["share-0"]["latency"]["0.5"] == pytest.approx(0.2)
        assert await asked(f"{url}/api/digest") == (200, [])


async def test_over_refusals_and_harmful_compliance_are_told_together(tmp_path: Path) -> None:
    async with served_monitor(fed(tmp_path)) as (url, *_):
        status, pairs = await asked(f"{url}/api/balance?window=3d")
        assert status == 200
        (whole,) = [one for one in pairs if one["dimension"] == "global"]
        assert (whole["window"], whole["responses"]) == ("3d", 200)
        assert (whole["over_refusals"]["count"], whole["harmful_compliance"]["count"]) == (0, 20)
        assert whole["harmful_compliance"]["low"] < 0.1 < whole["harmful_compliance"]["high"]
        assert {one["dimension"] for one in pairs} == {"global", "model", "route", "policy", "tenant"}
        _, models = await asked(f"{url}/api/balance?dimension=model")
        assert {(one["dimension"], one["value"]) for one in models} == {("model", "m")}
        assert {one["window"] for one in models} == set(WINDOWS_S)


async def test_the_last_minute_is_told_by_share(tmp_path: Path) -> None:
    async with served_monitor(fed(tmp_path)) as (url, *_):
        status, minutes = await asked(f"{url}/api/oddity")
        assert status == 200
        first = next(one for one in minutes["share-0"] if one["dimension"] == "global")
        assert (first["score"], first["limit"], first["is_odd"]) == (None, None, False)
        assert 0 < first["minutes"] < first["warm_up"]
        assert first["numbers"]["incidents"] == pytest.approx(0.1)
        assert {one["value"] for one in minutes["share-1"]} == {"", "m"}


async def test_the_docs_have_every_path_and_no_other(tmp_path: Path) -> None:
    rows = re.findall(r"^\| (`.*?) \|", DOCS.read_text(), re.MULTILINE)
    told = {path.partition("?")[0] for row in rows for path in re.findall(r"`(?:POST )?(/[^`]*)`", row)}
    async with served_monitor(fed(tmp_path, 10)) as served:
        served_paths = set()
        for route in served.app.router.resources():
            canonical = route.canonical
            served_paths |= {canonical.replace("{what}", one) for one in ACTS}
    assert {path.replace("NAME", "{name}").replace("ID", "{id}") for path in told} == served_paths


@pytest.mark.parametrize("name", ["balance", "oddity"])
async def test_the_docs_show_what_is_answered(name: str, tmp_path: Path) -> None:
    (block,) = re.findall(rf"^```json {name}\n(.*?)^```$", DOCS.read_text(), re.MULTILINE | re.DOTALL)
    async with served_monitor(fed(tmp_path)) as (url, *_):
        _, answer = await asked(f"{url}/api/{name}")
    one = answer[0] if name == "balance" else answer["share-0"][0]
    assert keys(json.loads(block)) == keys(one)


def keys(value: Any) -> Any:
    """The form of a JSON object: its names, in and below it."""
    return {name: keys(one) for name, one in value.items()} if isinstance(value, dict) else None


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/api/rates?dimension=moon", 400, "dimension is one of global"),
        ("/api/rates?window=2y", 400, "window is one of 1m"),
        ("/api/series?signal=luck", 400, "signal is one of"),
        ("/api/series?dimension=model&value=nobody", 404, "there is no series"),
        ("/api/alarms?state=lost", 400, "state is one of open"),
    ],
)
async def test_what_is_not_there_is_said(tmp_path: Path, path: str, status: int, said: str) -> None:
    async with served_monitor(fed(tmp_path, 10)) as (url, *_):
        got, answer = await asked(url + path)
        assert got == status
        assert said in answer["error"]


async def test_people_speak_of_alarms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[tuple[str, float]] = []

    def acknowledge(_engine: Engine, alarm_id: str, now_s: float) -> list[Alarm]:
        heard.append((alarm_id, now_s))
        return []

    monkeypatch.setattr(AlarmingEngine, "acknowledge", acknowledge)
    async with served_monitor(fed(tmp_path)) as (url, *_):
        assert (await asked(f"{url}/api/alarms/alm_100/acknowledge", "POST"))[0] == 204
        assert (await asked(f"{url}/api/alarms/alm_7/close", "POST"))[0] == 404
        assert (await asked(f"{url}/api/alarms/alm_100/eat", "POST"))[0] == 404
        assert (await asked(f"{url}/api/alarms/alm_100/close", "POST", {"Origin": "https://evil.example"}))[
            0
        ] == 403
    assert [alarm_id for alarm_id, _ in heard] == ["alm_100"]


async def test_a_verdict_is_taken_or_told_what_is_wrong(tmp_path: Path) -> None:
    async with served_monitor(fed(tmp_path, 10)) as (url, *_):
        given = b'{"incident_id": "inc_1", "label": "false_positive", "reviewer": "jane"}'
        status, answer = await asked(f"{url}/api/verdicts", "POST", None, given)
        assert (status, set(answer), answer["known"]) == (202, {"event_id", "known"}, False)
        status, answer = await asked(f"{url}/api/verdicts", "POST", None, b'{"incident_id": "inc_1"}')
        assert (status, answer["error"]) == (400, "label: Field required")
        assert (await asked(f"{url}/api/verdicts", "POST", None, b" " * 20_000))[0] == 413
        (tmp_path / FILE_NAME).write_bytes(b"no database" * 100)
        assert (await asked(f"{url}/api/verdicts", "POST", None, given))[0] == 503


async def test_what_waits_for_a_verdict_is_listed_until_it_has_one(tmp_path: Path) -> None:
    """Incidents and the sample of what was allowed, the oldest first, of every share."""
    shares = fed(tmp_path)
    for place, name in enumerate(("share-0", "share-1")):
        engine = shares.by_name[name].engine
        for number in range(3):
            time_s = START_S + 2000 - 100 * place + number
            engine.receive(incident(100 * place + number, time_s), time_s)
    async with served_monitor(shares) as (url, *_):
        _, found = await asked(f"{url}/api/review?kind=incident&limit=4")
        assert (found["waiting"], len(found["first"])) == (6, 4)
        assert [one["time"] for one in found["first"]] == sorted(one["time"] for one in found["first"])
        first = found["first"][0]
        assert (first["kind"], first["rule"], first["id"]) == ("incident", "cards", "inc_100")
        given = json.dumps({"incident_id": "inc_100", "label": "true_positive", "reviewer": "jane"}).encode()
        assert (await asked(f"{url}/api/verdicts", "POST", None, given))[1]["known"]
        engine = shares.by_name["share-1"].engine
        engine.receive(verdict(100, "true_positive", START_S + 2100), START_S + 2100)
        _, found = await asked(f"{url}/api/review?kind=incident")
        assert found["waiting"] == 5
        assert "inc_100" not in {one["id"] for one in found["first"]}
        for wrong in ("limit=0", "limit=x", "limit=1001", "kind=other", "limit="):
            assert (await asked(f"{url}/api/review?{wrong}"))[0] == 400


async def test_what_waits_is_picked_by_name(tmp_path: Path) -> None:
    """What has all of the names; a name that nothing has is told, and what belongs together may be judged."""
    shares = fed(tmp_path)
    engine = shares.by_name["share-0"].engine
    for number in range(8):
        names = {"tenant": f"t{number % 2}", "rule": f"r{number // 4}", "route": "/v1/embeddings"}
        engine.receive(incident(number, START_S + 2000, **names), START_S + 2000)
    async with served_monitor(shares) as (url, *_):
        for query, ids in (
            ("tenant=t1&rule=r0", {"inc_1", "inc_3"}),
            ("kind=incident&route=/v1/embeddings&limit=2", {"inc_0", "inc_1"}),
            ("policy=acme&category=CARD&model=m&rule=r1&tenant=t0", {"inc_4", "inc_6"}),
            ("tenant=t2&rule=r0", set()),
        ):
            status, found = await asked(f"{url}/api/review?{query}")
            assert (status, {one["id"] for one in found["first"]}) == (200, ids), query
        for query, status, said in (
            ("rule=r9", 404, "no rule 'r9' has been seen here, only r0, r1"),
            ("tenant=somebody", 404, "no tenant 'somebody' has been seen here, only t0, t1, t2"),
            ("tenant=", 404, "no tenant '' has been seen here, only t0"),
            ("kind=allowed&rule=r0", 400, "an allowed answer has no rule"),
            ("modle=m", 400, "'modle' is no parameter of /api/review: it takes kind, policy, rule"),
            ("rule=r0&rule=r1", 400, "rule is given twice"),
        ):
            answer = await asked(f"{url}/api/review?{query}")
            assert (answer[0], answer[1]["error"][: len(said)]) == (status, said)


@pytest.mark.parametrize(
    "path",
    [
        "rates?dimesion=model",
        "balance?value=m",
        "series?slice=m",
        "slices?x",
        "alarms?status=open",
        "digest?x",
        "labels?x",
        "oddity?x",
        "quantiles?window=1h",
        "status?x",
    ],
)
async def test_a_parameter_that_is_none_is_told(tmp_path: Path, path: str) -> None:
    async with served_monitor(fed(tmp_path, 10)) as (url, *_):
        status, answer = await asked(f"{url}/api/{path}")
        assert (status, "is no parameter of /api/" in answer["error"]) == (400, True)


async def test_a_reference_is_kept_when_there_is_one(tmp_path: Path) -> None:
    async with served_monitor(fed(tmp_path, 10)) as (url, *_):
        assert (await asked(f"{url}/api/references/june", "POST"))[0] == 409
        assert (await asked(f"{url}/api/references/pinned", "POST"))[0] in {400, 409}


async def test_a_token_is_asked_for_everywhere(tmp_path: Path) -> None:
    paths = (
        "/healthz",
        "/readyz",
        "/metrics",
        "/api/rates",
        "/api/alarms",
        "/api/status",
        "/api/slices",
        "/nowhere",
    )
    async with served_monitor(fed(tmp_path, 10), TOKEN) as (url, *_):
        assert [(await asked(url + path))[0] for path in paths] == [401] * len(paths)
        assert (await asked(url + "/api/status", "GET", {"Authorization": f"Bearer {TOKEN}"}))[0] == 200


async def test_a_token_of_odd_bytes_is_a_wrong_one(tmp_path: Path) -> None:
    async with served_monitor(fed(tmp_path, 10), TOKEN) as (url, *_):
        assert await status_for(url, b"Bearer \xff\xfe") == 401


def test_an_address_that_others_reach_needs_a_token() -> None:
    for host in ("127.0.0.1", "::1", "localhost"):
        check_address(host, None)
    check_address("0.0.0.0", TOKEN)
    with pytest.raises(AddressError, match="can be guessed"):
        check_address("0.0.0.0", "short")
    for host in ("0.0.0.0", "monitor.example"):
        with pytest.raises(AddressError, match="SLUICEGATE_MONITOR_TOKEN"):
            check_address(host, None)


async def test_a_path_that_is_none_is_told_as_all_that_is_wrong(tmp_path: Path) -> None:
    async with served_monitor(fed(tmp_path, 10)) as (url, *_):
        for path, method, answer in (
            ("/api/rate", "GET", (404, {"error": "there is no /api/rate here"})),
            ("/api/rates", "POST", (405, {"error": "/api/rates takes GET, HEAD"})),
        ):
            assert await asked(url + path, method) == answer
