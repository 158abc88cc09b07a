"""Fingerprints: equal for equal values of one tenant, and for nothing else."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from events.fingerprints import Fingerprinter

PARTS = st.tuples(st.sampled_from([None, "a", "b"]), st.sampled_from(["finding", "subject"]), st.binary(min_size=1))


@given(PARTS, PARTS)
def test_equal_only_for_the_same_tenant_purpose_and_value(
    one: tuple[str | None, str, bytes], other: tuple[str | None, str, bytes]
) -> None:
    maker = Fingerprinter(b"k" * 32)
    assert (maker.of(*one) == maker.of(*other)) == (one == other)


def test_the_form_names_the_key() -> None:
    made = Fingerprinter(b"k" * 32).of("a", "finding", b"value")
    other = Fingerprinter(b"j" * 32)
    assert made is not None
    assert re.fullmatch(r"hmac256:[0-9a-f]{8}:[0-9a-f]{32}", made)
    assert other.key_id not in made
    assert "6b6b6b6b" not in made


def test_no_key_or_no_value_no_fingerprint() -> None:
    assert Fingerprinter(b"").of("a", "finding", b"value") is None
    assert Fingerprinter(b"k").of("a", "finding", b"") is None
