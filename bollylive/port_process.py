"""The process that owns the ports: small and quiet, so that a note is never late because Python is busy.

It passes the musician's notes through, follows their clock, sends what the engine has planned, and outlives the
engine: when that dies its notes are ended and another one is started.
"""

from __future__ import annotations

import gc
import time
from collections import deque
from collections.abc import Callable

from bollylive.band import Set
from bollylive.clock import Clock
from bollylive.engine_link import EngineLink
from bollylive.journal_writer import JournalWriter
from bollylive.lateness import Lateness
from bollylive.link import LinkSession
from bollylive.note import (
    Anchor,
    Control,
    Event,
    Heard,
    NoteOff,
    NoteOn,
    Order,
    Play,
    PlayerBeat,
    Program,
    Ready,
    Release,
    Sent,
    Trouble,
)
from bollylive.ports import Ports
from bollylive.relay import Relay
from bollylive.scheduler import Scheduler
from bollylive.snapshot import Vitals
from bollylive.take import Take
from bollylive.wire import write

_POLL_S = 0.001
_IDLE_POLL_S = 0.0025  # when nothing has come or gone for a while: a third of the processor time
_IDLE_AFTER_S = 2.0
_CALM_S = 0.005  # so long nothing must be due for the list of ports to be read
_FLUSH_S = 0.1  # what was sent last must leave the driver before its port closes; a long period is 43 ms
_TURN_MESSAGES = 64
_KEPT_REPLIES = 64
_KEPT_SENTENCES = 4
_VITALS_S = 0.25


class PortProcess:
    """A performance on real ports. Build it, `run` it on the same thread, then `close` it, whatever happened.

    `musician` plays by itself, in seconds from the moment the band is ready: the demo. `take` collects what is
    played, and `journal` writes it down meanwhile. `lateness` counts how late the note-ons left that were planned
    ahead (a reply, played at the very moment that it answers, is not among them); `stop` may be called by a signal
    handler.
    """

    def __init__(
        self,
        ports: Ports,
        engine: EngineLink,
        band: Set,
        say: Callable[[str], None],
        take: Take | None = None,
        musician: list[tuple[float, Event]] | None = None,
        journal: JournalWriter | None = None,
        link: LinkSession | None = None,
    ) -> None:
        self.lateness = Lateness()
        self.ready = False
        self._ports, self._engine, self._band, self._tell = ports, engine, band, say
        self._sentences: deque[str] = deque(maxlen=_KEPT_SENTENCES)
        self._vitals, self._vitals_s = Vitals(), 0.0  # as the engine knows them, and when they were last looked at
        self._journal, self._link = journal, link
        self._records: list[Take | JournalWriter] = [record for record in (take, journal) if record is not None]
        self._musician = deque(musician or [])
        self._ready_s = 0.0
        # Channel, pitch and onset of the newest notes that came when they were due; one that is dropped stays behind.
        self._replies: deque[tuple[int, int, float]] = deque(maxlen=_KEPT_REPLIES)
        self._busy_s = 0.0  # when something last came
        self._stopped = False
        self._alone = False  # no engine, for good: only the musician's own notes pass
        self._clock = Clock(band.tempo_bpm, time.perf_counter())
        self._leader = self._clock.source
        self._scheduler = Scheduler()
        # The musician is heard here, and sounds elsewhere.
        self._unsent = frozenset(c for c in range(16) if not band.passes_thru(c) and band.channel(c).role != "off")
        self._relay = Relay(self._clock, self._scheduler, self._send, self._report, band)
        self._report(self._clock.anchor)

    def stop(self) -> None:
        """Let `run` return soon."""
        self._stopped = True

    def run(self, seconds: float | None = None) -> None:
        """Play until stopped, or for so long after the band is ready."""
        while not self._stopped and not self._over(seconds):
            now_s = time.perf_counter()
            self._listen(now_s)
            self._relay.tick(time.perf_counter())
            self._tell_news(now_s)
            self._engine.pipe.flush()
            wait_s = self._wait_s(now_s)
            if self._alone:
                time.sleep(wait_s)
            elif self._engine.pipe.wait(wait_s):
                for word in self._engine.pipe.receive():
                    self._obey(word)
            if self._engine.pipe.closed and not self._alone and not self._stopped:
                self._bury()

    def _listen(self, now_s: float) -> None:
        """Take in what has come: from the ports, from a Link session, from the musician of the demo."""
        for count, event in enumerate(self._ports.read(now_s), start=1):
            self._busy_s = now_s
            self._relay.handle(event, now_s)
            if count % _TURN_MESSAGES == 0:  # however much has come, what is due does not wait for all of it
                now_s = time.perf_counter()
                self._relay.tick(now_s)
        if self._link is not None and (beat := self._link.poll(time.perf_counter())) is not None:
            self._relay.follow_link(beat)
        self._play_demo(now_s)

    def _tell_news(self, now_s: float) -> None:
        """Tell the musician what has happened, and the engine how this process fares."""
        if self._clock.source != self._leader:
            self._tell_leader()
        for source in (self._relay, self._journal, self._link):
            if source is not None and (trouble := source.take_trouble()) is not None:
                self._say(trouble)
        for sentence in self._ports.check(now_s, calm=self._calm(now_s)):
            self._say(sentence)
        if now_s - self._vitals_s >= _VITALS_S:
            self._tell_vitals(now_s)

    def close(self) -> None:
        """Leave silence: every note ended, CC 123 and 120 sent, the ports closed, the engine gone."""
        try:
            self._relay.close(time.perf_counter())
            time.sleep(_FLUSH_S)
        finally:
            self._ports.close()
            self._engine.end()
            if self._link is not None:
                self._link.close()

    def summary(self) -> dict[str, float]:
        """What happened, in numbers: notes planned and how late they left, and what was dropped or lost."""
        return {
            "planned_notes": self.lateness.count,
            "late_ms_p50": 1e3 * self.lateness.percentile_s(0.5),
            "late_ms_p99": 1e3 * self.lateness.percentile_s(0.99),
            "late_ms_max": 1e3 * self.lateness.latest_s,
            "dropped_late": self._scheduler.dropped_late,
            "dropped_held": self._scheduler.dropped_held,
            "dropped_stale": self._relay.dropped_stale,
            "bad_bytes": self._ports.bad_bytes,
            "echoes": self._relay.loopback.echoes,
            "dropped_flood": self._relay.flood.dropped,
            "send_failures": self._ports.send_failures,
        }

    def _wait_s(self, now_s: float) -> float:
        poll_s = _POLL_S if now_s - self._busy_s < _IDLE_AFTER_S else _IDLE_POLL_S
        due_s = self._relay.next_due()
        return poll_s if due_s is None else min(poll_s, max(0.0, due_s - time.perf_counter()))

    def _calm(self, now_s: float) -> bool:
        due_s = self._relay.next_due()
        return due_s is None or due_s - now_s > _CALM_S

    def _over(self, seconds: float | None) -> bool:
        return seconds is not None and self.ready and time.perf_counter() - self._ready_s > seconds

    def _send(self, sent: Sent) -> None:
        self._ports.send(write(sent.event))
        if sent.by == "model" and isinstance(sent.event, NoteOn):
            key = (sent.event.channel, sent.event.pitch, sent.beat)
            if key in self._replies:
                self._replies.remove(key)
            else:
                # What left first of the same instant kept the others waiting.
                self.lateness.add(sent.late_s + time.perf_counter() - sent.at_s)
        for record in self._records:
            record.add(sent)

    def _report(self, word: Heard | Anchor) -> None:
        for record in self._records:
            if isinstance(word, Anchor):
                record.add_anchor(word)
            elif isinstance(word.event, NoteOn | NoteOff | Control | Program) and word.event.channel in self._unsent:
                record.add(Sent(word.event, "musician", word.at_s, word.beat))
        self._engine.pipe.put([word])

    def _obey(self, word: Order | Ready | Trouble) -> None:
        now_s = time.perf_counter()
        match word:
            case Play(note):
                note = self._relay.touch.play(note, self._clock.anchor.seconds_per_beat)
                if note.onset_beats <= self._clock.beat_at(now_s):
                    self._replies.append((note.channel, note.pitch, note.onset_beats))
                self._relay.obey(word, now_s)
            case PlayerBeat():
                self._relay.obey(word, now_s)
            case Release():
                self._replies.clear()
                self._relay.obey(word, now_s)
            case Ready(model, buffer_notes):
                self._begin(now_s)
                self._tell(f"ready: model {model}, {buffer_notes} notes remembered on each channel")
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

    def _tell_leader(self) -> None:
        """Somebody else leads the beat now."""
        before, self._leader = self._leader, self._clock.source
        bpm = 60 / self._clock.anchor.seconds_per_beat
        if self._leader == "lost":
            self._say(f"The MIDI clock is lost; the band plays on at {bpm:.1f} beats per minute until it is back.")
        elif self._leader == "midi":
            self._say("The MIDI clock is back." if before == "lost" else "The MIDI clock leads.")
        elif self._leader == "link":
            self._say(f"Ableton Link leads, at {bpm:.1f} beats per minute.")
        elif self._leader == "player":
            self._say("Your playing leads the tempo.")
        elif before == "link":
            self._say(f"Nobody else is in the Link session; the tempo is free, and stays at {bpm:.1f}.")
        elif before == "lost":
            self._say("The MIDI clock stays away; the tempo is free, and the band rests when you do.")

    def _say(self, text: str) -> None:
        self._sentences.append(text)
        self._tell(text)

    def _tell_vitals(self, now_s: float) -> None:
        """Let the engine know what whoever watches wants to know, if it is new."""
        vitals = Vitals(
            leader=self._leader,
            planned=self.lateness.count,
            late=self.lateness.late,
            latest_s=self.lateness.latest_s,
            dropped=self._scheduler.dropped_late + self._scheduler.dropped_held + self._relay.dropped_stale,
            sounding=self._scheduler.sounding,
            trouble=tuple(self._sentences),
        )
        if vitals != self._vitals and not self._alone:
            self._engine.pipe.put([vitals])
        self._vitals, self._vitals_s = vitals, now_s

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
            self._vitals = Vitals()
        else:
            self._say("The engine keeps failing; your own notes still pass. Stop, and run `bollylive check`.")
