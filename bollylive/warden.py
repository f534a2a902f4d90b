"""Who survives everything: it starts the port process, listens for its heartbeat, and starts another when that stops.

The warden opens no port and plays no note. What is played comes up to it and goes into the journal; what a port
process left sounding when it ended, the next one ends. It notices a saved set, and sends it down.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from bollylive.duty import Alive, Done, Duty, Finish, NoPorts, Said
from bollylive.errors import PortError, SetError
from bollylive.journal_writer import JournalWriter
from bollylive.knobs import keep_turned, turn_knob
from bollylive.note import Anchor, Bearing, Command, Ready, Sent
from bollylive.port_link import Link, PortLink
from bollylive.revision import revise
from bollylive.set_watch import SetWatch
from bollylive.vigil import Vigil
from bollylive.witness import Witness

TURN_S: Final = 0.2  # how long a signal, or a journal in trouble, may wait


class Warden:
    """One performance. `run` returns when it is over; `finish` may be called by a signal handler.

    Raises PortError where neither the first port process nor the second could open its ports, or where there are none.
    `restarts` counts those after the first.
    """

    def __init__(
        self,
        duty: Duty,
        say: Callable[[str], None],
        journal: JournalWriter | None = None,
        watch: SetWatch | None = None,
        seconds: float | None = None,
        start: Callable[[Duty], Link] = PortLink,
    ) -> None:
        self.restarts = 0
        self.done = Done()
        self._duty, self._say, self._journal, self._start, self._watch = duty, say, journal, start, watch
        self._written = duty.band  # the set as it stands in the file; the duty's has the knobs as they stand
        self._seconds = seconds
        self._vigil, self._witness = Vigil(), Witness(duty.band)
        self._link: Link | None = None
        self._opened = self._waits = self._finishing = self._told = self._over = False
        self._ready_s: float | None = None
        self._lost = 0  # words that the port process had no room for
        self._in_vain = 0  # who was to end the last notes, and did not

    def finish(self) -> None:
        """Let the band end soon."""
        self._finishing = True

    def run(self) -> None:
        """Play until it is over; blocks."""
        try:
            while not self._over:
                if self._link is None and time.perf_counter() < self._vigil.retry_s:
                    time.sleep(TURN_S)
                self.turn(time.perf_counter)
        finally:
            if self._link is not None:
                self._link.end()

    def turn(self, clock: Callable[[], float]) -> None:
        """Do what is to be done now; waits for a word of the port process, but no longer than TURN_S."""
        now_s = clock()
        if self._link is None:
            if self._finishing and not self._left:
                self._over = True
            elif now_s >= self._vigil.retry_s:
                self._begin(now_s)
            return
        words = self._link.receive(TURN_S)
        now_s = clock()
        for word in words:
            self._hear(word, now_s)
        if self._over or self._link is None:
            return
        if self._link.closed:
            self._lose(now_s, "The port process ended unexpectedly")
        elif self._vigil.look(now_s, closing=self._told):
            self._lose(now_s, "The port process hangs, as it does when the MIDI system dies; it was ended")
        elif self._finishing or self._is_over(now_s):
            self._tell_finish()
        elif self._watch is not None and self._watch.changed(now_s):
            self._reload(self._watch)
        if self._journal is not None and (trouble := self._journal.take_trouble()) is not None:
            self._say(trouble)

    @property
    def ready(self) -> bool:
        """Whether the band has played, or could have, whatever came then."""
        return self._ready_s is not None

    @property
    def _left(self) -> bool:
        """Whether somebody must still be started to end notes."""
        return self._witness.holds_notes and not self._waits and self._in_vain < 2

    def _begin(self, now_s: float) -> None:
        legacy = self._witness.legacy
        musician = self._duty.musician
        if self._ready_s is not None:  # the demo goes on where it is by now
            passed_s = now_s - self._ready_s
            musician = tuple((at_s - passed_s, event) for at_s, event in musician if at_s > passed_s)
        self._vigil.begin(now_s)
        self._lost, self._told = 0, False
        try:
            self._link = self._start(replace(self._duty, legacy=legacy, musician=musician, given_s=now_s))
        except OSError as error:
            if not self._opened:
                raise PortError(f"The port process cannot be started: {error.strerror or error}.") from error
            self._vigil.lose(now_s)

    def _hear(self, word: object, now_s: float) -> None:
        match word:
            case Sent():
                self._witness.see(word)
                if self._journal is not None:
                    self._journal.add(word)
            case Anchor():
                self._witness.see(word)
                if self._journal is not None:
                    self._journal.add_anchor(word)
            case Bearing() if self._journal is not None:
                self._journal.add_bearing(word)
            case Alive(lost):
                self._vigil.hear()
                self._opened, self._waits = True, False
                if self._journal is not None and lost > self._lost:
                    self._journal.add_loss(lost - self._lost)
                self._lost = lost
            case Command():  # a knob
                self._duty = replace(self._duty, band=turn_knob(self._duty.band, word))
            case Said(text):
                self._say(text)
            case Ready(model, buffer_notes):
                self._say(f"ready: model {model}, {buffer_notes} notes remembered on each channel")
                self._ready_s = now_s if self._ready_s is None else self._ready_s
            case NoPorts(text):
                self._miss(text, now_s)
            case Done():
                self.done, self._over = word, True

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
            raise PortError(f"{what} before its ports were open, twice; start the MIDI system anew.")
        self._say(f"{what}; another one is starting.")

    def _end(self, now_s: float) -> None:
        assert self._link is not None
        self._link.end()
        self._link = None
        self._vigil.lose(now_s)

    def _is_over(self, now_s: float) -> bool:
        return self._seconds is not None and self._ready_s is not None and now_s - self._ready_s > self._seconds

    def _tell_finish(self) -> None:
        if not self._told and self._link is not None:
            self._link.tell(Finish())
        self._told = self._finishing = True

    def _reload(self, watch: SetWatch) -> None:
        """Take a saved set; with a problem in it, the band stays as it was."""
        try:
            read = watch.read()
        except SetError as error:
            for problem in error.problems:
                self._say(problem)
            self._say("The band plays on as it was.")
            return
        read, waiting = revise(self._duty.band, read)
        band = keep_turned(self._written, read, self._duty.band)
        self._written = read
        self._duty = replace(self._duty, band=band)
        self._witness.band = band
        if self._link is not None:
            self._link.tell(band)
        self._say(f"{watch.path} is taken.")
        if waiting:
            self._say(f"What it says of {', '.join(waiting)} counts when jam is started again.")
