"""One delay after which all that leaves may come back: the evidence for a loop, and its end.

A loop brings back everything, note-ons and note-offs, after one delay, and a musician does not: whoever doubles the
band cannot also double each of their own notes, which leave too. So a loop is proved if at least eight note-ons in a
row came back within `TIGHT_S` of one delay, none missing, and among these are two of the model's, or eight that the
musician added after the first round. Where a loop is short, what goes round keeps the band quiet; there 32 in a row
are enough with one of the model's or two added. A sequencer that repeats a pattern adds nothing to it; nothing but a
loop repeats a note more than 66 times a second. Where the delay varies (a JACK period of 1024 frames is 21 ms) or the
DAW changes channel or velocity, twice as many are needed. Where the musician's notes do not pass through, a drummer
may well double one stroke of the band, so four different keys are needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bollylive.midi.messages import Event, NoteOff, NoteOn, Player

LONGEST_S: Final = 1.0  # the longest delay of a loop that is looked for
TIGHT_S: Final = 0.002  # how much a delay may vary
WIDE_S: Final = 0.025  # the same, if audio periods are long; then more notes must come back
_IN_A_ROW: Final = 8
_LONG_ROW: Final = 32
_ADDED_TO_LONG_ROW: Final = 2
_OWN: Final = 2
_KEYS: Final = 4
_SHORTEST_ROLL_S: Final = 0.015
_MISSES: Final = 3  # that many note-ons in a row that do not come back end a proved loop; one may be late in a stall
_MOST_LOOKED_AT: Final = 24  # what comes back is near the oldest that is not back; a flood must not cost more
_SURPLUS: Final = 512


@dataclass(frozen=True, slots=True)
class Sending:
    """A message that left; an echo is one of the musician's that may have come from a loop."""

    at_s: float
    event: Event
    by: Player
    is_echo: bool


class Departures:
    """The messages that left in the last `LONGEST_S`, by serial numbers. Not thread-safe."""

    def __init__(self) -> None:
        self._first = 0  # the serial number of the oldest
        self._sendings: list[Sending] = []

    @property
    def end(self) -> int:
        """The serial number of the next message that leaves."""
        return self._first + len(self._sendings)

    def add(self, sending: Sending) -> None:
        """Note a message that left."""
        self._sendings.append(sending)

    def get(self, serial: int) -> Sending:
        """Return a message by its number, which must not be older than `LONGEST_S`."""
        return self._sendings[serial - self._first]

    def some(self, serial: int, count: int) -> list[Sending]:
        """Return up to `count` messages from a number on."""
        return self._sendings[serial - self._first : serial - self._first + count]

    def note_ons(self, pitch: int, now_s: float) -> list[int]:
        """Return the numbers of the note-ons of a pitch that are young enough, the newest first."""
        numbers: list[int] = []
        for place in range(len(self._sendings) - 1, -1, -1):
            sending = self._sendings[place]
            if now_s - sending.at_s > LONGEST_S:
                break
            if isinstance(sending.event, NoteOn) and sending.event.pitch == pitch:
                numbers.append(self._first + place)
        return numbers

    def forget(self, now_s: float) -> None:
        """Forget what is too old, if it has become much."""
        if len(self._sendings) < _SURPLUS or now_s - self._sendings[_SURPLUS // 2].at_s <= LONGEST_S + 2 * WIDE_S:
            return
        del self._sendings[: _SURPLUS // 2]
        self._first += _SURPLUS // 2


class Loop:
    """A loop that is suspected since the note-on with the number `serial` came `back`. Not thread-safe."""

    def __init__(self, departures: Departures, serial: int, back: NoteOn, at_s: float) -> None:
        sending = departures.get(serial)
        assert isinstance(sending.event, NoteOn)
        self._departures, self._next = departures, serial + 1  # everything before `_next` is back, or given up
        self._back: set[int] = set()  # what came back out of order
        self._low_s = self._high_s = at_s - sending.at_s
        self._channel = None if back.channel == sending.event.channel else back.channel  # where everything comes back
        self._is_exact = back == sending.event
        self._second_round_s = at_s + WIDE_S
        self._returned, self._missed = 1, 0
        self._own, self._passed, self._added = int(sending.by == "model"), int(sending.by == "musician"), 0
        self._keys = {sending.event.pitch}
        self._held = {NoteOff(back.channel, back.pitch): None}

    @property
    def delay_s(self) -> float:
        """How long it takes until a message is back."""
        return (self._low_s + self._high_s) / 2

    @property
    def is_proved(self) -> bool:
        """Whether this is no player's doing."""
        is_regular = self._is_exact and self._high_s - self._low_s <= TIGHT_S
        is_too_fast = is_regular and self._high_s <= _SHORTEST_ROLL_S
        is_long = is_regular and self._returned >= _LONG_ROW
        is_long_and_new = is_long and (self._own > 0 or self._added >= _ADDED_TO_LONG_ROW)
        return (
            self._returned >= _IN_A_ROW * (1 if is_regular else 2)
            and (self._own >= _OWN or self._added >= _IN_A_ROW or is_too_fast or is_long_and_new)
            and (len(self._keys) >= _KEYS or self._passed >= _IN_A_ROW - _OWN)
        )

    @property
    def held(self) -> list[NoteOff]:
        """The ends of the notes that came back and have not ended."""
        return list(self._held)

    def explains(self, event: Event, at_s: float) -> bool:
        """Return whether an event that comes in is one that left, and note that it is back."""
        if self.is_proved:
            earliest_s, latest_s = self._low_s - TIGHT_S, self._high_s + WIDE_S  # on a busy machine one may be late
        else:
            earliest_s, latest_s = self._high_s - WIDE_S, self._low_s + WIDE_S
        for serial, sending in enumerate(self._departures.some(self._next, _MOST_LOOKED_AT), self._next):
            age_s = at_s - sending.at_s
            if age_s < earliest_s or age_s < 0.0:
                return False
            if age_s <= latest_s and self._is_same(event, sending.event) and serial not in self._back:
                self._back.add(serial)
                self._note(event, sending, age_s)
                while self._next in self._back:
                    self._back.discard(self._next)
                    self._next += 1
                return True
        return False

    def has_failed(self, now_s: float) -> bool:
        """Return whether a note has not come back: then there is no such loop."""
        return self._give_up(now_s - self._low_s - WIDE_S, (NoteOn, NoteOff)) > 0

    def has_ended(self, now_s: float) -> bool:
        """Return whether a proved loop is no more: some note-ons in a row have not come back."""
        self._missed += self._give_up(now_s - self._high_s - WIDE_S, (NoteOn,))
        return self._missed >= _MISSES

    def _give_up(self, before_s: float, kinds: tuple[type[Event], ...]) -> int:
        """Expect no longer what left before a second; return how many messages of some kinds are not back."""
        missing = 0
        while self._next < self._departures.end:
            sending = self._departures.get(self._next)
            if self._next in self._back:
                self._back.discard(self._next)
            elif sending.at_s >= before_s:
                break
            else:
                missing += isinstance(sending.event, kinds)
            self._next += 1
        return missing

    def _is_same(self, came: Event, left: Event) -> bool:
        if type(came) is not type(left):
            return False
        if isinstance(came, NoteOn | NoteOff) and isinstance(left, NoteOn | NoteOff):
            return came.pitch == left.pitch and came.channel == (
                left.channel if self._channel is None else self._channel
            )
        return came == left

    def _note(self, event: Event, sending: Sending, age_s: float) -> None:
        if isinstance(event, NoteOff):
            self._held.pop(NoteOff(event.channel, event.pitch), None)
        if not isinstance(event, NoteOn):
            return
        self._held[NoteOff(event.channel, event.pitch)] = None
        self._low_s, self._high_s = min(self._low_s, age_s), max(self._high_s, age_s)
        self._is_exact = self._is_exact and event == sending.event
        self._missed = 0
        self._returned += 1
        self._keys.add(event.pitch)
        self._own += sending.by == "model"
        self._passed += sending.by == "musician"
        self._added += sending.by == "musician" and not sending.is_echo and sending.at_s > self._second_round_s
