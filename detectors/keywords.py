"""Finds words from a list: code names, product names, banned terms; thousands of them at the price of one.

A word matches in the spelling it is given in, compared as `detectors.folding` says: no stems, no plurals.

The hold is exact: text is kept back only from the first place where a word could still begin. From there to the
end it is the proper beginning of a word, or a whole word whose right neighbour is not known yet.
"""

from __future__ import annotations

from bisect import bisect_left
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import ahocorasick
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from detectors.folding import Fold, Folded, Joins
from detectors.keyword_screen import word_screen
from detectors.registry import DetectorType
from detectors.types import ALL_KINDS, CostClass, DetectorConfigError, Finding, ScanResult, Stability, Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MAX_WORD_CHARS = 500
"""Longest word. The beginning of a word is held for as long, and a policy lets 2,000 characters be held."""
MAX_WORDS = 200_000
"""Most words of one detector: about 200 MB, as much as a worker of the proxy should grow for one list."""

Category = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,63}$")]

_List = Annotated[list[str], Tag("list")]
_Mapping = Annotated[dict[Category, list[str]], Tag("mapping")]


def _shape_of_words(value: object) -> str:
    return "mapping" if isinstance(value, dict) else "list"


class KeywordsParams(BaseModel):
    """What a policy may say about a `keywords` detector."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True)

    words: Annotated[_List | _Mapping, Discriminator(_shape_of_words)] = Field(default_factory=list)
    """The words, or a mapping from category to words."""
    file: str | None = None
    """Path of a UTF-8 file with one word a line; empty lines and lines that begin with `# ` are skipped."""
    category: Category | None = None
    """Category of the words of a list or a file. Default: the name of the detector in the policy."""
    whole_word: bool = True
    """Whether a word counts only where no letter, digit or underscore touches it."""
    ignore_case: bool = True
    """Whether upper and lower case are the same."""


class _Match(NamedTuple):
    """One occurrence of a word, in places of the folded text."""

    start: int
    end: int
    categories: tuple[str, ...]


class KeywordDetector:
    """Reports every occurrence of every word of its lists.

    Where occurrences overlap in a chain (`abc` and `bcd` in `abcd`), each is cut at the end of those that began
    before it: the chain is covered whole, and it is never held for longer than one word.
    An occurrence inside a longer one is reported as it is, unless such a cut goes through it.
    """

    stability = Stability.PREFIX_STABLE
    cost_class = CostClass.INLINE
    kinds = ALL_KINDS

    def __init__(
        self,
        name: str,
        words: Mapping[str, Iterable[str]],
        *,
        whole_word: bool = True,
        ignore_case: bool = True,
    ) -> None:
        """`words` maps each category to its words: at least one in all, and none of white space alone."""
        self.name = name
        self.categories = tuple(words)
        self._fold = Fold(ignore_case=ignore_case)
        self._joins = Joins()
        self._whole_word = whole_word
        categories_of: dict[str, list[str]] = {}
        for category, members in words.items():
            for word in members:
                known = categories_of.setdefault(self._fold.text(" ".join(word.split())), [])
                if category not in known:
                    known.append(category)
        self._first = frozenset(word[0] for word in categories_of)
        self._words = _automaton(categories_of)
        self._beginnings = self._trie_of_beginnings(categories_of)
        self._overlap = max(map(self._longest_overlap, categories_of))
        self.max_span = max(map(len, categories_of))
        self.context_chars = self._overlap + 1
        self.screen = word_screen(
            tuple(categories_of),
            ignore_case=ignore_case,
            whole_word=whole_word,
            max_span=self.max_span,
            reach=self.context_chars,
        )

    def scan(self, window: Window) -> ScanResult:
        """Report the words that are complete, and hold from the first that could still become one."""
        left = window.context[-self.context_chars :]
        folded = self._fold.folded(left + window.text)
        window_at = folded.place_of(len(left))
        shift = window.start - len(left)
        end = len(folded.text)
        live_at = end if window.final else self._earliest_live(folded, window_at)
        matches = self._matches(folded, window_at, final=window.final)
        # An occurrence that began in the context was cut where the window starts.
        watermark = max(window_at, live_at)
        if not matches:
            return ScanResult((), folded.origin_of(watermark) + shift)
        watermark = max(watermark, *(match.end for match in matches if match.start < live_at), 0)
        findings = [
            Finding(
                self.name, category, folded.origin_of(match.start) + shift, folded.origin_of(match.end) + shift, 1.0
            )
            for match in _cut_chains(matches, window_at)
            if match.end <= watermark
            for category in match.categories
        ]
        return ScanResult(findings, folded.origin_of(watermark) + shift)

    def _earliest_live(self, folded: Folded, window_at: int) -> int:
        """Return the first place from which the text is the beginning of a word, or the end of the text."""
        text, joins, first = folded.text, self._joins, self._first
        end = len(text)
        for place in range(max(window_at - self._overlap, end - self.max_span, 0), end):
            if (
                text[place] in first
                and not (self._whole_word and place and joins[text[place - 1]] and joins[text[place]])
                and self._beginnings.match(text[place:])
                and folded.is_whole(place, end)
            ):
                return place
        return end

    def _matches(self, folded: Folded, window_at: int, *, final: bool) -> list[_Match]:
        """Return the decided occurrences that end in the window."""
        if window_at == len(folded.text):
            return []
        found = []
        for last, (length, categories) in self._words.iter(folded.text, max(0, window_at - self._overlap)):
            match = _Match(last + 1 - length, last + 1, categories)
            if match.end > window_at and folded.is_whole(match.start, match.end):
                if self._whole_word and not self._stands_alone(folded.text, match, final=final):
                    continue
                found.append(match)
        return found

    def _stands_alone(self, text: str, match: _Match, *, final: bool) -> bool:
        """Whether no neighbour joins the occurrence; False while its right neighbour is not known."""
        joins = self._joins
        if match.start and joins[text[match.start]] and joins[text[match.start - 1]]:
            return False
        if not joins[text[match.end - 1]]:
            return True
        return final if match.end == len(text) else not joins[text[match.end]]

    def _trie_of_beginnings(self, words: Iterable[str]) -> ahocorasick.Automaton:
        """Return a trie whose keys and their beginnings are what a text may end with while a word is undecided."""
        trie = ahocorasick.Automaton(ahocorasick.STORE_LENGTH)
        for word in words:
            # A whole word at the end of the text waits for its right neighbour only if a neighbour can join it.
            waits = self._whole_word and self._joins[word[-1]]
            if waits or len(word) > 1:
                trie.add_word(word if waits else word[:-1])
        return trie

    def _longest_overlap(self, word: str) -> int:
        """Return how many characters at the end of `word` can at most be the beginning of an occurrence."""
        for start in range(1, len(word)):
            if self._whole_word and self._joins[word[start]] and self._joins[word[start - 1]]:
                continue
            if self._beginnings.match(word[start:]):
                return len(word) - start
        return 0


def _automaton(categories_of: Mapping[str, Sequence[str]]) -> ahocorasick.Automaton:
    automaton = ahocorasick.Automaton()
    for word, categories in categories_of.items():
        automaton.add_word(word, (len(word), tuple(categories)))
    automaton.make_automaton()
    return automaton


def _cut_chains(matches: list[_Match], window_at: int) -> list[_Match]:
    """Cut every occurrence at the last place inside it where an earlier one ended before a later one went on.

    Those places depend on the text alone, and a watermark inside an occurrence is always one of them.
    """
    ordered = sorted(matches, key=lambda match: (match.start, -match.end))
    cuts: list[int] = []
    reached = window_at
    for match in ordered:
        if match.start < reached < match.end:
            cuts.append(reached)
        reached = max(reached, match.end)
    pieces = []
    for match in ordered:
        inside = bisect_left(cuts, match.end)
        last_cut = cuts[inside - 1] if inside else 0
        pieces.append(match._replace(start=max(match.start, last_cut)))
    return sorted(pieces)


def build(name: str, params: KeywordsParams) -> KeywordDetector:
    """Build the detector. Raises DetectorConfigError when there is no word, or one that can never match."""
    own_category = params.category or name
    words: dict[str, list[str]] = {}
    if isinstance(params.words, dict):
        words.update(params.words)
        if params.category and not params.file:
            raise DetectorConfigError(
                "'category' names the words of a list or a file, but 'words' is a mapping from category to words. "
                "Remove 'category'.",
                ("category",),
            )
    elif params.words:
        words[own_category] = list(params.words)
    _check_words(params)
    if params.file is not None:
        words[own_category] = [*words.get(own_category, []), *_words_of_file(params.file)]
    total = sum(map(len, words.values()))
    if not total:
        raise DetectorConfigError("no words: give 'words', or a 'file' with one word a line.", ("words",))
    if total > MAX_WORDS:
        raise DetectorConfigError(f"{total} words are more than {MAX_WORDS}: split them over several detectors.")
    return KeywordDetector(name, words, whole_word=params.whole_word, ignore_case=params.ignore_case)


def _check_words(params: KeywordsParams) -> None:
    lists: dict[tuple[str, ...], list[str]] = (
        {("words",): params.words}
        if isinstance(params.words, list)
        else {("words", category): members for category, members in params.words.items()}
    )
    for loc, members in lists.items():
        for index, word in enumerate(members):
            problem = _problem_of(word)
            if problem:
                raise DetectorConfigError(f"{problem}.", (*loc, index))


def _problem_of(word: str) -> str | None:
    # The word itself may be a secret: no message repeats it.
    if not word.strip():
        return "an empty word would match everywhere: remove it"
    if len(word) > MAX_WORD_CHARS:
        return f"a word of {len(word)} characters is longer than {MAX_WORD_CHARS}: shorten it to what identifies it"
    return None


def _words_of_file(path: str) -> list[str]:
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise DetectorConfigError(f"cannot read the word list '{path}': {error.strerror}.", ("file",)) from error
    except UnicodeDecodeError as error:
        raise DetectorConfigError(
            f"the word list '{path}' is not UTF-8 (byte {error.start}): save it as UTF-8.", ("file",)
        ) from error
    words = []
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.startswith("# "):
            problem = _problem_of(line)
            if problem:
                raise DetectorConfigError(f"{path}:{number}: {problem}.", ("file",))
            words.append(line)
    return words


TYPE = DetectorType(
    name="keywords",
    summary="Words and phrases from a list, whole or as parts of words, in any case and script.",
    params=KeywordsParams,
    build=build,
)
