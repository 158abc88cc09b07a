"""A block at every text of every recorded answer of the Messages API, through the guard."""

from __future__ import annotations

import json
import random

import pytest
from anthropic.types.beta import BetaMessage

from policies.loader import load_policy_text
from proxy.guard.api import GuardState
from proxy.guard.stream import StreamGuard
from proxy.wire.registry import DIALECTS
from tests.proxy.wire.test_anthropic_endings import final
from tests.proxy.wire.test_canaries import places, planted
from tests.support import generated
from tests.support.anthropic_messages import RECORDINGS, stream, stream_events
from tests.support.guards import outcome

DIALECT = DIALECTS["anthropic-messages"]
STOPPED = "halt the presses"
POLICY = load_policy_text(f"""
version: 1
name: blocks
detectors: {{stops: {{type: keywords, words: [{STOPPED}]}}}}
rules: [{{id: stops, detector: stops, action: block, message: "Stopped here."}}]
""")
MACHINE_MADE = {"type", "role", "expires_at"}
"""Whose other values the SDK would refuse before anything is blocked."""


def guarded(reads: list[bytes], *, is_stream: bool) -> bytes:
    codec = DIALECT.stream_codec() if is_stream else DIALECT.body_codec()
    found = outcome(StreamGuard(codec, POLICY), reads)
    assert found.state is GuardState.STATE_BLOCKED
    return found.written


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_block_anywhere_ends_the_answer_well(name: str) -> None:
    """Streamed: every block closed, a refusal, nothing after it, the SDK takes every event. Whole: the same end."""
    answer = RECORDINGS[name].answer
    for path, value in places(answer):
        if not isinstance(value, str) or path[-1] in MACHINE_MADE:
            continue
        chance = random.Random(str(path))
        changed = planted(answer, path, f"so {STOPPED} now")
        data = stream(stream_events(changed, lambda text, chance=chance: generated.pieces(chance, text)))
        streamed = guarded(generated.cut(chance, data), is_stream=True)
        message = final(streamed, beta=True)
        whole = BetaMessage.model_validate_json(
            guarded([json.dumps(changed).encode()], is_stream=False), strict=True
        )
        assert message.stop_reason == whole.stop_reason == "refusal", path
        assert message.content[-1].text.endswith("Stopped here."), path
        assert whole.content[-1].text == message.content[-1].text, path
        assert STOPPED.encode() not in streamed
