"""Sealed texts: what goes in comes out, for the right record and key only."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.audit.keys import AuditKeyError
from events.audit.sealing import excerpts_value, parse_sealed, read_excerpts, rewrapped, seal, unseal
from events.schema.excerpts import Excerpt
from tests.support.audit import KEY, NEW_KEY, PLAIN, ring

TEXT = st.text(st.characters(), max_size=40)  # lone surrogates too: JSON can carry them


@given(TEXT, TEXT, st.integers(0, 9))
def test_excerpts_come_back_as_they_were(original: str, delivered: str, start: int) -> None:
    excerpts = [Excerpt("response", "text[0]", start, original, delivered, "no", is_cut=True)]
    sealed = parse_sealed(seal(ring(), "id", excerpts_value(excerpts)))
    assert read_excerpts(unseal(ring(), "id", sealed)) == excerpts


def test_a_sealed_text_holds_no_plain_one_and_every_changed_byte_is_seen() -> None:
    data = seal(ring(), "id", {"texts": [PLAIN]})
    assert PLAIN.encode() not in data
    for at in range(len(data)):
        changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        with pytest.raises((AuditKeyError, ValueError)):
            unseal(ring(), "id", parse_sealed(changed))
    with pytest.raises(AuditKeyError, match="was changed"):
        unseal(ring(), "another", parse_sealed(data))


@pytest.mark.parametrize("data", [b"", b"\x02" + b"a" * 200, b"\x01" + b"a" * 60])
def test_what_is_no_sealed_text_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a sealed text"):
        parse_sealed(data)


def test_a_data_key_moves_to_a_new_key_and_the_text_stays() -> None:
    sealed = parse_sealed(seal(ring(), "id", PLAIN))
    moved = rewrapped(ring(f"{NEW_KEY}\n{KEY}"), "id", sealed.wrapped)
    assert unseal(ring(NEW_KEY), "id", sealed._replace(wrapped=moved)) == PLAIN
