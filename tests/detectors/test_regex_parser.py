"""Patterns as they are written, in both flavours."""

from __future__ import annotations

import pytest

from detectors.regex_parser import parse_pattern
from detectors.regex_tree import Anchor, Atom, Choice, Look, Node, PatternSource, Repeat, Sequence
from detectors.regex_tree import UnsupportedPatternError as Unsupported


def shown(node: Node) -> str:
    """Write a tree down with every group and option made explicit."""
    match node:
        case Atom(source, _, ignore_case, dot_all, ascii_only):
            return source + "i" * ignore_case + "s" * dot_all + "a" * ascii_only
        case Sequence(items):
            return f"<{' '.join(map(shown, items))}>"
        case Choice(options):
            return f"({'|'.join(map(shown, options))})"
        case Repeat(item, least, most):
            return f"{shown(item)}{{{least},{'' if most is None else most}}}"
        case Look(item, ahead, negated):
            return f"[{'ahead' if ahead else 'behind'}{' not' if negated else ''} {shown(item)}]"
        case Anchor(kind):
            return f"[{kind.value}]"


REPEATED = "at 0: a repeat of a repeat: put the inner one into a group"
PYTHON_END = "<[start of text] a <[ahead <\n [end of text]>] [end of line]>>"


@pytest.mark.parametrize(
    ("pattern", "re2", "regex"),
    [
        ("ab|c", "(<a b>|c)", "(<a b>|c)"),
        ("a?b*?c{2}d{2,}e{3,4}?", "<a{0,1} b{0,} c{2,2} d{2,} e{3,4}>", "<a{0,1} b{0,} c{2,2} d{2,} e{3,4}>"),
        ("a{,2}", r"<a \{ \, 2 \}>", "a{0,2}"),
        ("a{x}", r"<a \{ x \}>", "at 1: approximate matching is not supported"),
        ("[]a][^]b][[:alpha:]\\]]", r"<[]a] [^]b] [[:alpha:]\]]>", r"<[]a] [^]b] [[:alpha:]\]]>"),
        (r"\d\pL\p{Lu}\P{N}", r"<\d \pL \p{Lu} \P{N}>", r"<\d \pL \p{Lu} \P{N}>"),
        (r"\x41\x{e9}\n\.", "<A é \n \\.>", "<A é \n \\.>"),
        (r"\101\0", "<A \0>", "<A \0>"),
        (r"\Qa.b\E*", r"<a \. b{0,}>", "at 0: \\Q is not supported"),
        (r"\Q\Ea\Q*\E\Qb", r"<a \* b>", "at 0: \\Q is not supported"),
        (r"\Qa.b", r"<a \. b>", "at 0: \\Q is not supported"),
        ("(?i)a(?-i:b)c", "<ai b ci>", "<ai b ci>"),
        ("a(?i)b", "<a bi>", "<ai bi>"),
        ("(?:a(?i)b|c)d", "<(<a bi>|ci) d>", "<(<ai bi>|ci) di>"),
        ("(?s:.)(?P<n>a)(?<m>b)", "<.s a b>", "<.s a b>"),
        ("(?U)a+", "a{1,}", "at 0: (?U is not supported"),
        (r"^a$", "<[start of text] a [end of text]>", PYTHON_END),
        (r"(?m)^a$", "<[start of line] a [end of line]>", "<[start of line] a [end of line]>"),
        (r"\Aa\z", "<[start of text] a [end of text]>", "<[start of text] a [end of text]>"),
        (r"\b\B", "<[word boundary] [no word boundary]>", "<[word boundary] [no word boundary]>"),
        (r"(?<!a)b(?=c)", None, "<[behind not a] b [ahead c]>"),
        (r"(a|b)\1", None, "<(a|b) (a|b)>"),
        (r"(?P<q>a)(?P=q)", None, "<a a>"),
        (r"(?>ab)a++(?#note)", None, "<<a b> a{1,}>"),
        (r"\1(a)", None, "at 0: back-reference to the group '1', which is not closed before it"),
        ("(?#", "at 3: the comment is not closed", "at 3: the comment is not closed"),
        ("(?P<n", "at 4: the group name is not closed", "at 4: the group name is not closed"),
        ("(?", "at 0: the group is not closed", "at 0: the group is not closed"),
        ("(?i", "at 0: the group is not closed", "at 0: the group is not closed"),
        (r"[a\]", "at 0: the character class is not closed", "at 0: the character class is not closed"),
        (r"\xzz", "at 0: \\xzz is not a character", "at 0: \\xzz is not a character"),
        (r"\x{110000}", "at 0: \\x110000 is not a character", "at 0: \\x110000 is not a character"),
        (r"\p{Lu", "at 3: the Unicode class is not closed", "at 3: the Unicode class is not closed"),
        (r"a\G", "at 1: \\G is not supported", "at 1: \\G is not supported"),
        ("(?(1)a)", "at 0: (?( is not supported", "at 0: (?( is not supported"),
        ("a**", REPEATED, REPEATED),
        ("a" * 40_001, "at 40000: longer than 40000 characters", "at 40000: longer than 40000 characters"),
    ],
)  # fmt: skip
def test_both_flavours(pattern: str, re2: str | None, regex: str) -> None:
    """The tree, or the error with its offset. None: see `test_what_re2_lacks`."""
    for flavour, expected in (("re2", re2), ("regex", regex)):
        if expected is not None:
            try:
                found = shown(parse_pattern(PatternSource(pattern, flavour)))  # type: ignore[arg-type]
            except Unsupported as error:
                found = f"at {error.position}: {error}"
            assert found == expected


@pytest.mark.parametrize(
    ("pattern", "position", "lacking"),
    [
        ("b(?=c)", 1, "look-around"),
        ("b(?!c)", 1, "look-around"),
        ("(?<=a)b", 0, "look-around"),
        ("(?<!a)b", 0, "look-around"),
        (r"(a)\1", 3, "back-references"),
        ("(?P<q>a)(?P=q)", 8, "back-references"),
    ],
)
def test_what_re2_lacks(pattern: str, position: int, lacking: str) -> None:
    with pytest.raises(Unsupported, match=f"RE2 has no {lacking}: ") as caught:
        parse_pattern(PatternSource(pattern, "re2"))
    assert caught.value.position == position


def test_options_reach_every_character() -> None:
    every = PatternSource("a.", ignore_case=True, dot_all=True, ascii=True, multi_line=True)
    assert shown(parse_pattern(every)) == "<aisa .isa>"
