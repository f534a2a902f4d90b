"""One delay after which all that leaves may come back: the evidence for a loop, and its end.

A loop brings back everything, note-ons and note-offs, after one delay, and a musician does not: whoever doubles the
band cannot also double each of their own notes, which leave too. So a loop is proved if at least eight note-ons in a
row came back within `TIGHT_S` of one delay, none missing, and among these are two of the model's, or eight that the
musician added after the first round. Where a loop is short, what goes round keeps the band quiet; there 32 in a row are
enough with one of the model's or two added. The first round may take another time than those after it, because it does
not begin with an audio period: then it does not count among the 32. A sequencer that repeats a pattern adds nothing to
it; nothing but a loop repeats a note more than 66 times a second, however much the delay varies: eight rounds are
enough. Where a longer delay varies (a JACK period of 1024 frames is 21 ms) or the DAW changes channel or velocity,
twice as many are needed. Where the musician's notes do not pass through, a drummer may well double one stroke of the
band, so four different keys are needed.

A DAW may transpose what it sends back. Then every note is the same number of semitones away, and the delay must be
tight: whoever doubles the band in octaves by hand is not so even.
"""

from __future__ import annotations

import math
from typing import Final

from bollylive.io.departures import Departures, Sending
from bollylive.midi.messages import Event, NoteOff, NoteOn

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


class Ages:
    """How many note-ons came back, and the shortest and the longest time in which they did. Not thread-safe."""

    def __init__(self) -> None:
        self.low_s, self.high_s = math.inf, -math.inf
        self.count = 0

    def add(self, age_s: float) -> None:
        """Note one that came back `age_s` after it left."""
        self.low_s, self.high_s = min(self.low_s, age_s), max(self.high_s, age_s)
        self.count += 1

    @property
    def is_tight(self) -> bool:
        """Whether all came back after about one delay."""
        return self.high_s - self.low_s <= TIGHT_S


class Evidence:
    """What the note-ons that came back have in common, and whether only a loop can have done so. Not thread-safe."""

    def __init__(self, back: NoteOn, sending: Sending, age_s: float, *, is_transposed: bool) -> None:
        self.ages = Ages()
        self._is_transposed = is_transposed
        self._second_round_s = sending.at_s + age_s + WIDE_S
        self._again = Ages()  # of what has been round before
        self._is_exact = True
        self._own = self._passed = self._added = 0
        self._keys: set[int] = set()
        self.add(back, sending, age_s)

    def add(self, back: NoteOn, sending: Sending, age_s: float) -> None:
        """Note one that came back `age_s` after it left."""
        left = sending.event
        assert isinstance(left, NoteOn)
        self.ages.add(age_s)
        self._is_exact = self._is_exact and (back.channel, back.velocity) == (left.channel, left.velocity)
        if sending.is_echo:
            self._again.add(age_s)
        self._keys.add(back.pitch)
        self._own += sending.by == "model"
        if sending.by == "musician":
            self._passed += 1
            self._added += not sending.is_echo and sending.at_s > self._second_round_s

    @property
    def suffices(self) -> bool:
        """Whether this is no player's doing."""
        is_regular = self.ages.is_tight and self._is_exact
        is_too_fast = self._is_exact and not self._is_transposed and self.ages.high_s <= _SHORTEST_ROLL_S
        enough = _IN_A_ROW if is_regular or is_too_fast else 2 * _IN_A_ROW
        if self.ages.count < enough or (self._is_transposed and not self.ages.is_tight):
            return False
        in_a_row = self.ages.count if is_regular else self._again.count
        is_long = self._is_exact and in_a_row >= _LONG_ROW and (is_regular or self._again.is_tight)
        is_long_and_new = is_long and (self._own > 0 or self._added >= _ADDED_TO_LONG_ROW)
        is_new = self._own >= _OWN or self._added >= _IN_A_ROW or is_too_fast or is_long_and_new
        return is_new and (len(self._keys) >= _KEYS or self._passed >= _IN_A_ROW - _OWN)


class Loop:
    """A loop that is suspected since the note-on with the number `serial` came `back`. Not thread-safe.

    `semitones` is by how much it transposes what comes back. Everything before the number `next` is back or given up.
    """

    def __init__(self, departures: Departures, serial: int, back: NoteOn, at_s: float) -> None:
        sending = departures[serial]
        left = sending.event
        assert isinstance(left, NoteOn)
        self.is_proved = False
        self.semitones = back.pitch - left.pitch
        self.next = serial + 1
        self._departures = departures
        self._back: set[int] = set()  # what came back out of order
        self._channel = None if back.channel == left.channel else back.channel  # where everything comes back
        self._evidence = Evidence(back, sending, at_s - sending.at_s, is_transposed=self.semitones != 0)
        self._missed = 0

    @property
    def delay_s(self) -> float:
        """How long it takes until a message is back."""
        return (self._evidence.ages.low_s + self._evidence.ages.high_s) / 2

    def explains(self, event: Event, at_s: float) -> bool:
        """Return whether an event that comes in is one that left, and note that it is back."""
        low_s, high_s = self._evidence.ages.low_s, self._evidence.ages.high_s
        if self.is_proved:
            earliest_s, latest_s = low_s - TIGHT_S, high_s + WIDE_S  # on a busy machine one may be late
        else:
            earliest_s, latest_s = high_s - WIDE_S, low_s + WIDE_S
        for serial, sending in enumerate(self._departures.some(self.next, _MOST_LOOKED_AT), self.next):
            age_s = at_s - sending.at_s
            if age_s < earliest_s or age_s < 0.0:
                return False
            if age_s <= latest_s and serial not in self._back and self._is_same(event, sending.event):
                self._back.add(serial)
                self._note(event, sending, age_s)
                while self.next in self._back:
                    self._back.discard(self.next)
                    self.next += 1
                return True
        return False

    def has_failed(self, now_s: float) -> bool:
        """Return whether a note has not come back: then there is no such loop."""
        return self._give_up(now_s - self._evidence.ages.low_s - WIDE_S, (NoteOn, NoteOff), 1) > 0

    def has_ended(self, now_s: float) -> bool:
        """Return whether a proved loop is no more: some note-ons in a row have not come back."""
        self._missed += self._give_up(now_s - self._evidence.ages.high_s - WIDE_S, (NoteOn,), _MISSES)
        return self._missed >= _MISSES

    def _give_up(self, before_s: float, kinds: tuple[type[NoteOn | NoteOff], ...], most: int) -> int:
        """Expect no longer what left before a second; return how many of some kinds are not back, at most `most`."""
        missing, end = 0, self._departures.end
        while self.next < end and missing < most:
            sending = self._departures[self.next]
            if self.next in self._back:
                self._back.discard(self.next)
            elif sending.at_s >= before_s:
                break
            elif isinstance(sending.event, kinds):
                missing += 0 <= sending.event.pitch + self.semitones <= 127  # no DAW sends others back
            self.next += 1
        return missing

    def _is_same(self, came: Event, left: Event) -> bool:
        if isinstance(came, NoteOn | NoteOff) and isinstance(left, NoteOn | NoteOff):
            return (
                type(came) is type(left)
                and came.pitch == left.pitch + self.semitones
                and came.channel == (left.channel if self._channel is None else self._channel)
            )
        return came == left

    def _note(self, back: Event, sending: Sending, age_s: float) -> None:
        if isinstance(back, NoteOn):
            self._missed = 0
            if not self.is_proved:
                self._evidence.add(back, sending, age_s)
                self.is_proved = self._evidence.suffices
