"""The tempo that the musician taps."""

from __future__ import annotations

from collections import deque

from bollylive.midi.messages import Tempo

LONGEST_S = 3.0  # after a longer pause the tapping starts again; 20 beats per minute
SHORTEST_S = 0.15  # a tap that comes sooner is the same tap of a key that bounces; 400 beats per minute
LEAST_TAPS = 3
MOST_TAPS = 5  # the tempo is the mean of the latest four gaps
UNEVEN = 0.3  # a gap that differs by this share from the mean of the earlier gaps begins another tempo


class TapTempo:
    """Collects taps, and gives the tempo once there are enough. Not thread-safe."""

    def __init__(self) -> None:
        self._taps_s: deque[float] = deque(maxlen=MOST_TAPS)

    def tap(self, now_s: float) -> Tempo | None:
        """Handle a tap; return the tempo, from the third tap on."""
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
