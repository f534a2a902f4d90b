"""Filters out messages that come back through a loop in the DAW: sent by `BollyLive Out`, received by `BollyLive In`.

No message says where it comes from, and musicians repeat themselves and the band, so no single message is proof of a
loop. A pattern is: everything that leaves comes back after one delay (see `feedback_loop`). Until that is proved
nothing is withheld, so a note may go round some eight times. Afterwards, what comes back after that delay is withheld
until the notes that leave no longer come back. There may be several loops at once, each with its own delay.

Programs need no proof: one that is set already is left out, so that none goes round while nobody plays.
"""

from __future__ import annotations

import math
from collections import deque
from itertools import islice
from typing import Final, TypeAlias

from bollylive.io.departures import LONGEST_S, Departures, Sending
from bollylive.io.feedback_loop import TIGHT_S, Loop
from bollylive.midi.messages import Event, NoteOff, NoteOn, Player, Program

_MOST_SUSPECTS: Final = 12  # many equal notes must not take up the processor
_MOST_PAIRS: Final = 256  # as above
_MOST_PROGRAMS: Final = 64
_MOST_PROGRAM_ROUNDS: Final = 2
_PROGRAM_S: Final = _MOST_PROGRAM_ROUNDS * LONGEST_S
_TELL_AGAIN_S: Final = 60.0

Passing: TypeAlias = tuple[float, Event, Player | None]


class FeedbackFilter:
    """Distinguishes feedback from playing. Not thread-safe; `now_s` must not go back.

    Append each message that is sent to `passing`: its second, the message, and its player. What comes in is added by
    `returns`, without a player, and all of it is worked out by `settle`. `echoes` counts the note-ons withheld. A loop
    is not recognised if its delay varies by more than `feedback_loop.WIDE_S`, or by more than `TIGHT_S` where the DAW
    transposes the notes.
    """

    def __init__(self) -> None:
        self.passing: deque[Passing] = deque()
        self.echoes = 0
        self._departures = Departures()
        self._suspects: list[Loop] = []
        self._loops: list[Loop] = []  # proved
        self._keys: set[tuple[int, int]] = set()  # channels and pitches of the note-ons that passed and have not ended
        self._begun: set[tuple[int, int]] = set()  # the same, when the last loop was proved
        self._programs: deque[tuple[float, Program]] = deque(maxlen=_MOST_PROGRAMS)  # that left in `_PROGRAM_S`
        self._last_on: tuple[float, NoteOn] | None = None  # that came in
        self._is_echo = False  # whether a suspect explains the last message that came in
        self._doubted_s = -math.inf  # until when nothing is suspected
        self._problem: str | None = None
        self._told_s = -math.inf

    def returns(self, event: Event, now_s: float) -> bool:
        """Return whether an event is feedback; call this with every event that comes in, before it is passed on."""
        if self._loops:
            self.settle(now_s)
            self._loops = [loop for loop in self._loops if not loop.has_ended(now_s)]
            if any(loop.explains(event, now_s) for loop in self._loops) and not self._ends_begun(event):
                self.echoes += isinstance(event, NoteOn)
                return True
        if isinstance(event, Program):
            self.settle(now_s)
            return self._is_set(event, now_s)
        self._pass(event)
        self.passing.append((now_s, event, None))
        return False

    def doubt(self, now_s: float) -> None:
        """Note that a note-on was left out of a flood: when a pattern repeats it, it seems to be new."""
        self._doubted_s = now_s + LONGEST_S
        self._suspects.clear()

    def settle(self, now_s: float) -> None:
        """Work out what has left and come back by now; call this often."""
        known = len(self._loops)
        while self.passing:
            at_s, event, by = self.passing.popleft()
            if by is None:
                # What came before a loop's proof was worked out has passed, and does not count as missing.
                self._is_echo = any(loop.explains(event, at_s) for loop in self._loops[known:])
                if not self._is_echo:
                    self._come(event, at_s)
                continue
            self._departures.add(Sending(at_s, event, by, is_echo=self._is_echo and by == "musician"))
            if isinstance(event, Program):
                self._programs.append((at_s, event))
        if self._departures.has_old(now_s):  # while nothing comes, suspicions cost nothing
            self._suspects = [loop for loop in self._suspects if not loop.has_failed(now_s)]
            self._loops = [loop for loop in self._loops if not loop.has_ended(now_s)]
            self._departures.forget()

    def take_problem(self) -> str | None:
        """Return a sentence for the musician when a loop has been proved, at most once a minute."""
        problem, self._problem = self._problem, None
        return problem

    def _come(self, event: Event, at_s: float) -> None:
        self._suspects = [loop for loop in self._suspects if not loop.has_failed(at_s)]
        explaining = [loop for loop in self._suspects if loop.explains(event, at_s)]
        self._is_echo = bool(explaining)
        if proved := [loop for loop in explaining if loop.is_proved]:
            self._prove(min(proved, key=_delay_of), at_s)
        if not isinstance(event, NoteOn) or at_s < self._doubted_s:
            return
        if not explaining and (room := _MOST_SUSPECTS - len(self._suspects)):
            serials = self._departures_of(event, at_s)
            self._suspects += [Loop(self._departures, serial, event, at_s) for serial in serials[:room]]
        self._last_on = at_s, event

    def _departures_of(self, back: NoteOn, at_s: float) -> list[int]:
        """Return the numbers of the note-ons that may have come back as this one, the likeliest first.

        Of those with another pitch only one counts whose predecessor, too, came back before this one: after the same
        delay, and as many semitones away.
        """
        same: list[int] = []
        transposed: list[int] = []
        later: tuple[int, float, NoteOn] | None = None
        for serial, left_s, left in islice(self._departures.note_ons(at_s), _MOST_PAIRS):
            if left.pitch == back.pitch:
                same.append(serial)
            if later is not None and self._last_on is not None:
                later_serial, later_s, later_left = later
                last_s, last_on = self._last_on
                semitones = back.pitch - later_left.pitch
                apart_s = (at_s - later_s) - (last_s - left_s)
                if semitones == last_on.pitch - left.pitch != 0 and abs(apart_s) <= TIGHT_S and left_s < last_s:
                    transposed.append(later_serial)
            later = serial, left_s, left
        return same + transposed

    def _pass(self, event: Event) -> None:
        """Note which keys are down of those that are not withheld."""
        if isinstance(event, NoteOn | NoteOff):
            key = event.channel, event.pitch
            self._begun.discard(key)
            (self._keys.add if isinstance(event, NoteOn) else self._keys.discard)(key)

    def _ends_begun(self, event: Event) -> bool:
        """Whether a loop brings back the end of a note that passed before the loop was proved."""
        return isinstance(event, NoteOff) and (event.channel, event.pitch) in self._begun

    def _is_set(self, program: Program, now_s: float) -> bool:
        """Whether a program left so lately that it may be back, and nothing is lost if it is left out.

        It is the last of its channel, or goes round with others.
        """
        while self._programs and now_s - self._programs[0][0] > _PROGRAM_S:
            self._programs.popleft()
        lately = [left for _, left in self._programs if left.channel == program.channel]
        return bool(lately) and (lately[-1] == program or lately.count(program) >= _MOST_PROGRAM_ROUNDS)

    def _prove(self, loop: Loop, at_s: float) -> None:
        self._loops.append(loop)
        self._suspects.clear()
        self._begun = set(self._keys)
        if at_s - self._told_s < _TELL_AGAIN_S:
            return
        self._told_s = at_s
        self._problem = (
            f"The band's notes come back to it through your DAW, after {1e3 * loop.delay_s:.0f} ms{_interval(loop)}, "
            "and are ignored; take BollyLive Out off that input."
        )


def _delay_of(loop: Loop) -> float:
    return loop.delay_s


def _interval(loop: Loop) -> str:
    if not loop.semitones:
        return ""
    count = abs(loop.semitones)
    return f" and {count} semitone{'' if count == 1 else 's'} {'higher' if loop.semitones > 0 else 'lower'}"
