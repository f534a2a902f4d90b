"""What the harmony adds to the scores of a voice's pitches: the chord's tones, and less of what rubs against the lead.

The bass gets the root where it is strong, on the first of a step, and root or fifth elsewhere. A voice that answers or
continues the musician's own part is only drawn to the chord. The numbers are in units of the logarithm of odds. They
come from free play around leads that nothing had learned from.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from bollylive.engine.conductor import Conductor
from bollylive.engine.model_query import ModelQuery
from bollylive.engine.waves import BASSES
from bollylive.model.chord_words import KIND_OF, KINDS, NO_CHORD, ROOT_OF, TONES
from bollylive.model.codec import PERCUSSION, PITCHES, TICKS_PER_BEAT
from bollylive.model.predictor import Floats
from bollylive.sets.settings import TURN_ROLES

_TONE, _FOREIGN = 1.5, -0.7  # of a voice that accompanies
_OWN_TONE: Final = 0.4  # of a voice that takes turns with the musician
_BASS_ROOT, _BASS_FIFTH = (1.6, 6.0), (1.2, 1.0)  # elsewhere, and where it is strong
_BASS_TONE, _BASS_FOREIGN = 0.5, -0.5
_EXPECT: Final = 3.0  # against a semitone from what the lead is expected to sound
_STRONG_TICKS: Final = TICKS_PER_BEAT // 8  # so late counts as on the first of a step
_CLASS_OF_PITCH: Final = np.arange(PITCHES) % 12


class HarmonyScores:
    """The scores for queries, by the conductor's plan. Owned by the engine."""

    def __init__(self, conductor: Conductor) -> None:
        self._conductor = conductor

    def of(self, queries: list[ModelQuery], strength: float) -> Floats:
        """The scores to add for the pitches of Q queries [Q, 128]; `strength` is 0 to 2, and 0 adds nothing."""
        scores = np.zeros((len(queries), PITCHES), dtype=np.float32)
        if strength and self._conductor.leads:
            for index, query in enumerate(queries):
                if query.part.instrument != PERCUSSION:
                    scores[index] = np.float32(strength) * self._of_query(query)[_CLASS_OF_PITCH]
        return scores

    def _of_query(self, query: ModelQuery) -> Floats:
        """The scores of the pitch classes [12]."""
        chord = self._conductor.plan.at(query.tick)
        expected = self._conductor.expected(query.tick)
        classes = np.zeros(12, dtype=np.float32)
        if chord != NO_CHORD:
            classes += _of_chord(chord, query, strong=self._conductor.past_step(query.tick) < _STRONG_TICKS)
        if expected is not None:
            classes -= np.float32(_EXPECT) * (np.roll(expected, 1) + np.roll(expected, -1))
        return classes


def _of_chord(chord: int, query: ModelQuery, *, strong: bool) -> Floats:
    tones, part = TONES[chord] > 0, query.part
    if part.instrument in BASSES:
        bass: Floats = _BASS[int(strong)][chord]
        return bass
    if part.setting.role in TURN_ROLES:
        return np.where(tones, _OWN_TONE, 0).astype(np.float32)
    return np.where(tones, _TONE, _FOREIGN).astype(np.float32)


def _of_bass(*, strong: bool) -> Floats:
    """The scores of the bass's pitch classes [61, 12] by chord."""
    scores = np.where(TONES > 0, _BASS_TONE, _BASS_FOREIGN).astype(np.float32)
    for chord in range(NO_CHORD):
        fifth = 6 if KINDS[KIND_OF[chord]] == "dim" else 7
        scores[chord, (ROOT_OF[chord] + fifth) % 12] = _BASS_FIFTH[strong]
        scores[chord, ROOT_OF[chord]] = _BASS_ROOT[strong]
    return scores


_BASS: Final = (_of_bass(strong=False), _of_bass(strong=True))
