"""Starts the io process, watches its heartbeat, and starts another when it stops. It outlives everything.

The supervisor opens no port and plays no note. Everything that is played is reported to it and goes into the journal.
If an io process ends and leaves notes, pedals or bends behind, the next io process releases them. The supervisor also
notices when the set is saved, and passes it on. If the supervisor itself ends, the io process ends all notes by itself.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from bollylive.clock.anchor import Anchor
from bollylive.errors import CrashError, PortError
from bollylive.journal.writer import JournalWriter
from bollylive.processes.child_log import ErrorLog
from bollylive.processes.io_link import IoLink, Link
from bollylive.processes.jack_metadata import cure_of_lock
from bollylive.processes.record import Record
from bollylive.processes.set_reloader import SetFile, SetReloader
from bollylive.processes.supervisor_link import HEARTBEAT_S
from bollylive.processes.watchdog import CLOSE_LIMIT_S, LISTENER_LIMIT_S, Watchdog
from bollylive.protocol import (
    Crashed,
    Done,
    EngineStatus,
    Finish,
    Heartbeat,
    InputLost,
    NoPorts,
    Notice,
    Ready,
    Sent,
    StartUp,
)
from bollylive.sets.controls import Command
from bollylive.sets.live_set import LiveSet

_LAST_MESSAGE_S: Final = 0.2  # how long a process that closed its pipe may take to end and show its status
_MOST_IN_VAIN: Final = 2  # how many processes may fail while they end what was left
_MOST_CRASHES: Final = 3  # in a row, after which the end of a performance is a failure

TURN_S: Final = 0.2  # how long a signal, or a problem with the journal, may wait


class Supervisor:
    """One performance. `run` returns when it is over; `finish` and `note` may be called by a signal handler.

    Raises PortError if there are no ports, and CrashError if neither of the first two io processes opened them, or if
    several io processes in a row have crashed when the performance ends. `restarts` counts the processes after the
    first. `log` is what they write on standard error, for the journal. `cure_of_hang` returns what helps, as half a
    sentence, if a process hangs while it opens its ports; None if that is unknown. No argument may block.
    """

    def __init__(
        self,
        start_up: StartUp,
        say: Callable[[str], None],
        journal: JournalWriter | None = None,
        set_file: SetFile | None = None,
        seconds: float | None = None,
        start: Callable[[StartUp], Link] = IoLink,
        log: ErrorLog | None = None,
        cure_of_hang: Callable[[], str | None] = cure_of_lock,
    ) -> None:
        self.restarts = 0
        self.done = Done()
        self._start_up, self._say, self._start = start_up, say, start
        self._live = LiveSet(start_up.band)
        self._record, self._cure_of_hang = Record(self._live, start_up.left, journal, log), cure_of_hang
        self._reloader = SetReloader(self._live, set_file, say)
        self._seconds = seconds
        self._watchdog = Watchdog()
        self._heartbeat_s = -math.inf
        self._crash = ""  # what this process has reported about its crash
        self._reason = ""  # why the last one crashed
        self._crashes = 0  # in a row
        self._link: Link | None = None
        self._refused = self._opened = self._waits = self._finishing = self._told = self._over = False
        self._ready_s: float | None = None
        self._in_vain = 0  # processes that were to end the last notes, and did not
        self._notes: deque[str] = deque()
        self._give_up_s: float | None = None  # when the end no longer waits for a MIDI system

    def finish(self) -> None:
        """Let the band end soon."""
        self._finishing = True

    def note(self, text: str) -> None:
        """Say a sentence soon."""
        self._notes.append(text)

    def run(self) -> None:
        """Play until it is over; blocks."""
        try:
            while not self._over:
                if self._link is None and time.perf_counter() < self._watchdog.retry_s:
                    time.sleep(TURN_S)
                self.turn(time.perf_counter)
        finally:  # even after a fault of our own: the io process ends all notes before it is killed
            if self._link is not None:
                self._link.leave(CLOSE_LIMIT_S + LISTENER_LIMIT_S)
                self._link.end()
        if self._crashes >= _MOST_CRASHES:
            raise CrashError(f"The port process crashed {self._crashes} times in a row, at last{self._reason}.")

    def turn(self, clock: Callable[[], float]) -> None:
        """Do what has to be done now; wait for a message of the io process, but no longer than TURN_S."""
        now_s = clock()
        while self._notes:
            self._say(self._notes.popleft())
        if self._link is None:
            if self._finishing and not self._must_end_more(now_s):
                self._over = True
            elif now_s >= self._watchdog.retry_s:
                self._begin(now_s)
            return
        messages = self._link.receive(TURN_S)
        now_s = clock()
        for message in messages:
            self._hear(message, now_s)
        if self._over or self._link is None:
            return
        if self._link.closed:
            how = self._link.leave(_LAST_MESSAGE_S)
            self._crashes += 1
            self._reason = self._crash or (f", {how}" if how else "")
            self._lose(now_s, f"The port process ended unexpectedly{self._reason}")
        elif self._watchdog.look(now_s, closing=self._told):
            self._lose_hung(now_s)
        elif self._finishing or self._is_over(now_s):
            self._tell_finish()
        elif (band := self._reloader.check(now_s)) is not None:
            self._link.tell(band)
        if self._link is not None and now_s >= self._heartbeat_s:
            self._heartbeat_s = now_s + HEARTBEAT_S
            self._link.tell(Heartbeat())
        if (losses := self._record.tend(self._say, now_s)) and self._link is not None:
            self._link.tell(InputLost(losses))

    @property
    def ready(self) -> bool:
        """Whether the band has been able to play."""
        return self._ready_s is not None

    def _must_end_more(self, now_s: float) -> bool:
        """Whether another process is started to end what was left; a MIDI system that died is given a little time."""
        if self._give_up_s is None:
            self._give_up_s = now_s + LISTENER_LIMIT_S
        waits_in_vain = self._waits and now_s >= self._give_up_s
        return self._record.has_played and not waits_in_vain and self._in_vain < _MOST_IN_VAIN

    def _begin(self, now_s: float) -> None:
        self._crash, self._told = "", False
        musician = self._start_up.musician
        if self._ready_s is not None:  # the demo goes on from where it is by now
            passed_s = now_s - self._ready_s
            musician = tuple((at_s - passed_s, event) for at_s, event in musician if at_s > passed_s)
        self._watchdog.begin(now_s)
        start_up = self._record.hand_over(replace(self._start_up, musician=musician), now_s)
        try:
            self._link = self._start(start_up)
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

    def _hear(self, message: object, now_s: float) -> None:
        match message:
            case Sent() | Anchor() | EngineStatus():
                self._record.add(message)
            case Heartbeat(lost):
                self._note_alive(lost, now_s)
            case Command():
                self._reloader.turn(message)
            case Notice(text):
                self._say(text)
            case Ready(model, buffer_notes):
                self._say(f"ready: model {model}, {buffer_notes} notes remembered on each channel")
                self._ready_s = now_s if self._ready_s is None else self._ready_s
            case Crashed(text):
                self._crash = f" ({text})"
            case NoPorts(text):
                self._wait_for_ports(text, now_s)
            case Done():
                self.done, self._over = message, True

    def _note_alive(self, lost: int, now_s: float) -> None:
        self._watchdog.hear()
        self._opened, self._waits = True, False
        if self._watchdog.is_healthy(now_s):
            self._crashes = 0
        self._record.note_lost(lost)

    def _wait_for_ports(self, text: str, now_s: float) -> None:
        """Without a MIDI system the performance cannot begin; once it has begun it waits for one."""
        self._end(now_s)
        if not self._opened:
            raise PortError(text)
        if not self._waits:
            self._say(f"{text} The band waits for it, and tries again every second.")
        self._waits = True

    def _lose_hung(self, now_s: float) -> None:
        cure = None if self._watchdog.was_heard else self._cure_of_hang()
        if cure is None:
            self._lose(now_s, "The port process hangs, as it does when the MIDI system dies; it was ended")
        else:
            self._wait_for_ports(f"The port process hung while it opened its ports; {cure}.", now_s)

    def _lose(self, now_s: float, what: str) -> None:
        self._end(now_s)
        self.restarts += 1
        self._in_vain += self._finishing
        if not self._opened and self.restarts > 1:
            if self._crashes:
                raise CrashError(f"{what} before its ports were open, twice; this is a fault of BollyLive: report it.")
            raise PortError(f"{what} before its ports were open, twice; restart the MIDI system.")
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
