"""Exchanges in which values of the request have placeholders, and answers that say these."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from policies.placeholders import placeholder
from proxy.guard.memory import Memory
from tests.support import generated
from tests.support.dialect_case import Prose

if TYPE_CHECKING:
    import random

POLICY = generated.POLICY.replace(
    "rules:\n",
    "  mine: {type: patterns, patterns: {CUSTOMER_NAME: 'zqv[a-z]{3,12}', NOTE: 'note[^.]{1,40}'}}\nrules:\n"
    "  - {id: mine, detector: mine, direction: request, action: redact, restore: true}\n",
)
"""The policy of generated answers, which also has placeholders written for two sorts of values."""

VALUES = {
    "<CUSTOMER_NAME_1>": "zqvarden",
    "<CUSTOMER_NAME_2>": "zqvester",
    "<NOTE_1>": 'note "q" \\ and\nnew \U0001f600 line',
    "<NOTE_2>": "notes to jane.doe@example.com",
    "<NOTE_3>": "note on <CUSTOMER_NAME_1>",
}
"""Values that JSON escapes, that a rule would redact, and that look like a placeholder themselves."""

SPELLINGS = (
    "<CUSTOMER_NAME_1>",
    "CUSTOMER_NAME_2",
    "<customer name 1>",
    "<Note_1>",
    "&lt;NOTE_2&gt;",
    "<NOTE-3>",
    "<CUSTOMER_NAME_77>",
    "NOTE_1",
)
"""Ways to write placeholders, and one that stands for nothing."""


def memory_of(values: dict[str, str] = VALUES) -> Memory:
    """What the request of an exchange leaves behind."""
    memory = Memory()
    for text, value in values.items():
        label, _, _number = text.strip("<>").rpartition("_")
        made = memory.substitutes.stand_in(label, value, partial(placeholder, label), has_way_back=True)
        assert made == text
    return memory


class Answering(Prose):
    """Texts of an answer with placeholders among the words."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__(chance, clean=False)

    def text(self, longest: int = 9) -> str:
        """Return a text with up to three of them."""
        chance = self.chance
        words = super().text(longest).split(" ")
        for _ in range(chance.randrange(4)):
            # Words on both sides: beside digits a placeholder may be part of a number.
            words.insert(chance.randrange(len(words) + 1), f"say {chance.choice(SPELLINGS)} there")
        return " ".join(words)


def written_back(text: str) -> str:
    """A text with its placeholders replaced, by the simplest means. No value is replaced again."""
    for number, (spelling, _) in enumerate(_MEANT):
        text = text.replace(spelling, f"\0{number}\0")
    for number, (_, value) in enumerate(_MEANT):
        text = text.replace(f"\0{number}\0", value)
    return text


_MEANT = [
    ("<CUSTOMER_NAME_1>", VALUES["<CUSTOMER_NAME_1>"]),
    ("CUSTOMER_NAME_2", VALUES["<CUSTOMER_NAME_2>"]),
    ("<customer name 1>", VALUES["<CUSTOMER_NAME_1>"]),
    ("<Note_1>", VALUES["<NOTE_1>"]),
    ("&lt;NOTE_2&gt;", VALUES["<NOTE_2>"]),
    ("<NOTE-3>", VALUES["<NOTE_3>"]),
    ("NOTE_1", VALUES["<NOTE_1>"]),
]


def strings_written_back(value: Any) -> Any:
    """The same in every string of a JSON value."""
    if isinstance(value, str):
        return written_back(value)
    if isinstance(value, list):
        return [strings_written_back(one) for one in value]
    if isinstance(value, dict):
        return {strings_written_back(key): strings_written_back(one) for key, one in value.items()}
    return value


def restored(name: str, text: str) -> str:
    """What a client is to be shown of a text that it would be shown with placeholders. `args...` are JSON."""
    if name.startswith("args"):
        return json.dumps(strings_written_back(json.loads(text)))
    return written_back(text)
