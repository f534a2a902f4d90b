"""Filters out messages that come back through a loop in the DAW: sent by `BollyLive Out`, received by `BollyLive In`.

No message says where it comes from, and musicians repeat themselves and the band, so no single message is proof of a
loop. A pattern is: everything that leaves comes back after one delay (see `feedback_loop`). Until that is proved
nothing is withheld, so a note may go round some eight times. Afterwards, what comes back after that delay is withheld
until the notes that leave no longer come back. There may be several loops at once, each with its own delay.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Final, TypeAlias

from bollylive.io.feedback_loop import Departures, Loop, Sending
from bollylive.midi.messages import Event, NoteOff, NoteOn, Player

_MOST_SUSPECTS: Final = 12  # many equal notes must not take up the processor
_TELL_AGAIN_S: Final = 60.0

Passing: TypeAlias = tuple[float, Event, Player | None]


class FeedbackFilter:
    """Distinguishes feedback from playing. Not thread-safe; `now_s` must not go back.

    Append each message that is sent to `passing`: its second, the message, and its player. What comes in is added by
    `returns`, without a player, and all of it is worked out by `settle`. `echoes` counts the note-ons withheld. A loop
    is not recognised if its delay varies by more than `feedback_loop.WIDE_S`, or if the DAW transposes the notes.
    """

    def __init__(self) -> None:
        self.passing: deque[Passing] = deque()
        self.echoes = 0
        self._departures = Departures()
        self._suspects: list[Loop] = []
        self._loops: list[Loop] = []  # proved
        self._phantoms: list[NoteOff] = []
        self._is_echo = False  # whether a suspect explains the last message that came in
        self._problem: str | None = None
        self._told_s = -math.inf

    def returns(self, event: Event, now_s: float) -> bool:
        """Return whether an event is feedback; call this with every event that comes in, before it is passed on."""
        if self._loops:
            self.settle(now_s)
            if any(loop.explains(event, now_s) for loop in self._loops):
                self.echoes += isinstance(event, NoteOn)
                return True
        self.passing.append((now_s, event, None))
        return False

    def settle(self, now_s: float) -> None:
        """Work out what has left and come back by now; call this often."""
        while self.passing:
            at_s, event, by = self.passing.popleft()
            if by is None:
                self._come(event, at_s)
            else:
                self._departures.add(Sending(at_s, event, by, is_echo=self._is_echo and by == "musician"))
        if self._suspects or self._loops:
            self._suspects = [loop for loop in self._suspects if not loop.has_failed(now_s)]
            self._loops = [loop for loop in self._loops if not loop.has_ended(now_s)]
        self._departures.forget(now_s)

    def take_phantoms(self) -> list[NoteOff]:
        """Return the ends of the notes that a loop, proved since the last call, had begun: nobody else ends them."""
        phantoms, self._phantoms = self._phantoms, []
        return phantoms

    def take_problem(self) -> str | None:
        """Return a sentence for the musician when a loop has been proved, at most once a minute."""
        problem, self._problem = self._problem, None
        return problem

    def _come(self, event: Event, at_s: float) -> None:
        explaining = [loop for loop in self._suspects if loop.explains(event, at_s)]
        self._is_echo = bool(explaining)
        if proved := [loop for loop in explaining if loop.is_proved]:
            self._prove(min(proved, key=_delay_of), at_s)
        elif isinstance(event, NoteOn) and not explaining and (room := _MOST_SUSPECTS - len(self._suspects)):
            serials = self._departures.note_ons(event.pitch, at_s)
            self._suspects += [Loop(self._departures, serial, event, at_s) for serial in serials[:room]]

    def _prove(self, loop: Loop, at_s: float) -> None:
        self._loops.append(loop)
        self._suspects.clear()
        self._phantoms += loop.held
        if at_s - self._told_s < _TELL_AGAIN_S:
            return
        self._told_s = at_s
        self._problem = (
            f"The band's notes come back to it through your DAW, after {1e3 * loop.delay_s:.0f} ms, and are ignored; "
            "take BollyLive Out off that input."
        )


def _delay_of(loop: Loop) -> float:
    return loop.delay_s
