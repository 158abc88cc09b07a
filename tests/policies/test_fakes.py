"""Made-up values: their forms, whom they belong to, and what they never are."""

from __future__ import annotations

import ipaddress
import json
import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import said
from policies.fakes import MAKERS, NAMED, Draw, FakerMissingError, Pools, fake_of, pools_for
from policies.loader import load_policy_text
from policies.problems import PolicyError
from policies.substitutes import Substitutes

NAMES = Pools("xx_XX", ("Ana", "Ben", "Cal"), ("Dorn", "Eck"), ("Ulm", "Bad Ems"), ("Fir & Co", "Gum GmbH"))
SEEDS = st.binary(max_size=8)
KEY = b"k" * 32
LABELS = st.sampled_from(sorted(MAKERS))


def is_luhn(digits: str) -> bool:
    doubled = [int(char) * (1 + at % 2) for at, char in enumerate(reversed(digits))]
    return sum(sum(divmod(one, 10)) for one in doubled) % 10 == 0


def is_iban(text: str) -> bool:
    moved = text[4:] + text[:4]
    return int("".join(str(int(char, 36)) for char in moved)) % 97 == 1


FORMS = {
    "PERSON": lambda made: made.split()[0] in NAMES.first and made.split()[1] in NAMES.last,
    "LOCATION": lambda made: made in NAMES.places,
    "ORGANIZATION": lambda made: made in NAMES.firms,
    "EMAIL_ADDRESS": lambda made: re.fullmatch(r"[a-z]+\.[a-z]+@example\.(com|net|org)", made),
    "PHONE_NUMBER": lambda made: re.fullmatch(r"\([2-9][0-9]{2}\) 555-01[0-9]{2}", made),
    "CREDIT_CARD": lambda made: re.fullmatch("9999( [0-9]{4}){3}", made) and is_luhn(made.replace(" ", "")),
    "IBAN_CODE": lambda made: re.fullmatch("ZZ[0-9]{2}( [0-9]{4}){4}", made) and is_iban(made.replace(" ", "")),
    "URL": lambda made: re.fullmatch(r"https://www\.example\.com/[a-z]+", made),
    "IP_ADDRESS": lambda made: any(
        ipaddress.ip_address(made) in ipaddress.ip_network(net)
        for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")
    ),
    "MAC_ADDRESS": lambda made: re.fullmatch("00:00:5E:00:53:[0-9A-F]{2}", made),
    "DATE_TIME": lambda made: re.fullmatch("(19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]", made),
    "US_SSN": lambda made: re.fullmatch("666-(?!00)[0-9]{2}-(?!0000)[0-9]{4}", made),
}
"""What nobody has."""


@given(LABELS, SEEDS, st.text(max_size=9), st.integers(0, 100))
def test_each_has_the_form_of_its_kind(label: str, secret: bytes, text: str, attempt: int) -> None:
    """In ranges that are kept for examples; fit for JSON."""
    made = MAKERS[label](Draw(secret, text, attempt), "a b", NAMES)
    assert FORMS[label](made)
    assert json.dumps(made, ensure_ascii=False) == f'"{made}"'


def test_forms_follow_the_value_and_the_locale() -> None:
    """One name for one, the version of an address, the hyphens of another; numbers of the country."""
    draw = Draw(b"", "")
    assert MAKERS["PERSON"](draw, "Jane", NAMES) in NAMES.first
    assert ipaddress.ip_address(MAKERS["IP_ADDRESS"](draw, "::1", NAMES)) in ipaddress.ip_network("2001:db8::/32")
    assert MAKERS["MAC_ADDRESS"](draw, "00-11-22-33-44-55", NAMES).startswith("00-00-5E-00-53-")
    forms = {
        "de_DE": "0[0-9 ]+",
        "en_GB": r"0(20 7946 0|7700 900)[0-9]{3}",
        "fr_FR": "0(1 99 00|6 39 98)( [0-9]{2}){2}",
    }
    for locale, form in forms.items():
        assert re.fullmatch(form, MAKERS["PHONE_NUMBER"](Draw(b"", ""), "x", Pools(locale)))


@given(st.lists(st.tuples(LABELS, st.text(min_size=1, max_size=6)), max_size=30), SEEDS)
def test_values_and_fakes_are_one_to_one(values: list[tuple[str, str]], seed: bytes) -> None:
    """Equal values, whatever their case, have equal fakes; others have others; none is a value."""
    known = Substitutes()
    known.seed = seed
    made: dict[tuple[str, str], str] = {}
    for label, value in values:
        found = fake_of(label, value, NAMES, known, KEY)
        plain = (label, " ".join(value.casefold().split()))
        if found is not None:
            assert made.setdefault(plain, found) == found
    assert len(set(made.values())) == len(made)
    assert not {found.casefold() for found in made.values()} & {value.casefold() for _, value in values}


def test_two_exchanges_have_fakes_of_their_own() -> None:
    """The same value, another fake; and under another key."""
    one, other = Substitutes(), Substitutes()
    one.seed, other.seed = b"1", b"2"
    value = ("EMAIL_ADDRESS", "a@b.example", NAMES)
    found = {fake_of(*value, known, KEY) for known in (one, other)} | {fake_of(*value, Substitutes(), b"other")}
    assert len(found) == 3


@given(
    st.permutations([("PERSON", "Jane Roe"), ("PERSON", "Jim Poe"), ("EMAIL_ADDRESS", "a@b.c"), ("URL", "x.org")])
)
def test_the_order_of_values_makes_no_difference(values: list[tuple[str, str]]) -> None:
    """Streams of one answer may be cut anywhere, so that now one comes first, now the other."""
    large = Pools("xx_XX", tuple(f"F{n}" for n in range(300)), tuple(f"L{n}" for n in range(300)))
    known, in_order = Substitutes(), Substitutes()
    found = {value: fake_of(*value, large, known, KEY) for value in values}
    assert found == {value: fake_of(*value, large, in_order, KEY) for value in sorted(values)}


def test_what_the_request_says_is_no_fake() -> None:
    """Neither a whole value nor a part of a name."""
    known = Substitutes()
    known.said.add("Ana and Dorn, Ulm")
    assert fake_of("PERSON", "Jane Roe", NAMES, known, KEY) in ("Ben Eck", "Cal Eck")
    assert fake_of("LOCATION", "Paris", NAMES, known, KEY) == "Bad Ems"
    assert fake_of("LOCATION", "Rome", NAMES, known, KEY) is None
    assert fake_of("LOCATION", "PARIS", NAMES, known, KEY) == "Bad Ems"


def test_the_answer_may_say_a_fake_again() -> None:
    """And a part of a name; in the request such a word is a value as any other."""
    known = Substitutes()
    made = fake_of("PERSON", "Jane Roe", NAMES, known, KEY)
    assert made is not None
    first, last = made.split()
    assert (fake_of("PERSON", "jane", NAMES, known, KEY), fake_of("PERSON", "Roe", NAMES, known, KEY)) == (
        first,
        last,
    )
    assert fake_of("PERSON", made, NAMES, known, KEY) != made
    known.is_answering = True
    for again in (made, made.upper(), first, last):
        assert fake_of("PERSON", again, NAMES, known, KEY) == again
    assert fake_of("PERSON", "Zoe", NAMES, known, KEY) != "Zoe"


def test_what_has_no_fake(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kind that nobody knows, names without Faker's, a pool that is used up, and a request that is too long."""
    known = Substitutes()
    assert fake_of("US_PASSPORT", "912345678", NAMES, known, KEY) is None
    assert fake_of("PERSON", "Jane", Pools(), known, KEY) is None
    assert [fake_of("LOCATION", value, NAMES, known, KEY) is None for value in "abc"] == [False, False, True]
    monkeypatch.setattr(said, "MAX_READ_CHARS", 60)
    known.said.add("x" * 60)
    assert fake_of("URL", "a", NAMES, known, KEY) is not None
    assert fake_of("URL", "b", NAMES, known, KEY) is None
    assert fake_of("URL", "a", NAMES, known, KEY) is not None


def test_names_come_from_faker() -> None:
    """Of the locale, always the same ones; without quotes or braces, which templates and JSON would read."""
    pytest.importorskip("faker", reason="the extra 'fake' is not installed")
    german, again = pools_for("de_DE", ["PERSON"]), pools_for("de_DE", ["LOCATION"])
    assert german == again
    assert min(map(len, german[1:])) > 100
    assert not any(char in '"\\<>{}\n' for names in german[1:] for name in names for char in name)
    assert all(" " not in name for name in german.first + german.last)
    assert pools_for("en_US", ["EMAIL_ADDRESS", "URL"]) == Pools()
    with pytest.raises(ValueError, match="xx_YY"):
        pools_for("xx_YY", ["PERSON"])


RULES = """
version: 1
detectors:
  people: {type: keywords, words: {PERSON: [Jane], CODE: [x1]}}
rules:
  - {id: people, detector: people, action: redact, fake: HOW}
"""


def problems(how: str) -> str:
    with pytest.raises(PolicyError) as caught:
        load_policy_text(RULES.replace("HOW", how), "p.yaml")
    return str(caught.value)


def test_without_faker_a_policy_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it has names to write; what else there is needs nothing."""
    monkeypatch.setitem(sys.modules, "faker.config", None)
    monkeypatch.setitem(sys.modules, "faker", None)
    with pytest.raises(FakerMissingError):
        pools_for("nl_NL", NAMED)
    place = 'p.yaml:6:52 rule "people": fake: '
    said = f"{place}needs Faker for names and locales. Install it with: pip install 'sluicegate[fake]'"
    assert problems("{locale: nl_NL}") == said
    load_policy_text(RULES.replace("HOW", "true").replace("PERSON", "URL"))


def test_a_locale_that_is_none() -> None:
    """The nearest one is named."""
    pytest.importorskip("faker", reason="the extra 'fake' is not installed")
    assert "there is no locale 'de_DEE'. Did you mean 'de_DE'?" in problems("{locale: de_DEE}")
    assert "there is no locale 'zz'. They are Faker's" in problems("{locale: zz}")
