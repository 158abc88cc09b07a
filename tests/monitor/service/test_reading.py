"""All shares are read as one."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.service import share as share_module
from monitor.service.reading import Reader
from monitor.types import WHOLE, AlarmState, Dimension, Signal, Slice
from tests.support.served_monitor import fed
from tests.support.watching import START_S, AlarmingEngine


def test_shares_are_read_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(share_module, "Engine", AlarmingEngine)
    shares = fed(tmp_path)
    reader = Reader(shares)
    (rate,) = [one for one in reader.rates(Dimension.GLOBAL, "3d") if one.signal is Signal.INCIDENTS]
    assert (rate.count, rate.responses) == (20, 200)
    assert sum(point.responses for point in reader.series(WHOLE, Signal.INCIDENTS, "6h")) == 200
    with pytest.raises(KeyError):
        reader.series(Slice(Dimension.MODEL, "nobody"), Signal.INCIDENTS, "1h")
    (whole,) = [info for info in reader.slices() if info.slice == WHOLE]
    assert (whole.responses, whole.since_s) == (200, START_S)
    assert reader.totals().counted == 200
    assert [one.alarm_id for one in reader.alarms()] == ["alm_100"]
    assert reader.alarms(frozenset({AlarmState.CLOSED})) == []
    with pytest.raises(KeyError):
        reader.say("close", "alm_1", START_S)
    shares.close()
