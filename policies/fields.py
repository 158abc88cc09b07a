"""Field types that configuration files share: durations, sizes, names, replacement templates.

For pydantic models of YAML alone; the values inside the program are plain.
"""

from __future__ import annotations

import re
from typing import Annotated

import re2
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from policies.fakes import DEFAULT_LOCALE
from policies.problems import shown
from policies.replacement import template_problem

MAX_MESSAGE_CHARS = 2000
"""Longest text that a policy writes into an answer: a paragraph."""
MAX_KEPT_CHARS = 100
"""Most characters that a mask leaves at one end: of more nobody would say that it is masked."""

_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)(ms|s|m|h)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_SIZE = re.compile(r"([0-9]{1,9})(B|KiB|MiB|GiB)")
_BYTES = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class StrictModel(BaseModel):
    """A mapping of a file: unknown keys are errors, and no value is turned into another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def custom_error(message: str) -> PydanticCustomError:
    """Return an error whose message is shown to the user as it is."""
    return PydanticCustomError("sluicegate", "{message}", {"message": message})


def parse_duration(value: object) -> float:
    """Return the seconds that `500ms`, `2s`, `10m` or `1h` stand for."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        raise custom_error(f"{value} has no unit. Write {value}ms, {value}s or {value}m.")
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise custom_error(f"{shown(value)} is not a duration. Write it as 500ms, 2s or 10m.")
    return float(match[1]) * _SECONDS[match[2]]


def parse_size(value: object) -> int:
    """Return the bytes that `512B`, `64KiB`, `16MiB` or `1GiB` stand for."""
    match = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise custom_error(f"{shown(value)} is not a size. Write it as 512B, 64KiB or 16MiB.")
    return int(match[1]) * _BYTES[match[2]]


def write_duration(seconds: float) -> str:
    """Return the shortest way to write a duration that `parse_duration` reads back as the same number."""
    for unit in ("s", "ms"):
        number = seconds / _SECONDS[unit]
        if number == int(number) and parse_duration(text := f"{int(number)}{unit}") == seconds:
            return text
    return f"{seconds:.6f}".rstrip("0") + "s"


def written_like(value: object, number: float) -> str:
    """Return a number in the unit that `value`, of the same field, is written in: none, time or bytes."""
    if isinstance(value, str) and _DURATION.fullmatch(value):
        return write_duration(number)
    return f"{number:g}B" if isinstance(value, str) and _SIZE.fullmatch(value) else f"{number:g}"


def _checked_name(value: str) -> str:
    if _NAME.fullmatch(value) is None:
        raise custom_error(f"{shown(value)} is not a name. Use up to 64 letters, digits, '.', '_' and '-'.")
    return value


def _checked_template(value: str) -> str:
    problem = template_problem(value)
    if problem is not None:
        raise custom_error(problem)
    return _checked_message(value)


def _checked_message(value: str) -> str:
    if len(value) > MAX_MESSAGE_CHARS:
        raise custom_error(f"is longer than {MAX_MESSAGE_CHARS} characters.")
    return value


def _checked_mask(value: str) -> str:
    if len(value) != 1:
        raise custom_error(f"{shown(value)} is not one character: it is written once for each one it hides.")
    return value


def _checked_pattern(value: str) -> str:
    try:
        re2.compile(value, pattern_options())
    except re2.error as error:
        said = error.args[0].decode() if isinstance(error.args[0], bytes) else error.args[0]
        raise custom_error(f"{shown(value)} is no RE2 pattern: {said}.") from None
    return value


def pattern_options() -> re2.Options:
    """Return how patterns of texts are read: a dot is any character, and nothing is logged."""
    options = re2.Options()
    options.dot_nl = True
    options.log_errors = False
    return options


def _parse_fake(value: object) -> object:
    """Return the locale of `true` or `{locale: de_DE}`; empty for `false`."""
    if isinstance(value, bool):
        return DEFAULT_LOCALE if value else ""
    if isinstance(value, dict) and set(value) == {"locale"} and isinstance(value["locale"], str):
        return value["locale"]
    raise custom_error(f"{shown(value)} is none of true, false and {{locale: de_DE}}.")


Duration = Annotated[float, BeforeValidator(parse_duration)]
"""Seconds, written as `500ms`, `2s`, `10m`."""
Size = Annotated[int, BeforeValidator(parse_size)]
"""Bytes, written as `512B`, `64KiB`, `16MiB`."""
Name = Annotated[str, AfterValidator(_checked_name)]
"""A word that is safe in a header, a metric label and a log line."""
Template = Annotated[str, AfterValidator(_checked_template)]
"""Text with `{category}` and `{rule}`."""
Message = Annotated[str, AfterValidator(_checked_message)]
Fake = Annotated[str, BeforeValidator(_parse_fake)]
"""A locale of Faker's, written as `true` or `{locale: de_DE}`; empty for `false`."""
OutputPattern = Annotated[str, AfterValidator(_checked_pattern)]
"""An RE2 pattern of a whole text."""
Mask = Annotated[str, AfterValidator(_checked_mask)]
Kept = Annotated[int, Field(ge=1, le=MAX_KEPT_CHARS)]
"""How many characters of an end a mask leaves."""
