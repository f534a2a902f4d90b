"""What the musician taps with a key or a controller of the set: the tempo, and where the bar begins."""

from __future__ import annotations

from collections import deque

from bollylive.band import Set
from bollylive.note import Control, Event, NoteOff, NoteOn, Sam, Tempo

LONGEST_S = 3.0  # after a longer pause the tapping begins anew; 20 beats per minute
SHORTEST_S = 0.15  # sooner after a tap is the same one, of a key that bounces; 400 beats per minute
LEAST_TAPS = 3
MOST_TAPS = 5  # the tempo is the mean of the latest four gaps
UNEVEN = 0.3  # a gap that differs by this share from those before begins another tempo
PRESSED = 64  # a controller is down from this value on, as the MIDI 1.0 specification has it for switches


class Taps:
    """Tells taps from playing, by what the set says; feed it every event. Not thread-safe."""

    def __init__(self, band: Set) -> None:
        self._channel = band.tap_channel
        self._tempo = {("cc", band.tap_cc), ("note", band.tap_note)}
        self._sam = {("cc", band.sam_cc), ("note", band.sam_note)}
        self._taps_s: deque[float] = deque(maxlen=MOST_TAPS)

    def read(self, event: Event, now_s: float) -> Tempo | Sam | bool:
        """What a tap means; True if it means nothing yet, as when a key comes up; False if the event is no tap."""
        match event:
            case NoteOn(channel, number):
                what, down = ("note", number), True
            case NoteOff(channel, number):
                what, down = ("note", number), False
            case Control(channel, number, value):
                what, down = ("cc", number), value >= PRESSED
            case _:
                return False
        if self._channel not in (None, channel) or what not in self._tempo | self._sam:
            return False
        if not down:
            return True
        return Sam() if what in self._sam else self._tapped(now_s) or True

    def _tapped(self, now_s: float) -> Tempo | None:
        taps = self._taps_s
        if taps:
            gap_s = now_s - taps[-1]
            if gap_s < SHORTEST_S:
                return None
            if gap_s > LONGEST_S:
                taps.clear()
        if len(taps) > 1:
            mean_s = (taps[-1] - taps[0]) / (len(taps) - 1)
            if abs(now_s - taps[-1] - mean_s) > UNEVEN * mean_s:
                latest_s = taps[-1]
                taps.clear()
                taps.append(latest_s)
        taps.append(now_s)
        return Tempo(60.0 * (len(taps) - 1) / (taps[-1] - taps[0])) if len(taps) >= LEAST_TAPS else None
