"""What is built when a policy is loaded, so that no exchange has to."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from benchmarks.payloads import BURST, WHOLE, request_bytes, stream_events
from detectors import automaton, prefilter
from detectors.pii import phone_plans
from detectors.types import ScanResult, Window
from policies.loader import load_policy
from policies.types import Action, Direction
from proxy.guard.drive import scan_inline
from proxy.guard.stream import StreamGuard
from proxy.guard.warming import warm
from proxy.wire.registry import DIALECTS
from tests.support.toy import WordDetector, policy, rule

if TYPE_CHECKING:
    import pytest

CHAT = DIALECTS["openai-chat"]


@dataclasses.dataclass(frozen=True)
class _Failing(WordDetector):
    """Fails at every text."""

    seen: list[Window] = dataclasses.field(default_factory=list)

    def scan(self, window: Window) -> ScanResult:
        self.seen.append(window)
        raise RuntimeError("it always fails")


def _must_not_fail(name: str, error: Exception) -> None:
    raise AssertionError(name) from error


def test_the_first_exchange_builds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """No set is compiled, no automaton is built, and few of its rows are missing, for text never seen before."""
    default = load_policy("default")
    warm(default, _must_not_fail)
    built = []
    rows = automaton._RowCache.row_before
    monkeypatch.setattr(prefilter.PatternSet, "__init__", lambda *_: built.append("set"))
    monkeypatch.setattr(automaton.HoldAutomaton, "__init__", lambda *_: built.append("automaton"))
    monkeypatch.setattr(automaton._RowCache, "row_before", lambda *a: (built.append("row"), rows(*a))[1])
    request = StreamGuard(CHAT.request_codec(), default, Direction.REQUEST)
    request.receive(request_bytes(WHOLE, "bench").partition(b"\r\n\r\n")[2])
    request.receive_end()
    scan_inline(request)
    assert built == []
    answer = StreamGuard(CHAT.stream_codec(), default)
    for event in stream_events(BURST, 0):
        answer.receive(event)
        scan_inline(answer)
    assert set(built) <= {"row"}
    assert len(built) < 100


def test_the_first_number_of_another_country_builds_no_plans() -> None:
    """The plans of the world take half a second, which no text waits for; a policy that is only read needs none."""
    phone_plans._callings.cache_clear()
    phone_plans._calling.cache_clear()
    default = load_policy("default")
    assert phone_plans._callings.cache_info().currsize == 0
    warm(default, _must_not_fail)
    assert phone_plans._callings.cache_info().currsize == 1


def test_what_fails_while_it_is_warmed_is_left_to_the_first_text() -> None:
    """And it is told."""
    broken, told = _Failing("w", ("zebra",)), list[tuple[str, str]]()
    warm(policy([broken], [rule("w", Action.REDACT)]), lambda name, error: told.append((name, str(error))))
    assert len(broken.seen) == 1
    assert told == [("w", "it always fails")]


def test_a_policy_without_screens_is_warm_at_once() -> None:
    """Detectors that offer no screen have nothing that the guard could build."""
    words = policy([WordDetector("w", ("zebra",))], [rule("w", Action.REDACT)])
    warm(words, _must_not_fail)
    guard = StreamGuard(CHAT.body_codec(), words)
    guard.receive(b'{"choices":[{"index":0,"message":{"content":"a zebra"}}]}')
    guard.receive_end()
    scan_inline(guard)
    assert b"zebra" not in guard.take()
