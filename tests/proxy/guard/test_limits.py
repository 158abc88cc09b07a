"""The limits of a message are those of its direction."""

from policies.types import Direction
from proxy.guard.api import GuardState
from proxy.guard.limits import MAX_CHANNELS
from tests.proxy.guard.test_stream import REDACT, guarded
from tests.support.toy import END, line


def test_a_long_conversation_is_a_request_and_no_flood() -> None:
    """More texts than a model may open at a time: each message of a request is one."""
    data = b"".join(line("a", choice=number) for number in range(MAX_CHANNELS + 10)) + END
    assert guarded([data], REDACT, Direction.REQUEST)[2].state is GuardState.STATE_DONE
    assert guarded([data], REDACT)[2].state is GuardState.STATE_BROKEN
