"""Limits floods, so that nothing has to wait because a broken controller sends thousands of messages a second.

The bounds are beyond what music needs. A DIN cable carries at most 1,562 messages a second (31,250 baud, two bytes
each), nobody plays 500 notes a second, and a clock ticks 120 times at 300 beats per minute. Short bursts, such as that
of a DAW that starts sixteen tracks at once, stay even further below the bounds.
"""

from __future__ import annotations

from bollylive.io.controller_state import RESETS
from bollylive.midi.messages import MODE_CHANGES, Control, Event, NoteOff, NoteOn, Program, Raw
from bollylive.midi.parser import state_key

NOTES_PER_S, NOTES_AT_ONCE = 500.0, 512.0
OTHERS_PER_S, OTHERS_AT_ONCE = 2000.0, 2048.0
RESETS_PER_S, RESETS_AT_ONCE = 500.0, 512.0  # apart from the others: a panic counts most when a controller is mad
CLOCKS_PER_S, CLOCKS_AT_ONCE = 1000.0, 4096.0
_LONGEST_SUBJECT = 2  # a longer message is a SysEx, which differs each time


class _Allowance:
    """A token bucket: it allows a number of messages at once, and a number per second."""

    def __init__(self, per_s: float, at_once: float) -> None:
        self._per_s, self._at_once, self._left, self._at_s = per_s, at_once, at_once, 0.0

    def take(self, now_s: float) -> bool:
        self._left = min(self._at_once, self._left + (now_s - self._at_s) * self._per_s)
        self._at_s = now_s
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


class RateLimit:
    """Lets events in as long as there is time for them; `dropped` counts the rest. Not thread-safe; `now_s` must not go
    back.

    The end of a note that was let in always passes, and so does the first reset after one. If controllers move too
    fast, only the newest value of each waits for its turn, so that each controller ends up where the musician left it.
    """

    def __init__(self) -> None:
        self.dropped = 0
        self._notes = _Allowance(NOTES_PER_S, NOTES_AT_ONCE)
        self._others = _Allowance(OTHERS_PER_S, OTHERS_AT_ONCE)
        self._resets = _Allowance(RESETS_PER_S, RESETS_AT_ONCE)
        self._clocks = _Allowance(CLOCKS_PER_S, CLOCKS_AT_ONCE)
        self._down: set[tuple[int, int]] = set()  # channel and pitch of the notes that were let in
        self._active: set[int] = set()  # channels on which a note was let in since their last reset
        self._waiting: dict[tuple[int, ...], Event] = {}
        self._is_reported = False

    def admits(self, event: Event, now_s: float) -> bool:
        """Return whether there is time for an event; one that has to wait is returned by `take_waiting`."""
        match event:
            case NoteOn(channel, pitch):
                admitted = self._notes.take(now_s)
                if admitted:
                    self._down.add((channel, pitch))
                    self._active.add(channel)
            case NoteOff(channel, pitch) if (channel, pitch) in self._down:
                self._down.discard((channel, pitch))
                admitted = True
            case Control(channel, number) if number in RESETS or number in MODE_CHANGES:
                admitted = channel in self._active or self._resets.take(now_s)
                self._active.discard(channel)
            case Control() | Program() | Raw() if self._waiting or not self._others.take(now_s):
                self._wait(event)
                return False
            case NoteOff():
                admitted = self._others.take(now_s)
            case Control() | Program() | Raw():
                admitted = True
            case _:
                admitted = self._clocks.take(now_s)
        self.dropped += not admitted
        return admitted

    def take_waiting(self, now_s: float) -> list[Event]:
        """Return the events that had to wait and whose turn has come; call this often."""
        ready: list[Event] = []
        while self._waiting and self._others.take(now_s):
            ready.append(self._waiting.pop(next(iter(self._waiting))))
        return ready

    def take_problem(self) -> str | None:
        """Return a sentence for the musician, once."""
        if self._is_reported or not self.dropped:
            return None
        self._is_reported = True
        return (
            "More MIDI comes in than can be played, and some of it is dropped; look for a broken controller or a loop."
        )

    def _wait(self, event: Control | Program | Raw) -> None:
        key = state_key(event)
        self.dropped += key in self._waiting or len(key) > _LONGEST_SUBJECT
        if len(key) <= _LONGEST_SUBJECT:
            self._waiting[key] = event
