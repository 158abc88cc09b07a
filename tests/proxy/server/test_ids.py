"""Request ids are well formed and never the same twice."""

from __future__ import annotations

import os
import re
import warnings

from proxy.server.ids import POOL_BYTES, new_request_id, random_bytes


def test_ids() -> None:
    """More than one batch of them, all different."""
    ids = [new_request_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert all(re.fullmatch(r"req_[0-9a-f]{24}", one) for one in ids)


def test_a_child_process_draws_its_own() -> None:
    """A fork does not hand out what its parent will."""
    new_request_id()
    random_bytes(1)
    read, write = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # later Pythons warn of threads; this child runs two lines
        child = os.fork()
    if child == 0:
        os.write(write, new_request_id().encode() + random_bytes(16))
        os._exit(0)
    os.waitpid(child, 0)
    theirs, drawn = os.read(read, 28).decode(), os.read(read, 16)
    os.close(read)
    os.close(write)
    assert theirs.startswith("req_")
    assert theirs not in {new_request_id() for _ in range(500)}
    assert len(drawn) == 16
    assert drawn != random_bytes(16)


def test_random_bytes_are_handed_out_once() -> None:
    """Over more than one pool of them, and more than one pool at a time."""
    assert len({random_bytes(10) for _ in range(1000)}) == 1000
    assert len(random_bytes(2 * POOL_BYTES)) == 2 * POOL_BYTES
    assert random_bytes(0) == b""
