"""Request ids are well formed and never the same twice."""

from __future__ import annotations

import os
import re
import warnings

from proxy.server.ids import new_request_id


def test_ids() -> None:
    """More than one batch of them, all different."""
    ids = [new_request_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert all(re.fullmatch(r"req_[0-9a-f]{24}", one) for one in ids)


def test_a_child_process_draws_its_own() -> None:
    """A fork does not hand out what its parent will."""
    new_request_id()
    read, write = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # later Pythons warn of threads; this child runs two lines
        child = os.fork()
    if child == 0:
        os.write(write, new_request_id().encode())
        os._exit(0)
    os.waitpid(child, 0)
    theirs = os.read(read, 100).decode()
    os.close(read)
    os.close(write)
    assert theirs.startswith("req_")
    assert theirs not in {new_request_id() for _ in range(500)}
