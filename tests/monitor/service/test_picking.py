"""Names that a reviewer may ask for, and what is said of one that nothing has."""

from __future__ import annotations

import pytest

from monitor.engine import Engine
from monitor.service.picking import MAX_SHOWN, NAMES, UnknownNameError, check_names, has_names
from tests.support.monitor import START_S, caught, incident, verdict


def engine_of(count: int) -> Engine:
    engine = Engine()
    for number in range(count):
        engine.receive(incident(number, rule=f"rule-{number:02}"), START_S)
    return engine


def test_each_name_is_asked_for() -> None:
    (one,) = engine_of(1).waiting()
    for name in NAMES:
        assert has_names(one, {name: getattr(one, name)})
        assert not has_names(one, {name: "other"})
    assert has_names(one, {})


def test_a_name_is_known_by_what_waits_by_verdicts_and_by_slices() -> None:
    engine = engine_of(1)
    engine.receive(verdict(0), START_S)
    assert list(engine.waiting()) == []
    check_names({"rule": "rule-00"}, [engine])
    with pytest.raises(UnknownNameError, match="no tenant 'acme' has been seen here, nor any other tenant"):
        check_names({"tenant": "acme"}, [engine])
    engine.receive(caught(tenant="acme"), START_S)
    check_names({"tenant": "acme", "category": "CARD", "route": "/v1/chat/completions"}, [Engine(), engine])


def test_an_error_says_what_there_is_and_is_short() -> None:
    engine = engine_of(20)
    with pytest.raises(UnknownNameError, match=r"Did you mean 'rule-1."):
        check_names({"rule": "rule-1"}, [engine])
    with pytest.raises(UnknownNameError) as told:
        check_names({"rule": "x" * 5000}, [engine])
    assert f"rule-07 and {20 - MAX_SHOWN} more" in str(told.value)
    assert len(str(told.value)) < 300
