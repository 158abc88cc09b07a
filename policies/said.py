"""What a request says, to be asked whether a text is in it: exact, and cheap for a text that is not.

Of a long request a table is made once, which rules out most texts. Only for the others all of the request is read,
and of that there is a limit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from policies.words_table import WordsTable

MAX_CHARS: Final = 4 << 20
"""Longest request of which anybody asks: its table takes some ten milliseconds."""
MAX_READ_CHARS: Final = 1 << 24
"""Most characters that are read for the questions of one request: some ten milliseconds in all."""
SHORT_CHARS: Final = 1 << 11
"""What is read each time, without a table: that takes a microsecond."""


class Said:
    """The texts of one request."""

    __slots__ = ("_chars", "_read", "_table", "_texts")

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._chars = 0
        self._read = 0
        self._table: WordsTable | None = None

    def add(self, text: str) -> None:
        """Take a text."""
        self._texts.append(text)
        self._chars += len(text) + 1
        self._table = None

    @property
    def is_closed(self) -> bool:
        """Whether nobody can be answered: there is too much to read, or there was."""
        return self._chars > MAX_CHARS or self._read > MAX_READ_CHARS

    def holds(self, text: str) -> bool:
        """Whether a text stands between other words in one of those taken; True when it cannot be known any more.

        It may also say so of one that stands within a word.
        """
        if self.is_closed:
            return True
        if len(self._texts) > 1:
            self._texts = ["\0".join(self._texts)]
        if not self._texts or (self._chars > SHORT_CHARS and not self._may_hold(text)):
            return False
        self._read += self._chars
        return text in self._texts[0]

    def _may_hold(self, text: str) -> bool:
        if self._table is None:
            from policies.words_table import WordsTable  # noqa: PLC0415 - see `pools_for`

            self._table = WordsTable(self._texts[0])
        return self._table.may_hold(text)
