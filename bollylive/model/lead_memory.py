"""The long memory of a lead, and the key signature that it points to.

The memory fades only while the lead plays, so that a pause forgets nothing. A signature is found by likelihood, with no
tonic: Krumhansl's profiles find a tonic, and of white notes too often one that has an F sharp. Relative keys share one.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from bollylive.model.chord_predictor import LeadSteps
from bollylive.model.predictor import Floats

HALF_LIFE_BEATS: Final = 128.0  # of playing
OUTSIDE: Final = 0.006  # how likely a class outside the scale is
HYSTERESIS: Final = 0.04  # by which another signature must be likelier, as the mean logarithm of a class

# How much of a melody each class above the signature's major tonic has; the five of the scale without semitones more.
_SHARES: Final = np.array([0.165, OUTSIDE, 0.15, OUTSIDE, 0.165, 0.085, OUTSIDE, 0.165, OUTSIDE, 0.155, OUTSIDE, 0.085])
_LOG_SHARES: Final = np.stack([np.roll(np.log(_SHARES), tonic) for tonic in range(12)]).astype(np.float32)


def remember(lead: LeadSteps, step_beats: float) -> Floats:
    """What is remembered at each step, a quarter of a beat before its end: [S, 12], in steps of sounding.

    A class that sounded in an earlier step counts half for every `HALF_LIFE_BEATS` beats of steps with the lead since.
    """
    played = np.cumsum(lead.chroma.any(axis=1))
    before = np.concatenate(([0], played[:-1]))
    faded = np.exp2((played[None, :] - before[:, None]) * (step_beats / HALF_LIFE_BEATS))
    weights = np.tril(faded, -1).astype(np.float32)
    memory: Floats = weights @ lead.chroma + lead.early
    return memory


def signature(chroma_memory: Floats, before: int | None) -> int:
    """The signature under which a memory [12] is likeliest, as the pitch class 0-11 of its major tonic.

    `before` is the signature so far, None at first; it stays until another is likelier by `HYSTERESIS`. An empty memory
    changes nothing, and is 0 at first.
    """
    return _follow(_likelihoods(chroma_memory[None])[0], before)


def signature_of_steps(memories: Floats) -> int:
    """The signature after some steps with these memories [S, 12], S at least 1."""
    now = None
    for likelihood in _likelihoods(memories):
        now = _follow(likelihood, now)
    assert now is not None
    return now


def _likelihoods(memories: Floats) -> Floats:
    """The mean log likelihood of the classes of each memory under each signature: [S, 12]."""
    sounding = memories.sum(axis=1, keepdims=True)
    likelihoods: Floats = (memories / np.maximum(sounding, 1e-6)) @ _LOG_SHARES.T
    return likelihoods


def _follow(likelihood: Floats, before: int | None) -> int:
    best = int(likelihood.argmax())
    return best if before is None or likelihood[best] > likelihood[before] + HYSTERESIS else before
