"""What the server keeps of texts for the audit store, and how it encrypts it."""

from __future__ import annotations

import pytest

from events.audit.sealing import parse_sealed, read_excerpts, unseal
from events.audit.settings import AuditSettings, AuditText
from events.schema.excerpts import Excerpt
from policies.loader import load
from proxy.guard.evidence import Evidence
from proxy.server.audit_texts import Sealer, evidence_for
from tests.support.audit import KEY, PLAIN, ring
from tests.support.gateway import config_for


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (AuditText.NONE, None),
        (AuditText.WINDOW, Evidence(7, 0, 5000)),
        (AuditText.WHOLE, Evidence(7, 5000, 5000)),
    ],
)
def test_the_settings_say_how_much_is_kept(text: AuditText, wanted: Evidence | None) -> None:
    audit = AuditSettings(keys=KEY, text=text, window_chars=7, max_chars=5000)
    assert evidence_for(config_for("http://h", audit=audit)) == wanted
    assert evidence_for(config_for("http://h")) is None


def test_texts_and_policies_are_sealed_for_their_event() -> None:
    sealer = Sealer(AuditSettings(keys=KEY))
    excerpt = Excerpt("response", "text[0]", 0, PLAIN, "")
    sealed = sealer.excerpts("id", [excerpt])
    assert sealed is not None
    assert read_excerpts(unseal(ring(), "id", parse_sealed(sealed()))) == [excerpt]
    assert sealer.excerpts("id", []) is None
    policy = sealer.policy("id", load("default").resolved)
    assert policy is not None
    assert "version: 1" in unseal(ring(), "id", parse_sealed(policy()))["policy"]
    assert sealer.policy("id", None) is None
