"""Where the keys of `encrypt: true` come from: a file that is named, or the environment.

What keys look like and what is done with them is in `policies.encryption`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.encryption import KEYS_VARIABLE, KeyFileError, read_keys
from policies.sources import Source, SourceError, read_bytes, read_source

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class NoKeysError(Exception):
    """Keys are not where they were said to be. Says where and what to do; holds no key."""


def find_encrypt_keys(path: Path | None, environment: Mapping[str, str]) -> str:
    """Return the text of the key file, or what the environment has in its place; empty: there is neither.

    Raises `NoKeysError`.
    """
    if path is None:
        name, text = KEYS_VARIABLE, environment.get(KEYS_VARIABLE, "").replace(",", "\n").replace(" ", "\n")
        if not text.strip():
            return ""
    else:
        name = str(path)
        try:
            text = read_source(Source(path, name), read_bytes).decode("utf-8", "replace")
        except SourceError as error:
            raise NoKeysError(f"{name!r}: {error}") from error
    try:
        read_keys(text)
    except KeyFileError as error:
        raise NoKeysError(f"{name}: {error}") from error
    return text
