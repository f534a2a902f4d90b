"""What the rest of the band sounds, as the fixed-size vector that a voice's prediction sees.

`hear` is a pure function of the notes, so a withdrawn plan needs no undoing. A voice hears every other channel up
to the tick asked for; at that very tick it hears only those of lower rank, because the band decides in that order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bollylive.model.codec import TICKS_PER_BEAT

WINDOW_TICKS = 32 * TICKS_PER_BEAT
_HARMONY_HALF_LIFE = 2 * TICKS_PER_BEAT
_KEY_HALF_LIFE = 8 * TICKS_PER_BEAT
_PULSE_HALF_LIFE = TICKS_PER_BEAT

_FIRST_KICK, _LAST_KICK, _LAST_SNARE = 35, 36, 40  # General MIDI: kicks 35-36, then side stick, snares and clap 37-40

MUSICIAN = -1  # the rank of what the musician plays
BAND_HARMONY, LEAD_HARMONY = slice(0, 48), slice(57, 93)  # the columns that are pitch classes, twelve by twelve
CONTEXT_SIZE = LEAD_HARMONY.stop

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
    rank: Ints  # who decides first at one tick: a channel's own number, or MUSICIAN
    percussion: NDArray[np.bool_]
    late: Ints  # by how many ticks its beginning is kept back, as on stage, where a plan is made ahead of the musician

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

    Columns: pitch classes sounding (12), bass (12), harmony of the last beats (12), key (12); kick, snare, other
    percussion; density, an onset right now, time since the last onset, loudness, highest pitch, voices sounding; and
    again of the musician alone, whom the band follows even where it has gone astray, sounding, harmony, key (36).
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
    context[some, 12 + lowest[some] % 12] = 1
    sounds = (
        sounding.astype(np.float32),
        pitched * np.exp2(-age / _HARMONY_HALF_LIFE),
        pitched * np.exp2(-age / _KEY_HALF_LIFE),
    )
    harmony = _harmony(sounds, classes)
    context[:, 0:12], context[:, 24:48] = harmony[:, :12], harmony[:, 12:]
    context[:, LEAD_HARMONY] = _harmony(sounds, classes * (band.rank == MUSICIAN)[:, None])

    pulse = np.where(heard, np.exp2(-age / _PULSE_HALF_LIFE), 0).astype(np.float32)
    kick = (band.pitch >= _FIRST_KICK) & (band.pitch <= _LAST_KICK)
    snare = (band.pitch > _LAST_KICK) & (band.pitch <= _LAST_SNARE)
    for column, kind in ((48, kick), (49, snare), (50, ~kick & ~snare)):
        context[:, column] = (pulse * (band.percussion & kind)).max(axis=1, initial=0)
    weight = pulse.sum(axis=1)
    context[:, 51] = weight / (8 + weight)
    context[:, 52] = (heard & (age == 0)).any(axis=1)
    context[:, 53] = pulse.max(axis=1, initial=0)
    context[:, 54] = pulse @ band.velocity.astype(np.float32) / np.maximum(weight, 1e-3) / 127
    context[:, 55] = np.where(sounding, band.pitch, 0).max(axis=1, initial=0) / 127
    context[:, 56] = np.minimum(sounding.sum(axis=1) / 16, 1)
    return context


def _harmony(sounds: tuple[Floats, Floats, Floats], classes: Floats) -> Floats:
    """Pitch classes sounding, of the last beats, and of the key [Q, 36], from the notes that do so [Q, N] each."""
    now, recent, lasting = (sound @ classes for sound in sounds)
    key = lasting / np.maximum(lasting.sum(axis=1, keepdims=True), 1e-3)
    return np.concatenate((np.minimum(now, 1), recent / (1 + recent), key), axis=1)
