"""How much of one message may be open or held at a time, whatever a policy says."""

from __future__ import annotations

MAX_CHANNELS = 2048
"""More texts at a time than 128 choices of 16 tool calls: a model that opens more is broken."""

MAX_REQUEST_CHANNELS = 1 << 16
"""A long conversation has a text for each message and each call of a tool; the limit on a request's bytes comes
first, unless it is made of nothing but empty messages."""

MAX_HELD_BYTES = 8 << 20
"""Frames may wait for one text that could still become a violation while others go on. A stream that piles up more
than this is broken; whole bodies, which are one frame, have the codec's own limit."""
