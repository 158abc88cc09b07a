"""The vocabulary in which a dialect lists its fields: what class of text, if any, each place holds.

Tables only: `proxy.wire.walk` interprets them. A place that no table lists is text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from detectors.types import ChannelKind


class FieldClass(Enum):
    """What a listed leaf holds, and so how it is guarded. A value of another type than expected is unknown text."""

    __hash__ = object.__hash__  # members are looked up for every value of every frame; Enum's own hash is slow

    TEXT = "text"
    """A piece of a growing text. JSON in a string (tool arguments) too: its kind says so."""
    CONSTANT = "constant"
    """A text complete in itself: a title, an error message, an echo of the request."""
    ID = "id"
    """Made by a machine; text when it looks otherwise."""
    ENUM = "enum"
    """One of known words, which pass; another word is text."""
    PARAMETER = "parameter"
    """A setting in a request (a model name, a voice): passes when it looks like an id, else it is text."""
    NUMBER = "number"
    """Numbers and booleans."""
    OPAQUE = "opaque"
    """Base64 of something that is not text (audio, signatures): passes; anything readable in it is text."""
    TIME = "time"
    """A time stamp of RFC 3339, in every frame of some formats; anything else is text."""
    PADDING = "padding"
    """Random letters and digits that hide the length of an event."""
    HTML = "html"
    """A complete text in HTML: judged as it is written and as a browser shows it."""
    BAG = "bag"
    """A structure whose texts are judged together and dropped together (a JSON schema)."""
    TOKENS = "tokens"
    """Text as token ids, which nobody can read here: removed from responses."""
    DATA = "data"
    """Any JSON value, judged as the text in which it is written (arguments of a tool given as an object)."""
    WHOLE_DATA = "whole-data"
    """The same, complete in itself wherever it stands."""
    REPEAT = "repeat"
    """The whole text so far of the channel of the same kind and name. Only where the codec says `repeats_text`."""
    OPAQUE_TOKENS = "opaque-tokens"
    """Token ids of a request: they go to the model, not to a person, and pass."""
    CREDENTIAL = "credential"
    """A key for a third party. It passes unread to the model API, in a request, and is taken out of responses."""


class Within(Enum):
    """How an object changes the reading of what is inside it."""

    SAME = "same"
    DELTA = "delta"
    """Its texts grow from frame to frame, unlisted ones too."""
    MESSAGE = "message"
    """The same texts, whole."""
    SNAPSHOT = "snapshot"
    """Texts that come whole, at once or once more after they were streamed: judged each as a constant."""
    REPEAT = "repeat"
    """The same, rebuilt from the edited texts. Only for formats whose codec says `repeats_text`."""


class Numbering(Enum):
    """What the elements of a list number."""

    NOTHING = "nothing"
    CHOICE = "choice"
    PART = "part"
    FLOW = "flow"
    """Nothing, and where an element stands says nothing either: the texts of one go on in the next."""
    NAME = "name"
    """Only for members of an object: the value names the texts in it (the JSON path of an argument)."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A string, number or structure of one class."""

    cls: FieldClass
    kind: ChannelKind = ChannelKind.OTHER
    name: str = ""
    """Name of its channel where kind, choice and part do not tell it apart."""
    values: frozenset[str] = frozenset()
    """The known words of an ENUM."""
    twin: str = ""
    """Member beside this one's object that says the same in another form (audio): goes when this is edited."""
    is_signed: bool = False
    """Of a TEXT: the provider signed it. Of an OPAQUE: it is the signature of the text of that kind and name."""


@dataclass(frozen=True, slots=True)
class Obj:
    """An object with listed members. Every other member is unknown: its key and its value are text."""

    members: Mapping[str, Node] = field(default_factory=dict)
    within: Within = Within.SAME
    numbers: Mapping[str, Numbering] = field(default_factory=dict)
    """Members of this object whose values say to which choice and part its texts belong."""
    ends: Ends | None = None
    """Which texts are complete after a frame that has this object. None are where it does not name their number."""
    first: tuple[str, ...] = ()
    """Members whose texts come before those of the others, whatever the order on the wire: what was thought
    before it was said. So a whole answer is judged in the order in which it was streamed."""
    series: Series | None = None
    """The texts in it are one of a series, or end one."""
    echoes: frozenset[str] = frozenset()
    """Members of an answer that say once more what was asked."""
    vouchers: tuple[str, ...] = ()
    """Members that sign the texts of this object or say them once more: null when one of those is edited."""


@dataclass(frozen=True, slots=True)
class Ends:
    """Says that the texts of the present choice are complete."""

    whole_choice: bool = False
    """All parts of the choice, not only the present one."""
    kind: ChannelKind | None = None
    """Only texts of this kind."""
    name: str | None = None
    """Only texts of this name."""
    but: tuple[ChannelKind, str] | None = None
    """Not texts of this kind and name."""
    reason: str = ""
    """Only where this member says why: a string that is not empty."""
    if_others: bool = False
    """Only where there are other choices."""


@dataclass(frozen=True, slots=True)
class Series:
    """Texts of one sort that follow one another in a choice: each is a part, numbered in the order they begin.

    For formats that neither number them nor say where one begins.
    """

    name: str
    kind: ChannelKind
    """Of the texts that are complete when one of the series is."""
    text_name: str | None = None
    """Name of those texts; None for every name."""
    goes_on: tuple[str, ...] = ()
    """Members that are true while the next object of the series goes on with the same part."""
    stays_open: bool = False
    """Every object goes on with the same part until one with `closes` comes."""
    of_texts: bool = False
    """Only the growing texts of that kind and name are numbered so; all else in the object belongs where it is."""
    closes: bool = False
    """The object is not of the series: what is open of it is complete."""


@dataclass(frozen=True, slots=True)
class Tagged:
    """An object whose member `tag` says which members it has."""

    tag: str
    variants: Mapping[str | bool, Node]
    other: Node
    """For a value that `variants` does not have, and for an object without the tag."""


@dataclass(frozen=True, slots=True)
class Dictionary:
    """An object whose keys are data: each key is text, each value is a `value`."""

    value: Node


@dataclass(frozen=True, slots=True)
class Each:
    """A list of one sort of element."""

    item: Node
    numbering: Numbering = Numbering.NOTHING
    """Choices and tool calls are numbered by their member `index`, by position where it is missing."""
    number_member: str | None = "index"
    """Another member to number them by; None: by position."""
    at: Mapping[int, Node] = field(default_factory=dict)
    """Elements at these positions that are of another sort."""
    has_tokens: bool = False
    """It may be token ids instead, of a request: they pass."""


@dataclass(frozen=True, slots=True)
class Either:
    """A place that holds a string, a list or an object."""

    text: Node
    items: Node | None = None
    members: Node | None = None


@dataclass(frozen=True, slots=True)
class Logprobs:
    """Log-probabilities: the text once more, token by token, with the tokens that might have been."""

    is_legacy: bool = False
    """The parallel lists of the completions API, instead of one list of entries per text."""
    is_flat: bool = False
    """A bare list of entries, of the text beside it: an answer or reasoning."""
    is_chosen: bool = False
    """Gemini's list of chosen tokens beside a list of candidates for each."""


Node: TypeAlias = Leaf | Obj | Tagged | Dictionary | Each | Either | Logprobs


def text(kind: ChannelKind = ChannelKind.TEXT, name: str = "", twin: str = "") -> Leaf:
    """Return a growing text."""
    return Leaf(FieldClass.TEXT, kind, name, twin=twin)


def signed_text(kind: ChannelKind = ChannelKind.REASONING, name: str = "") -> Leaf:
    """Return a growing text that is cut off where an edit would change it."""
    return Leaf(FieldClass.TEXT, kind, name, is_signed=True)


def signature(kind: ChannelKind = ChannelKind.REASONING, name: str = "") -> Leaf:
    """Return the signature of the signed text of this kind and name: emptied when that text was cut off."""
    return Leaf(FieldClass.OPAQUE, kind, name, is_signed=True)


def constant(kind: ChannelKind = ChannelKind.OTHER) -> Leaf:
    """Return a text complete in itself."""
    return Leaf(FieldClass.CONSTANT, kind)


def data(kind: ChannelKind = ChannelKind.TOOL_ARGUMENTS, name: str = "") -> Leaf:
    """Return a place for any JSON value that a model made up."""
    return Leaf(FieldClass.DATA, kind, name)


def enum(*values: str) -> Leaf:
    """Return a place for one of `values`."""
    return Leaf(FieldClass.ENUM, values=frozenset(values))


ID = Leaf(FieldClass.ID, ChannelKind.ID)
PARAMETER = Leaf(FieldClass.PARAMETER)
NUMBER = Leaf(FieldClass.NUMBER)
OPAQUE = Leaf(FieldClass.OPAQUE)
TIME = Leaf(FieldClass.TIME)
PADDING = Leaf(FieldClass.PADDING, ChannelKind.ID)
HTML = Leaf(FieldClass.HTML, ChannelKind.ANNOTATION)
BAG = Leaf(FieldClass.BAG)
TOKENS = Leaf(FieldClass.TOKENS)
OPAQUE_TOKENS = Leaf(FieldClass.OPAQUE_TOKENS)
CREDENTIAL = Leaf(FieldClass.CREDENTIAL)


def numbers(*names: str) -> dict[str, Node]:
    """Return members that all are numbers."""
    return dict.fromkeys(names, NUMBER)
