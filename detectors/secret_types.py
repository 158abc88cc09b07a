"""The catalogue of secrets: for each type its public name, its shape, and the check that tells look-alikes from it.

Data only; `detectors.secrets` looks for it. The names are a public contract: policies and events use them.

Shapes. A token begins where no letter or digit stands before it, so that `task-` is no beginning of `sk-`. One of
fixed length ends where its alphabet ends. One of open length is taken up to its bound: what follows the bound is
not reported, and is of no use without the rest. A pattern's group `value`, where there is one, is the secret;
what stands around it says what it is and stays.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from detectors import private_keys
from detectors import secret_checks as check

if TYPE_CHECKING:
    from collections.abc import Callable

CERTAIN = 1.0
"""A checksum or a structure was verified."""
LIKELY = 0.9
"""An issuer's prefix, length and alphabet, and random enough."""
POSSIBLE = 0.6
"""Only what stands before it says that it is a secret."""

_MOST_VALUE = 1810
"""A value is taken as far as any token can reach, a JWT included, so that none begins inside and ends outside."""

_MOST_COUNTED = 8
_COUNT = re.compile(r"\{(?:[0-9]+,)?([0-9]+)\}")

_B62 = "[A-Za-z0-9]"
_URL64 = "[A-Za-z0-9_-]"
_LEFT = "(?<![A-Za-z0-9])"
_END_B62 = "(?![A-Za-z0-9])"
_END_URL64 = "(?![A-Za-z0-9_-])"
_ASSIGN = r"[\"'`]?\s{0,3}(?:=>|:=|[:=])\s{0,3}[\"'`]?"
_HOST = "[A-Za-z0-9.-]{1,253}"
_USER = r"[^\s:/@\"'`<>]{0,64}"
_PASSWORD = r"(?P<value>[^\s/@\"'`<>]{1,128})"  # noqa: S105 - a pattern


@dataclass(frozen=True, slots=True)
class SecretType:
    """One type of secret. Several may share a category."""

    category: str
    pattern: str
    """In the `regex` flavour, of bounded width, at least one character wide on every path."""
    is_real: Callable[[str], bool] = check.is_random_token
    score: float = LIKELY
    generic: bool = False
    """Gives way to a type that knows better what the same value is."""

    hold: str = ""
    """What to hold for, where that is not the pattern: what follows is then held by other means."""

    @property
    def hold_pattern(self) -> str:
        """The pattern with every count over 8 replaced by "any number".

        All that it matches may be held a little longer: a token's characters are held until they end, not only
        up to the right number. In return the automaton is small; exact counts of 50 types make one of 5,000
        states, whose cache ordinary text fills.
        """
        return self.hold or _COUNT.sub(
            lambda count: count[0] if int(count[1]) <= _MOST_COUNTED else "*", self.pattern
        )


def _any_case(word: str) -> str:
    """Return a pattern for an ASCII word in any case, and only in ASCII: no long s for an s."""
    return "".join(f"[{c.upper()}{c}]" if c.isalpha() else c for c in word)


def _any_of(words: str) -> str:
    return "(?:" + "|".join(_any_case(word) for word in words.split()) + ")"


def _token(category: str, literals: str, body: str, end: str = _END_B62) -> SecretType:
    """Describe a token that begins with one of the literals, separated by spaces."""
    prefix = "|".join(word.replace(".", r"\.") for word in literals.split())
    return SecretType(category, f"{_LEFT}(?:{prefix}){body}{end}")


_CLOUD = (
    SecretType("AWS_ACCESS_KEY", _LEFT + "(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}" + _END_B62),
    SecretType(
        "AWS_SECRET_KEY",
        _LEFT
        + f"(?:{_any_case('aws')}[_.-]?)?{_any_case('secret')}[_. -]?"
        + f"(?:{_any_case('access')}[_. -]?)?{_any_case('key')}"
        + _ASSIGN
        + "(?P<value>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])",
        check.is_aws_secret,
    ),
    SecretType(
        "AZURE_STORAGE_KEY",
        _LEFT + "(?:AccountKey|SharedAccessKey)=(?P<value>[A-Za-z0-9+/]{42,86}={0,2})",
    ),
    _token("DATABRICKS_TOKEN", "dapi", "[0-9a-f]{32}(?:-[0-9])?"),
    _token("DIGITALOCEAN_TOKEN", "doo_v1_ dop_v1_ dor_v1_", "[0-9a-f]{64}"),
    _token("GOOGLE_API_KEY", "AIza", _URL64 + "{35}", _END_URL64),
    _token("GOOGLE_OAUTH", "GOCSPX-", _URL64 + "{28}", _END_URL64),
    _token("GOOGLE_OAUTH", "ya29.", "[A-Za-z0-9._-]{30,400}", ""),
    _token("PULUMI_TOKEN", "pul-", "[0-9a-f]{40}"),
    _token("VAULT_TOKEN", "hvs. hvb. hvr.", _URL64 + "{24,300}", ""),
    _token("DOPPLER_TOKEN", "dp.pt. dp.st. dp.ct. dp.sa.", "(?:[a-z0-9_-]{2,35}[.])?" + _B62 + "{40,44}"),
)

_CODE_HOSTS = (
    SecretType(
        "GITHUB_TOKEN",
        f"{_LEFT}gh[pousr]_{_B62}{{36,255}}",
        check.is_github_token,
        CERTAIN,
    ),
    _token("GITHUB_TOKEN", "github_pat_", f"{_B62}{{22}}_{_B62}{{59}}"),
    _token(
        "GITLAB_TOKEN",
        "glpat- gldt- glrt- glcbt- glptt- glft- glimt- glagent- gloas- glsoat-",
        _URL64 + r"{20,64}(?:\.[0-9a-z]{2}\.[0-9a-z]{7,9})?",
        "",
    ),
    SecretType("NPM_TOKEN", f"{_LEFT}npm_{_B62}{{36}}{_END_B62}", check.has_base62_checksum, CERTAIN),
    _token("PYPI_TOKEN", "pypi-AgEIcHlwaS5vcmc pypi-AgENdGVzdC5weXBpLm9yZw", _URL64 + "{50,400}", ""),
    _token("RUBYGEMS_TOKEN", "rubygems_", "[0-9a-f]{48}"),
    _token("DOCKER_TOKEN", "dckr_pat_ dckr_oat_", _URL64 + "{27,32}", _END_URL64),
    _token("ATLASSIAN_TOKEN", "ATATT3", "[A-Za-z0-9_=-]{180,250}", ""),
    _token("LINEAR_API_KEY", "lin_api_ lin_oauth_", _B62 + "{40,64}"),
    _token("FIGMA_TOKEN", "figd_", _URL64 + "{38,44}", _END_URL64),
    _token("POSTMAN_API_KEY", "PMAK-", "[0-9a-f]{24}-[0-9a-f]{34}"),
    _token("NOTION_TOKEN", "ntn_", _B62 + "{40,50}"),
)

_MODELS = (
    SecretType(
        "OPENAI_API_KEY",
        f"{_LEFT}sk-(?:{_B62}{{20}}T3BlbkFJ{_B62}{{20}}{_END_B62}|{_B62}{{48}}{_END_B62}"
        f"|(?:proj|svcacct|admin|None)-{_URL64}{{40,200}})",
    ),
    _token(
        "ANTHROPIC_API_KEY", "sk-ant-api sk-ant-admin sk-ant-sid sk-ant-oat", "[0-9]{2}-" + _URL64 + "{80,120}", ""
    ),
    _token("OPENROUTER_API_KEY", "sk-or-v1-", "[0-9a-f]{64}"),
    _token("HUGGINGFACE_TOKEN", "hf_ api_org_", _B62 + "{34}"),
    _token("GROQ_API_KEY", "gsk_", _B62 + "{52}"),
    _token("XAI_API_KEY", "xai-", _B62 + "{80}"),
    _token("PERPLEXITY_API_KEY", "pplx-", _B62 + "{48}"),
    _token("REPLICATE_TOKEN", "r8_", _B62 + "{37}"),
)

_MESSAGING = (
    _token(
        "SLACK_TOKEN", "xoxa- xoxb- xoxe- xoxo- xoxp- xoxr- xoxs- xoxe.xoxb- xoxe.xoxp-", "[A-Za-z0-9-]{20,250}", ""
    ),
    _token("SLACK_TOKEN", "xapp-", "[0-9]-[A-Z0-9]{9,13}-[0-9]{10,14}-[a-z0-9]{32,80}"),
    SecretType(
        "SLACK_WEBHOOK",
        _LEFT + r"hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/(?P<value>[A-Za-z0-9+/]{40,80})",
    ),
    SecretType(
        "DISCORD_WEBHOOK",
        _LEFT + r"discord(?:app)?\.com/api/webhooks/(?P<value>[0-9]{17,20}/[A-Za-z0-9_-]{60,80})",
    ),
    SecretType("DISCORD_TOKEN", f"{_LEFT}[MNO]{_URL64}{{23,25}}\\.{_URL64}{{6}}\\.{_URL64}{{27,38}}{_END_URL64}"),
    SecretType("TELEGRAM_BOT_TOKEN", f"{_LEFT}[0-9]{{8,10}}:AA{_URL64}{{33}}{_END_URL64}"),
    _token("SENDGRID_API_KEY", "SG.", rf"{_URL64}{{22}}\.{_URL64}{{43}}", _END_URL64),
    _token("TWILIO_API_KEY", "SK", "[0-9a-f]{32}"),
    _token("MAILGUN_API_KEY", "key-", "[0-9a-f]{32}"),
)

_BUSINESS = (
    _token("STRIPE_KEY", "sk_live_ sk_test_ rk_live_ rk_test_", _B62 + "{16,120}", ""),
    _token("STRIPE_KEY", "whsec_", "[A-Za-z0-9+/]{32,64}={0,2}", ""),
    _token("SHOPIFY_TOKEN", "shpat_ shpca_ shppa_ shpss_", "[0-9a-fA-F]{32}"),
    _token("SQUARE_TOKEN", "sq0atp- sq0csp-", _URL64 + "{22,43}", _END_URL64),
    _token("AIRTABLE_TOKEN", "pat", _B62 + r"{14}\.[0-9a-f]{64}"),
    _token("NEW_RELIC_KEY", "NRAK-", "[A-Z0-9]{27}"),
    _token("GRAFANA_TOKEN", "glsa_", _B62 + "{32}_[0-9a-fA-F]{8}"),
    _token("SENTRY_TOKEN", "sntryu_", "[0-9a-f]{64}"),
    _token("SENTRY_TOKEN", "sntrys_eyJ", "[A-Za-z0-9+/=_]{80,400}", ""),
)

_STRUCTURES = (
    SecretType(
        "JWT",
        rf"{_LEFT}eyJ{_URL64}{{10,300}}\.{_URL64}{{10,1100}}(?:\.{_URL64}{{0,400}})?",
        check.is_jwt,
        CERTAIN,
    ),
    SecretType(
        "PRIVATE_KEY",
        private_keys.OPENING_PATTERN,
        check.is_no_placeholder,
        CERTAIN,
        hold=private_keys.OPENING,
    ),
    SecretType(
        "CONNECTION_STRING",
        _LEFT
        + "(?:postgres(?:ql)?|mysql|mariadb|mongodb|rediss?|amqps?|mssql|sqlserver|clickhouse|cockroachdb"
        + "|ldaps?|smtps?)"
        + rf"(?:\+[a-z0-9]{{1,16}})?://{_USER}:{_PASSWORD}@{_HOST}",
        check.is_real_password,
        LIKELY,
    ),
    SecretType("BASIC_AUTH_URL", f"{_LEFT}(?:https?|ftps?)://{_USER}:{_PASSWORD}@{_HOST}", check.is_real_password),
    SecretType(
        "AGE_SECRET_KEY",
        _LEFT + "AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}" + _END_B62,
    ),
)


def contextual(least_bits: float) -> tuple[SecretType, ...]:
    """Return the types that only their context gives away; `least_bits` of entropy a character make one."""

    def is_assigned(value: str) -> bool:
        return check.is_assigned_secret(value, least_bits)

    return (
        SecretType(
            "BASIC_AUTH_HEADER",
            _LEFT
            + _any_case("authorization")
            + _ASSIGN
            + _any_case("basic")
            + r"\s(?P<value>[A-Za-z0-9+/]{8,256}={0,2})",
            check.is_basic_credentials,
            CERTAIN,
        ),
        SecretType(
            "BEARER_TOKEN",
            _LEFT
            + _any_case("bearer")
            + r"\s{1,2}(?P<value>[A-Za-z0-9._~+/-]{20,_V}={0,2})".replace("_V", str(_MOST_VALUE)),
            is_assigned,
            POSSIBLE,
            generic=True,
        ),
        SecretType(
            "GENERIC_SECRET",
            _LEFT
            + _any_of(
                "api_key api-key apikey secret token password passwd passphrase pwd access_key access-key "
                "accesskey auth_key auth-key client_secret client-secret credentials private_key encryption_key"
            )
            + "(?:[_-][A-Za-z0-9_-]{1,24})?"
            + _ASSIGN
            + r"(?P<value>[A-Za-z0-9_+/=.~!@#$%^&*-]{12,_V})".replace("_V", str(_MOST_VALUE)),
            is_assigned,
            POSSIBLE,
            generic=True,
        ),
    )


def catalogue(least_bits: float) -> tuple[SecretType, ...]:
    """Return every type, those that know most first."""
    return _STRUCTURES + _CLOUD + _CODE_HOSTS + _MODELS + _MESSAGING + _BUSINESS + contextual(least_bits)
