"""Made-up values that stand for found ones: names from Faker, numbers from ranges that nobody has.

What stands for what within an exchange is in `policies.substitutes`. A fake is drawn by its value with a key that
the exchange alone has: it does not depend on what else is said, or in which order, and cannot be guessed back. See
adr/0037.
"""

from __future__ import annotations

import hmac
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from policies.placeholders import label_of
from policies.substitutes import plain_form

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from policies.substitutes import Substitutes

DEFAULT_LOCALE: Final = "en_US"
POOL_SIZE: Final = 600
"""How often Faker is asked for each kind of name, when a policy is loaded: some 30 ms for a locale."""


SLOWNESS: Final = 8
"""Attempts at another last name before one at another first name."""
MAX_WORDS: Final = 8
"""Longest name of a place or a company."""


class FakerMissingError(Exception):
    """Names are wanted, and Faker is not installed."""


class Pools(NamedTuple):
    """Names of one locale."""

    locale: str = DEFAULT_LOCALE
    first: tuple[str, ...] = ()
    last: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    firms: tuple[str, ...] = ()


class Draw:
    """Numbers that belong to a text in one exchange."""

    __slots__ = ("_attempt", "_left", "_secret")

    def __init__(self, secret: bytes, text: str, attempt: int = 0) -> None:
        """`secret` is the exchange's; each `attempt` gives other numbers."""
        self._secret = secret
        self._attempt = attempt
        data = b"%d\0%b" % (attempt, text.encode("utf-8", "surrogatepass"))
        self._left = int.from_bytes(hmac.digest(secret, data, "sha256"), "big")

    def about(self, text: str, *, slowly: bool = False) -> Draw:
        """Return the numbers of another text. `slowly`: most attempts give the same ones."""
        return Draw(self._secret, text, self._attempt // SLOWNESS if slowly else self._attempt)

    def below(self, limit: int) -> int:
        """Return a number from 0, below the limit."""
        self._left, found = divmod(self._left, limit)
        return found

    def digits(self, count: int) -> str:
        """Return so many digits."""
        return f"{self.below(10**count):0{count}d}"

    def of(self, choices: tuple[str, ...]) -> str:
        """Return one of the choices."""
        return choices[self.below(len(choices))]


def person(draw: Draw, value: str, pools: Pools) -> str:
    """A first name for one word, a full name for more; each belongs to its word, as one name alone does."""
    words = value.split()
    first = draw.about(words[0] if words else "", slowly=True).of(pools.first)
    return f"{first} {draw.about(words[-1]).of(pools.last)}" if len(words) > 1 else first


def place(draw: Draw, _value: str, pools: Pools) -> str:
    """A town."""
    return draw.of(pools.places)


def firm(draw: Draw, _value: str, pools: Pools) -> str:
    """A company."""
    return draw.of(pools.firms)


_SYLLABLES: Final = (
    *("ba", "be", "bo", "da", "do", "fe", "la", "le", "li", "lo", "ma", "me", "mi", "mo"),
    *("na", "ne", "no", "pa", "ra", "re", "ri", "ro", "sa", "so", "ta", "to"),
)


def address(draw: Draw, _value: str, _pools: Pools) -> str:
    """An e-mail address at a domain of RFC 2606."""
    words = ["".join([draw.of(_SYLLABLES) for _ in range(3)]) for _ in range(2)]
    return f"{words[0]}.{words[1]}@example.{draw.of(('com', 'net', 'org'))}"


_PHONES: Final = {
    "US": ("(NXX) 555-01XX",),
    "GB": ("020 7946 0XXX", "07700 900XXX"),
    "DE": ("030 23125 XXX", "040 66969 XXX", "0221 4710 XXX", "089 99998 XXX"),
    "FR": ("01 99 00 XX XX", "06 39 98 XX XX"),
}
"""By country, with N for 2 to 9 and X for any digit: numbers that are kept for films and books, by NANPA, Ofcom,
Bundesnetzagentur and ARCEP."""


def phone(draw: Draw, _value: str, pools: Pools) -> str:
    """A telephone number of the locale's country, where it keeps some for fiction; else of the United States."""
    form = draw.of(_PHONES.get(pools.locale[-2:], _PHONES["US"]))
    written = {"N": lambda: str(2 + draw.below(8)), "X": lambda: draw.digits(1)}
    return "".join([written[char]() if char in written else char for char in form])


def card(draw: Draw, _value: str, _pools: Pools) -> str:
    """A card's number with a right check digit; no network has numbers that begin with 9 (ISO/IEC 7812)."""
    digits = "9999" + draw.digits(11)
    number = digits + _luhn(digits)
    return " ".join(number[at : at + 4] for at in range(0, 16, 4))


def _luhn(digits: str) -> str:
    total = sum(sum(divmod(int(char) * (2 if at % 2 == 0 else 1), 10)) for at, char in enumerate(reversed(digits)))
    return str(-total % 10)


def account(draw: Draw, _value: str, _pools: Pools) -> str:
    """An IBAN with right check digits, of `ZZ`, which ISO 3166 gives to no country."""
    digits = draw.digits(16)
    check = 98 - int(digits + "353500") % 97
    return " ".join([f"ZZ{check:02d}", *(digits[at : at + 4] for at in range(0, 16, 4))])


def web(draw: Draw, _value: str, _pools: Pools) -> str:
    """A page of a domain of RFC 2606."""
    return f"https://www.example.com/{''.join([draw.of(_SYLLABLES) for _ in range(4)])}"


def ip(draw: Draw, value: str, _pools: Pools) -> str:
    """An address kept for documentation: RFC 5737, RFC 3849."""
    if ":" in value:
        return f"2001:db8::{draw.below(1 << 16):x}:{draw.below(1 << 16):x}"
    return f"{draw.of(('192.0.2', '198.51.100', '203.0.113'))}.{1 + draw.below(254)}"


def mac(draw: Draw, value: str, _pools: Pools) -> str:
    """An address kept for documentation: RFC 9542."""
    return ("-" if "-" in value else ":").join(["00", "00", "5E", "00", "53", f"{draw.below(256):02X}"])


def date(draw: Draw, _value: str, _pools: Pools) -> str:
    """A day, as ISO 8601 writes it."""
    return f"{1950 + draw.below(75)}-{1 + draw.below(12):02d}-{1 + draw.below(28):02d}"


def ssn(draw: Draw, _value: str, _pools: Pools) -> str:
    """A number with 666, which the Social Security Administration never gave."""
    return f"666-{1 + draw.below(99):02d}-{1 + draw.below(9999):04d}"


MAKERS: Final[dict[str, Callable[[Draw, str, Pools], str]]] = {
    "PERSON": person,
    "LOCATION": place,
    "ORGANIZATION": firm,
    "EMAIL_ADDRESS": address,
    "PHONE_NUMBER": phone,
    "CREDIT_CARD": card,
    "IBAN_CODE": account,
    "URL": web,
    "IP_ADDRESS": ip,
    "MAC_ADDRESS": mac,
    "DATE_TIME": date,
    "US_SSN": ssn,
}
"""By label: what makes a fake. Of other labels there are none."""
NAMED: Final = frozenset({"PERSON", "LOCATION", "ORGANIZATION"})
"""Labels for which Faker is needed."""


def pools_for(locale: str, categories: Iterable[str]) -> Pools:
    """Return what fakes of these categories are made from.

    Raises `FakerMissingError`, and ValueError for a locale that is none.
    """
    import policies.words_table  # noqa: PLC0415, F401 - numpy is imported where a policy is loaded, not in an exchange

    if NAMED.isdisjoint(map(label_of, categories)) and locale == DEFAULT_LOCALE:
        return Pools()
    return _pools(locale)


def locales() -> list[str]:
    """Return the names of all locales. Raises `FakerMissingError`."""
    try:
        from faker.config import AVAILABLE_LOCALES  # noqa: PLC0415 - an extra, and slow to import
    except ImportError as error:
        raise FakerMissingError from error
    return sorted(AVAILABLE_LOCALES)


@lru_cache(maxsize=16)
def _pools(locale: str) -> Pools:
    if locale not in locales():
        raise ValueError(locale)
    from faker import Faker  # noqa: PLC0415 - see above

    maker = Faker(locale)
    maker.seed_instance(0)

    def drawn(make: Callable[[], str], words: int = MAX_WORDS) -> tuple[str, ...]:
        found = dict.fromkeys(" ".join(make().split()) for _ in range(POOL_SIZE))
        return tuple([name for name in found if _is_plain(name) and len(name.split()) <= words])

    first, last = drawn(maker.first_name, 1), drawn(maker.last_name, 1)
    return Pools(locale, first, last, drawn(maker.city), drawn(maker.company))


def _is_plain(name: str) -> bool:
    """Whether a name may stand anywhere, in JSON too."""
    return bool(name) and not any(char in '"\\<>{}' or unicodedata.category(char)[0] == "C" for char in name)


def fake_of(category: str, value: str, pools: Pools, substitutes: Substitutes, key: bytes) -> str | None:
    """Return what stands for a value in this exchange; None where there is no fake for it, or none is free.

    What is a fake of this exchange already stays: the answer says it again. A fake is no value of the exchange:
    nothing that the request says. `key` is the server's, or the tenant's.
    """
    label = label_of(category)
    maker = MAKERS.get(label)
    if maker is None or (label in NAMED and not pools.first):
        return None
    if substitutes.is_said_again(value):
        return value
    plain = plain_form(value)
    secret = hmac.digest(key, b"fakes\0%b\0%b" % (label.encode(), substitutes.seed), "sha256")

    def make(attempt: int) -> str | None:
        made = maker(Draw(secret, plain, attempt), plain, pools)
        return None if any(substitutes.said.holds(part) for part in _parts(label, made)) else made

    scope = f"{pools.locale} {label}"
    made = substitutes.stand_in_anew(scope, value, make)
    names = made.split() if made is not None and label == "PERSON" else []
    if len(names) > 1:
        substitutes.also(scope, plain.split()[0], names[0])
        substitutes.also(scope, plain.split()[-1], names[-1])
    return made


def _parts(label: str, made: str) -> list[str]:
    """Return what an answer may say of a fake: of a person one name alone."""
    return made.split() if label == "PERSON" else [made]
