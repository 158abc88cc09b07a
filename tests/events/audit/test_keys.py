"""Keys: read as they are written, and no error message holds one."""

from __future__ import annotations

import base64

import pytest

from events.audit.keys import AuditKeyError, Wrapped, key_id, new_key, read_keys
from tests.support.audit import KEY, NEW_KEY, ring


def test_the_first_key_encrypts_and_all_decrypt() -> None:
    old, both = ring(KEY), ring(f"# keys\n{NEW_KEY}  # new\n\n{KEY}\n")
    wrapped = old.wrap(b"d" * 32, b"id")
    assert both.unwrap(wrapped, b"id") == b"d" * 32
    assert both.ids == [key_id(b"n" * 32), key_id(b"k" * 32)]
    assert both.wrap(b"d" * 32, b"id").key_id == both.current == both.ids[0]


def test_a_key_wraps_for_one_record_and_a_change_is_seen() -> None:
    keys = ring()
    wrapped = keys.wrap(b"d" * 32, b"id")
    for broken in (Wrapped(wrapped.key_id, wrapped.data[:-1] + b"?"), Wrapped(wrapped.key_id, b"")):
        with pytest.raises(AuditKeyError, match="was changed"):
            keys.unwrap(broken, b"id")
    with pytest.raises(AuditKeyError, match="was changed"):
        keys.unwrap(wrapped, b"other")
    with pytest.raises(AuditKeyError, match="is not in the key file"):
        ring(NEW_KEY).unwrap(wrapped, b"id")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "There is no key. Make one with: sluicegate audit key"),
        ("# only a comment\n", "There is no key"),
        ("hunter2!", "Line 1 is not a key: it is not Base64"),
        (f"{KEY}\n{base64.b64encode(b'short').decode()}", "Line 2 is not a key: it has 5 bytes, not 32"),
        ("\n".join([KEY] * 101), "more than 100 keys"),
    ],
)
def test_what_is_no_key_is_said_without_it(text: str, said: str) -> None:
    with pytest.raises(AuditKeyError) as caught:
        read_keys(text)
    assert said in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_new_keys_can_be_read_and_differ() -> None:
    assert read_keys(new_key()).current != read_keys(new_key()).current
