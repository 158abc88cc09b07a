"""The commands `sluicegate pii decrypt` and `pii key`: tokens back into the values that they stand for."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from policies.encryption import KEY_BYTES, KEYS_VARIABLE, TokenError, read_keys, tokens_in, write_key
from proxy.cli.errors import CommandError, ExitCode
from proxy.cli.inputs import input_name, read_text
from proxy.cli.terminal import say, write
from proxy.server.encrypt_keys import NoKeysError, find_encrypt_keys

if TYPE_CHECKING:
    from policies.encryption import Encryption, Token

SHOWN_CHARS = 8
"""Of a token's data: enough to find it in the text."""


def run_key() -> int:
    """Write a new key."""
    write(write_key(os.urandom(KEY_BYTES)) + "\n")
    return ExitCode.OK


def run_decrypt(source: str, key_file: str | None, tenant: str, *, as_json: bool) -> int:
    """Write a token or a text with its values. Raises `CommandError` where there is no key or no text."""
    encryption = _encryption(key_file)
    is_token = any((token.start, token.end) == (0, len(source)) for token in tokens_in(source))
    text = source if is_token else read_text(source)
    name = "token" if is_token else input_name(source)
    pieces, problems = _decrypted(text, encryption, tenant, as_json=as_json)
    write("".join(pieces) + ("\n" if is_token else ""))
    lines = LineFinder(text)
    say(*(f"{name}{'' if is_token else lines.place(start)}: {said}" for start, said in problems))
    return ExitCode.BLOCKED if problems else ExitCode.OK


def _encryption(key_file: str | None) -> Encryption:
    try:
        keys = find_encrypt_keys(None if key_file is None else Path(key_file), os.environ)
    except NoKeysError as error:
        raise CommandError(f"{error} Check what is given as --key.") from error
    if not keys:
        raise CommandError(f"There is no key. Name the proxy's key file as --key FILE, or set {KEYS_VARIABLE}.")
    return read_keys(keys)


def _decrypted(
    text: str, encryption: Encryption, tenant: str, *, as_json: bool
) -> tuple[list[str], list[tuple[int, str]]]:
    """Return the text in pieces, and what is wrong with which of its tokens, by offset."""
    pieces: list[str] = []
    problems: list[tuple[int, str]] = []
    position = 0
    for token in tokens_in(text):
        pieces.append(text[position : token.start])
        position = token.end
        try:
            value = encryption.value(token, tenant)
        except TokenError as error:
            pieces.append(text[token.start : token.end])
            problems.append((token.start, f"{_shown(token)} {error}"))
        else:
            pieces.append(json.dumps(value, ensure_ascii=False)[1:-1] if as_json else value)
    pieces.append(text[position:])
    return pieces, problems


def _shown(token: Token) -> str:
    return f"<{token.label}:enc:{token.key_id}:{token.data[:SHOWN_CHARS]}...>"


class LineFinder:
    """Says in which line and column offsets are. They are asked for in order."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._line, self._start = 1, 0

    def place(self, offset: int) -> str:
        """Return `:LINE:COLUMN`, both from 1."""
        while (found := self._text.find("\n", self._start, offset)) >= 0:
            self._line, self._start = self._line + 1, found + 1
        return f":{self._line}:{offset - self._start + 1}"
