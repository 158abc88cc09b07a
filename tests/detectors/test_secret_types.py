"""The catalogue of secrets keeps the rules that its detector relies on."""

from __future__ import annotations

import pytest
import regex

from detectors import secret_types
from detectors.regex_parser import parse_pattern
from detectors.regex_tree import PatternSource, measure
from tests.support.secrets import samples


@pytest.mark.parametrize("secret_type", secret_types.catalogue(3.5), ids=lambda t: t.category)
def test_the_catalogue_keeps_its_rules(secret_type: secret_types.SecretType) -> None:
    """Each pattern is bounded, looks back over one character at most, and the hold covers what it matches."""
    widths = measure(parse_pattern(PatternSource(secret_type.pattern)))
    assert widths.most is not None
    assert widths.after in {0, 1}
    assert widths.before in {0, 1}


def test_the_hold_covers_what_is_matched() -> None:
    """What a pattern matches, its wider form matches too: a secret is held from its first character."""
    for secret_type in secret_types.catalogue(3.5):
        if secret_type.hold:
            assert secret_type.pattern.startswith(secret_type.hold)
            continue
        for _, text, _ in samples():
            for match in regex.finditer(secret_type.pattern, text):
                assert regex.compile(secret_type.hold_pattern).fullmatch(text, *match.span())


def test_names_are_a_public_contract() -> None:
    """A name is never taken away or changed without a decision; add to this list freely."""
    assert {t.category for t in secret_types.catalogue(3.5)} >= set(PUBLISHED.split())


PUBLISHED = """
AGE_SECRET_KEY AIRTABLE_TOKEN ANTHROPIC_API_KEY ATLASSIAN_TOKEN AWS_ACCESS_KEY AWS_SECRET_KEY AZURE_STORAGE_KEY
BASIC_AUTH_HEADER BASIC_AUTH_URL BEARER_TOKEN CONNECTION_STRING DATABRICKS_TOKEN DIGITALOCEAN_TOKEN DISCORD_TOKEN
DISCORD_WEBHOOK DOCKER_TOKEN DOPPLER_TOKEN FIGMA_TOKEN GENERIC_SECRET GITHUB_TOKEN GITLAB_TOKEN GOOGLE_API_KEY
GOOGLE_OAUTH GRAFANA_TOKEN GROQ_API_KEY HUGGINGFACE_TOKEN JWT LINEAR_API_KEY MAILGUN_API_KEY NEW_RELIC_KEY
NOTION_TOKEN NPM_TOKEN OPENAI_API_KEY OPENROUTER_API_KEY PERPLEXITY_API_KEY POSTMAN_API_KEY PRIVATE_KEY PULUMI_TOKEN
PYPI_TOKEN REPLICATE_TOKEN RUBYGEMS_TOKEN SENDGRID_API_KEY SENTRY_TOKEN SHOPIFY_TOKEN SLACK_TOKEN SLACK_WEBHOOK
SQUARE_TOKEN STRIPE_KEY TELEGRAM_BOT_TOKEN TWILIO_API_KEY VAULT_TOKEN XAI_API_KEY
"""
