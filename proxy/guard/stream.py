"""The stream guard: takes bytes of one message, gives back the bytes that may go on, edited where the policy says.

Sans-io. It owns the order of frames and the texts of all channels; it neither reads a socket nor runs a
detector: a driver does both (`proxy.guard.drive`, `proxy.server`). Every path by which bytes come out goes through
`_emit`, which releases a frame only when every text in it has been judged.

How a frame gets out: frames wait in the order they came. The first one leaves when each of its texts lies before
the `released` offset of its channel. So what leaves depends on the frames and on the findings alone, not on how the
bytes were cut or when the detectors answered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.types import ChannelKind, ScanResult
from policies.types import Action, Direction
from proxy.guard.api import Block, GuardState, GuardStats, ScanFailureReason, ScanRequest, never_late, nothing_now
from proxy.guard.cursor import GarbageError
from proxy.guard.limits import MAX_CHANNELS, MAX_HELD_BYTES, MAX_REQUEST_CHANNELS
from proxy.guard.queue import FrameQueue, Place, WaitingRun, edited, edits_of
from proxy.guard.reports import Reports
from proxy.guard.texts import Texts
from proxy.guard.timeline import Timeline, WantedScan
from proxy.wire.types import FrameRole, FrameRun, SlotMode, WireError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from policies.types import Policy
    from proxy.guard.api import ScanNow
    from proxy.guard.evidence import Evidence
    from proxy.guard.memory import Memory
    from proxy.guard.reports import GuardEvent
    from proxy.wire.types import Codec, Frame


class StreamGuard:
    """Guards one message (a response or a request) under one policy."""

    _last_id = 0
    _now_s: float | None = None

    def __init__(
        self,
        codec: Codec,
        policy: Policy,
        direction: Direction = Direction.RESPONSE,
        *,
        use_screens: bool = True,
        evidence: Evidence | None = None,
        memory: Memory | None = None,
    ) -> None:
        """Without screens each detector looks at everything for itself: slower, and the same comes out."""
        self.stats = GuardStats()
        self.reports = Reports()
        self.block: Block | None = None
        """Set in STATE_BLOCKED."""
        self.broken_public = ""
        """Why the message broke, in words a client may see. Set in STATE_BROKEN."""
        if direction is Direction.RESPONSE and policy.drops_token_details:
            codec.leave_out_details()
        self._codec = codec
        self._policy = policy
        self._max_hold_chars = policy.limits.max_hold_chars
        self._max_channels = MAX_REQUEST_CHANNELS if direction is Direction.REQUEST else MAX_CHANNELS
        self._direction = direction
        self._texts = Texts(
            policy, direction, self.stats, codec.repeats_text, memory, use_screens=use_screens, evidence=evidence
        )
        self.channels = self._texts.summary
        self.answers = self._texts.answers
        self._queue = FrameQueue()
        self._in_flight: dict[int, tuple[Timeline, WantedScan]] = {}
        self._early: list[tuple[Timeline, WantedScan]] = []
        self._ended = self._broken = False
        self._state = GuardState.STATE_OPEN
        self._out: list[bytes] = []
        self._spoken: set[int] = set()
        self._is_undecided = False  # `judge` was late, and findings are left to decide on
        self._is_stale = False  # more may be able to leave than did at the last look

    # Bytes come in.

    def receive(self, data: bytes) -> None:
        """Take bytes from the sender. What it breaks ends in STATE_BROKEN, never in an exception."""
        if not self._wants_input:
            return
        self._is_stale = True
        try:
            frames = self._codec.receive(data)
        except WireError as error:
            self._take_frames(error.frames)
            self._break(error.public)
        else:
            self._take_frames(frames)

    def receive_end(self) -> None:
        """Take the end of the sender's bytes."""
        if not self._wants_input:
            return
        self._is_stale = True
        try:
            frames = self._codec.receive_end()
        except WireError as error:
            self._take_frames(error.frames)
            self._break(error.public)
            return
        if len(frames) == 1 and not self._queue and self._texts.pass_whole(frames[0].slots):
            self._send_whole(frames[0])
        else:
            self._take_frames(frames)
            self._end()

    def receive_abort(self, public: str) -> None:
        """Take the news that the sender died. What was judged has left or leaves; what is held is dropped."""
        if self._wants_input or (self._ended and self._state is GuardState.STATE_OPEN):
            self._break(public)

    @property
    def _wants_input(self) -> bool:
        return not (self._ended or self._broken) and self._state is GuardState.STATE_OPEN

    def _take_frames(self, frames: Iterable[Frame | FrameRun]) -> None:
        texts, now_s = self._texts, self._now_s
        for item in texts.unfolded(frames):
            places = texts.place_run(item, now_s) if isinstance(item, FrameRun) else texts.place(item.slots, now_s)
            if texts.is_reopened:
                self._break("a text went on after its end")
                break
            if isinstance(item, FrameRun):
                self._queue.append_run(item, places)
                self.stats.frames += len(item.sizes)
                continue
            self._queue.append(item, places)
            self.stats.frames += 1
            if item.ends:
                texts.end(item.ends)
            if item.role is FrameRole.TERMINATOR:
                self._end()
                break
        if self._queue.bytes_waiting > MAX_HELD_BYTES and not self._queue.is_single:
            self._break("too much of the stream had to be held")
        if len(texts.by_channel) > self._max_channels:
            self._break("too many parallel texts")

    def _end(self) -> None:
        """Nothing follows: every text is complete."""
        self._ended = True
        self._texts.finish()

    def _break(self, public: str) -> None:
        if not self._broken:
            self._broken = True
            self._is_stale = True
            self.broken_public = public

    # Detectors judge.

    def wanted_scans(self) -> list[ScanRequest]:
        """Return the windows that can be judged now, each of them exactly once."""
        return self.judge(nothing_now)

    def judge(self, scan_now: ScanNow, is_late: Callable[[], bool] = never_late) -> list[ScanRequest]:
        """Have the windows judged that can be judged now; return those that `scan_now` leaves to others.

        It leaves a window by returning None. Each of those is returned exactly once. When `is_late` says so, the
        rest waits for the next call: see `has_unjudged`.
        """
        left: list[ScanRequest] = []
        texts = self._texts
        while True:
            while texts.unscanned or self._early:
                self._is_stale = True
                early, self._early = self._early, []
                for timeline, scan in early:
                    self._judge(timeline, scan, scan_now, left)
                timelines, texts.unscanned = texts.unscanned, {}
                waiting = iter(timelines)
                for timeline in waiting:
                    for scan in timeline.wanted_scans():
                        self._judge(timeline, scan, scan_now, left)
                    texts.judged(timeline)
                    if is_late() and (rest := dict.fromkeys(waiting) | texts.unscanned):
                        texts.unscanned = rest
                        return left
            if not self._in_flight:
                if not self._decide(is_late):
                    return left
                self._emit()  # observers are shown what has left
            if not texts.unscanned:
                return left

    def _decide(self, is_late: Callable[[], bool]) -> bool:
        """Decide what was found, as long as it is not late. Returns whether all of it is decided."""
        wanted = self._is_stale and self._state is GuardState.STATE_OPEN
        self._is_undecided = wanted and not self._texts.resolve(is_late)
        return not self._is_undecided

    @property
    def has_unjudged(self) -> bool:
        """Whether a call of `judge` was late and left windows that can be judged, or findings to decide on."""
        return self._is_undecided or bool(self._texts.unscanned)

    def _judge(self, timeline: Timeline, scan: WantedScan, scan_now: ScanNow, left: list[ScanRequest]) -> None:
        detector, window = scan.cursor.detector, scan.window
        self.stats.note_scanned(detector.name, len(window.text))
        outcome = scan_now(detector, window)
        if outcome is None:
            self._last_id += 1
            self._in_flight[self._last_id] = (timeline, scan)
            left.append(ScanRequest(self._last_id, detector, window, scan.holding))
        elif isinstance(outcome, ScanFailureReason):
            self._fail(timeline, scan, outcome)
        else:
            self._accept(timeline, scan, outcome)

    def receive_scan(self, request_id: int, result: object) -> None:
        """Take a detector's answer. One that breaks the contract counts as a failure."""
        flight = self._in_flight.pop(request_id, None)
        if flight is not None:
            self._accept(*flight, result)

    def _accept(self, timeline: Timeline, scan: WantedScan, result: object) -> None:
        cursor = scan.cursor
        self._is_stale = True
        try:
            incidents = timeline.receive_scan(scan, result)
        except GarbageError:
            self._fail(timeline, scan, ScanFailureReason.GARBAGE)
            return
        assert isinstance(result, ScanResult)  # noqa: S101 - the cursor has looked
        self.stats.note_scores(result.findings)
        if incidents:
            self.reports.tell(timeline, incidents)
        if (over := timeline.over_limit(scan, self._max_hold_chars)) is not None:
            self._fail(timeline, over, ScanFailureReason.LIMIT)
        texts = self._texts
        if cursor.wants_more(final=timeline.final):
            texts.unscanned[timeline] = None
        texts.unresolved[timeline] = None

    def receive_scan_failure(self, request_id: int, reason: ScanFailureReason) -> None:
        """Take the news that a window could not be judged: the rule's `on_error` decides."""
        flight = self._in_flight.pop(request_id, None)
        if flight is not None:
            self._fail(*flight, reason)

    def _fail(self, timeline: Timeline, scan: WantedScan, reason: ScanFailureReason) -> None:
        self._is_stale = True
        self.reports.add(timeline, timeline.receive_failure(scan, reason))
        self._texts.touch(timeline)

    def receive_time(self, now_s: float) -> None:
        """Take the time (monotonic seconds). Segments of window detectors that were held too long are closed."""
        self._now_s = now_s
        self._early += self._texts.close_overdue(now_s, self._policy.limits.max_hold_s)

    def next_time(self) -> float | None:
        """Return when `receive_time` is next useful; None when nothing is held."""
        since_s = self._texts.held_since_s
        return None if since_s is None else since_s + self._policy.limits.max_hold_s

    # Bytes go out.

    @property
    def decision(self) -> Action:
        """The most severe action taken on what has left so far."""
        return self.reports.decision

    @property
    def state(self) -> GuardState:
        """Where the message stands."""
        self._emit()
        return self._state

    def take(self) -> bytes:
        """Return the bytes that may leave now."""
        self._emit()
        out, self._out = b"".join(self._out), []
        return out

    def take_events(self) -> list[GuardEvent]:
        """Return what happened since the last call."""
        return self.reports.take()

    def _emit(self) -> None:
        """Send every frame at the head of the queue whose texts have all been judged."""
        if not self._is_stale or self._state is not GuardState.STATE_OPEN:
            return
        self._is_stale = self._is_undecided = False
        self._texts.resolve()
        while self._queue and self._send_first():
            pass
        if self.block is not None:
            return
        if self._texts.grown and not self._in_flight:  # once for every input, until the text ends
            self._texts.grown = False
            if not (self._ended or self._broken):
                self._texts.sample()
        if self._broken:
            if not any(scan.holding for _, scan in self._in_flight.values()) and not self._texts.unscanned:
                self._close(GuardState.STATE_BROKEN)
        elif self._ended and not self._queue:
            self._close(GuardState.STATE_DONE)

    def _send_first(self) -> bool:
        """Send what may leave of the head of the queue. Returns whether the next in line has its turn."""
        head = self._queue.head
        if isinstance(head, WaitingRun):
            timeline = head.timeline
            is_clear = timeline.is_plain or (timeline.block is None and timeline.edits.reach <= timeline.emitted)
            if is_clear and not self._codec.edits_constants:
                return self._send_run(head)
            frame, places = head.first()
        else:
            frame, places = head
        for index, (timeline, _, end) in enumerate(places):
            if timeline.block is not None and end > timeline.block.offset:
                return self._stop(frame, places, index)
            if timeline.released < end:
                return False
        frame, edits = edited(frame, places)
        must_encode = edits or frame.must_encode or self._codec.edits_constants
        self._out.append(self._codec.encode(frame, edits) if must_encode else frame.raw)
        if frame.payload is not None:
            self._codec.sent(frame, edits)
        for timeline, start, end in places:
            self._left(timeline, start, end)
        if isinstance(head, WaitingRun):
            head.skip_first()
        self._queue.left(len(frame.raw))
        return True

    def _send_whole(self, frame: Frame) -> None:
        """Send the one frame of a message in whose texts nothing is found."""
        self._ended = True
        self.stats.frames += 1
        self._out.append(self._codec.encode(frame, {}))
        if frame.payload is not None:
            self._codec.sent(frame, {})
        self._state = GuardState.STATE_DONE

    def _send_run(self, head: WaitingRun) -> bool:
        """Send the frames of a run that no edit and no block touches."""
        timeline = head.timeline
        raw, end = head.take_before(timeline.released)
        if not raw:
            return False
        self._out.append(raw)
        self._left(timeline, timeline.emitted, end)
        self._queue.left(len(raw))
        return head.is_empty

    def _left(self, timeline: Timeline, start: int, end: int) -> None:
        """Note that a span has left."""
        if end == start:
            return
        if timeline.channel.kind is ChannelKind.TEXT:
            self._spoken.add(timeline.channel.choice)
        if incidents := timeline.sent(end):
            self.reports.tell(timeline, incidents)
        if timeline.wants_observation:
            self._texts.unscanned[timeline] = None

    def _stop(self, frame: Frame, places: tuple[Place, ...], index: int) -> bool:
        """End the message at the blocked text in slot `index` of `frame`. Returns whether it ended."""
        later_ids = [place for place in places[index + 1 :] if place.timeline.channel.kind is ChannelKind.ID]
        if not all(t.block is not None or (t.final and t.released >= e) for t, _, e in later_ids):
            return False  # an id that stands after the text is still being judged
        blocked = places[index].timeline
        assert blocked.block is not None  # noqa: S101 - the caller found it
        self.block = blocked.block
        edits = edits_of(frame, places[:index])
        for timeline, start, end in places[:index]:
            self._left(timeline, start, end)
        cut = blocked.block.offset
        start = places[index].start
        kept = frame.slots[index].text[: max(cut - start, 0)]
        edited = blocked.edits.apply(kept, start, start + len(kept)) if kept else ""
        edits[index] = None if frame.slots[index].drop else kept if edited is None else edited
        self._left(blocked, start, max(cut, start))
        for later in range(index + 1, len(places)):
            timeline, begin, end = places[later]
            is_judged = timeline.channel.kind is ChannelKind.ID and timeline.released >= end
            if not is_judged or timeline.edits.apply("", begin, end) is not None:
                edits[later] = "" if frame.slots[later].mode is SlotMode.APPEND else None
        if self._direction is Direction.RESPONSE:
            said = ("\n\n" if blocked.channel.choice in self._spoken else "") + self.block.message
            self._out.append(self._codec.encode_blocked(frame, edits, index, said, self._texts.said))
        self.reports.tell(blocked, blocked.take_incidents())
        self.reports.decision = Action.BLOCK
        self._close(GuardState.STATE_BLOCKED)
        return False

    def _close(self, state: GuardState) -> None:
        """Let nothing more leave; observers may look at the last of what did."""
        self._state = state
        self._texts.close()
        self._queue.clear()
