r"""A pattern taken apart for RE2: what is matched, what must stand on both sides, what is asked where it begins.

It writes patterns over the bytes of a `ByteAlphabet`. Running them is the work of `detectors.linear`.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, NamedTuple

from detectors.regex_tree import Anchor, AnchorKind, Atom, Choice, Look, Repeat, Sequence, measure

if TYPE_CHECKING:
    from collections.abc import Iterable

    from detectors.byte_alphabet import ByteAlphabet
    from detectors.regex_tree import Node

_ANCHORS = {
    AnchorKind.WORD_BOUNDARY: r"\b",
    AnchorKind.NOT_WORD_BOUNDARY: r"\B",
    AnchorKind.TEXT_START: r"\A",
    AnchorKind.TEXT_END: r"\z",
    AnchorKind.LINE_START: "(?m:^)",
    AnchorKind.LINE_END: "(?m:$)",
}
_STARTS = {AnchorKind.TEXT_START: False, AnchorKind.LINE_START: True}
_ENDS = {AnchorKind.TEXT_END: False, AnchorKind.LINE_END: True}


class NotLinearError(ValueError):
    """A pattern that RE2 cannot run with the same meaning."""

    def __init__(self, what: str, position: int) -> None:
        """`what` stands in the way, at this offset of the pattern; 0 where it is the pattern as a whole."""
        super().__init__(f"{what} at {position}")
        self.what = what
        self.position = position


class Side(NamedTuple):
    """What may stand on one side of a match."""

    allowed: frozenset[int]
    at_edge: bool
    """Whether nothing may, too: the text begins or ends there."""


class Ask(NamedTuple):
    """A look-around at the beginning of a pattern."""

    pattern: str
    back: int
    negated: bool


class Shape(NamedTuple):
    """A pattern in its parts."""

    core: str
    before: Side | None
    behind: str
    """What is read after the match and is no part of it."""
    asks: tuple[Ask, ...]

    @property
    def is_grouped(self) -> bool:
        """Whether the match is a group of what is read."""
        return bool(self.before is not None or self.behind)

    def bare(self) -> str:
        """Return the pattern without what is before it."""
        return f"({self.core}){self.behind}" if self.is_grouped else self.core

    def led(self) -> str | None:
        """Return the pattern behind the byte before it; None when there is no such byte."""
        if self.before is None or not self.before.allowed:
            return None
        return _class(self.before.allowed) + self.bare()


def shape_of(tree: Node, alphabet: ByteAlphabet, newline: Atom | None) -> Shape:
    """Take a pattern apart. Raises NotLinearError."""
    items = _flat(tree)
    first = next((at for at, item in enumerate(items) if not _is_condition(item)), len(items))
    last = next((at for at in range(len(items), first, -1) if not _is_condition(items[at - 1])), first)
    writer = _Writer(alphabet, newline)
    befores, asks, prefix = writer.beginning(items[:first])
    afters, tails, suffix = writer.ending(items[last:])
    core = prefix + "".join(map(writer.rendered, items[first:last])) + suffix
    behind = _behind(afters, tails)
    return Shape(core, _both(befores), behind, tuple(asks))


def _behind(afters: list[Side], tails: list[tuple[str, int]]) -> str:
    after = _both(afters)
    for _, position in tails[1 if after is None else 0 :]:
        raise NotLinearError("second look-ahead at the end", position)
    if tails:
        return tails[0][0]
    if after is None:
        return ""
    options = ([_class(after.allowed)] if after.allowed else []) + ([r"\z"] if after.at_edge else [])
    return f"(?:{'|'.join(options)})" if options else _class(frozenset())


def _both(sides: list[Side]) -> Side | None:
    """Return what all of them let stand."""
    if not sides:
        return None
    return reduce(lambda a, b: Side(a.allowed & b.allowed, a.at_edge and b.at_edge), sides)


def _flat(node: Node) -> list[Node]:
    if not isinstance(node, Sequence) or _is_last_line_end(node):
        return [node]
    return [each for item in node.items for each in _flat(item)]


def _is_last_line_end(node: Node) -> bool:
    """Whether it is `$` as the parser writes it where lines do not count."""
    match node:
        case Sequence((Look(Sequence((Atom(), Anchor(AnchorKind.TEXT_END)))), Anchor(AnchorKind.LINE_END))):
            return True
    return False


def _is_condition(node: Node) -> bool:
    """Whether it takes no character."""
    match node:
        case Anchor() | Look():
            return True
        case Choice(options):
            return all(map(_is_condition, options))
        case Sequence(items):
            return bool(items) and all(map(_is_condition, items))
    return False


class _Writer:
    """Writes parts of one pattern. Immutable."""

    def __init__(self, alphabet: ByteAlphabet, newline: Atom | None) -> None:
        self._alphabet = alphabet
        self._newline = newline

    def beginning(self, items: Iterable[Node]) -> tuple[list[Side], list[Ask], str]:
        """Return what may stand before a match, what is asked where it begins, and what RE2 can say itself."""
        sides: list[Side] = []
        asks: list[Ask] = []
        written = ""
        for item in items:
            if isinstance(item, Anchor):
                written += _ANCHORS[item.kind]
            elif (side := self._side(item, ahead=False)) is not None:
                sides.append(side)
            elif isinstance(item, Look):
                asks.append(self._ask(item))
            else:
                written += self.rendered(item)
        return sides, asks, written

    def _ask(self, look: Look) -> Ask:
        widths = measure(look.item)
        if look.ahead:
            return Ask(self.rendered(look.item), 0, look.negated)
        if widths.most is None or widths.least != widths.most:
            raise NotLinearError("changing width of a look-behind", look.start)
        return Ask(self.rendered(look.item), widths.least, look.negated)

    def ending(self, items: Iterable[Node]) -> tuple[list[Side], list[tuple[str, int]], str]:
        """Return what may stand behind a match, as sides and written out, and what RE2 can say itself."""
        sides: list[Side] = []
        tails: list[tuple[str, int]] = []
        written = ""
        for item in items:
            if isinstance(item, Anchor):
                written += _ANCHORS[item.kind]
            elif (side := self._side(item, ahead=True)) is not None:
                sides.append(side)
            else:
                tails.append((self._tail(item), _position(item)))
        return sides, tails, written

    def _tail(self, node: Node) -> str:
        """Return what follows where a condition at the end is met."""
        match node:
            case Look(item, True, False):
                return f"(?:{self.rendered(item)})"
            case Look(_, True, True):
                return self._other_tail(node)
            case Choice(options):
                return f"(?:{'|'.join(map(self._tail, options))})"
            case Sequence() if _is_last_line_end(node):
                return rf"(?:{_class(self._newlines())}?\z)"
        return self.rendered(node)

    def _other_tail(self, look: Look) -> str:
        """Return what follows where something does not, which has to be character after character."""
        atoms = _flat(look.item)
        written = ""
        for atom in reversed(atoms):
            if not isinstance(atom, Atom):
                raise NotLinearError("negative look-ahead", look.start)
            members = self._alphabet.members(atom)
            more = f"|{_class(members)}{written}" if written else ""
            written = rf"(?:\z|{_class(self._alphabet.all - members)}{more})"
        return written or _class(frozenset())

    def _side(self, node: Node, *, ahead: bool) -> Side | None:
        """Return what a condition lets stand on one side; None when it is not only that."""
        match node:
            case Look(item, direction, negated) if direction is ahead:
                side = self._one(item, ahead=ahead)
                return (
                    side._replace(allowed=self._alphabet.all - side.allowed, at_edge=not side.at_edge)
                    if negated and side is not None
                    else side
                )
            case Anchor():
                return self._one(node, ahead=ahead)
            case Choice(options):
                sides = [self._side(option, ahead=ahead) for option in options]
                return _any([side for side in sides if side is not None]) if None not in sides else None
        return None

    def _one(self, node: Node, *, ahead: bool) -> Side | None:
        """Return the one character, or edge, that something asks for."""
        match node:
            case Atom():
                return Side(self._alphabet.members(node), at_edge=False)
            case Anchor(kind) if kind in (_ENDS if ahead else _STARTS):
                is_line = (_ENDS if ahead else _STARTS)[kind]
                return Side(self._newlines() if is_line else frozenset(), at_edge=True)
            case Choice(options):
                sides = [self._one(option, ahead=ahead) for option in options]
                return _any([side for side in sides if side is not None]) if None not in sides else None
        return None

    def _newlines(self) -> frozenset[int]:
        return frozenset() if self._newline is None else self._alphabet.members(self._newline)

    def rendered(self, node: Node) -> str:
        """Write a part for RE2. Raises NotLinearError."""
        match node:
            case Atom():
                return _class(self._alphabet.members(node))
            case Sequence(items):
                if _is_last_line_end(node):
                    raise NotLinearError("end of the text in the middle", _position(node))
                return "".join(map(self.rendered, items))
            case Choice(options):
                return f"(?:{'|'.join(map(self.rendered, options))})"
            case Repeat(item, least, most):
                upper = "" if most is None else str(most)
                return f"(?:{self.rendered(item)}){{{least},{upper}}}{'?' * node.is_lazy}"
            case Look(_, ahead, negated):
                kind = ("negative " if negated else "") + ("look-ahead" if ahead else "look-behind")
                raise NotLinearError(kind, node.start)
            case Anchor(kind):
                return _ANCHORS[kind]


def _any(sides: list[Side]) -> Side:
    return reduce(lambda a, b: Side(a.allowed | b.allowed, a.at_edge or b.at_edge), sides)


def _position(node: Node) -> int:
    match node:
        case Look():
            return node.start
        case Sequence(nodes) | Choice(nodes):
            return max(map(_position, nodes), default=0)
    return 0


def _class(allowed: Iterable[int]) -> str:
    r"""Return a class of bytes; the empty one matches none."""
    members = "".join(rf"\x{byte:02x}" for byte in sorted(allowed))
    return f"[{members}]" if members else r"[^\x00-\xff]"
