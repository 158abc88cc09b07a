"""What the contract test tries every detector type on: at least one configuration of each registered type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.support.models import model_folder
from tests.support.names import names_folder
from tests.support.secrets import B62, chars, checksummed, jwt, private_key

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Case:
    """One configuration of a detector type, and what to try it on."""

    params: Mapping[str, Any]
    vocabulary: tuple[str, ...]
    """What it looks for, whole and in part, and near misses: texts are made of these and of separators."""
    found: tuple[str, ...]
    """Texts that it finds something in."""
    examples: int = 60
    """How many generated texts to try; fewer where a scan is slow."""


AWS_KEY = "AKIA" + "Z7QJ4WX2M5TB6RHN"
GITHUB_TOKEN = checksummed("ghp")

CASES: dict[str, tuple[Case, ...]] = {
    "keywords": (
        Case(
            {"words": ["Project Orion", "Orion Falcon", "falcon-9b", "Straße", "co-op", "$ecret!"]},
            (
                "Project", "Orion", "orion", "Falcon", "falcon-9", "falcon-9b", "9b",
                "STRASSE", "straß", "e", "co-", "op", "$ecret", "!",
            ),
            ("about Project Orion Falcon, ok", "die STRASSE", "a co-op", "falcon-9b"),
        ),
        Case(
            {"words": {"left": ["abab", "aba", "b"], "right": ["bc", "abcab", "ba"]}, "whole_word": False},
            ("a", "b", "c", "ab", "ba", "abc", "A", "B"),
            ("ababab", "xabcabx", "B"),
        ),
        Case(
            {"words": ["café", "ss", "ﬁn", "i̇x", "机密"], "whole_word": False},
            ("caf", "é", "e\u0301", "e", "\u0301", "ß", "s", "ﬁ", "fi", "n", "İ", "X", "机", "密"),
            ("CAFÉ", "der Fluß", "ein FIN", "İX", "这是机密文件"),
        ),
        Case(
            {"words": ["café", "naïve plan", "机密"], "ignore_case": False},
            ("café", "cafe\u0301", "cafés", "naïve", "plan", "机", "密", "文"),
            ("a café", "naïve\nplan", "这是机密文件"),
        ),
    ),
    "patterns": (
        Case(
            {"patterns": {"ticket": "TKT-[0-9]{6}", "build": r"\bv[0-9]{1,3}(?:\.[0-9]{1,3}){2}\b"}},
            ("TKT-", "TKT", "12", "123456", "1", "v", "v1.2", "v1.2.3", ".4", "-"),
            ("see TKT-123456!", "v1.20.300 is out"),
        ),
        Case(
            {"patterns": {"tag": "(?i)<b[a-z]{0,8}>", "pair": "ab|abcd"}},
            ("<", "b", "<B", ">", "<bold>", "a", "ab", "abc", "abcd", "d"),
            ("x <BOLD> y", "abcd", "abc"),
        ),
    ),
    "secrets": (
        Case(
            {},
            (
                AWS_KEY, AWS_KEY[:9], AWS_KEY[9:], GITHUB_TOKEN, GITHUB_TOKEN[:20], "sk-", "tasks", "api_key", "=",
                '"', "postgres://", "u:", "pw9", "@host/", "glpat-", "Bearer ", "token: ", chars(B62, 24), jwt(),
                "eyJ",
            ),
            (f"key {AWS_KEY}.", f'token="{GITHUB_TOKEN}"', f"Bearer {jwt()}", "postgres://u:pw9@host/"),
        ),
        Case(
            {"types": ["PRIVATE_KEY", "GENERIC_SECRET"]},
            (
                "-----BEGIN ", "RSA ", "PRIVATE KEY-----", "\\n", '"', "-----", "-----END ", chars(B62, 39),
                chars(B62, 41), chars(B62, 64), private_key(body_chars=150), "password=", "\n    ",
                "Proc-Type: 4,ENCRYPTED\n",
            ),
            (private_key(body_chars=300), private_key("", 230, "\\n"), private_key(body_chars=140, newline="\n  ")),
        ),
    ),
    "presidio": (
        Case(
            {
                "entities": [
                    "EMAIL_ADDRESS", "CREDIT_CARD", "US_SSN", "IBAN_CODE", "PHONE_NUMBER", "IP_ADDRESS", "URL",
                ]
            },
            (
                "jane", ".roe", "@", "example.com", "jane.roe@example.com", "4111 1111", "1111 1111",
                "4111111111111111", "212-555-0147", "+1 ", "123-45-", "6789", "DE89 3704 0044 0532 0130 00",
                "192.168.", "0.1", "https://", "a.org/x",
            ),
            ("write to jane.roe@example.com today", "card 4111 1111 1111 1111."),
            examples=25,
        ),
    ),
    "toxicity": (
        Case(
            {"model": f"onnx:{model_folder()}"},
            (
                "you", "nitwit", "nit", "wit", "Blockhead", "block", "head", "scoundrel", "!", ". ", "?\n", "\n\n",
                "https://a.example/x?y=z", "def f(x): return x", "机密文件", "。", "1.", "- ",
            ),
            ("You are a nitwit.", "What a scoundrel you are", "x\nblockhead"),
            examples=25,
        ),
        Case(
            {
                "model": f"onnx:{model_folder()}", "labels": ["toxicity", "insult"], "thresholds": {"insult": 0.9},
            },
            ("nitwit", "blockhead", "a", "b. ", "\n"),
            ("blockhead",),
            examples=25,
        ),
    ),
    "names": (
        Case(
            {
                "model": str(names_folder()),
                "entities": ["PERSON", "LOCATION", "ORGANIZATION", "NRP", "DATE_TIME"],
            },
            (
                "Jane", "Roe", "Jane Roe", "J. R. ", "Dr. ", "Portland", "New ", "Quay", "Acme Inc.",
                "University of", "10 May", "1999", "yesterday", "the", "of", ". ", "!\n", "\n", "ヴェール",
                "a word or two", "。",
            ),
            ("met Jane Roe today", "J. R. Roe of Acme Inc.", "University of Quay, 10 May 1999", "in ヴェール"),
            examples=25,
        ),
        Case(
            {"model": str(names_folder()), "screen": False},
            ("Jane", "roe", "Roe", "Portland", "a", ". ", "\n"),
            ("jo lark", "Portland"),
            examples=25,
        ),
    ),
}  # fmt: skip
"""Name in the registry -> cases."""
