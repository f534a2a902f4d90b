"""Raga phrases as leads: up as the raga goes up, down as it goes down, its catch phrase, and home.

Aroha, avaroha and pakad are those of the OpenRaga tables (CC BY 4.0); of Bhairav and Bhairavi these have no pakad, so
the end of the way down takes its place.
"""

from __future__ import annotations

from typing import Final

from bollylive.midi.messages import Note
from training.playing.leads import Lead

SA, SA_NAME = 62, "D"  # D4
_ROUNDS: Final = 3
_BAR_BEATS: Final = 4.0
_VELOCITY: Final = 84

# By raga: the ways up and down, and the catch phrase, in semitones above Sa.
_WAYS: Final[dict[str, tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]]] = {
    "yaman": ((-1, 2, 4, 6, 9, 11, 12), (12, 11, 9, 7, 6, 4, 2, 0), (-1, 2, 4, 2, 0)),
    "bhairav": ((0, 1, 4, 5, 7, 8, 11, 12), (12, 11, 8, 7, 5, 4, 1, 0), (7, 5, 4, 1, 0)),
    "bhairavi": ((0, 1, 3, 5, 7, 8, 10, 12), (12, 10, 8, 7, 5, 3, 1, 0), (7, 5, 3, 1, 0)),
}


def raga_phrases() -> dict[str, Lead]:
    """A lead in each of three ragas on D: eight bars, three times round.

    Two bars each up, down and through the catch phrase, whose last note stays, and then down again by half notes of
    which the last is Sa.
    """
    return {name: _lead(name, *ways) for name, ways in _WAYS.items()}


def _lead(name: str, up: tuple[int, ...], down: tuple[int, ...], catch: tuple[int, ...]) -> Lead:
    notes: list[Note] = []
    for turn in range(_ROUNDS):
        begin = turn * 8 * _BAR_BEATS
        for bars, degrees, step in ((0, up, 1.0), (2, down, 1.0), (4, catch, 1.0), (6, (*down[-4:-1], 0), 2.0)):
            at = begin + bars * _BAR_BEATS
            for place, degree in enumerate(degrees):
                last = place == len(degrees) - 1
                length = 2 * _BAR_BEATS - place * step if last else step
                notes.append(Note(0, SA + degree, _VELOCITY, at + place * step, length))
    return Lead(f"raga/{name}", tuple(notes), 73, _BAR_BEATS)
