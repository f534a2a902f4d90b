"""What a voice is in its song: the class of its instrument, and whether it is the melody or accompanies it."""

from __future__ import annotations

import numpy as np

from bollylive.model import codec
from training.data.corpus import VOICE, Song
from training.data.melody import find_melody

MELODY, ACCOMPANIMENT = "melody", "accompaniment"

# Families of eight General MIDI programs (General MIDI System Level 1), by what they mostly do in a band.
_FAMILIES = {
    "bass": (4,),
    "lead": (5, 7, 8, 9, 10, 13),  # solo strings, brass, reeds, pipes, synth leads, ethnic
    "harmony": (0, 1, 2, 3, 6, 11),  # pianos, mallets, organs, guitars, ensembles, pads
}
_FEWEST_NOTES = 32
_LARGEST_CHORD = 10 / 9  # notes at one onset, on average


def class_of(instrument: int) -> str:
    """`percussion`, `bass`, `lead`, `harmony` or `other` for an instrument word."""
    if instrument == codec.PERCUSSION:
        return "percussion"
    return next((name for name, families in _FAMILIES.items() if instrument // 8 in families), "other")


def melody_of(song: Song) -> int | None:
    """The voice that has the melody of a song with several voices, or None.

    It is the highest of the voices with pitch that have enough notes and hardly any chords; see `find_melody`.
    """
    counts = np.bincount(song.notes[:, VOICE], minlength=len(song.instruments))
    candidates = [
        voice
        for voice, instrument in enumerate(song.instruments)
        if instrument != codec.PERCUSSION and counts[voice] >= _FEWEST_NOTES
    ]
    return find_melody(song.notes, candidates, largest_chord=_LARGEST_CHORD)


def labels_of(song: Song) -> list[tuple[str, ...]]:
    """For each voice the class of its instrument and, where others play too, whether it is the melody."""
    melody = melody_of(song)
    several = len(song.instruments) > 1
    return [
        (class_of(int(instrument)), *((MELODY if voice == melody else ACCOMPANIMENT,) if several else ()))
        for voice, instrument in enumerate(song.instruments)
    ]
