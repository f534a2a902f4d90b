"""Filters what comes back through a loop in the DAW: what leaves by `BollyLive Out` and returns by `BollyLive In`.

No message says where it comes from, so feedback is recognised by its content: the same message as one that left a
moment ago. Each message that left explains at most one that comes, and only for `WINDOW_S`.

A message that repeats the present state is taken for feedback: the same note-on at the same velocity while the note
sounds, the same controller value. The musician loses little where that is chance: their note sounds already, since the
model began it less than `WINDOW_S` before, on their channel, at their very velocity. Where both play four notes a
second by chance in the same octave, that is one of the musician's notes in 1,400. A message that repeats an earlier
state may well be the musician's: a note repeated fast, a wheel turned to and fro. It is feedback only where a loop is
known, that is, where the newest note-on of the channel whose fate is clear has come back.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TypeAlias

from bollylive.midi.messages import Event, NoteOff, NoteOn

WINDOW_S = 0.05  # two audio periods of 1024 frames, of which a DAW needs one in and one out
_CERTAIN = 3  # so many returns in a row are no chance

_Subject: TypeAlias = tuple[int, ...]


@dataclass(slots=True)
class _Left:
    at_s: float
    about: _Subject
    event: Event
    returned: bool = False


class FeedbackFilter:
    """Tells feedback from playing. Not thread-safe; `now_s` must not go back.

    Append to `sent` each message that leaves: its second, its subject (see `parser.state_key`) and itself.
    `echoes` counts the note-ons filtered.
    A DAW that changes notes on the way, or needs longer, is not recognised. In a loop that ends this very moment one
    note-off of the musician's may be lost, of a note that the band played too.
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
        """Return whether what comes is feedback; give it every event, with its subject."""
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
        """Take in what was sent, and forget what left too long ago; call it while anything is sent."""
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
    """Return the part of an event that survives a DAW, many of which give note-offs a velocity of their own."""
    return replace(event, velocity=0) if isinstance(event, NoteOff) else event
