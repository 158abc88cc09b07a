"""What is said of the machine, and who gets which core."""

from __future__ import annotations

import socket

import pytest

from benchmarks.machine import Cores, describe, share_out


@pytest.mark.parametrize(
    ("cores", "shared"),
    [
        ([], Cores(None, None, None)),
        ([4], Cores(4, 4, 4)),
        ([0, 1], Cores(0, 1, 1)),
        ([2, 3, 5, 7], Cores(2, 3, 5)),
    ],
)
def test_the_gateway_has_a_core_of_its_own(cores: list[int], shared: Cores) -> None:
    """With two cores or more nothing runs beside the gateway."""
    assert share_out(cores) == shared


def test_description_names_no_host() -> None:
    """What is published says what the machine is, not which."""
    described = dict(describe())
    assert {"CPU", "cores used", "Python", "aiohttp"} <= set(described)
    assert socket.gethostname() not in " ".join(described.values())
