"""What upstreams and tenants come to. What is said of broken ones is in `broken_configs.txt`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.server.config import TenantConfig, UpstreamConfig
from proxy.server.config_file import load_server_config

if TYPE_CHECKING:
    from pathlib import Path

KEY = "sk-" + "k" * 20


def test_upstreams_and_tenants(tmp_path: Path) -> None:
    """Secrets come from environment and file, with their prefix; files lie beside the configuration."""
    (tmp_path / "key").write_text(f"{KEY}\n", encoding="utf-8")
    (tmp_path / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\n", encoding="utf-8")
    path = tmp_path / "sluicegate.yaml"
    path.write_text(
        f"""
version: 1
upstream: main
upstreams:
  main:
    url: https://a.example.com/
    headers: {{X-Org: "the org", authorization: {{env: K, prefix: "Bearer "}}}}
  other:
    url: http://127.0.0.1:1/base
    timeouts: {{connect: 1s, first_byte: 2s, idle: 3s}}
    headers: {{x-api-key: {{file: key}}}}
  third: {{url: https://b.example.com, tls_ca_file: ca.pem}}
tenants: {{a: {{}}, b: {{key_hashes: ["{"0f" * 32}"]}}}}
tenant_header: X-Team
""",
        encoding="utf-8",
    )
    found = load_server_config(path, {}, {"K": KEY})
    assert found.upstreams == (
        UpstreamConfig(
            name="main",
            url="https://a.example.com",
            headers=(("x-org", "the org"), ("authorization", f"Bearer {KEY}")),
            secrets=(KEY.encode(),),
        ),
        UpstreamConfig(
            name="other",
            url="http://127.0.0.1:1/base",
            connect_timeout_s=1.0,
            first_byte_timeout_s=2.0,
            idle_timeout_s=3.0,
            headers=(("x-api-key", KEY),),
            secrets=(KEY.encode(),),
        ),
        UpstreamConfig(name="third", url="https://b.example.com", tls_ca_file=tmp_path / "ca.pem"),
    )
    assert (found.upstream_name, found.upstream_url) == ("main", "https://a.example.com")
    assert found.tenants == (TenantConfig("a"), TenantConfig("b", ("0f" * 32,)))
    assert found.tenant_header == "x-team"
    assert load_server_config(path, {"upstream": "other"}, {"K": KEY}).upstream_url == "http://127.0.0.1:1/base"
    assert load_server_config(path, {"upstream": "http://127.0.0.1:2"}, {"K": KEY}).upstream_name == ""
