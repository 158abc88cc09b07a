"""What a chat request must not bring back: reasoning that lost its signature, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from proxy.wire.openai_mending import mended
from proxy.wire.registry import DIALECTS
from proxy.wire.types import RequestMender

SIGNED = {"type": "reasoning.text", "text": "Hm.", "signature": "c2lnbmVk", "index": 0}
CUT = {"type": "reasoning.text", "text": "The ", "signature": "", "index": 1}
SUMMARY = {"type": "reasoning.summary", "summary": "They spoke.", "index": 2}
UNSIGNED = {"type": "reasoning.text", "text": "Hm.", "signature": None, "index": 3}


def asked(**more: Any) -> dict[str, Any]:
    """Return a request whose history has one answer with these members."""
    answer = {"role": "assistant", "content": "Blue.", **more}
    return {"model": "m", "messages": [{"role": "user", "content": "Why?"}, answer]}


@pytest.mark.parametrize(
    ("details", "left"),
    [
        ([SIGNED, CUT, SUMMARY], {"reasoning_details": [SIGNED, SUMMARY]}),
        ([CUT], {}),
    ],
)
def test_what_lost_its_signature_goes(details: list[Any], left: dict[str, Any]) -> None:
    assert mended(asked(reasoning_details=details)) == asked(**left)


@pytest.mark.parametrize(
    "payload",
    [
        asked(reasoning_details=[SIGNED, SUMMARY, UNSIGNED, None, "x"]),
        asked(reasoning_details=None),
        asked(),
        {"messages": [None, "x", {}]},
        {"messages": {"a": 1}},
        {},
        [],
        None,
    ],
)
def test_everything_else_stays_as_it_is(payload: Any) -> None:
    """The very same object: such a request is forwarded as the bytes that came."""
    assert mended(payload) is payload


def test_the_dialect_mends_its_requests() -> None:
    dialect: Any = DIALECTS["openai-chat"]
    assert isinstance(dialect, RequestMender)
    assert dialect.mended_request(asked(reasoning_details=[CUT])) == asked()
    completions: Any = DIALECTS["openai-completions"]
    payload = {"prompt": "x"}
    assert completions.mended_request(payload) is payload
