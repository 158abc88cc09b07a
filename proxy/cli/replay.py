"""The command `sluicegate replay`: a recorded answer, step by step through the guard.

What it reads is a recording of the proxy (`record_dir` in the settings), a raw stream or a whole answer.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from detectors.types import ChannelKind
from events.schema import Bypass, Incident
from proxy.cli.check import finding_json
from proxy.cli.errors import CommandError, ExitCode
from proxy.cli.inputs import input_name, read_bytes
from proxy.cli.loading import load
from proxy.cli.stepping import Played, Read, play, reads_of
from proxy.cli.terminal import console, say, say_errors, write_json
from proxy.guard.api import GuardState
from proxy.server.recording import RecordedRead, RecordingError, read_recording
from proxy.wire.forms import form_of
from proxy.wire.registry import DIALECTS
from proxy.wire.types import Form, WireError, each_frame

if TYPE_CHECKING:
    from policies.types import Policy
    from proxy.cli.stepping import Replay, Step
    from proxy.guard.reports import GuardEvent
    from proxy.wire.types import Codec, Dialect

RECORDING_SUFFIX = ".jsonl"
MAX_SHOWN_CHARS = 60
"""Longest text shown in one cell: steps are read as a column, and whole answers have one step."""


def run_replay(policy: str, path: str, dialect: str, *, as_json: bool) -> int:
    """Play the file at `path`. Returns the exit code; raises `CommandError` when it cannot be read."""
    loaded = load(policy)
    recorded = read_played(path, dialect)
    replay = play(loaded, codec_for(recorded), recorded)
    if as_json:
        write_json(replay_json(loaded, recorded, replay), indent=2)
    else:
        _show(loaded, recorded, replay)
    if replay.state is GuardState.STATE_BROKEN:
        say_errors([f"{input_name(path)}: the answer broke: {replay.broken_public}."])
        return ExitCode.CONFIG
    return ExitCode.BLOCKED if replay.state is GuardState.STATE_BLOCKED else ExitCode.OK


def codec_for(recorded: Played) -> Codec:
    """Return a new codec for an answer. Raises `CommandError` for a dialect that is not known."""
    dialect = DIALECTS.get(recorded.dialect)
    if dialect is None:
        raise CommandError(
            f"The recording's dialect '{recorded.dialect}' is not known. Known: {', '.join(DIALECTS)}."
        )
    if not recorded.stream:
        return dialect.body_codec()
    return dialect.stream_codec(form=_form_of(dialect, recorded))


def _form_of(dialect: Dialect, recorded: Played) -> Form | None:
    """Return how a recorded stream is laid out, as its first bytes show; None for the dialect's usual form."""
    head = b"".join(read.data for read in recorded.reads)
    lines = Form.LINES.media_type if Form.LINES in dialect.stream_forms else ""
    try:
        return form_of(lines, dialect.stream_forms, head)
    except WireError:
        return None  # The codec says what is wrong with it.


def read_played(path: str, dialect: str) -> Played:
    """Read a recording, or a raw answer in `dialect`. Raises `CommandError`."""
    if path.endswith(RECORDING_SUFFIX):
        return _from_recording(Path(path))
    data = read_bytes(path)
    if not data.strip():
        raise CommandError(f"{input_name(path)}: is empty. Give a recording, a raw stream or a whole answer.")
    if data.lstrip()[:1] == b"{" and not path.endswith(".sse"):
        return Played(dialect, stream=False, reads=reads_of([data]))
    raw = Played(dialect, stream=True, reads=reads_of([data]))
    return Played(dialect, stream=True, reads=reads_of(_frames_apart(codec_for(raw), data)))


def _from_recording(path: Path) -> Played:
    try:
        head, parts = read_recording(path)
        reads: list[Read] = []
        end = "aborted"
        for part in parts:
            if isinstance(part, RecordedRead):
                reads.append(Read(part.t_s, part.data))
            else:
                end = part.end
    except RecordingError as error:
        raise CommandError(f"{error}. Give a file that the proxy recorded.") from error
    except OSError as error:
        raise CommandError(f"{path}: cannot be read ({error.strerror}). Check the path.") from error
    return Played(head.dialect, stream=head.stream, reads=tuple(reads), aborted=end != "eof")


def _frames_apart(codec: Codec, data: bytes) -> list[bytes]:
    """Cut a raw stream at its frames, so that each is a step; what no frame holds is a step of its own."""
    try:
        frames = list(each_frame(codec.receive(data)))
    except WireError as error:
        frames = list(each_frame(error.frames))
    pieces = [frame.raw for frame in frames]
    rest = data[sum(map(len, pieces)) :]
    return [*pieces, rest] if rest else pieces


class _TextReader:
    """Reads the texts out of bytes of an answer, to show them."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec

    def read(self, data: bytes, *, end: bool) -> str:
        """Return the texts of the frames that `data` completes, ids and protocol values left out."""
        try:
            frames = list(each_frame(self._codec.receive(data))) if data else []
            if end:
                frames += self._codec.receive_end()
        except WireError as error:
            frames = list(each_frame(error.frames))
        return "".join(
            slot.text
            for frame in frames
            for slot in frame.slots
            if slot.channel.kind not in {ChannelKind.ID, ChannelKind.OTHER}
        )


def step_texts(recorded: Played, replay: Replay) -> list[tuple[str, str]]:
    """Return for each step the text that came and the text that left."""
    coming, leaving = _TextReader(codec_for(recorded)), _TextReader(codec_for(recorded))
    whole = not recorded.stream
    return [
        (
            coming.read(step.received, end=whole and bool(step.received)),
            leaving.read(step.released, end=whole and bool(step.released)),
        )
        for step in replay.steps
    ]


def replay_json(policy: Policy, recorded: Played, replay: Replay) -> dict[str, Any]:
    """Return the JSON form of a replay. It holds the texts of the recording."""
    texts = step_texts(recorded, replay)
    stats = replay.stats
    return {
        "action": replay.action.value,
        "state": replay.state.value,
        "output": replay.output.decode("utf-8", "replace"),
        "findings": [finding_json(one) for one in replay.incidents],
        "held_chars": {"peak": stats.held_chars_peak, "mean": mean_held(replay)},
        "steps": [
            {
                "t_s": step.t_s,
                "received": came,
                "released": left,
                "released_bytes": len(step.released),
                "held_chars": step.held_chars,
                "decided": [event_words(event) for event in step.events],
            }
            for step, (came, left) in zip(replay.steps, texts, strict=True)
        ],
        "policy": policy.name,
        "revision": policy.revision,
    }


def mean_held(replay: Replay) -> float:
    """Return the mean number of characters held after a read that brought text."""
    stats = replay.stats
    return round(stats.held_chars_sum / stats.samples, 2) if stats.samples else 0.0


def event_words(event: GuardEvent) -> str:
    """Say what happened in a few words."""
    if isinstance(event, Incident):
        return f"{event.action} {event.category} {event.channel}[{event.start}:{event.end}] ({event.rule})"
    kind = "unjudged" if isinstance(event, Bypass) else "blocked unjudged"
    return f"{kind} {event.channel}[{event.start}:{event.end}] ({event.detector}: {event.reason})"


def _show(policy: Policy, recorded: Played, replay: Replay) -> None:
    from rich.table import Table  # noqa: PLC0415 - only where a table is drawn

    table = Table(box=None, header_style="bold", padding=(0, 1, 0, 0))
    for name, side in (("step", "right"), ("ms", "right"), ("came", "left"), ("left", "left"), ("held", "right")):
        table.add_column(name, justify="right" if side == "right" else "left", overflow="fold")
    table.add_column("decided", overflow="fold")
    texts = step_texts(recorded, replay)
    for number, (step, (came, left)) in enumerate(zip(replay.steps, texts, strict=True), 1):
        table.add_row(str(number), *_cells(step, came, left))
    console().print(table)
    say(
        f"{replay.action.value}, {replay.state.value}; held at most {replay.stats.held_chars_peak} characters,"
        f" {mean_held(replay)} on average  (policy {policy.name}@{policy.revision[:12]})"
    )


def _cells(step: Step, came: str, left: str) -> tuple[str, str, str, str, str]:
    when = "" if step.t_s is None else f"{step.t_s * 1000:.0f}"
    held = str(step.held_chars) if step.held_chars else ""
    came_shown = _quoted(came) if step.received else "(end)"
    return when, came_shown, _quoted(left) if step.released else "", held, "; ".join(map(event_words, step.events))


def _quoted(text: str) -> str:
    if not text:
        return "(no text)"
    shown = repr(text)[1:-1]
    return shown if len(shown) <= MAX_SHOWN_CHARS else shown[: MAX_SHOWN_CHARS - 3] + "..."
