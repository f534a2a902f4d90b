"""The context: what the rest of the band plays, as the fixed-size vector that a voice's prediction sees.

`hear` is a pure function of the notes, so nothing has to be undone when a plan is withdrawn. A voice hears every other
channel up to the tick of the question; at that very tick it hears only the channels of lower rank, because the band
decides in that order.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from bollylive.model.codec import TICKS_PER_BEAT

WINDOW_TICKS = 32 * TICKS_PER_BEAT
HARMONY_HALF_LIFE_TICKS = 2 * TICKS_PER_BEAT
KEY_HALF_LIFE_TICKS = 8 * TICKS_PER_BEAT
PULSE_HALF_LIFE_TICKS = TICKS_PER_BEAT
HALF_DENSITY_ONSETS = 8  # this many onsets, each counting less as it fades, give a density of one half
MOST_SOUNDING = 16  # at more notes than this, `voices` stays 1

KICKS, SNARES = (35, 36), (37, 40)  # first and last key in General MIDI; snares are also side stick and clap

MUSICIAN = -1  # the rank of what the musician plays
FOUNDATION = -2  # the rank of what is chosen before the others choose: everybody hears it, as they hear the musician

# The columns: of the whole band, then, from `lead_sounding` on, of the musician alone.
COLUMNS = {
    "sounding": 12,  # these four are pitch classes
    "bass": 12,
    "harmony": 12,
    "key": 12,
    "kick": 1,
    "snare": 1,
    "other_percussion": 1,
    "density": 1,
    "onset_now": 1,
    "since_onset": 1,
    "loudness": 1,
    "highest": 1,
    "voices": 1,
    "lead_sounding": 12,  # these three are pitch classes
    "lead_harmony": 12,
    "lead_key": 12,
}
_ENDS = dict(zip(COLUMNS, accumulate(COLUMNS.values()), strict=True))
CONTEXT_SIZE = sum(COLUMNS.values())


def _slice(first: str, last: str) -> slice:
    """The columns from one to another of COLUMNS, both included."""
    return slice(_ENDS[first] - COLUMNS[first], _ENDS[last])


BAND_HARMONY = _slice("sounding", "key")  # the columns that are pitch classes, twelve by twelve
LEAD_HARMONY = _slice("lead_sounding", "lead_key")
SOUNDING, BASS = _slice("sounding", "sounding"), _slice("bass", "bass")
RECENT = _slice("harmony", "key")
KICK, SNARE, OTHER_PERCUSSION, DENSITY, ONSET_NOW, SINCE_ONSET, LOUDNESS, HIGHEST, VOICES = (
    _ENDS[name] - 1
    for name in (
        "kick",
        "snare",
        "other_percussion",
        "density",
        "onset_now",
        "since_onset",
        "loudness",
        "highest",
        "voices",
    )
)

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class NoteArrays:
    """The notes of all channels as arrays [N], sorted by onset; `end` of a held note lies beyond any tick asked for."""

    onset: Ints  # ticks
    end: Ints  # ticks
    pitch: Ints
    velocity: Ints
    channel: Ints
    rank: Ints  # who decides first at one tick: a channel's own number, MUSICIAN or FOUNDATION
    percussion: NDArray[np.bool_]
    late: Ints  # ticks by which its onset is withheld, as on stage, where a plan is made ahead of the musician

    def between(self, first_tick: int, last_tick: int) -> NoteArrays:
        """The notes that can matter to questions from `first_tick` to `last_tick`."""
        low, high = np.searchsorted(self.onset, (first_tick - WINDOW_TICKS, last_tick + 1))
        part = slice(int(low), int(high))
        return NoteArrays(
            self.onset[part],
            self.end[part],
            self.pitch[part],
            self.velocity[part],
            self.channel[part],
            self.rank[part],
            self.percussion[part],
            self.late[part],
        )


@np.errstate(invalid="ignore")  # BLAS sets the flag where nothing is invalid: numpy's issues 13173 and 24067
def hear(band: NoteArrays, channel: Ints | int, tick: Ints) -> Floats:
    """What each of Q questions (channel, tick) hears of the band: float32 [Q, CONTEXT_SIZE], values in 0-1.

    The columns (`COLUMNS`) are pitch classes sounding, bass, harmony of the last beats, key; kick, snare, other
    percussion; density, an onset right now, time since the last onset, loudness, highest pitch, voices sounding; and
    again sounding, harmony and key of the musician alone, so that the band can follow the musician even after the rest
    of the band has drifted away.
    """
    asked = np.asarray(tick)[:, None]
    own = np.broadcast_to(np.asarray(channel), (len(tick),))[:, None]
    age = asked - band.onset
    heard = (band.channel != own) & (age < WINDOW_TICKS)
    heard &= (age > band.late) | ((age == 0) & (band.late == 0) & (band.rank < own))
    age = np.maximum(age, 0).astype(np.float32)
    pitched = heard & ~band.percussion
    sounding = pitched & (band.end > asked)
    classes = np.eye(12, dtype=np.float32)[band.pitch % 12]

    context = np.zeros((len(tick), CONTEXT_SIZE), dtype=np.float32)
    lowest = np.where(sounding, band.pitch, 999).min(axis=1, initial=999)
    some = lowest < 999
    context[some, BASS.start + lowest[some] % 12] = 1
    sounds = (
        sounding.astype(np.float32),
        pitched * np.exp2(-age / HARMONY_HALF_LIFE_TICKS),
        pitched * np.exp2(-age / KEY_HALF_LIFE_TICKS),
    )
    harmony = _harmony(sounds, classes)
    context[:, SOUNDING], context[:, RECENT] = harmony[:, :12], harmony[:, 12:]
    context[:, LEAD_HARMONY] = _harmony(sounds, classes * (band.rank == MUSICIAN)[:, None])

    pulse = np.where(heard, np.exp2(-age / PULSE_HALF_LIFE_TICKS), 0).astype(np.float32)
    kick, snare = ((band.pitch >= first) & (band.pitch <= last) for first, last in (KICKS, SNARES))
    for column, kind in ((KICK, kick), (SNARE, snare), (OTHER_PERCUSSION, ~kick & ~snare)):
        context[:, column] = (pulse * (band.percussion & kind)).max(axis=1, initial=0)
    weight = pulse.sum(axis=1)
    context[:, DENSITY] = weight / (HALF_DENSITY_ONSETS + weight)
    context[:, ONSET_NOW] = (heard & (age == 0)).any(axis=1)
    context[:, SINCE_ONSET] = pulse.max(axis=1, initial=0)
    context[:, LOUDNESS] = pulse @ band.velocity.astype(np.float32) / np.maximum(weight, 1e-3) / 127
    context[:, HIGHEST] = np.where(sounding, band.pitch, 0).max(axis=1, initial=0) / 127
    context[:, VOICES] = np.minimum(sounding.sum(axis=1) / MOST_SOUNDING, 1)
    return context


def _harmony(sounds: tuple[Floats, Floats, Floats], classes: Floats) -> Floats:
    """Pitch classes sounding, of the last beats, and of the key [Q, 36], from the notes' weights in each [Q, N]."""
    now, recent, lasting = (sound @ classes for sound in sounds)
    key = lasting / np.maximum(lasting.sum(axis=1, keepdims=True), 1e-3)
    return np.concatenate((np.minimum(now, 1), recent / (1 + recent), key), axis=1)
