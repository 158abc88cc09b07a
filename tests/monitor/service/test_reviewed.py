"""What verdicts say, in the terminal: shares added up, delay in a unit that fits, proposals as sentences."""

from __future__ import annotations

from typing import Any

import pytest
from rich.console import Console

from monitor.service.reviewed import review

PROPOSAL = {
    "policy": "acme", "rule": "cards", "threshold": 0.7, "now": 0.5, "precision": 0.93, "recall": 0.9,
    "volume": 0.6, "precision_now": 0.61, "verdicts": 40,
}  # fmt: skip


def labels(**more: Any) -> dict[str, Any]:
    """One share's, as `/api/labels` has them."""
    rule = {
        "policy": "acme", "rule": "cards", "right": 20, "wrong": 10, "low": 0.5, "high": 0.8, "incidents": 90,
        "share": 0.667, "estimated": 0.7,
    }  # fmt: skip
    return {"precision": [rule], "recall": None, "delay_s": {}, "proposals": []} | more


def printed(found: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> str:
    drawn = review(found)
    assert drawn is not None
    Console(width=160).print(drawn)
    return capsys.readouterr().out


def test_shares_are_added_up(capsys: pytest.CaptureFixture[str]) -> None:
    rule = labels()["precision"][0]
    out = printed([labels(), labels(precision=[rule | {"right": 10, "wrong": 0, "estimated": 0.9}])], capsys)
    row = out.splitlines()[1].split()
    assert row == ["acme", "cards", "180", "30", "10", "75", "62-84", "70", "to", "90"]


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.0, "0 s"), (59.0, "59 s"), (90.0, "1.5 min"), (7200.0, "2 h"), (200_000.0, "2.31 d")]
)
def test_the_delay_has_a_unit_that_fits(seconds: float, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    out = printed([labels(delay_s={"0.5": 1.0, "0.95": seconds})], capsys)
    assert f"1 s (median), {said} (95th percentile)" in out


def test_recall_and_proposals_are_sentences(capsys: pytest.CaptureFixture[str]) -> None:
    recall = {"share": 0.8, "low": 0.6, "high": 0.95, "caught": 1.0, "missed": 2.0, "judged": 12}
    out = printed([labels(precision=[], recall=recall, proposals=[PROPOSAL])], capsys)
    assert "Recall, estimated from 12 sampled answers: 80 % (60-95)." in out
    assert "Proposed for acme cards: threshold 0.7 instead of 0.5; 93 % right instead of 61 %" in out


def test_before_the_first_verdict_nothing_is_said() -> None:
    unjudged = labels()["precision"][0] | {"right": 0, "wrong": 0}
    assert review([]) is None
    assert review([labels(precision=[unjudged])]) is None
