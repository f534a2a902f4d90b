"""Limits floods, so that nothing has to wait because a broken controller sends thousands of messages a second.

The bounds are beyond what music needs. A DIN cable carries at most 1,562 messages a second (31,250 baud, two bytes
each), nobody plays 500 notes a second, and a clock ticks 120 times at 300 beats per minute. Short bursts, such as that
of a DAW that starts sixteen tracks at once, stay even further below the bounds.
"""

from __future__ import annotations

from bollylive.io.controller_state import RESETS
from bollylive.io.message_units import Selections, Unit, can_wait, is_data, selects, sets_anew, subject
from bollylive.midi.messages import MODE_CHANGES, Control, Event, NoteOff, NoteOn, Program, Raw

NOTES_PER_S, NOTES_AT_ONCE = 500.0, 512.0
OTHERS_PER_S, OTHERS_AT_ONCE = 2000.0, 2048.0
RESETS_PER_S, RESETS_AT_ONCE = 500.0, 512.0  # apart from the others: a panic counts most when a controller is mad
CLOCKS_PER_S, CLOCKS_AT_ONCE = 1000.0, 4096.0
MOST_WAITING = 4096  # a device may have half a million parameters, and what waits for minutes is of no use


class _Allowance:
    """A token bucket: it allows a number of messages at once, and a number per second."""

    def __init__(self, per_s: float, at_once: float) -> None:
        self._per_s, self._at_once, self._left, self._at_s = per_s, at_once, at_once, 0.0

    def take(self, now_s: float, messages: int = 1) -> bool:
        self._left = min(self._at_once, self._left + (now_s - self._at_s) * self._per_s)
        self._at_s = now_s
        if self._left < messages:
            return False
        self._left -= messages
        return True


class RateLimit:
    """Lets events in as long as there is time for them; `dropped` counts the rest. Not thread-safe; `now_s` must not go
    back.

    The end of a note that was let in always passes, and so does the first reset after one. If controllers move too
    fast, only the newest value of each waits for its turn, so that each controller ends up where the musician left it.
    Messages that mean something only together wait together, see `message_units`: what is let in sets nothing to a
    value that nobody sent.
    """

    def __init__(self) -> None:
        self.dropped = 0
        self._notes = _Allowance(NOTES_PER_S, NOTES_AT_ONCE)
        self._others = _Allowance(OTHERS_PER_S, OTHERS_AT_ONCE)
        self._resets = _Allowance(RESETS_PER_S, RESETS_AT_ONCE)
        self._clocks = _Allowance(CLOCKS_PER_S, CLOCKS_AT_ONCE)
        self._down: set[tuple[int, int]] = set()  # channel and pitch of the notes that were let in
        self._active: set[int] = set()  # channels on which a note was let in since their last reset
        self._waiting: dict[tuple[int, ...], Unit] = {}  # by what they set
        self._sent, self._let_in = Selections(), Selections()  # by all that came, and by all that was let in
        # Parameters of which a value was dropped: so is what is relative to it.
        self._torn: set[tuple[int, ...]] = set()
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
            case Control() | Program() | Raw():
                self._sent.note(event)
                if self._waiting or self._misses_selection(event) or not self._others.take(now_s):
                    self._wait(event)
                    return False
                self._let_in.note(event)
                admitted = True
            case NoteOff():
                admitted = self._others.take(now_s)
            case _:
                admitted = self._clocks.take(now_s)
        self.dropped += not admitted
        return admitted

    def take_waiting(self, now_s: float) -> list[Event]:
        """Return the events that had to wait and whose turn has come; call this often."""
        ready: list[Event] = []
        while self._waiting:
            about, unit = next(iter(self._waiting.items()))
            messages = self._messages_of(unit)
            if not self._others.take(now_s, len(messages)):
                break
            del self._waiting[about]
            ready += messages
            for message in messages:
                self._let_in.note(message)
            self._restore_selection(unit)
        return ready

    def take_problem(self) -> str | None:
        """Return a sentence for the musician, once."""
        if self._is_reported or not self.dropped:
            return None
        self._is_reported = True
        return (
            "More MIDI comes in than can be played, and some of it is dropped; look for a broken controller or a loop."
        )

    def _misses_selection(self, event: Control | Program | Raw) -> bool:
        """Whether the receiver would take an event for something else, because a selection has not been let in."""
        if isinstance(event, Raw) or not (isinstance(event, Program) or is_data(event)):
            return False
        selection = self._sent.of(event)
        return selection != self._let_in.of(event) or subject(event, selection) in self._torn

    def _wait(self, event: Control | Program | Raw) -> None:
        selection = () if isinstance(event, Raw) else self._sent.of(event)
        about = subject(event, selection)
        if not can_wait(event) or self._is_torn(event, about):
            self.dropped += 1
            return
        unit = self._waiting.setdefault(about, Unit())
        unit.selection = selection
        self.dropped += unit.add(event)

    def _is_torn(self, event: Event, about: tuple[int, ...]) -> bool:
        """Whether data cannot be taken: there is no room for its parameter, or it is relative to what was dropped."""
        if not is_data(event) or about in self._waiting:
            return False
        if len(self._waiting) >= MOST_WAITING:
            self._torn.add(about)
        elif sets_anew(event):
            self._torn.discard(about)
        return about in self._torn

    def _messages_of(self, unit: Unit) -> list[Event]:
        """Return what a unit needs now, in order."""
        is_selected = not unit.selection or self._let_in.of(unit.selection[0]) == unit.selection
        return [*(() if is_selected else unit.selection), *(event for event in unit.events if not selects(event))]

    def _restore_selection(self, unit: Unit) -> None:
        """Let the selection follow that is in force by now, if a unit needed another one."""
        if unit.selection:
            now = self._sent.of(unit.selection[0])
            if now != self._let_in.of(now[0]):
                self._waiting.setdefault(subject(now[0], now), Unit()).selection = now
