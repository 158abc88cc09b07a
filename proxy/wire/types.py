"""What the wire layer hands to the guard, and what it takes back: frames, the text in them, codecs.

Sans-io: bytes in, values out. It knows nothing of policies; it knows where text hides in a format and how
to write the format back.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

from detectors.types import ChannelKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    Said = Callable[["Channel"], str]
    """Gives the text of a channel as the client got it, edits and all. Only where `Codec.repeats_text`."""

Path = tuple[str | int, ...]

NO_PATHS: tuple[Path, ...] = ()

PADDING_SEPARATOR = "\n\n"
"""Stands between the paddings of a run: it is in none of them, and no word goes on from one to the next."""

SIGNATURE_MEMBERS = ("thoughtSignature", "thought_signature")
"""Members that vouch for the text beside them, as the provider wrote it (Gemini)."""

DEFAULT_MAX_FRAME_BYTES = 1 << 20
"""Longest frame of a stream (an SSE event, an NDJSON line). Real events are below 64 KiB; a tool call with a
whole document stays below this; anything larger is a broken or hostile upstream."""

DEFAULT_MAX_BODY_BYTES = 32 << 20
"""Longest whole body: the largest answer of today's models is a few MiB of JSON with log-probabilities."""


PATH_NAME = "$"
"""Begins the name of a channel of tool arguments that is no JSON: one value of them, written apart under its JSON
path; code."""


class Channel(NamedTuple):
    """Names one text inside a response: hashable, and equal wherever the same text goes on."""

    kind: ChannelKind
    choice: int = 0
    part: int = 0
    name: str = ""
    """Tells apart texts of one kind: the field's path for OTHER and ID, empty where kind and part suffice."""
    is_signed: bool = False
    """The provider signed this text: it may be cut off, its signature with it, but never changed."""
    is_echo: bool = False
    """The sender says once more what it was asked: what would block it is taken out, and the message goes on."""

    @property
    def is_json(self) -> bool:
        """Whether the text is JSON: tool arguments are, but for code and for a value that is written apart."""
        return self.kind is ChannelKind.TOOL_ARGUMENTS and not self.name.startswith(PATH_NAME)


class SlotMode(Enum):
    """How the text of a slot relates to its channel."""

    APPEND = "append"
    """The next piece of the channel's text."""
    REPEAT = "repeat"
    """The whole of the channel's text so far, once more (a snapshot): rebuilt from the edited text. When it
    is not equal to the channel's text it is judged as a text of its own."""
    CONSTANT = "constant"
    """A text complete in itself. The same value on the same channel again is not judged twice."""


class Slot(NamedTuple):
    """One place in a frame that holds text."""

    channel: Channel
    text: str
    path: Path
    """Where in the payload: keys and indexes. Empty for text outside the payload (an SSE comment)."""
    mode: SlotMode = SlotMode.APPEND
    drop: bool = False
    """An edit removes the member at `path` instead of writing the edited text there (keys, token ids,
    log-probabilities that cannot be rebuilt)."""
    dependents: tuple[Path, ...] = NO_PATHS
    """Places that repeat this text in another form (log-probabilities, token bytes): when the slot is edited, a
    list becomes empty and anything else null."""
    is_json: bool = False
    """The payload holds a JSON value here, `text` is how it is written: an edited text is parsed again."""
    empties: bool = False
    """With `drop`: an empty list stays at `path`, because the format wants one."""


class Ended(NamedTuple):
    """Says that texts are complete: nothing is appended to them after this frame."""

    choice: int
    part: int | None = None
    """None for every part of the choice."""
    kind: ChannelKind | None = None
    """None for every kind."""
    name: str | None = None
    """None for every name."""
    but: tuple[ChannelKind, str] | None = None
    """Kind and name of texts that are none of them."""
    if_others: bool = False
    """Only where there are other choices, which would wait for more of this one: with one choice the end of the
    message tells it as well, and some servers name a reason in every frame."""

    def covers(self, channel: Channel) -> bool:
        """Whether the channel is one of those that ended."""
        return (
            channel.choice == self.choice
            and self.part in {None, channel.part}
            and self.kind in {None, channel.kind}
            and self.but != (channel.kind, channel.name)
            and self.name in {None, channel.name}
        )


NO_ENDS: tuple[Ended, ...] = ()


class Form(Enum):
    """How a response is laid out in bytes; the value is the media type that says so."""

    WHOLE = "application/json"
    """One JSON value."""
    EVENTS = "text/event-stream"
    """Server-sent events."""
    LINES = "application/x-ndjson"
    """One JSON value a line."""
    ARRAY = "application/json; stream"
    """One JSON array, written element by element. Declared as `application/json`; its first byte tells."""

    @property
    def media_type(self) -> str:
        """What the `Content-Type` header says."""
        return _MEDIA_TYPES[self]


_MEDIA_TYPES = {form: form.value.partition(";")[0] for form in Form}


class FrameRole(Enum):
    """What a frame is to the flow of the stream."""

    DATA = "data"
    TERMINATOR = "terminator"
    """Nothing may follow it (`[DONE]`)."""
    FAILURE = "failure"
    """An error object that the upstream put into the stream."""
    KEEPALIVE = "keepalive"
    """Comments and blank lines: no payload."""


class Frame(NamedTuple):
    """One unit of the wire. Immutable; edits are given to `Codec.encode` beside it."""

    raw: bytes
    """Exactly the bytes that came, including their terminating blank line."""
    slots: tuple[Slot, ...]
    role: FrameRole = FrameRole.DATA
    payload: Any = None
    """The parsed JSON, not to be changed in place. None for frames without one, and for frames that differ from
    an earlier one of their stream in nothing but the text of their slot (the codec can parse `raw` again)."""
    must_encode: bool = False
    """The raw bytes could be read in two ways (duplicate keys, lone surrogates): never forward them."""
    ends: tuple[Ended, ...] = NO_ENDS
    """Texts that are complete with this frame, so that none of them waits for more."""


class FrameRun(NamedTuple):
    """Consecutive frames whose texts are one plain piece of one text each, and padding: most of a stream.

    They stand for as many frames and are held and released one by one; together they cost little more than one.
    """

    raw: bytes
    """Exactly the bytes that came."""
    slot: Slot
    """The slot that every frame has, but for its text; a frame whose piece is empty has none."""
    text: str
    """The pieces of all frames, joined."""
    sizes: list[int]
    """Characters of each frame's piece."""
    raw_sizes: Sequence[int]
    """Bytes of each frame."""
    padding: Slot | None = None
    """A second slot that every frame has, but for its text."""
    paddings: str = ""
    """The texts of those, `PADDING_SEPARATOR` between them: each is complete in itself and judged as such."""

    def frames(self) -> list[Frame]:
        """Return the frames one by one."""
        found, at, raw_at = [], 0, 0
        paddings = self.paddings.split(PADDING_SEPARATOR)
        for number, (size, raw_size) in enumerate(zip(self.sizes, self.raw_sizes, strict=True)):
            slots = (self.slot._replace(text=self.text[at : at + size]),) if size else ()
            if self.padding is not None:
                slots = (*slots, self.padding._replace(text=paddings[number]))
            found.append(Frame(self.raw[raw_at : raw_at + raw_size], slots))
            at += size
            raw_at += raw_size
        return found


def each_frame(items: Iterable[Frame | FrameRun]) -> Iterator[Frame]:
    """Yield frames one by one, those of runs too."""
    for item in items:
        if isinstance(item, FrameRun):
            yield from item.frames()
        else:
            yield item


class WireError(Exception):
    """The peer broke its format. `public` may be shown to a client; it holds none of the peer's bytes."""

    def __init__(self, public: str, frames: Sequence[Frame | FrameRun] = ()) -> None:
        """`frames` are those that the same call completed before the fault: they came whole and are judged."""
        super().__init__(public)
        self.public = public
        self.frames = frames


class Codec(Protocol):
    """Reads and writes one response (or request) of one dialect. One instance for one message.

    Frames come out in the order of the bytes, whatever the cut. `receive` and `receive_end` raise `WireError`.
    """

    @property
    def repeats_text(self) -> bool:
        """Whether the format has REPEAT slots: the guard then keeps the whole text of every channel."""

    @property
    def edits_constants(self) -> bool:
        """Whether from now on every frame must go through `encode`, edited or not.

        So it is when a constant was edited that later frames repeat without a slot for it.
        """

    def leave_out_details(self) -> None:
        """Take log-probabilities out of all that comes, unjudged. Called before anything does."""

    def receive(self, data: bytes) -> Sequence[Frame | FrameRun]:
        """Take bytes, return the frames they complete."""

    def receive_end(self) -> Sequence[Frame]:
        """Take the end of input, return what was still open. Raises `WireError` on a cut frame."""

    def encode(self, frame: Frame, edits: Mapping[int, str | None]) -> bytes:
        """Write a frame back with the slots in `edits` changed and everything else equal in meaning."""

    def sent(self, frame: Frame, edits: Mapping[int, str | None]) -> None:
        """Learn that a frame left for the client, as `encode` wrote it (which texts are open, ids for an ending).

        Called for frames with a payload only: one without tells nothing new.
        """

    def encode_blocked(
        self, frame: Frame, edits: Mapping[int, str | None], slot: int, message: str, said: Said
    ) -> bytes:
        """Write the last bytes of a blocked response.

        `frame` holds the text that was blocked, in its slot number `slot`; `edits` cuts away every text that
        must not leave. What remains of the frame is followed by the dialect's own filtered ending, with
        `message` as text of the blocked choice, everything opened closed, and the terminator. `said` gives the
        texts that the client has when it has read what remains of the frame.
        """

    def end_failed(self, message: str, code: str) -> bytes:
        """Write an ending that tells the client's SDK that the stream broke (after the first byte)."""


class Route(NamedTuple):
    """A method and path that a dialect answers. `path` is literal, with `{name}` for one segment."""

    method: str
    path: str


class Dialect(Protocol):
    """One wire format. Stateless."""

    @property
    def name(self) -> str:
        """Name in configuration, metrics and events: `openai-chat`."""

    @property
    def routes(self) -> tuple[Route, ...]:
        """Where the dialect is spoken."""

    @property
    def stream_forms(self) -> tuple[Form, ...]:
        """How a streamed response may be laid out; the first is the usual one."""

    def wants_stream(self, payload: Any, target: str) -> bool:  # noqa: ANN401 - parsed JSON
        """Whether a parsed request to `target` (path and query) asks for a streamed response."""

    def request_codec(self, max_body_bytes: int = DEFAULT_MAX_BODY_BYTES) -> Codec:
        """Return a codec for one request body."""

    def stream_codec(self, max_frame_bytes: int = DEFAULT_MAX_FRAME_BYTES, form: Form | None = None) -> Codec:
        """Return a codec for one streamed response, laid out in `form` (the usual one when None)."""

    def body_codec(self, max_body_bytes: int = DEFAULT_MAX_BODY_BYTES) -> Codec:
        """Return a codec for one whole response body."""

    def error_body(self, status: int, code: str, message: str) -> bytes:
        """Return the dialect's error envelope, so that an SDK raises its own exception with our message."""


@runtime_checkable
class RequestMender(Protocol):
    """A dialect whose requests may bring back what an edit left incomplete, which its API would refuse."""

    def mended_request(self, payload: Any) -> Any:  # noqa: ANN401 - parsed JSON
        """Return a parsed request without what its API would refuse; the same object when there is nothing."""
