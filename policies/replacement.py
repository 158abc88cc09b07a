"""What is written in place of a redacted or rewritten span: templates, masks, fingerprints.

Not where a span begins and ends: that is `policies.decide`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from functools import partial
from typing import TYPE_CHECKING

from policies.fakes import Pools, fake_of
from policies.placeholders import label_of, placeholder
from policies.types import DEFAULT_REPLACEMENT, DEFAULT_REWRITE, Action

if TYPE_CHECKING:
    from policies.substitutes import Substitutes
    from policies.types import Policy, Rule

PLACEHOLDERS = ("category", "rule")

FINGERPRINT_HEX_CHARS = 12
"""48 bits: two of a million different values collide with a chance below 0.2 %, and it is still short to read."""

_TOKEN = re.compile(r"\{\{|\}\}|\{([a-z_]+)\}")


def template_problem(template: str) -> str | None:
    """Return what is wrong with a replacement template, and what to do about it; None when it is sound."""
    position = 0
    while (brace := _next_brace(template, position)) >= 0:
        token = _TOKEN.match(template, brace)
        if token is None:
            end = template.find("}", brace)
            if template[brace] == "{" and end > brace + 1:
                return _unknown_placeholder(template[brace : end + 1])
            return f"has a single {template[brace]!r}. Write it twice to get the character itself."
        if token[1] is not None and token[1] not in PLACEHOLDERS:
            return _unknown_placeholder(token[0])
        position = token.end()
    return None


def render_template(template: str, category: str, rule: str) -> str:
    """Fill `{category}` and `{rule}` in; `{{` and `}}` become one brace."""
    values = {"category": category, "rule": rule}

    def fill(token: re.Match[str]) -> str:
        name = token[1]
        return token[0][0] if name is None else values.get(name, token[0])

    return _TOKEN.sub(fill, template)


def fingerprint(key: bytes, matched: str) -> str:
    """Return a short keyed hash of `matched`: equal for equal texts, and not to be guessed without the key.

    Lone surrogates, which JSON can carry, are hashed as they are.
    """
    data = matched.encode("utf-8", "surrogatepass")
    return hmac.new(key, data, hashlib.sha256).hexdigest()[:FINGERPRINT_HEX_CHARS]


def tenant_key(key: bytes, tenant: str) -> bytes:
    """Return a tenant's own key: nobody who sees texts of two tenants can tell that they say the same.

    Where there is no tenant it is `key` itself. The derivation is HMAC-SHA256, as in HKDF's expand step of one
    block (RFC 5869).
    """
    if not key or not tenant:
        return key
    return hmac.digest(key, b"replacements of tenant\0" + tenant.encode("utf-8", "surrogatepass"), "sha256")


def evidence_digest(key: bytes, matched: str, chars: int) -> bytes:
    """Return what events make fingerprints from: a keyed hash of the matched text, not to be published itself.

    Empty without a key, and when `matched` is not all of the `chars` characters because some are forgotten.
    """
    if not key or len(matched) != chars:
        return b""
    return hmac.digest(key, b"evidence\0" + matched.encode("utf-8", "surrogatepass"), "sha256")


def replacement_text(
    policy: Policy,
    rule: Rule,
    action: Action,
    category: str,
    *,
    span: str,
    matched: str,
    substitutes: Substitutes,
) -> str:
    """Return what replaces `span`, in which `matched` is the text of the finding itself.

    `rewrite` and plain `redact` write the template, `mask` one character for each of the span's, `hash` the
    category with the fingerprint of `matched`, `restore` a numbered placeholder, `encrypt` a token and `fake` a
    made-up value that stand for `span`.
    """
    if action is Action.REWRITE:
        template = DEFAULT_REWRITE if rule.replacement is None else rule.replacement
        return render_template(template, category, rule.id)
    if rule.restore or rule.encrypt or rule.fake:
        stands = _stands_for(policy, rule, category, span, substitutes)
        return f"<{label_of(category)}>" if stands is None else stands
    if rule.mask is not None:
        return rule.mask * len(span)
    if rule.hash:
        return f"<{category}:{fingerprint(tenant_key(policy.hash_key, substitutes.tenant), matched)}>"
    template = DEFAULT_REPLACEMENT if rule.replacement is None else rule.replacement
    return render_template(template, category, rule.id)


def _stands_for(policy: Policy, rule: Rule, category: str, value: str, substitutes: Substitutes) -> str | None:
    """Return what stands for a value, and for no other one; None where nothing can."""
    if rule.fake:
        key = tenant_key(policy.hash_key, substitutes.tenant)
        return fake_of(category, value, policy.fakes.get(rule.fake, Pools()), substitutes, key)
    if rule.encrypt:
        cipher = policy.encryption
        return None if cipher is None else cipher.token(category, substitutes.tenant, value)
    label = label_of(category)
    return substitutes.stand_in(label, value, partial(placeholder, label), has_way_back=True)


def _next_brace(template: str, position: int) -> int:
    found = [at for at in (template.find("{", position), template.find("}", position)) if at >= 0]
    return min(found, default=-1)


def _unknown_placeholder(token: str) -> str:
    known = " and ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    return f"has the unknown placeholder {token}. Known are {known}; write {{{{ for a brace itself."
