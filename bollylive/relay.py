"""What the port process does with each message; the order of its lines is the data flow.

musician's event → taps → thru → clock → report to the engine
engine's word    → scheduler → sent when due
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from bollylive.band import Set
from bollylive.clock import Clock
from bollylive.duty import Legacy
from bollylive.note import (
    ALL_NOTES_OFF,
    ALL_SOUND_OFF,
    RESET_CONTROLLERS,
    Anchor,
    Continue,
    Control,
    Event,
    Heard,
    NoteOff,
    NoteOn,
    Play,
    Player,
    Position,
    Program,
    Raw,
    Release,
    Sam,
    Sent,
    Start,
    Stop,
    Tempo,
    Tick,
)
from bollylive.scheduler import Outgoing, Scheduler
from bollylive.taps import Taps

_END_AGAIN_S = (0.5, 1.5, 4.0)
_RESETS = (ALL_SOUND_OFF, RESET_CONTROLLERS, ALL_NOTES_OFF)


class Relay:
    """Passes the musician's notes through, follows their clock, and plays what the engine has planned.

    `send` gets every message as it leaves, `report` what the engine must know; both are called from
    within the methods, on the caller's thread, and must neither block nor raise. `thru` holds the channels
    (0-15) on which the musician's playing is passed on. `dropped_stale` counts planned notes of an epoch
    that is gone, or that were under way when the song stopped. Not thread-safe; `now_s` must not go back between calls.
    """

    def __init__(
        self,
        clock: Clock,
        scheduler: Scheduler,
        send: Callable[[Sent], None],
        report: Callable[[Heard | Anchor], None],
        thru: frozenset[int],
        taps: Taps | None = None,
    ) -> None:
        self.thru = thru
        self.dropped_stale = 0
        self._taps = taps or Taps(Set())
        self._clock = clock
        self._scheduler = scheduler
        self._send_on = send
        self._report = report
        self._used: set[int] = set()  # channels on which anything was heard or sent
        self._left: tuple[tuple[int, int, Player], ...] = ()  # what an earlier relay left sounding
        self._end_left_s: deque[float] = deque()  # when that is ended again

    def handle(self, event: Event, now_s: float) -> None:
        """Takes in one event of the musician or their DAW, at once; a tap is neither passed on nor heard as music."""
        beat = self._clock.beat_at(now_s)
        if tap := self._taps.read(event, now_s):
            if isinstance(tap, Sam):
                self._report(Heard(tap, now_s, beat))
            elif isinstance(tap, Tempo):
                self._keep_time(tap, now_s, beat)
            return
        self._thru(event, now_s, beat)
        self._keep_time(event, now_s, beat)
        if isinstance(event, NoteOn | NoteOff | Control | Program):
            self._used.add(event.channel)
            self._report(Heard(event, now_s, beat))

    def obey(self, word: Play | Release, now_s: float) -> None:
        """Takes in one word of the engine; what is due of it leaves at the next `tick`."""
        match word:
            case Play(note, epoch) if epoch == self._clock.anchor.epoch and self._clock.anchor.running:
                self._scheduler.plan(note)
            case Play():
                self.dropped_stale += 1
            case Release(channel):
                self._send_all(self._scheduler.release(channel, "model"), now_s)

    def tick(self, now_s: float) -> None:
        """Sends what is due; call it at `next_due` and, so that a lost clock is noticed, many times a second."""
        if self._end_left_s and now_s >= self._end_left_s[0]:
            self._end_left_s.popleft()
            self._end_left(now_s)
        if self._clock.check(now_s):
            self._report(self._clock.anchor)
        anchor = self._clock.anchor
        if not anchor.running:
            return
        beat = anchor.beat_at(now_s)
        for event, by, due_beat in self._scheduler.due(beat, anchor.seconds_per_beat):
            self._send(event, by, now_s, due_beat, (beat - due_beat) * anchor.seconds_per_beat)

    def next_due(self) -> float | None:
        """When `tick` has something to send, perhaps in the past; None if nothing is planned or time stands still."""
        beat = self._scheduler.next_beat()
        if beat is None or not self._clock.anchor.running:
            return None
        return self._clock.seconds_at(beat)

    def program(self, channel: int, program: int, now_s: float) -> None:
        """Sends the General MIDI program (0-127) of an instrument, as at start-up."""
        self._send(Program(channel, program), "model", now_s, self._clock.beat_at(now_s))

    def silence(self, now_s: float) -> None:
        """Ends every sounding note and forgets every planned one."""
        self._send_all(self._scheduler.release(), now_s)

    def close(self, now_s: float) -> None:
        """Leaves silence behind, also on synthesizers that hold notes which we know nothing of."""
        self.silence(now_s)
        for channel in sorted(self._used):
            for number in (ALL_NOTES_OFF, ALL_SOUND_OFF):
                self._send(Control(channel, number, 0), "model", now_s, self._clock.beat_at(now_s))

    def use(self, thru: frozenset[int], taps: Taps, now_s: float) -> None:
        """Passes other channels from now on, and looks for other taps; what sounds on a channel that closes ends."""
        for channel in self.thru - thru:
            self._send_all(self._scheduler.release(channel, "musician"), now_s)
        self.thru, self._taps = thru, taps

    def inherit(self, legacy: Legacy, now_s: float) -> None:
        """Ends what an earlier relay left sounding: now, and again while those who listen may be joining a new port."""
        self._left = legacy.sounding
        self._end_left_s.extend(now_s + after_s for after_s in _END_AGAIN_S)
        self._end_left(now_s)
        for channel in legacy.used:
            self._send(Control(channel, ALL_NOTES_OFF, 0), "model", now_s, self._clock.beat_at(now_s))

    def _end_left(self, now_s: float) -> None:
        for channel, pitch, by in self._left:
            if not self._scheduler.sounds(channel, pitch):
                self._send(NoteOff(channel, pitch), by, now_s, self._clock.beat_at(now_s))

    def _thru(self, event: Event, now_s: float, beat: float) -> None:
        match event:
            case Control(channel, number) if number in _RESETS:
                by: Player | None = "model" if number == RESET_CONTROLLERS else None
                self._send_all(self._scheduler.release(channel, by), now_s)
            case NoteOn(channel) if channel in self.thru:
                self._send_all(self._scheduler.press(event), now_s)
            case NoteOff(channel) if channel in self.thru:
                self._send_all(self._scheduler.lift(event), now_s)
            case Control(channel) | Program(channel) if channel in self.thru:
                self._send(event, "musician", now_s, beat)
            case Raw(data) if self._passes(data):
                self._send(event, "musician", now_s, beat)

    def _passes(self, data: bytes) -> bool:
        """SysEx belongs to no channel and passes if any channel does."""
        return data[0] & 0x0F in self.thru if data[0] < 0xF0 else bool(self.thru)

    def _keep_time(self, event: Event, now_s: float, beat: float) -> None:
        if not isinstance(event, Tick | Start | Continue | Stop | Position | Tempo):
            return
        epoch = self._clock.anchor.epoch
        changed = self._clock.handle(event, now_s)
        if isinstance(event, Stop) or self._clock.anchor.epoch != epoch:
            self._send_all(self._scheduler.release(by="model"), now_s, beat)
        if changed:
            self._report(self._clock.anchor)

    def _send_all(self, messages: Iterable[Outgoing], now_s: float, beat: float | None = None) -> None:
        at_beat = self._clock.beat_at(now_s) if beat is None else beat
        for event, by in messages:
            self._send(event, by, now_s, at_beat)

    def _send(self, event: Event, by: Player, now_s: float, beat: float, late_s: float = 0.0) -> None:
        if isinstance(event, NoteOn | NoteOff | Control | Program):
            self._used.add(event.channel)
        self._send_on(Sent(event, by, now_s, beat, late_s))
