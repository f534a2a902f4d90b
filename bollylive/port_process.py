"""The process that owns the ports: small and quiet, so that a note is never late because Python is busy.

It passes the musician's notes through, follows their clock, sends what the engine has planned, and outlives the
engine: when that dies its notes are ended and another one is started.
"""

from __future__ import annotations

import gc
import time
from collections import deque
from collections.abc import Iterable

from bollylive.band import MODEL_ROLES, Set
from bollylive.clock import Clock
from bollylive.duty import Finish, Legacy
from bollylive.engine_link import EngineLink
from bollylive.note import (
    Anchor,
    Bearing,
    Control,
    Event,
    Heard,
    NoteOff,
    NoteOn,
    Play,
    Program,
    Ready,
    Release,
    Sent,
    Tempo,
    Trouble,
)
from bollylive.ports import Ports
from bollylive.relay import Relay
from bollylive.scheduler import Scheduler
from bollylive.taps import Taps
from bollylive.uplink import Uplink
from bollylive.wire import Reader, write

_POLL_S = 0.001
_IDLE_POLL_S = 0.0025  # when nothing has come or gone for a while: a third of the processor time
_IDLE_AFTER_S = 2.0
_FLUSH_S = 0.1  # what was sent last must leave the driver before its port closes; a long period is 43 ms
_KEPT_LATENESSES = 100_000
_KEPT_REPLIES = 64


class PortProcess:
    """A performance on real ports. Build it, `run` it on the same thread, then `close` it, whatever happened.

    `uplink` is told all that is played. `musician` plays by itself, in seconds from the moment the band is ready: the
    demo. With a `legacy` it goes on from where an earlier process ended, whose notes it ends. `late_s` holds how late
    the newest note-ons left that were planned ahead (a reply, played at the very moment that it answers, is not among
    them); `stop` may be called by a signal handler.
    """

    def __init__(
        self,
        ports: Ports,
        engine: EngineLink,
        band: Set,
        uplink: Uplink,
        musician: Iterable[tuple[float, Event]] = (),
        legacy: Legacy | None = None,
    ) -> None:
        self.late_s: deque[float] = deque(maxlen=_KEPT_LATENESSES)
        self.ready = False
        self._ports, self._engine, self._band, self._uplink = ports, engine, band, uplink
        self._say = uplink.say
        self._musician = deque(musician)
        self._ready_s = 0.0
        # Channel, pitch and onset of the newest notes that came when they were due; one that is dropped stays behind.
        self._replies: deque[tuple[int, int, float]] = deque(maxlen=_KEPT_REPLIES)
        self._busy_s = 0.0  # when something last came
        self._stopped = False
        self._alone = False  # no engine, for good: only the musician's own notes pass
        self._reader = Reader()
        now_s = time.perf_counter()
        self._clock = Clock(band.tempo_bpm, now_s)
        if legacy is not None:
            self._clock.resume(legacy.anchor, now_s)
        self._leader = self._clock.source
        self._scheduler = Scheduler()
        thru, self._unsent = _channels(band)
        self._relay = Relay(self._clock, self._scheduler, self._send, self._report, thru, Taps(band))
        if legacy is not None:
            self._relay.inherit(legacy, now_s)
        self._report(self._clock.anchor)

    def stop(self) -> None:
        """Let `run` return soon."""
        self._stopped = True

    def run(self) -> None:
        """Play until stopped."""
        while not self._stopped:
            now_s = time.perf_counter()
            for data in self._ports.poll():
                self._busy_s = now_s
                for event in self._reader.feed(data):
                    self._relay.handle(event, now_s)
            self._play_demo(now_s)
            self._relay.tick(time.perf_counter())
            if self._clock.source != self._leader:
                self._tell_leader()
            self._engine.pipe.flush()
            for order in self._uplink.attend(now_s):
                if isinstance(order, Finish):
                    self.stop()
                else:
                    self._use(order)
            wait_s = self._wait_s(now_s)
            if self._alone:
                time.sleep(wait_s)
            elif self._engine.pipe.wait(wait_s):
                for word in self._engine.pipe.receive():
                    self._obey(word)
            if self._engine.pipe.closed and not self._alone and not self._stopped:
                self._bury()

    def close(self) -> None:
        """Leave silence: every note ended, CC 123 and 120 sent, the ports closed, the engine gone."""
        try:
            self._relay.close(time.perf_counter())
            self._uplink.attend(time.perf_counter())
            time.sleep(_FLUSH_S)
        finally:
            self._ports.close()
            self._engine.end()

    def summary(self) -> dict[str, float]:
        """What happened, in numbers: notes planned and how late they left, and what was dropped or lost."""
        late = sorted(self.late_s) or [0.0]
        return {
            "planned_notes": len(self.late_s),
            "late_ms_p50": 1e3 * late[len(late) // 2],
            "late_ms_p99": 1e3 * late[min(len(late) - 1, int(0.99 * len(late)))],
            "late_ms_max": 1e3 * late[-1],
            "dropped_late": self._scheduler.dropped_late,
            "dropped_held": self._scheduler.dropped_held,
            "dropped_stale": self._relay.dropped_stale,
            "bad_bytes": self._reader.dropped,
            "send_failures": self._ports.send_failures,
        }

    def _wait_s(self, now_s: float) -> float:
        poll_s = _POLL_S if now_s - self._busy_s < _IDLE_AFTER_S else _IDLE_POLL_S
        due_s = self._relay.next_due()
        return poll_s if due_s is None else min(poll_s, max(0.0, due_s - time.perf_counter()))

    def _send(self, sent: Sent) -> None:
        self._ports.send(write(sent.event))
        if sent.by == "model" and isinstance(sent.event, NoteOn):
            key = (sent.event.channel, sent.event.pitch, sent.beat)
            if key in self._replies:
                self._replies.remove(key)
            else:
                self.late_s.append(sent.late_s)
        self._uplink.tell(sent)

    def _report(self, word: Heard | Anchor) -> None:
        if isinstance(word, Anchor):
            self._uplink.tell(word)
        elif isinstance(word.event, NoteOn | NoteOff | Control | Program) and word.event.channel in self._unsent:
            self._uplink.tell(Sent(word.event, "musician", word.at_s, word.beat))
        self._engine.pipe.put([word])

    def _obey(self, word: Play | Release | Bearing | Ready | Trouble) -> None:
        now_s = time.perf_counter()
        match word:
            case Play(note):
                if note.onset_beats <= self._clock.beat_at(now_s):
                    self._replies.append((note.channel, note.pitch, note.onset_beats))
                self._relay.obey(word, now_s)
            case Release():
                self._replies.clear()
                self._relay.obey(word, now_s)
            case Bearing():
                self._uplink.tell(word)
            case Ready():
                self._begin(now_s)
                self._uplink.tell(word)
            case Trouble(text, fatal):
                self._say(text)
                self._stopped |= fatal and not self.ready  # once it plays, the musician's own notes still pass

    def _begin(self, now_s: float) -> None:
        if self.ready:
            return
        for channel, program in self._band.programs():
            self._relay.program(channel, program, now_s)
        # Nothing here makes cycles, and a full collection would stall for as long as a note lasts.
        gc.collect()
        gc.freeze()
        gc.disable()
        self.ready, self._ready_s = True, time.perf_counter()

    def _use(self, band: Set) -> None:
        """Play another set from now on: the right notes end, the rest goes on."""
        now_s = time.perf_counter()
        old, self._band = self._band, band
        thru, self._unsent = _channels(band)
        self._relay.use(thru, Taps(band), now_s)
        for channel in range(16):
            if band.channel(channel).role not in MODEL_ROLES and old.channel(channel).role in MODEL_ROLES:
                self._relay.obey(Release(channel), now_s)
        for channel, program in set(band.programs()) - set(old.programs()):
            self._relay.program(channel, program, now_s)
        if band.tempo_bpm != old.tempo_bpm and self._clock.source == "midi":
            self._say("A MIDI clock leads; the new tempo_bpm counts when jam is started without one.")
        elif band.tempo_bpm != old.tempo_bpm:
            self._relay.handle(Tempo(band.tempo_bpm), now_s)
        self._engine.use(band)

    def _tell_leader(self) -> None:
        """Somebody else leads the beat now."""
        before, self._leader = self._leader, self._clock.source
        bpm = 60 / self._clock.anchor.seconds_per_beat
        if self._leader == "lost":
            self._say(f"The MIDI clock is lost; the band plays on at {bpm:.1f} beats per minute until it is back.")
        elif self._leader == "midi":
            self._say("The MIDI clock is back." if before == "lost" else "The MIDI clock leads.")
        elif before == "lost":
            self._say("The MIDI clock stays away; the tempo is free, and the band rests when you do.")

    def _play_demo(self, now_s: float) -> None:
        while self.ready and self._musician and self._musician[0][0] <= now_s - self._ready_s:
            self._relay.handle(self._musician.popleft()[1], now_s)

    def _bury(self) -> None:
        """The engine is gone: end its notes, and start another."""
        for channel in range(16):
            self._relay.obey(Release(channel), time.perf_counter())
        self._alone = not self._engine.revive()
        if not self._alone:
            self._say("The engine ended unexpectedly; its notes are ended and another one is starting.")
            self._report(self._clock.anchor)
        else:
            self._say("The engine keeps failing; your own notes still pass. Stop, and run `bollylive check`.")


def _channels(band: Set) -> tuple[frozenset[int], frozenset[int]]:
    """The channels on which the musician's notes pass, and those on which they are heard here but sound elsewhere."""
    thru = frozenset(channel for channel in range(16) if band.passes_thru(channel))
    return thru, frozenset(c for c in range(16) if c not in thru and band.channel(c).role != "off")
