"""The shares at work here: taken up and let go as the group says, and everything goes to the right one."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.service import share as share_module
from monitor.service.shares import Shares
from monitor.service.source import Batch
from monitor.settings import MonitorSettings
from tests.support.watching import START_S, AlarmingEngine, items


@pytest.fixture
def shares(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shares:
    monkeypatch.setattr(share_module, "Engine", AlarmingEngine)
    return Shares(tmp_path, MonitorSettings(), bytes(32), lambda _alarm: None)


def batch(share: str, stream: str, first: int, count: int) -> Batch:
    return Batch(share, stream, items(first, count), first + count)


def test_records_go_to_their_share_and_others_are_not_ours(shares: Shares) -> None:
    shares.keep({"share-0", "share-1"}, {})
    came = [batch("share-0", "a/0", 0, 30), batch("share-1", "a/1", 100, 20), batch("share-2", "a/2", 200, 5)]
    assert shares.receive(came) == 50
    assert {name: share.engine.totals().counted for name, share in shares.by_name.items()} == {
        "share-0": 30,
        "share-1": 20,
    }
    assert shares.position("share-1", "a/1") == 120


def test_a_share_that_goes_and_comes_back_is_as_it_was(shares: Shares) -> None:
    shares.keep({"share-0"}, {})
    shares.receive([batch("share-0", "a/0", 0, 30)])
    shares.leave()
    before = shares.by_name["share-0"].engine.snapshot()
    shares.keep(set(), {})
    assert shares.by_name == {}
    shares.keep({"share-0"}, {"share-0": {"a/0": 500}})
    assert shares.by_name["share-0"].engine.snapshot() == before
    shares.receive([batch("share-0", "a/0", 30, 80)])
    assert shares.by_name["share-0"].numbers.muted == 1


def test_a_stream_of_which_nothing_is_left_mutes_nothing(shares: Shares) -> None:
    """What another run had told of may have been deleted since, as old verdicts are: it never comes again."""
    shares.keep({"share-0"}, {"share-0": {"v/0": 5}})
    shares.receive([Batch("share-0", "v/0", [], 5), batch("share-0", "a/0", 0, 100)])
    numbers = shares.by_name["share-0"].numbers
    assert (numbers.told, numbers.muted) == (1, 0)


def test_the_first_record_after_what_was_told_is_not_muted(shares: Shares, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AlarmingEngine, "EVERY", 1)
    shares.keep({"share-0"}, {"share-0": {"a/0": 50}})
    shares.receive([batch("share-0", "a/0", 49, 1)])
    assert shares.by_name["share-0"].numbers.told == 0
    shares.keep(set(), {})
    shares.keep({"share-1"}, {"share-1": {"a/0": 50}})
    shares.receive([batch("share-1", "a/0", 50, 1)])
    assert shares.by_name["share-1"].numbers.told == 1


def test_a_stream_that_all_read_is_kept_for_the_last_of_them(shares: Shares) -> None:
    shares.keep({"share-0", "share-1"}, {})
    shares.receive([batch("share-0", "v/0", 0, 30), batch("share-1", "v/0", 0, 10)])
    assert shares.checkpoint() == {"v/0": 10}


def test_people_speak_to_the_share_that_has_the_alarm(shares: Shares) -> None:
    shares.keep({"share-0", "share-1"}, {})
    shares.receive([batch("share-1", "a/1", 0, 100)])
    shares.say("acknowledge", "alm_100", START_S + 200)
    assert shares.by_name["share-1"].engine.now_s == START_S + 200
    with pytest.raises(KeyError):
        shares.say("close", "alm_7", START_S)
    shares.advance(START_S + 300)
    assert [share.engine.now_s for share in shares.by_name.values()] == [START_S + 300] * 2
    shares.close()
    assert shares.by_name == {}
