"""Which notes a raga has, and how much a band plays beside them.

The notes are those of aroha and avaroha together, as the OpenRaga tables (CC BY 4.0) have them; Khamaj has both Ni.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bollylive.midi.pitch_names import pitch_of
from training.errors import TrainingError
from training.judging.take import PITCH, Notes, within

# By name: the semitones above Sa.
RAGAS: Final[dict[str, frozenset[int]]] = {
    "asavari": frozenset({0, 2, 3, 5, 7, 8, 10}),
    "bhairav": frozenset({0, 1, 4, 5, 7, 8, 11}),
    "bhairavi": frozenset({0, 1, 3, 5, 7, 8, 10}),
    "bhupali": frozenset({0, 2, 4, 7, 9}),
    "bilawal": frozenset({0, 2, 4, 5, 7, 9, 11}),
    "kafi": frozenset({0, 2, 3, 5, 7, 9, 10}),
    "khamaj": frozenset({0, 2, 4, 5, 7, 9, 10, 11}),
    "marwa": frozenset({0, 1, 4, 6, 9, 11}),
    "purvi": frozenset({0, 1, 4, 6, 7, 8, 11}),
    "todi": frozenset({0, 1, 3, 6, 7, 8, 11}),
    "yaman": frozenset({0, 2, 4, 6, 7, 9, 11}),
}


@dataclass(frozen=True)
class Raga:
    """A raga on a tonic: semitones above Sa, and the pitch class of Sa."""

    degrees: frozenset[int]
    sa: int


def raga_of(name: str, sa: str) -> Raga:
    """The raga of a name, such as `yaman`, on a note, such as `D`; raises TrainingError for what is neither."""
    if (degrees := RAGAS.get(name.lower())) is None:
        raise TrainingError(f"{name!r} is no raga that is known; the known ones are {', '.join(RAGAS)}.")
    if (pitch := pitch_of(f"{sa}4")) is None:
        raise TrainingError(f"{sa!r} is no note for Sa; it is a name such as C, F# or Bb.")
    return Raga(degrees, pitch % 12)


def outside_raga(notes: Notes, end: float, raga: Raga) -> float | None:
    """The share of the notes from beat 0 to before `end` that are none of a raga's."""
    pitches = within(notes, end)[:, PITCH].astype(int)
    outside = [(int(pitch) - raga.sa) % 12 not in raga.degrees for pitch in pitches]
    return sum(outside) / len(outside) if outside else None
