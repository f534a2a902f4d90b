"""Notes to model rows and back: the only encoder in the project, used by training and on stage.

A voice (one channel's notes, chords from low to high) becomes rows of integers, which are called words; the table `ROW`
lists the columns. A row states a note and, as `next`, how long after its onset the next one begins. The model chooses
each word that is `CHOOSE`. If nothing begins for more than two beats, a *rest* row stands there, so that a voice that
waits still hears the band. Time is in ticks, 24 to the beat as in MIDI clock: fine enough for triplets and
thirty-second notes, and a DAW that sends its clock counts in the same ticks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bollylive.midi import messages

CODEC_VERSION = 2
TICKS_PER_BEAT = messages.TICKS_PER_BEAT

CHOOSE = -1

WAIT_TICKS = 2 * TICKS_PER_BEAT
WAIT = WAIT_TICKS + 1  # the onset word for "nothing within WAIT_TICKS"
ONSETS = WAIT + 1
LONGEST_SILENCE_TICKS = 16 * WAIT_TICKS  # after a longer rest a voice starts again with an empty state
OPENING_REST_TICKS = TICKS_PER_BEAT  # a voice begins with a rest, this long before its first note

REST = 128  # stands for a pitch in a rest row, and in `previous` where there was no note yet
PITCHES = 128

# Every tick up to a beat, then ever coarser up to four bars: the ear forgives a long note more.
DURATION_TICKS = np.array(
    [*range(1, 25), 27, 30, 33, 36, 42, 48, 54, 60, 66, 72, 84, 96, 120, 144, 168, 192, 240, 288, 384], dtype=np.int64
)
DURATION_BORDERS = (DURATION_TICKS[1:] + DURATION_TICKS[:-1]) / 2  # a duration takes the nearest word
DURATIONS = len(DURATION_TICKS)
HELD = DURATIONS  # a duration not known yet: the key is still down

VELOCITIES = 16
VELOCITY_STEP = 128 // VELOCITIES

PERCUSSION = 128  # the instrument word of channel 10; 0-127 are General MIDI programs
INSTRUMENTS = 129

PLACES = 8 * TICKS_PER_BEAT  # a bar of up to eight beats; longer cycles repeat it

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a row: its words are 0 to `words` - 1, and CHOOSE where the model chooses."""

    name: str
    words: int
    choices: int = 0  # the model chooses from this many words, the first ones; 0: the model never chooses
    padding: int = 0  # what stands in a row that only fills a batch
    figure: str = ""  # the name in reports and settings, if it is another


ROW: tuple[Field, ...] = (
    Field("onset", ONSETS, padding=WAIT),
    Field("pitch", PITCHES + 1, PITCHES, padding=REST),
    Field("duration", DURATIONS + 1, DURATIONS),
    Field("velocity", VELOCITIES, VELOCITIES),
    Field("next", ONSETS, ONSETS, padding=CHOOSE, figure="onset"),
    Field("instrument", INSTRUMENTS),
    Field("place", PLACES),
    Field("cycle", PLACES + 1, padding=TICKS_PER_BEAT),
    Field("previous", PITCHES + 1, padding=REST),
)
ONSET, PITCH, DURATION, VELOCITY, NEXT, INSTRUMENT, PLACE, CYCLE, PREVIOUS = range(len(ROW))
FIELDS = tuple(field.name for field in ROW)
PADDING = tuple(field.padding for field in ROW)

STATED = slice(ONSET, NEXT)  # what a row says about its own note
SURROUNDINGS = slice(INSTRUMENT, PREVIOUS)  # which instrument plays, and where in the bar
CHOSEN = slice(PITCH, INSTRUMENT)  # what the model chooses, in this order, each word with knowledge of the words before
CHOICES = tuple(field.choices for field in ROW[CHOSEN])
FIGURES = tuple(field.figure or field.name for field in ROW[CHOSEN])


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
    """The ticks of the rest rows between an onset at `since` and the next onset at `until`."""
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
    """Encode a voice as rows [T, F], see `ROW`; each `next` is the following row's onset, the last one's is CHOOSE.

    `since` is the tick of the row before the first (its onset counts from there), `previous` the pitch last
    heard in the voice or REST. `origin` is the tick of a bar line and `cycle` the bar in ticks, 24-192; each one
    number, or one for every row where the metre changes.
    Raises ValueError if a note is further than `WAIT_TICKS` from the row before it: a rest row is missing. Any time
    may lie before a rest, because one rest stands for a very long silence.
    """
    delta = voice.tick - np.concatenate(((since,), voice.tick[:-1]))
    rest = voice.pitch == REST
    if len(delta) and (delta.min() < 0 or (delta * ~rest).max() > WAIT_TICKS):
        raise ValueError(f"rows must be 0 to {WAIT_TICKS} ticks apart, not {delta.min()} to {delta.max()}")
    rows = np.empty((len(delta), len(ROW)), dtype=np.int64)
    rows[:, ONSET] = np.where(rest, WAIT, delta)
    rows[:, PITCH] = voice.pitch
    rows[:, DURATION] = np.where(voice.duration <= 0, HELD, np.searchsorted(DURATION_BORDERS, voice.duration))
    rows[:, VELOCITY] = voice.velocity // VELOCITY_STEP
    rows[:-1, NEXT] = rows[1:, ONSET]
    rows[-1:, NEXT] = CHOOSE
    rows[:, INSTRUMENT] = instrument
    rows[:, PLACE] = (voice.tick - origin) % cycle
    rows[:, CYCLE] = cycle
    sounded = np.maximum.accumulate(np.where(rest, -1, np.arange(len(delta))))
    before = np.concatenate(([-1], sounded[:-1])) if len(delta) else sounded
    rows[:, PREVIOUS] = np.where(before < 0, previous, voice.pitch[before] if len(delta) else previous)
    return rows


def decode(chosen: Rows) -> Choice:
    """Decode the model's words for one row, in the order of the columns `CHOSEN`."""
    pitch, duration, velocity, onset = (int(word) for word in chosen)
    return Choice(
        pitch=pitch,
        duration_ticks=int(DURATION_TICKS[min(duration, DURATIONS - 1)]),
        velocity=max(1, velocity * VELOCITY_STEP + VELOCITY_STEP // 2),
        next_ticks=None if onset == WAIT else onset,
    )
