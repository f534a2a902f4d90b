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
    heard = age > band.late
    questions, notes = np.nonzero(age == 0)  # few
    heard[questions, notes] = (band.late[notes] == 0) & (band.rank[notes] < own[questions, 0])
    heard &= band.channel != own
    heard &= age < WINDOW_TICKS
    age = np.where(heard, age, WINDOW_TICKS)  # at which a note has faded to nothing
    context = np.zeros((len(tick), CONTEXT_SIZE), dtype=np.float32)
    _hear_pitches(band, asked, heard, age, context)
    _hear_pulse(band, age, context)
    return context


def _hear_pitches(band: NoteArrays, asked: Ints, heard: NDArray[np.bool_], age: Ints, context: Floats) -> None:
    """Fill in what sounds, and which pitch classes have lately sounded, of everybody and of the musician."""
    kind = band.pitch % 12 + 12 * (band.rank == MUSICIAN)
    kind[band.percussion] = _UNPITCHED
    features = _FEATURES[kind]
    lasts = np.flatnonzero((band.end > asked.min(initial=_NEVER)) & ~band.percussion)  # few do
    pitch, sounding = band.pitch[lasts], heard[:, lasts] & (band.end[lasts] > asked)

    lowest = np.where(sounding, pitch, _NO_PITCH).min(axis=1, initial=_NO_PITCH)
    some = np.flatnonzero(lowest < _NO_PITCH)
    context[some, BASS.start + lowest[some] % 12] = 1
    context[:, HIGHEST] = np.where(sounding, pitch, 0).max(axis=1, initial=0) / 127
    context[:, VOICES] = np.minimum(sounding.sum(axis=1) / MOST_SOUNDING, 1)

    now = np.minimum(sounding.astype(np.float32) @ features[lasts], 1)
    recent, lasting = _HARMONY[age] @ features, _KEY[age] @ features
    recent /= 1 + recent
    for whose, places in ((slice(12), _OF_EVERYBODY), (slice(12, 24), _OF_THE_MUSICIAN)):
        key = lasting[:, whose] / np.maximum(lasting[:, whose].sum(axis=1, keepdims=True), 1e-3)
        for place, values in zip(places, (now[:, whose], recent[:, whose], key), strict=True):
            context[:, place] = values


def _hear_pulse(band: NoteArrays, age: Ints, context: Floats) -> None:
    """Fill in when, how often and how loudly something was struck, and the percussion."""
    pulse = _PULSE[age]
    kick, snare = ((band.pitch >= first) & (band.pitch <= last) for first, last in (KICKS, SNARES))
    for column, kind in ((KICK, kick), (SNARE, snare), (OTHER_PERCUSSION, ~kick & ~snare)):
        context[:, column] = pulse[:, np.flatnonzero(band.percussion & kind)].max(axis=1, initial=0)
    weight, newest = pulse.sum(axis=1), pulse.max(axis=1, initial=0)
    context[:, DENSITY] = weight / (HALF_DENSITY_ONSETS + weight)
    context[:, ONSET_NOW] = newest == 1
    context[:, SINCE_ONSET] = newest
    context[:, LOUDNESS] = pulse @ band.velocity.astype(np.float32) / np.maximum(weight, 1e-3) / 127


def _fading(half_life_ticks: int) -> Floats:
    """The weight of a note by its age in ticks; nothing from WINDOW_TICKS on."""
    weight = np.exp2(-np.arange(WINDOW_TICKS + 1, dtype=np.float32) / half_life_ticks)
    weight[WINDOW_TICKS] = 0
    return weight


_NO_PITCH = 128  # above all pitches
_NEVER = np.iinfo(np.int64).max
_UNPITCHED = 24
# By kind, a pitch class of the band's or, from 12 on, of the musician's: which of both it adds to.
_FEATURES = np.vstack((np.eye(12, 24), np.eye(12, 24) + np.eye(12, 24, k=12), np.zeros((1, 24)))).astype(np.float32)
_OF_EVERYBODY = tuple(_slice(name, name) for name in ("sounding", "harmony", "key"))
_OF_THE_MUSICIAN = tuple(_slice(name, name) for name in ("lead_sounding", "lead_harmony", "lead_key"))
_HARMONY, _KEY, _PULSE = map(_fading, (HARMONY_HALF_LIFE_TICKS, KEY_HALF_LIFE_TICKS, PULSE_HALF_LIFE_TICKS))
