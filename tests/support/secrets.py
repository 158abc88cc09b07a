"""Synthetic secrets of every type, put together at run time so that no file of this repository contains one.

They have the shape of real ones, checksums included, and were never issued by anyone.
"""

from __future__ import annotations

import base64
import json
import random
from typing import TYPE_CHECKING

from detectors.secret_checks import base62_checksum

if TYPE_CHECKING:
    from collections.abc import Iterator

DIGITS = "0123456789"
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LOWER = UPPER.lower()
HEX = "0123456789abcdef"
B62 = DIGITS + UPPER + LOWER
B64 = B62 + "+/"
URL64 = B62 + "-_"


def chars(alphabet: str, count: int, seed: int = 7) -> str:
    """Return that many characters, the same at every call; no sign of the alphabet stands at either end."""
    rng = random.Random(f"{alphabet}{count}{seed}")
    body = [rng.choice(alphabet) for _ in range(count)]
    alnum = [c for c in alphabet if c.isalnum()]
    body[0], body[-1] = alnum[-1], alnum[0]
    return "".join(body)


def checksummed(prefix: str, seed: int = 7) -> str:
    """Return a token as GitHub and npm make them."""
    body = chars(B62, 30, seed)
    return prefix + "_" + body + base62_checksum(body)


def jwt(payload_chars: int = 60) -> str:
    """Return a JSON Web Token with a real header."""
    header = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "typ": "JWT"}).encode()).decode().rstrip("=")
    return f"{header}.eyJ{chars(URL64, payload_chars)}.{chars(URL64, 43)}"


def private_key(kind: str = "RSA ", body_chars: int = 1588, newline: str = "\n", armor: str = "") -> str:
    """Return a PEM block with lines of 64 characters."""
    body = "MII" + chars(B64, body_chars - 3)
    lines = [body[at : at + 64] for at in range(0, body_chars, 64)]
    head = [f"-----BEGIN {kind}PRIVATE" + " KEY-----", *([armor, ""] if armor else [])]
    return newline.join([*head, *lines, f"-----END {kind}PRIVATE KEY-----"])


def samples() -> Iterator[tuple[str, str, str]]:
    """Yield category, a text, and the part of it that is the secret; every category at least once."""
    for category, secret in (*_tokens(), *_more_tokens()):
        yield category, f"use {secret} here", secret
    for category, before, secret, after in _in_context():
        yield category, before + secret + after, secret


def _tokens() -> Iterator[tuple[str, str]]:
    for prefix in ("AKIA", "ASIA"):
        yield "AWS_ACCESS_KEY", prefix + chars(UPPER + "234567", 16)
    yield "DATABRICKS_TOKEN", "dapi" + chars(HEX, 32)
    yield "DIGITALOCEAN_TOKEN", "dop_v1_" + chars(HEX, 64)
    yield "GOOGLE_API_KEY", "AIza" + chars(URL64, 35)
    yield "GOOGLE_OAUTH", "GOCSPX-" + chars(URL64, 28)
    yield "GOOGLE_OAUTH", "ya29." + chars(URL64, 120)
    yield "PULUMI_TOKEN", "pul-" + chars(HEX, 40)
    yield "VAULT_TOKEN", "hvs." + chars(URL64, 92)
    yield "DOPPLER_TOKEN", "dp.pt." + chars(B62, 43)
    for prefix in ("ghp", "gho", "ghu", "ghs", "ghr"):
        yield "GITHUB_TOKEN", checksummed(prefix)
    yield "GITHUB_TOKEN", "ghr_" + chars(B62, 76)
    yield "GITHUB_TOKEN", "github_pat_" + chars(B62, 22) + "_" + chars(B62, 59)
    yield "GITLAB_TOKEN", "glpat-" + chars(URL64, 20)
    yield "GITLAB_TOKEN", "glpat-" + chars(URL64, 27) + ".01." + chars(LOWER + DIGITS, 9)
    yield "NPM_TOKEN", checksummed("npm")
    yield "PYPI_TOKEN", "pypi-AgEIcHlwaS5vcmc" + chars(URL64, 150)
    yield "RUBYGEMS_TOKEN", "rubygems_" + chars(HEX, 48)
    yield "DOCKER_TOKEN", "dckr_pat_" + chars(URL64, 27)
    yield "ATLASSIAN_TOKEN", "ATATT3" + chars(URL64, 186)
    yield "LINEAR_API_KEY", "lin_api_" + chars(B62, 40)
    yield "FIGMA_TOKEN", "figd_" + chars(URL64, 40)
    yield "POSTMAN_API_KEY", "PMAK-" + chars(HEX, 24) + "-" + chars(HEX, 34)
    yield "NOTION_TOKEN", "ntn_" + chars(B62, 46)
    yield "OPENAI_API_KEY", "sk-" + chars(B62, 20) + "T3Blbk" + "FJ" + chars(B62, 20, 8)
    yield "OPENAI_API_KEY", "sk-" + chars(B62, 48)
    yield "OPENAI_API_KEY", "sk-proj-" + chars(URL64, 156)
    yield "ANTHROPIC_API_KEY", "sk-ant-api03-" + chars(URL64, 95)
    yield "OPENROUTER_API_KEY", "sk-or-v1-" + chars(HEX, 64)
    yield "HUGGINGFACE_TOKEN", "hf_" + chars(B62, 34)
    yield "GROQ_API_KEY", "gsk_" + chars(B62, 52)
    yield "XAI_API_KEY", "xai-" + chars(B62, 80)
    yield "PERPLEXITY_API_KEY", "pplx-" + chars(B62, 48)
    yield "REPLICATE_TOKEN", "r8_" + chars(B62, 37)


def _more_tokens() -> Iterator[tuple[str, str]]:
    yield "SLACK_TOKEN", "xoxb-" + chars(DIGITS, 12) + "-" + chars(DIGITS, 13) + "-" + chars(B62, 24)
    yield "SLACK_TOKEN", "xapp-1-A" + chars(UPPER, 10) + "-" + chars(DIGITS, 13) + "-" + chars(HEX, 64)
    yield "DISCORD_TOKEN", "MT" + chars(B62, 22) + "." + chars(URL64, 6) + "." + chars(URL64, 38)
    yield "TELEGRAM_BOT_TOKEN", chars(DIGITS, 10) + ":AA" + chars(URL64, 33)
    yield "SENDGRID_API_KEY", "SG." + chars(URL64, 22) + "." + chars(URL64, 43)
    yield "TWILIO_API_KEY", "SK" + chars(HEX, 32)
    yield "MAILGUN_API_KEY", "key-" + chars(HEX, 32)
    yield "STRIPE_KEY", "sk_live_" + chars(B62, 99)
    yield "STRIPE_KEY", "whsec_" + chars(B62, 32)
    yield "SHOPIFY_TOKEN", "shpat_" + chars(HEX, 32)
    yield "SQUARE_TOKEN", "sq0csp-" + chars(URL64, 43)
    yield "AIRTABLE_TOKEN", "pat" + chars(B62, 14) + "." + chars(HEX, 64)
    yield "NEW_RELIC_KEY", "NRAK-" + chars(UPPER + DIGITS, 27)
    yield "GRAFANA_TOKEN", "glsa_" + chars(B62, 32) + "_" + chars(HEX, 8)
    yield "SENTRY_TOKEN", "sntryu_" + chars(HEX, 64)
    yield "SENTRY_TOKEN", "sntrys_eyJ" + chars(B62, 150)
    yield "AGE_SECRET_KEY", "AGE-SECRET-KEY-1" + chars("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58)
    yield "JWT", jwt()
    yield "JWT", jwt(900)


def _in_context() -> Iterator[tuple[str, str, str, str]]:
    aws_secret = chars(B64, 40)
    yield "AWS_SECRET_KEY", "aws_secret_access_key = ", aws_secret, "\n"
    yield "AWS_SECRET_KEY", '"SecretAccessKey": "', aws_secret, '",'
    yield "AZURE_STORAGE_KEY", "AccountName=x;AccountKey=", chars(B64, 86) + "==", ";EndpointSuffix=core"
    yield (
        "SLACK_WEBHOOK",
        "https://hooks.slack.com/services/",
        "T" + chars(UPPER, 9) + "/B" + chars(UPPER, 9) + "/" + chars(B62, 24),
        "\n",
    )
    yield "DISCORD_WEBHOOK", "https://discord.com/api/webhooks/", chars(DIGITS, 18) + "/" + chars(URL64, 68), " "
    yield "CONNECTION_STRING", "DSN=postgres://app:", "kW8-" + "t2Lm", "@db.internal:5432/app"
    yield "CONNECTION_STRING", "mongodb+srv://root:", "q7Zr" + "Pw1", "@cluster0.abcd.mongodb.net/?retryWrites=true"
    yield "CONNECTION_STRING", "rediss://:", "f9K2" + "xx0", "@cache:6380/0"
    yield "CONNECTION_STRING", "SECRET=postgresql+psycopg2://u:", "Vb5" + "nQ8", "@h/d"
    yield "BASIC_AUTH_URL", "git clone https://ci:", "h4Tq" + "9vLs", "@git.example.com/a.git"
    yield (
        "BASIC_AUTH_HEADER",
        "Authorization: Basic ",
        base64.b64encode(b"jane:" + b"s3cr" + b"3t9x").decode(),
        "\n",
    )
    yield "BEARER_TOKEN", "Authorization: Bearer ", chars(B62, 40), "\n"
    yield "GENERIC_SECRET", "DB_PASSWORD='", chars(B62 + "!#%", 20), "'"
    yield "GENERIC_SECRET", '"api_key": "', chars(B62, 32), '"'
    yield "GENERIC_SECRET", "x-api-key: ", chars(HEX, 32), "\n"
    yield "GENERIC_SECRET", "token := `", chars(B62, 24), "`"
    opening, line = private_key(body_chars=40).split("\n")[:2]
    yield "PRIVATE_KEY", "", opening + "\n" + line, "\n"
