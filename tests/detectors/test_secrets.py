"""Secrets: every type is found whole and cut, look-alikes are left alone, and ordinary text is hardly held."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from detectors.private_keys import CONTEXT_CHARS, PIECE_CHARS
from detectors.types import DetectorConfigError
from policies.types import Limits
from tests.support.detectors import Feed, built, fed, fed_in_deltas, found_texts, spans
from tests.support.prose import prose
from tests.support.scale import examples
from tests.support.secrets import B62, B64, HEX, LOWER, UPPER, URL64, chars, checksummed, jwt, private_key, samples

SECRETS = built("secrets")
SAMPLES = [pytest.param(*sample, id=f"{sample[0]}-{n}") for n, sample in enumerate(samples())]


@pytest.mark.parametrize(("category", "text", "secret"), SAMPLES)
def test_each_type_is_found(category: str, text: str, secret: str) -> None:
    """The secret, and only the secret, is found under its public name, and nothing else is said of it."""
    assert found_texts(SECRETS, text) == [(category, secret)]


def test_every_category_has_a_sample() -> None:
    """No type is listed that was never seen to work."""
    assert {category for category, *_ in samples()} == set(SECRETS.categories)


@pytest.mark.parametrize(("category", "text", "secret"), SAMPLES)
def test_no_character_of_a_secret_is_out_before_it_is_found(category: str, text: str, secret: str) -> None:
    """In deltas of one character, the watermark stays before the secret until the finding covers it."""
    feed = Feed(SECRETS)
    start = text.index(secret)
    for char in text:
        feed.feed(char)
        if feed.watermark > start:
            assert any(f.start <= start < f.end for f in feed.findings)
    feed.feed("", final=True)
    assert spans(feed.findings) == spans(fed(SECRETS, text).findings)


LOOK_ALIKES = [
    "AKIA" + "IOSFODNN7" + "EXAMPLE",  # the key in AWS's own documentation
    "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCY" + "EXAMPLEKEY",
    "sk-" + "x" * 48,
    "sk-" + "a" * 48,
    "sk-" + "1234567890" * 4 + "12345678",
    "ghp_" + "x" * 36,
    checksummed("ghp")[:-1] + "!",
    checksummed("ghp")[:-2] + "00",
    checksummed("npm")[:-2] + "00",
    "OPENAI_API_KEY=YOUR_API_KEY_GOES_HERE",
    "api_key = '<your-api-key-here-1>'",
    "api_key: ${MY_VERY_SECRET_KEY_1}",
    "password: correct-horse-battery-staple",
    "secret = os.environ['SECRET_KEY_2']",
    "token = tokenizer.next_token_of_line2()"[:30],
    "the secretary: Elizabeth",
    "commit " + chars(HEX, 40),
    "sha256:" + chars(HEX, 64),
    "id 550e8400-e29b-41d4-a716-446655440000",
    "token: 550e8400-e29b-41d4-a716-446655440000",
    "task-" + chars(B62, 48),
    "desk-proj-" + chars(URL64, 60),
    "disk-ant-api03-" + chars(URL64, 95),
    "data:image/png;base64," + chars(B64, 300),
    "eyJ" + chars(URL64, 30) + "." + chars(URL64, 40) + "." + chars(URL64, 43),
    "postgres://user:password@localhost/db",
    "postgres://user:<password>@localhost/db",
    "mysql://root:${DB_PASSWORD}@db/app",
    "https://example.com:8443/path@2x.png",
    "https://example.com/a:b@c",
    "mailto:jane@example.com",
    "a PEM file begins with -----BEGIN PRIVATE KEY----- and goes on with base64",
    "-----BEGIN PRIVATE KEY-----\nMIIEvQ...\n-----END PRIVATE KEY-----",
    "-----BEGIN PUBLIC KEY-----\n" + chars(B64, 64) + "\n-----END PUBLIC KEY-----",
    "-----BEGIN CERTIFICATE-----\n" + chars(B64, 64) + "\n-----END CERTIFICATE-----",
    "Authorization: Basic " + "bm90aGluZ2hlcmU=",
    "the bearer of bad news",
    "Bearer <token>",
    "SKILLS and SKdeadbeef",
    "MESSAGE.format.something.else.entirely.in.python",
]


@pytest.mark.parametrize("text", LOOK_ALIKES)
def test_look_alikes_are_left_alone(text: str) -> None:
    """Placeholders, hashes, identifiers, images, public keys and prose are no secrets."""
    assert found_texts(SECRETS, text) == []


def test_a_certain_type_replaces_a_guess() -> None:
    """A token in an assignment is reported once, as what it is; a JWT longer than a guess would reach, too."""
    token = checksummed("gho")
    assert found_texts(SECRETS, f"api_key = {token}\n") == [("GITHUB_TOKEN", token)]
    assert found_texts(SECRETS, f"Authorization: Bearer {jwt(1000)}\n") == [("JWT", jwt(1000))]
    assert found_texts(SECRETS, f'token="{jwt(1000)}"') == [("JWT", jwt(1000))]


def test_a_secret_in_a_secret_is_two_findings() -> None:
    """A rule about one of the categories sees its finding, whatever the other is."""
    token = checksummed("ghs")
    expected = [("BASIC_AUTH_URL", token), ("GITHUB_TOKEN", token)]
    assert found_texts(SECRETS, f"https://ci:{token}@github.com/a/b") == expected


KEYS = [
    private_key(),
    private_key("", 1620),
    private_key("OPENSSH ", 2500),
    private_key("EC ", 164),
    private_key("RSA ", 6400),
    private_key("RSA ", 1588, armor="Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC," + chars(HEX, 32).upper()),
    private_key("", 1620, newline="\\n"),
    private_key("", 1620, newline="\\\\n"),
    private_key("", 1620, newline="\r\n"),
    private_key("", 1620, newline="\n        "),
    private_key("", 1620, newline=""),
    private_key("", 1600),
]


@pytest.mark.parametrize("key", KEYS, ids=range(len(KEYS)))
@pytest.mark.parametrize("delta_chars", [1, 7, 10_000])
def test_a_private_key_is_covered_whole_and_hardly_held(key: str, delta_chars: int) -> None:
    """Every line of the key is found, in pieces; no more than an opening or a line is ever held."""
    text = f'Here it is:\n"{key}"\nKeep it safe, and tell nobody about it.'
    feed = fed_in_deltas(SECRETS, text, delta_chars)
    left = list(text)
    for finding in feed.findings:
        assert finding.category == "PRIVATE_KEY"
        assert not any(char == "" for char in left[finding.start : finding.end])
        left[finding.start : finding.end] = [""] * (finding.end - finding.start)
    rest = "".join(left)
    assert rest.startswith('Here it is:\n"')
    assert rest.endswith('"\nKeep it safe, and tell nobody about it.')
    assert not [word for word in rest.replace("\\", " ").split() if len(word) > 8 and "-----" not in word]
    if delta_chars == 1:
        assert max(feed.held_chars) < 200
        assert sorted(feed.held_chars)[len(text) * 3 // 4] <= PIECE_CHARS


def test_a_key_as_long_as_the_context_is_covered() -> None:
    """The opening is found in the context for as long as the longest keys go on."""
    key = private_key("", CONTEXT_CHARS - 500)
    covered = sum(f.end - f.start for f in fed_in_deltas(SECRETS, key, 50).findings)
    assert covered >= CONTEXT_CHARS - 500


HOLDS = [
    ("finish the tas", ""),
    ("finish the task", ""),
    ("finish the tasks-", "-"),
    ("finish the tasks-z", ""),
    ("call s", "s"),
    ("call sk", "sk"),
    ("call sk-", "sk-"),
    ("call so", ""),
    ("at the end: A", "A"),
    ("at the end: AK", "AK"),
    ("at the end: AL", ""),
    ("my password", "password"),
    ("my password is", ""),
    ("my password: hunt", "password: hunt"),
    ("my password: hunter ", ""),
    ("see https://example.com/", ""),
    ("a rule\n-----", "-----"),
    ("a rule\n----- ", ""),
]


@pytest.mark.parametrize(("text", "held"), HOLDS)
def test_hold(text: str, held: str) -> None:
    """Only what can still become a secret is held."""
    feed = Feed(SECRETS)
    feed.feed(text)
    assert text[feed.watermark :] == held


def test_ordinary_text_is_hardly_held() -> None:
    """On English in deltas of four, less than a third of a character is held on average, and nothing is found."""
    feed = fed_in_deltas(SECRETS, prose(20_000), 4)
    assert not feed.findings
    assert sum(feed.held_chars) / len(feed.held_chars) < 0.33
    assert max(feed.held_chars) < 20


@settings(max_examples=examples(150), deadline=None)
@given(st.data())
def test_secrets_among_secrets(data: st.DataObject) -> None:
    """However secrets follow each other, none that stands alone between spaces is missed, at any cuts."""
    picked = data.draw(st.lists(st.sampled_from(list(samples())), min_size=1, max_size=4))
    text = "  ".join(sample[1] for sample in picked)
    cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=12))
    found = found_texts(SECRETS, text)
    assert {(category, secret) for category, _, secret in picked} <= set(found)
    assert spans(fed(SECRETS, text, cuts).findings) == spans(fed(SECRETS, text).findings)


def test_random_text_is_no_secret() -> None:
    """Random letters and digits alone, without a prefix or a context, are never reported."""
    rng = random.Random(3)
    words = ["".join(rng.choices(alphabet, k=rng.randint(8, 80))) for alphabet in (B62, HEX, UPPER, LOWER) * 500]
    assert found_texts(SECRETS, " ".join(words)) == []


def test_types_and_entropy_are_choices() -> None:
    """Only the types asked for are looked for; more entropy asked, fewer guesses made."""
    text = f"{checksummed('ghp')} AKIA{chars(UPPER, 16)} password={chars(B62, 20)}"
    few = built("secrets", {"types": ["GITHUB_TOKEN"]})
    assert few.categories == ("GITHUB_TOKEN",)
    assert [category for category, _ in found_texts(few, text)] == ["GITHUB_TOKEN"]
    assert few.context_chars == 1
    strict = built("secrets", {"entropy": 5.9})
    assert [category for category, _ in found_texts(strict, text)] == ["GITHUB_TOKEN", "AWS_ACCESS_KEY"]


def test_unknown_type() -> None:
    """A type that does not exist is refused with its place, the nearest name and the list."""
    with pytest.raises(DetectorConfigError) as caught:
        built("secrets", {"types": ["JWT", "github_tokens"]})
    assert caught.value.loc == ("types", 1)
    message = str(caught.value)
    assert message.startswith(
        "'github_tokens' is no type of secret. Did you mean GITHUB_TOKEN? The types are: AGE_"
    )
    with pytest.raises(DetectorConfigError, match="'types' is empty"):
        built("secrets", {"types": []})


@pytest.mark.parametrize("params", [{"entropy": 0.5}, {"entropy": "high"}, {"types": "JWT"}, {"kinds": []}])
def test_bad_parameters(params: dict[str, object]) -> None:
    """Shapes and ranges are checked before anything is built."""
    with pytest.raises(ValidationError):
        built("secrets", params)


def test_the_hold_fits_the_default_limit() -> None:
    """No secret needs more text to be held than a policy allows by default."""
    assert SECRETS.max_span <= Limits().max_hold_chars
