"""What a voice is in its song: the class of its instrument, and whether it is the melody or accompanies it."""

from __future__ import annotations

import numpy as np

from bollylive.model import codec
from training.data.corpus import ONSET, PITCH, VOICE, Song

MELODY, ACCOMPANIMENT = "melody", "accompaniment"

# Families of eight General MIDI programs (General MIDI System Level 1), by what they mostly do in a band.
_FAMILIES = {
    "bass": (4,),
    "lead": (5, 7, 8, 9, 10, 13),  # solo strings, brass, reeds, pipes, synth leads, ethnic
    "harmony": (0, 1, 2, 3, 6, 11),  # pianos, mallets, organs, guitars, ensembles, pads
}
_FEWEST_NOTES = 32
_MONOPHONIC = 0.9


def class_of(instrument: int) -> str:
    """`percussion`, `bass`, `lead`, `harmony` or `other` for an instrument word."""
    if instrument == codec.PERCUSSION:
        return "percussion"
    return next((name for name, families in _FAMILIES.items() if instrument // 8 in families), "other")


def melody_of(song: Song) -> int | None:
    """The voice that has the melody of a song with several voices, or None.

    Of the voices with pitch that have enough notes and play at least nine of ten alone, the one with the highest
    mean pitch: the skyline (Uitdenbogerd & Zobel, "Melodic matching techniques for large music databases", 1999)
    for whole voices.
    """
    best, highest = None, 0.0
    for voice in np.unique(song.notes[:, VOICE]):
        notes = song.notes[song.notes[:, VOICE] == voice]
        alone = len(np.unique(notes[:, ONSET])) >= _MONOPHONIC * len(notes)
        if song.instruments[voice] == codec.PERCUSSION or len(notes) < _FEWEST_NOTES or not alone:
            continue
        if notes[:, PITCH].mean() > highest:
            best, highest = int(voice), float(notes[:, PITCH].mean())
    return best


def labels_of(song: Song) -> list[tuple[str, ...]]:
    """For each voice the class of its instrument and, where others play too, whether it is the melody."""
    melody = melody_of(song)
    several = len(song.instruments) > 1
    return [
        (class_of(int(instrument)), *((MELODY if voice == melody else ACCOMPANIMENT,) if several else ()))
        for voice, instrument in enumerate(song.instruments)
    ]
