"""The types of single values. What is said of broken ones is in `broken_configs.txt`."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from proxy.server.config_fields import (
    HeaderName,
    KeyHash,
    UpstreamText,
    certificate_problems,
    find_policy,
    is_loopback,
    is_upstream_name,
)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("example.com", False),
        ("localhost.example.com", False),
    ],
)
def test_loopback(host: str, expected: bool) -> None:
    """Only what surely is this machine."""
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    ("value", "expected"), [("openai", "openai"), ("a_b-1", "a_b-1"), ("https://x.example/", "https://x.example")]
)
def test_an_upstream_is_a_url_or_a_name(value: str, expected: str) -> None:
    """What cannot be a name must be a URL."""
    assert TypeAdapter(UpstreamText).validate_python(value) == expected


@pytest.mark.parametrize("value", ["a.b", "a b", "x:1", "-a", ""])
def test_what_is_neither(value: str) -> None:
    """It is told so."""
    assert not is_upstream_name(value)
    with pytest.raises(ValidationError):
        TypeAdapter(UpstreamText).validate_python(value)


def test_names_of_headers_are_folded_and_hashes_are_hex() -> None:
    """As they are compared."""
    assert TypeAdapter(HeaderName).validate_python("X-Team") == "x-team"
    assert TypeAdapter(KeyHash).validate_python("0f" * 32) == "0f" * 32
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(KeyHash).validate_python("sk-not-to-be-repeated")
    assert "sk-not" not in caught.value.errors()[0]["msg"]


def test_policies_are_found(tmp_path: Path) -> None:
    """A bundled name stays a name; a path becomes absolute; what cannot be read is told."""
    (tmp_path / "own.yaml").write_text("version: 1\nrules: []\n", encoding="utf-8")
    assert find_policy("strict", tmp_path) == ("strict", None)
    assert find_policy("own.yaml", tmp_path) == (str(tmp_path / "own.yaml"), None)
    assert find_policy("nix.yaml", tmp_path) == ("nix.yaml", "'nix.yaml': there is no such file. Check the path.")


def test_certificates_are_looked_at(tmp_path: Path) -> None:
    """All that is wrong with them."""
    file = tmp_path / "ca.pem"
    file.write_text("-----BEGIN CERTIFICATE-----\n", encoding="utf-8")
    assert certificate_problems(file, "https://x") == []
    file.write_text("x", encoding="utf-8")
    assert len(certificate_problems(file, "http://x")) == 2
