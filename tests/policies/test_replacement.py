"""Templates of replacements, masks and fingerprints."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.replacement import FINGERPRINT_HEX_CHARS, fingerprint, render_template, template_problem, tenant_key


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("<{category}>", "<CARD>"),
        ("{rule}/{category}", "pay/CARD"),
        ("", ""),
        ("{{category}}", "{category}"),
        ("{{{category}}}", "{CARD}"),
        ('{{"x": 1}}', '{"x": 1}'),
    ],
)
def test_template_is_filled(template: str, expected: str) -> None:
    """Two placeholders, and braces written twice."""
    assert template_problem(template) is None
    assert render_template(template, "CARD", "pay") == expected


@pytest.mark.parametrize(
    "template", ["{", "}", "{}", "{category", "category}", "{Category}", "{0}", "{rule!r}", "{{}"]
)
def test_a_bad_template_is_told_before_it_is_used(template: str) -> None:
    """Every brace that is no placeholder is a problem."""
    assert template_problem(template) is not None


@given(st.text())
def test_a_text_with_doubled_braces_is_itself(text: str) -> None:
    """Any text can be written as a template."""
    template = text.replace("{", "{{").replace("}", "}}")
    assert template_problem(template) is None
    assert render_template(template, "A", "r") == text


@given(st.text(alphabet=st.characters()), st.binary())
def test_fingerprint_depends_on_text_and_key_only(text: str, key: bytes) -> None:
    """Equal for equal input, of one length, and another with another key; lone surrogates are texts too."""
    assert fingerprint(key, text) == fingerprint(key, text)
    assert len(fingerprint(key, text)) == FINGERPRINT_HEX_CHARS
    assert fingerprint(key + b"\x01", text) != fingerprint(key + b"\x02", text)


@given(st.binary(min_size=1), st.text(), st.text(min_size=1))
def test_each_tenant_has_a_key_of_its_own(key: bytes, tenant: str, other: str) -> None:
    """Made from the server's; nobody's is the server's; without a key there is none."""
    assert tenant_key(key, "") == key
    assert (tenant_key(key, tenant) == tenant_key(key, other)) == (tenant == other)
    assert tenant_key(b"", other) == b""
