"""Planted values, ways to cut them over events, and the search for what is left of them in a client's bytes."""

from __future__ import annotations

from itertools import pairwise

MAIL = "zqv.wexjif@quuxbrod.net"
"""An address whose every run of four characters occurs nowhere else in the bytes of an exchange."""

_RUN_CHARS = 4


def cut_in(text: str, parts: int) -> list[str]:
    """Cut a text in so many parts of about the same length."""
    edges = [round(number * len(text) / parts) for number in range(parts + 1)]
    return [text[a:b] for a, b in pairwise(edges)]


def runs_left(value: str, received: bytes) -> list[str]:
    """Return every run of four characters of the value that occurs in the bytes."""
    runs = {value[at : at + _RUN_CHARS] for at in range(len(value) - _RUN_CHARS + 1)}
    return sorted(run for run in runs if run.encode() in received)
