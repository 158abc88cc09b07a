"""Bodies made at random from a dialect's table of fields, usual ones and ones with what the table does not list.

Driven by a seed, so that many examples stay cheap and a failing one can be run again.
"""

from __future__ import annotations

import json
import random
from typing import Any

from proxy.wire.fields import Dictionary, Each, Either, FieldClass, Leaf, Logprobs, Node, Obj, Tagged

MAX_LEVELS = 7

_TEXTS = (
    "hello there",
    'a\nb \\ "c" \u00fc\u4f60\U0001f600 \u2028',
    "mail jane.roe@example.com now",
    "AKIA" + "QZXWVUTSRPONMLKJ",
    "BEGIN CONFIDENTIAL",
    "",
    "x",
    '{"city": "Quito"}',
    "aGVsbG8gdGhlcmUsIG15IGdvb2QgZnJpZW5k",
    "2026-08-01T12:00:00Z",
    "msg_01XFDUDYJgAACzvnptvVoYEL",
)
_NUMBERS = (0, 7, -3, 1754000000, 10**12, 10**17, 0.5, 1e-7, 123456.789, 1e300)
_ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    *_TEXTS[:4],
    *_NUMBERS,
    [],
    {},
    [1, 2, 3],
    [104, 105],
    ["a", {"k": "v"}],
    {"deep": {"er": [None, "text", 12345678]}},
    [[0.25, 0.5]],
)


class Maker:
    """Makes bodies. `oddity`: how often something stands that the table does not expect."""

    def __init__(self, chance: random.Random, oddity: float) -> None:
        self._chance = chance
        self._oddity = oddity

    def body(self, table: Node) -> Any:
        """Return an object for a table."""
        value = self._value(table, 0)
        return value if isinstance(value, dict) else {}

    def written(self, value: Any) -> bytes:
        """Return a body as bytes: compact or spaced, perhaps with escapes, perhaps with a key twice."""
        chance = self._chance
        spaced = chance.random() < 0.3
        text = json.dumps(
            value, ensure_ascii=chance.random() < 0.3, separators=None if spaced else (",", ":"), indent=None
        )
        if text.startswith('{"') and chance.random() < self._oddity:
            key = next(iter(value))
            text = "{" + json.dumps(key) + ': "twice", ' + text[1:]
        return text.encode()

    def _value(self, node: Node, level: int) -> Any:  # noqa: PLR0911 - one for each sort of node
        chance = self._chance
        if chance.random() < self._oddity or level > MAX_LEVELS:
            return chance.choice(_ODD)
        match node:
            case Leaf():
                return self._leaf(node)
            case Obj():
                return self._members(node, level)
            case Tagged():
                tag = chance.choice([*node.variants, "another"])
                chosen = node.variants.get(tag, node.other)
                value = self._value(chosen, level)
                return {**value, node.tag: tag} if isinstance(value, dict) else value
            case Dictionary():
                return {key: self._value(node.value, level + 1) for key in chance.sample(_TEXTS, 2)}
            case Each():
                return [self._value(node.item, level + 1) for _ in range(chance.randrange(3))]
            case Either():
                return self._value(chance.choice([n for n in (node.text, node.items, node.members) if n]), level)
            case Logprobs():
                return None if chance.random() < 0.9 else {"content": [{"token": "x", "logprob": -1.0}]}

    def _members(self, node: Obj, level: int) -> dict[str, Any]:
        chance = self._chance
        keys = list(node.members)
        chance.shuffle(keys)
        value = {key: self._value(node.members[key], level + 1) for key in keys[: chance.randrange(2, 9)]}
        for member in node.numbers:
            if chance.random() < 0.5:
                value[member] = chance.choice([0, 1, 2, "$.a", None, -1])
        if chance.random() < self._oddity:
            value[chance.choice(["surprise", "\u00fcber key", "12345678"])] = chance.choice(_ODD)
        return value

    def _leaf(self, node: Leaf) -> Any:
        chance = self._chance
        match node.cls:
            case FieldClass.NUMBER:
                return chance.choice([*_NUMBERS, None, True])
            case FieldClass.ENUM:
                return chance.choice([*sorted(node.values), *sorted(node.values), "strange word"])
            case FieldClass.BAG | FieldClass.DATA | FieldClass.WHOLE_DATA:
                return chance.choice(_ODD)
            case FieldClass.TOKENS | FieldClass.OPAQUE_TOKENS:
                return chance.choice([None, [], [1, 2], [[3]], "text"])
        return chance.choice(_TEXTS)
