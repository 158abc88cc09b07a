"""What strings of machines look like: a listed string of another shape is text."""

from __future__ import annotations

import re

ID_SHAPED = re.compile(r"[A-Za-z0-9._:/+-]{1,128}").fullmatch
TIME_SHAPED = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
).fullmatch
"""RFC 3339, to the nanosecond: less room for digits than a listed number has."""
PADDING_SHAPED = re.compile(r"[A-Za-z0-9]{1,256}").fullmatch
