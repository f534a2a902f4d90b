"""The chord of each half bar, by template: what a listener without a chart would write down.

The chroma c of a half bar (how long each pitch class sounds in it, divided by the sum) is compared with five kinds of
chord on twelve roots. A chord scores the share of the sound that is its tones, + .08 c[root], + .06 for each tone that
has more than .04 of the sound less .06 for each of its tones, - .05 if it is diminished or suspended, - .06 if it is a
seventh chord, + .08 if the lowest voice is on its root, and + .02 if it is the chord of the half bar before.
"""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from training.judging.take import DURATION, ONSET, PITCH, Notes

Chroma: TypeAlias = NDArray[np.float64]  # [12]


class Chord(NamedTuple):
    """A chord: the pitch class 0-11 of its root, and its kind."""

    root: int
    kind: str


_KINDS: Final = {"major": (0, 4, 7), "minor": (0, 3, 7), "dim": (0, 3, 6), "sus": (0, 5, 7), "seventh": (0, 4, 7, 10)}
_FINE: Final = {"dim": 0.05, "sus": 0.05, "seventh": 0.06}
_PRESENT, _OF_A_TONE, _OF_THE_ROOT, _OF_THE_BASS, _OF_THE_LAST = 0.04, 0.06, 0.08, 0.08, 0.02
CHORDS: Final = [Chord(root, kind) for kind in _KINDS for root in range(12)]
_SIZES: Final = np.array([len(_KINDS[chord.kind]) for chord in CHORDS])
_FINES: Final = np.array([_FINE.get(chord.kind, 0.0) for chord in CHORDS])
_ROOTS: Final = np.array([chord.root for chord in CHORDS])
_TONES: Final = np.zeros((len(CHORDS), 12))
for _row, _chord in enumerate(CHORDS):
    _TONES[_row, [(_chord.root + step) % 12 for step in _KINDS[_chord.kind]]] = 1.0


def chroma(notes: Notes, begin: float, end: float) -> Chroma:
    """How long each pitch class sounds between two beats; notes that sound together both count."""
    starts = np.maximum(notes[:, ONSET], begin)
    ends = np.minimum(notes[:, ONSET] + notes[:, DURATION], end)
    lengths = np.clip(ends - starts, 0, None)
    return np.asarray(np.bincount(notes[:, PITCH].astype(int) % 12, lengths, minlength=12), dtype=np.float64)


def chord_of(sound: Chroma, bass: int | None = None, last: Chord | None = None) -> Chord | None:
    """The chord of a chroma, None in silence. `bass` is the lowest voice's pitch class, `last` the chord before."""
    if sound.sum() <= 0:
        return None
    shares = sound / sound.sum()
    scores = _TONES @ shares - _FINES + _OF_THE_ROOT * shares[_ROOTS]
    scores += _OF_A_TONE * (_TONES @ (shares > _PRESENT) - _SIZES)
    if bass is not None:
        scores += _OF_THE_BASS * (bass == _ROOTS)
    if last is not None:
        scores[CHORDS.index(last)] += _OF_THE_LAST
    return CHORDS[int(scores.argmax())]


def chord_track(notes: Notes, bass: Notes, step: float, count: int) -> list[Chord | None]:
    """The chords of `count` stretches of `step` beats from beat 0 on; the bass's notes sound too."""
    track: list[Chord | None] = []
    last: Chord | None = None
    for begin in np.arange(count) * step:
        sounding = bass[(bass[:, ONSET] + bass[:, DURATION] > begin) & (bass[:, ONSET] < begin + step)]
        lowest = int(sounding[sounding[:, ONSET].argmin(), PITCH]) % 12 if len(sounding) else None
        sound = chroma(notes, begin, begin + step) + chroma(bass, begin, begin + step)
        chord = chord_of(sound, lowest, last)
        track.append(chord)
        last = chord or last
    return track


def differ(one: Chord, other: Chord) -> bool:
    """Whether going from one chord to another is a change: of the root, or between major and minor."""
    return one.root != other.root or {one.kind, other.kind} == {"major", "minor"}
