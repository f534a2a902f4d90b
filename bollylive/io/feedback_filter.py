"""A loop in the DAW: what leaves by `BollyLive Out` comes back by `BollyLive In`, and is no music.

Nothing on a cable says where it comes from, so an echo is told by what it says: the same word as one that left a
moment ago. Each word that left explains one that comes, at most, and only for `WINDOW_S`.

A word that says what is already so is an echo: a note that sounds is struck again as loud, a controller is moved to
where it is. The musician loses little where that is chance: their note sounds already, since the model began it
less than `WINDOW_S` before, on their channel, at their very velocity. Where both play four notes a second by chance
in the same octave, that is one of the musician's notes in 1,400. A word that says what was so, but is not any
more, may well be the musician's: a note repeated fast, a wheel turned to and fro. It is an echo only where a loop
is known, that is, where the newest note-on of the channel whose fate is clear has come back.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TypeAlias

from bollylive.midi.messages import Event, NoteOff, NoteOn
from bollylive.midi.parser import subject

WINDOW_S = 0.05  # two audio periods of 1024 frames, of which a DAW needs one in and one out
_CERTAIN = 3  # so many echoes in a row are no chance

_Subject: TypeAlias = tuple[int, ...]


@dataclass(slots=True)
class _Left:
    at_s: float
    about: _Subject
    word: Event
    returned: bool = False


class FeedbackFilter:
    """Tells echoes from playing. `echoes` counts the note-ons filtered. Not thread-safe; `now_s` must not go back.

    A DAW that changes notes on the way, or needs longer, is not found out. In a loop that ends this very moment one
    note-off of the musician's may be lost, of a note that the band played too.
    """

    def __init__(self) -> None:
        self.echoes = 0
        self._order: deque[_Left] = deque()
        self._left: dict[_Subject, deque[_Left]] = {}
        self._down: set[_Subject] = set()  # the musician's keys
        self._in_a_row = [0] * 16  # notes of each channel that came back since one did not
        self._told = False

    def leave(self, event: Event, now_s: float) -> None:
        """Remember what leaves."""
        self._forget(now_s)
        left = _Left(now_s, subject(event), _word(event))
        self._order.append(left)
        self._left.setdefault(left.about, deque()).append(left)

    def returns(self, event: Event, now_s: float) -> bool:
        """Whether what comes is an echo; feed it every event."""
        self._forget(now_s)
        about, word = subject(event), _word(event)
        if not about:
            return False
        left = self._left.get(about, deque())
        twins = [known for known in left if known.word == word and not known.returned]
        ends = isinstance(event, NoteOff) and about in self._down
        is_so = bool(twins) and twins[-1] is left[-1] and not ends
        if not twins or not (is_so or self._in_a_row[_channel(about)]):
            self._pass(event, about)
            return False
        twins[0].returned = True
        self.echoes += isinstance(event, NoteOn)
        if is_so and isinstance(event, NoteOn):
            self._in_a_row[_channel(about)] += 1
        return True

    def take_problem(self) -> str | None:
        """A sentence for the musician, once."""
        if self._told or max(self._in_a_row) < _CERTAIN:
            return None
        self._told = True
        return "The band's notes come back to it through your DAW and are ignored; take BollyLive Out off that input."

    def _pass(self, event: Event, about: _Subject) -> None:
        if isinstance(event, NoteOn):
            self._down.add(about)
        elif isinstance(event, NoteOff):
            self._down.discard(about)

    def _forget(self, now_s: float) -> None:
        while self._order and now_s - self._order[0].at_s > WINDOW_S:
            old = self._order.popleft()
            self._left[old.about].popleft()
            if not self._left[old.about]:
                del self._left[old.about]
            if isinstance(old.word, NoteOn) and not old.returned:
                self._in_a_row[_channel(old.about)] = 0


def _channel(about: _Subject) -> int:
    return about[0] & 0x0F


def _word(event: Event) -> Event:
    """The word as far as it survives a DAW, many of which give note-offs a velocity of their own."""
    return replace(event, velocity=0) if isinstance(event, NoteOff) else event
