"""Filters out messages that come back through a loop in the DAW: sent by `BollyLive Out`, received by `BollyLive In`.

No message says where it comes from, so feedback is recognised by its content: the same message as one that left a
moment ago. Each message that was sent can explain only one message that comes in, and only for `WINDOW_S`.

A message that repeats the present state is taken for feedback: the same note-on at the same velocity while the note
sounds, the same controller value. If that happens by chance, the musician loses little: their note sounds already,
because the model began it less than `WINDOW_S` before, on their channel and at their velocity. If both play four random
notes a second in the same octave, this takes one of the musician's notes in 1,400. A message that repeats an earlier
state may well be the musician's: a note repeated fast, a wheel turned to and fro. It is taken for feedback only if a
loop is known. That is so if, of the channel's note-ons that were sent and are either back or overdue, the newest is
back.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TypeAlias

from bollylive.midi.messages import Event, NoteOff, NoteOn

WINDOW_S = 0.05  # two audio periods of 1024 frames, of which a DAW needs one in and one out
_CERTAIN = 3  # this many returns in a row are not a coincidence

_Subject: TypeAlias = tuple[int, ...]


@dataclass(slots=True)
class _Left:
    at_s: float
    about: _Subject
    event: Event
    returned: bool = False


class FeedbackFilter:
    """Distinguishes feedback from playing. Not thread-safe; `now_s` must not go back.

    Append to `sent` each message that is sent: its second, its subject (see `parser.state_key`) and the message itself.
    `echoes` counts the note-ons filtered. A DAW that changes notes on the way, or needs longer, is not recognised. At
    the moment when a loop ends, one of the musician's note-offs may be lost, if the band played that note too.
    """

    def __init__(self) -> None:
        self.sent: deque[tuple[float, _Subject, Event]] = deque()
        self.echoes = 0
        self._order: deque[_Left] = deque()
        self._left: dict[_Subject, deque[_Left]] = {}
        self._down: set[_Subject] = set()  # the musician's keys
        self._in_a_row = [0] * 16  # notes of each channel that came back since one did not
        self._is_reported = False

    def returns(self, event: Event, about: _Subject, now_s: float) -> bool:
        """Return whether an event is feedback; call this with every event and its subject."""
        if self.sent or self._order:
            self.settle(now_s)
        if about in self._left and self._returns(event, about):
            return True
        if isinstance(event, NoteOn):
            self._down.add(about)
        elif isinstance(event, NoteOff):
            self._down.discard(about)
        return False

    def settle(self, now_s: float) -> None:
        """Process what was sent, and forget what was sent too long ago; call this as long as anything is sent."""
        while self.sent:
            at_s, about, event = self.sent.popleft()
            left = _Left(at_s, about, _comparable(event))
            self._order.append(left)
            self._left.setdefault(about, deque()).append(left)
        while self._order and now_s - self._order[0].at_s > WINDOW_S:
            old = self._order.popleft()
            self._left[old.about].popleft()
            if not self._left[old.about]:
                del self._left[old.about]
            if isinstance(old.event, NoteOn) and not old.returned:
                self._in_a_row[_channel(old.about)] = 0

    def take_problem(self) -> str | None:
        """Return a sentence for the musician, once."""
        if self._is_reported or max(self._in_a_row) < _CERTAIN:
            return None
        self._is_reported = True
        return "The band's notes come back to it through your DAW and are ignored; take BollyLive Out off that input."

    def _returns(self, event: Event, about: _Subject) -> bool:
        left, comparable = self._left[about], _comparable(event)
        twins = [known for known in left if known.event == comparable and not known.returned]
        ends_own_note = isinstance(event, NoteOff) and about in self._down
        is_present_state = bool(twins) and twins[-1] is left[-1] and not ends_own_note
        if not twins or not (is_present_state or self._in_a_row[_channel(about)]):
            return False
        twins[0].returned = True
        if isinstance(event, NoteOn):
            self.echoes += 1
            if is_present_state:
                self._in_a_row[_channel(about)] += 1
        return True


def _channel(about: _Subject) -> int:
    return about[0] & 0x0F


def _comparable(event: Event) -> Event:
    """Return the part of an event that a DAW leaves unchanged; many DAWs change the velocity of note-offs."""
    return replace(event, velocity=0) if isinstance(event, NoteOff) else event
