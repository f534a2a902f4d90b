"""Tempo as beats per minute and as the length of a beat in seconds, within the range that the program follows."""

from __future__ import annotations

from bollylive.clock.tick_filter import LONGEST_TICK_S, SHORTEST_TICK_S
from bollylive.midi.messages import TICKS_PER_BEAT

SLOWEST_BPM, FASTEST_BPM = 20.0, 400.0


def bounded_bpm(seconds_per_beat: float) -> float:
    """Return the tempo at which a beat lasts so long, bounded to 20-400."""
    return min(max(60.0 / seconds_per_beat, SLOWEST_BPM), FASTEST_BPM)


def beat_seconds(bpm: float) -> float:
    """Return how long a beat lasts at `bpm`, which is bounded to 20-400."""
    tick_s = 60.0 / max(bpm, 1.0) / TICKS_PER_BEAT
    return TICKS_PER_BEAT * min(max(tick_s, SHORTEST_TICK_S), LONGEST_TICK_S)
