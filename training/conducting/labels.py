"""Chords for music that has none written down: by template where a band plays, by our rules where a melody is alone."""

from __future__ import annotations

import random
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bollylive.model.chord_words import KINDS, NO_CHORD, word_of
from bollylive.model.codec import TICKS_PER_BEAT
from bollylive.model.lead_steps import step_ticks
from bollylive.model.predictor import Ints
from training.arranging.harmonise import harmonise
from training.arranging.metre import Metre
from training.arranging.talas import TALAS
from training.conducting.pieces import MOST_STEPS
from training.data.corpus import DURATION, ONSET
from training.data.tonality import find_key
from training.judging.chords import chord_track
from training.judging.take import Take

STYLES: Final = (2, 1)  # how many steps a rule's chord may last at least
_MINOR: Final = KINDS.index("minor")


def by_template(take: Take) -> Ints:
    """The chord of each step of a take, by what everybody but the lead and the drums sounds in it."""
    others, bass = take.notes("other"), take.notes("bass")
    step_beats = step_ticks(round(take.bar_beats * TICKS_PER_BEAT)) / TICKS_PER_BEAT
    track = chord_track(others, bass, step_beats, min(MOST_STEPS, int(take.end / step_beats)))
    return np.array([NO_CHORD if chord is None else word_of(chord.root, KINDS.index(chord.kind)) for chord in track])


def by_rule(notes: NDArray[np.int32], bar_ticks: int, style: int) -> Ints:
    """The chord of each step of a melody, notes [N, 5] of a prepared song from a bar line on; `style` 0 or 1.

    The rules hear no more of the metre than its beat.
    """
    step = step_ticks(bar_ticks)
    span = step * (STYLES[style] if bar_ticks > step else 1)
    end = int((notes[:, ONSET] + notes[:, DURATION]).max())
    slots = [(begin, begin + span) for begin in range(0, end, span)]
    metre = Metre(TALAS["keherwa"], TICKS_PER_BEAT, 0)
    chords = harmonise(notes, slots, metre, find_key(notes, raga=False), random.Random(style))
    words = [word_of(chord.root, _MINOR if chord.minor else 0) for chord in chords]
    return np.repeat(words, span // step)
