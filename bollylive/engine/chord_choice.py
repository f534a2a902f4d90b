"""How the conductor chooses one chord of those that its network offers.

The score of a chord is the logarithm of its probability, plus or minus what `Weights` says: a chord that rubs against
what the lead is expected to play loses, the chord of eight bars ago wins, one that has stood for long tires, and a tone
that the musician hardly uses costs. Of the likeliest chords one is drawn, by the Gumbel-max trick (Maddison et al.,
"A* Sampling", 2014): the same draw and the same scores give the same chord, so the plan changes only when the evidence
does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from bollylive.model.chord_predictor import Forecast
from bollylive.model.chord_words import KINDS, NO_CHORD, TONES
from bollylive.model.predictor import Floats

NEVER: Final = np.float32(-1e9)
_SIZES: Floats = np.maximum(TONES.sum(axis=1), 1)


@dataclass(frozen=True, slots=True)
class Weights:
    """What a choice weighs, in units of the logarithm of a probability."""

    temperature: float = 0.7
    nucleus: float = 0.95
    guide: float = 0.5  # of the network that is given no chords, only the lead
    rub: float = 12.0  # for each share of the chord's tones a semitone from what the lead is expected to sound
    form: float = 1.0  # for the chord of eight bars ago
    stay: float = 2.0  # for each step that a chord stands for longer than `patience_steps`
    patience_steps: int = 3
    hold: float = 0.7  # for the chord that stands, in the middle of a step: without it the harmony flickers
    lock: float = 1.0  # for each tone outside the musician's notes
    home: float = 2.0  # for the home chord, where a phrase begins and where it ends


LED: Final = Weights()
# While the musician is silent: the guide would draw to the tonic, and the same eight bars would come round for ever.
ALONE: Final = Weights(guide=0.0, temperature=0.9, form=0.5, stay=4.0)


@dataclass(frozen=True, slots=True)
class Situation:
    """What a choice depends on besides the forecast."""

    form: int = NO_CHORD  # the chord of eight bars ago
    last: int = NO_CHORD  # the chord that stands
    stood_steps: int = 0  # for how many steps it has stood
    begun: int = NO_CHORD  # the chord of the step's beginning, if it is looked at again
    own: frozenset[int] | None = None  # the pitch classes that the musician uses; None: any
    allowed: frozenset[int] | None = None  # the pitch classes that a raga has; None: any
    homes: tuple[int, ...] = ()  # the chords that a phrase may begin or end with here; none: any


def scores(forecast: Forecast, situation: Situation, weights: Weights) -> Floats:
    """The scores of the chords [61]; NEVER for those that may not be chosen, among them NO_CHORD."""
    score = forecast.log_p + np.float32(weights.guide) * forecast.unguided
    expected = forecast.lead[:, :12].mean(axis=0)
    beside = np.roll(expected, 1) + np.roll(expected, -1)
    score = score - np.float32(weights.rub) * 3 * (TONES @ beside) / _SIZES
    if situation.form != NO_CHORD:
        score[situation.form] += weights.form
    if situation.last != NO_CHORD:
        score[situation.last] -= weights.stay * max(0, situation.stood_steps - weights.patience_steps + 1)
    if situation.begun != NO_CHORD:
        score[situation.begun] += weights.hold
    if situation.own is not None:
        score -= np.float32(weights.lock) * _tones_outside(situation.own)
    for home in situation.homes:
        score[home] += weights.home
    if situation.allowed is not None:
        score = np.where(_tones_outside(situation.allowed) > 0, NEVER, score)
    score[NO_CHORD] = NEVER
    return score.astype(np.float32)


def choose(score: Floats, draw: Floats, weights: Weights) -> int:
    """A chord, by scores [61] and a draw [61] from the standard Gumbel distribution; NO_CHORD if none is allowed."""
    if score.max() <= NEVER:
        return NO_CHORD
    scaled = (score - score.max()) / weights.temperature
    share = np.exp(scaled)
    order = np.argsort(-share, kind="stable")
    before = np.concatenate(([0.0], np.cumsum(share[order])[:-1])) / share.sum()
    kept = order[before < weights.nucleus]
    return int(kept[np.argmax(scaled[kept] + draw[kept])])


def _tones_outside(classes: frozenset[int]) -> Floats:
    """How many tones of each chord [61] are not among some pitch classes."""
    outside = np.array([pitch not in classes for pitch in range(12)], dtype=np.float32)
    return TONES @ outside


def home_chords(sa: int, allowed: frozenset[int]) -> tuple[int, ...]:
    """The chords on a tonic whose tones are all allowed."""
    outside = _tones_outside(allowed)
    return tuple(chord for chord in range(len(KINDS) * sa, len(KINDS) * (sa + 1)) if not outside[chord])
