"""Notes to model rows and back: the only encoder in the project, used by training and on stage.

A voice (one channel's notes, chords from low to high) becomes rows of nine integers. A row states a note and,
as `next`, how long after its onset the next one begins; whatever is `CHOOSE` is chosen by the model. Where
nothing begins for more than two beats a *rest* row stands, so that a voice that waits keeps hearing the band.
Time is in ticks, 24 to the beat as in MIDI clock: fine enough for triplets and thirty-second notes, and what a
clocked DAW itself counts in.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CODEC_VERSION = 2
TICKS_PER_BEAT = 24

FIELDS = ("onset", "pitch", "duration", "velocity", "next", "instrument", "place", "cycle", "previous")
CHOOSE = -1

WAIT_TICKS = 2 * TICKS_PER_BEAT
WAIT = WAIT_TICKS + 1  # the onset word for "nothing within WAIT_TICKS"
ONSETS = WAIT + 1

REST = 128  # stands for a pitch in a rest row, and in `previous` where there was no note yet
PITCHES = 128

# Every tick up to a beat, then ever coarser up to four bars: the ear forgives a long note more.
DURATION_TICKS = np.array(
    [*range(1, 25), 27, 30, 33, 36, 42, 48, 54, 60, 66, 72, 84, 96, 120, 144, 168, 192, 240, 288, 384], dtype=np.int64
)
DURATIONS = len(DURATION_TICKS)
HELD = DURATIONS  # a duration not known yet: the key is still down

VELOCITIES = 16
_VELOCITY_STEP = 128 // VELOCITIES

PERCUSSION = 128  # the instrument word of channel 10; 0-127 are General MIDI programs
INSTRUMENTS = 129

PLACES = 8 * TICKS_PER_BEAT  # a bar of up to eight beats; longer cycles repeat it

Rows = NDArray[np.int64]

_DURATION_BORDERS = (DURATION_TICKS[1:] + DURATION_TICKS[:-1]) / 2


@dataclass(frozen=True, slots=True)
class Voice:
    """One channel's notes as arrays of equal length, sorted by (tick, pitch); `duration` is 0 while held."""

    tick: NDArray[np.int64]
    pitch: NDArray[np.int64]  # 0-127, or REST
    duration: NDArray[np.int64]  # ticks
    velocity: NDArray[np.int64]  # 1-127


@dataclass(frozen=True, slots=True)
class Choice:
    """What the model chose, in ticks and MIDI units; `next_ticks` is None for a rest of `WAIT_TICKS`."""

    pitch: int
    duration_ticks: int
    velocity: int
    next_ticks: int | None


def rest_ticks(since: int, until: int) -> list[int]:
    """The ticks of the rest rows between an onset at `since` and the next one at `until`."""
    return list(range(since + WAIT_TICKS, until, WAIT_TICKS))


def encode(
    voice: Voice,
    *,
    since: int,
    previous: int,
    instrument: int,
    origin: int | NDArray[np.int64],
    cycle: int | NDArray[np.int64],
) -> Rows:
    """Encode a voice as rows [T, 9]; each `next` is the following row's onset, the last one's is CHOOSE.

    `since` is the tick of the row before the first (its onset counts from there), `previous` the pitch last
    heard in the voice or REST. `origin` is the tick of a bar line and `cycle` the bar in ticks, 24-192; each one
    number, or one for every row where the metre changes.
    Raises ValueError where a note is further than `WAIT_TICKS` from the row before it: a rest row is missing. Before
    a rest may lie any time, for after a very long silence one rest stands for all.
    """
    delta = voice.tick - np.concatenate(((since,), voice.tick[:-1]))
    rest = voice.pitch == REST
    if len(delta) and (delta.min() < 0 or (delta * ~rest).max() > WAIT_TICKS):
        raise ValueError(f"rows must be 0 to {WAIT_TICKS} ticks apart, not {delta.min()} to {delta.max()}")
    rows = np.empty((len(delta), len(FIELDS)), dtype=np.int64)
    rows[:, 0] = np.where(rest, WAIT, delta)
    rows[:, 1] = voice.pitch
    rows[:, 2] = np.where(voice.duration <= 0, HELD, np.searchsorted(_DURATION_BORDERS, voice.duration))
    rows[:, 3] = voice.velocity // _VELOCITY_STEP
    rows[:-1, 4] = rows[1:, 0]
    rows[-1:, 4] = CHOOSE
    rows[:, 5] = instrument
    rows[:, 6] = (voice.tick - origin) % cycle
    rows[:, 7] = cycle
    sounded = np.maximum.accumulate(np.where(rest, -1, np.arange(len(delta))))
    before = np.concatenate(([-1], sounded[:-1])) if len(delta) else sounded
    rows[:, 8] = np.where(before < 0, previous, voice.pitch[before] if len(delta) else previous)
    return rows


def decode(chosen: Rows) -> Choice:
    """Decode the model's four words (pitch, duration, velocity, next) for one row."""
    pitch, duration, velocity, onset = (int(word) for word in chosen)
    return Choice(
        pitch=pitch,
        duration_ticks=int(DURATION_TICKS[min(duration, DURATIONS - 1)]),
        velocity=max(1, velocity * _VELOCITY_STEP + _VELOCITY_STEP // 2),
        next_ticks=None if onset == WAIT else onset,
    )
