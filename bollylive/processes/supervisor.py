"""Who survives everything: it starts the port process, listens for its heartbeat, and starts another when that stops.

The warden opens no port and plays no note. What is played comes up to it and goes into the journal; what a port
process left sounding, pedalled or bent when it ended, the next one lets go of. It notices a saved set, and sends it
down. Whatever ends the warden itself, the port process first lets go of everything.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from bollylive.clock.anchor import Anchor
from bollylive.errors import CrashError, PortError, SetError
from bollylive.io.sounding_notes import SoundingNotes
from bollylive.journal.writer import JournalWriter
from bollylive.processes.io_link import IoLink, Link
from bollylive.processes.supervisor_link import HEARTBEAT_S
from bollylive.processes.watchdog import CLOSE_LIMIT_S, LISTENER_LIMIT_S, Watchdog
from bollylive.protocol import Crashed, Done, EngineStatus, Finish, Heartbeat, NoPorts, Notice, Ready, Sent, StartUp
from bollylive.sets.band import Set
from bollylive.sets.controls import Command, turn_knob
from bollylive.sets.reload import SetWatch, keep_fixed, keep_turned

_LAST_WORD_S: Final = 0.2  # so long a process whose pipe is closed may take to say how it ended
_MOST_IN_VAIN: Final = 2  # processes that were to end what was left, and died of it
_MOST_CRASHES: Final = 3  # in a row, after which the end of a performance is a failure

TURN_S: Final = 0.2  # how long a signal, or a journal in trouble, may wait


class Supervisor:
    """One performance. `run` returns when it is over; `finish` may be called by a signal handler.

    Raises PortError where there are no ports, CrashError where neither the first port process nor the second got so far
    as to open them, or where one after the other has crashed when it is over. `restarts` counts those after the first.
    """

    def __init__(
        self,
        duty: StartUp,
        say: Callable[[str], None],
        journal: JournalWriter | None = None,
        watch: SetWatch | None = None,
        seconds: float | None = None,
        start: Callable[[StartUp], Link] = IoLink,
    ) -> None:
        self.restarts = 0
        self.done = Done()
        self._duty, self._say, self._journal, self._start, self._watch = duty, say, journal, start, watch
        self._written = duty.band  # the set as it stands in the file; the duty's has the knobs as they stand
        self._seconds = seconds
        self._watchdog, self._witness = Watchdog(), SoundingNotes(duty.band)
        self._witness.inherit(duty.left)
        self._beat_s = -math.inf
        self._crash = ""  # what this process has told of its crash
        self._reason = ""  # why the last one crashed
        self._crashes = 0  # in a row
        self._link: Link | None = None
        self._refused = self._opened = self._waits = self._finishing = self._told = self._over = False
        self._ready_s: float | None = None
        self._lost = 0  # words that the port process had no room for
        self._in_vain = 0  # who was to end the last notes, and did not
        self._give_up_s: float | None = None  # when the end waits for a MIDI system no longer

    def finish(self) -> None:
        """Let the band end soon."""
        self._finishing = True

    def run(self) -> None:
        """Play until it is over; blocks."""
        try:
            while not self._over:
                if self._link is None and time.perf_counter() < self._watchdog.retry_s:
                    time.sleep(TURN_S)
                self.turn(time.perf_counter)
        finally:  # also of a fault of our own: the port process lets go of everything, and only then is ended
            if self._link is not None:
                self._link.leave(CLOSE_LIMIT_S + LISTENER_LIMIT_S)
                self._link.end()
        if self._crashes >= _MOST_CRASHES:
            raise CrashError(f"The port process crashed {self._crashes} times in a row, at last{self._reason}.")

    def turn(self, clock: Callable[[], float]) -> None:
        """Do what is to be done now; waits for a word of the port process, but no longer than TURN_S."""
        now_s = clock()
        if self._link is None:
            if self._finishing and not self._must_end_more(now_s):
                self._over = True
            elif now_s >= self._watchdog.retry_s:
                self._begin(now_s)
            return
        words = self._link.receive(TURN_S)
        now_s = clock()
        for word in words:
            self._hear(word, now_s)
        if self._over or self._link is None:
            return
        if self._link.closed:
            how = self._link.leave(_LAST_WORD_S)
            self._crashes += 1
            self._reason = self._crash or (f", {how}" if how else "")
            self._lose(now_s, f"The port process ended unexpectedly{self._reason}")
        elif self._watchdog.look(now_s, closing=self._told):
            self._lose(now_s, "The port process hangs, as it does when the MIDI system dies; it was ended")
        elif self._finishing or self._is_over(now_s):
            self._tell_finish()
        else:
            self._watch_set(now_s)
        if self._link is not None and now_s >= self._beat_s:
            self._beat_s = now_s + HEARTBEAT_S
            self._link.tell(Heartbeat())
        if self._journal is not None and (trouble := self._journal.take_trouble()) is not None:
            self._say(trouble)

    @property
    def ready(self) -> bool:
        """Whether the band has played, or could have, whatever came then."""
        return self._ready_s is not None

    def _must_end_more(self, now_s: float) -> bool:
        """Whether another one is started to end what was left; a MIDI system that died is waited for a little."""
        if self._give_up_s is None:
            self._give_up_s = now_s + LISTENER_LIMIT_S
        waits_in_vain = self._waits and now_s >= self._give_up_s
        return self._witness.has_played and not waits_in_vain and self._in_vain < _MOST_IN_VAIN

    def _begin(self, now_s: float) -> None:
        left, musician = self._witness.left, self._duty.musician
        self._witness.inherit(left)
        self._crash = ""
        if self._ready_s is not None:  # the demo goes on where it is by now
            passed_s = now_s - self._ready_s
            musician = tuple((at_s - passed_s, event) for at_s, event in musician if at_s > passed_s)
        self._watchdog.begin(now_s)
        self._lost, self._told = 0, False
        duty = replace(self._duty, anchor=self._witness.anchor, left=left, musician=musician, given_s=now_s)
        if self._journal is not None and (path := self._journal.path) is not None:  # it may have had to move
            duty = replace(duty, journal=str(path))
        try:
            self._link = self._start(duty)
        except OSError as error:
            if not self._opened:
                raise PortError(f"The port process cannot be started: {error.strerror or error}.") from error
            self._watchdog.lose(now_s)
            self._in_vain += self._finishing
            if not self._refused:
                self._say(f"The port process cannot be started ({error.strerror or error}); it is tried every second.")
            self._refused = True
        else:
            self._refused = False

    def _hear(self, word: object, now_s: float) -> None:
        match word:
            case Sent() | Anchor() | EngineStatus():
                self._write_down(word)
            case Heartbeat(lost):
                self._note_alive(lost, now_s)
            case Command():  # a knob
                self._duty = replace(self._duty, band=turn_knob(self._duty.band, word))
            case Notice(text):
                self._say(text)
            case Ready(model, buffer_notes):
                self._say(f"ready: model {model}, {buffer_notes} notes remembered on each channel")
                self._ready_s = now_s if self._ready_s is None else self._ready_s
            case Crashed(text):
                self._crash = f" ({text})"
            case NoPorts(text):
                self._miss(text, now_s)
            case Done():
                self.done, self._over = word, True

    def _write_down(self, word: Sent | Anchor | EngineStatus) -> None:
        if not isinstance(word, EngineStatus):
            self._witness.see(word)
        if self._journal is not None:
            self._journal.add(word)

    def _note_alive(self, lost: int, now_s: float) -> None:
        self._watchdog.hear()
        self._opened, self._waits = True, False
        if self._watchdog.is_healthy(now_s):
            self._crashes = 0
        if self._journal is not None and lost > self._lost:
            self._journal.add_loss(lost - self._lost)
        self._lost = lost

    def _miss(self, text: str, now_s: float) -> None:
        """There is no MIDI system: for the first port process that is the end, for later ones a pause."""
        self._end(now_s)
        if not self._opened:
            raise PortError(text)
        if not self._waits:
            self._say(f"{text} The band waits for it, and tries again every second.")
        self._waits = True

    def _lose(self, now_s: float, what: str) -> None:
        self._end(now_s)
        self.restarts += 1
        self._in_vain += self._finishing
        if not self._opened and self.restarts > 1:
            if self._crashes:
                raise CrashError(f"{what} before its ports were open, twice; this is a fault of BollyLive: report it.")
            raise PortError(f"{what} before its ports were open, twice; start the MIDI system anew.")
        self._say(f"{what}; another one is starting.")

    def _end(self, now_s: float) -> None:
        assert self._link is not None
        self._link.end()
        self._link = None
        self._watchdog.lose(now_s)

    def _is_over(self, now_s: float) -> bool:
        return self._seconds is not None and self._ready_s is not None and now_s - self._ready_s > self._seconds

    def _tell_finish(self) -> None:
        if not self._told and self._link is not None:
            self._link.tell(Finish())
        self._told = self._finishing = True

    def _watch_set(self, now_s: float) -> None:
        """Take a saved set; with a problem in it, or with reading it, the band stays as it was."""
        watch = self._watch
        if watch is None or not watch.changed(now_s):
            return
        try:
            read = watch.read()
        except SetError as error:
            problems = error.problems
        except Exception as error:  # noqa: BLE001  # a file may hold anything, and the band plays on whatever it is
            problems = [f"{watch.path}: the set cannot be taken ({type(error).__name__}); look at what was saved last."]
        else:
            self._take(read, watch)
            return
        for problem in problems:
            self._say(problem)
        self._say("The band plays on as it was.")

    def _take(self, read: Set, watch: SetWatch) -> None:
        read, waiting = keep_fixed(self._duty.band, read)
        band = keep_turned(self._written, read, self._duty.band)
        self._written = read
        self._duty = replace(self._duty, band=band)
        self._witness.band = band
        if self._link is not None:
            self._link.tell(band)
        self._say(f"{watch.path} is taken.")
        if waiting:
            self._say(f"What it says of {', '.join(waiting)} counts when jam is started again.")
