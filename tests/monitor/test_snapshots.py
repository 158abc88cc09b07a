"""A state goes into bytes and comes back; bytes that are no state, or name foreign classes, do not."""

from __future__ import annotations

import os
import pickle
import zlib

import pytest
from river.drift import ADWIN

from monitor import snapshots
from monitor.snapshots import SnapshotError, dump, load
from monitor.types import Activity


def test_a_state_comes_back_and_gives_the_same_bytes() -> None:
    detector = ADWIN(delta=0.002)
    for number in range(1000):
        detector.update(number % 3)
    state = ({"a": 1.5}, detector, ("a", str(b"a", "ascii")))
    again = load(dump(state))
    assert dump(again) == dump(state)
    assert again[1].width == detector.width


def test_a_member_of_an_enumeration_is_written_by_its_value() -> None:
    """Whatever the Python: one of before 3.11.3 would name `getattr`, which no state is made of."""
    member = next(iter(Activity))
    data = dump(member)
    assert load(data) is member
    assert b"getattr" not in zlib.decompress(data)


def packed(value: object) -> bytes:
    return zlib.compress(pickle.dumps(value))


class _Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("exit 1",)


@pytest.mark.parametrize(
    "data", [b"", b"garbage", packed(3), packed(((snapshots.FORMAT, "0.0"), None)), dump(_Evil())]
)
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(SnapshotError):
        load(data)


@pytest.mark.parametrize(
    ("module", "name"), [("monitor.service.checkpoint", "os.getpid"), ("monitor.service.journal", "suppress")]
)
def test_what_our_modules_import_is_not_ours(module: str, name: str) -> None:
    """A name of a module of ours may lead to one that is not, and by a dot to all that is in it."""
    code = b"\x80\x04\x8c" + bytes([len(module)]) + module.encode() + b"\x8c" + bytes([len(name)]) + name.encode()
    with pytest.raises(SnapshotError, match="no state is made of"):
        load(zlib.compress(code + b"\x93)R."))
