"""Which tala a melody is in, and where its sam lies: melodies come without one.

Accents decide, as listeners do: a note that lasts is heard as accented (Povel & Essens, "Perception of temporal
patterns", 1985; Lerdahl & Jackendoff, "A Generative Theory of Tonal Music", 1983). The cycle is the one after which
accents and pitches return (autocorrelation: Brown, "Determination of the meter of musical scores by
autocorrelation", 1993), the sam the phase at which accents fall on the cycle's strong matras.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bollylive.model.codec import PLACES, TICKS_PER_BEAT
from training.arranging.talas import TALAS, Tala
from training.data.corpus import ONSET, PITCH

_STEP_TICKS = 12
_LONGEST_ACCENT_TICKS = 48
_FIRST_NOTE_BONUS = 0.15  # a transcription mostly begins on a sam, or with a short upbeat
_TRIPLET_SHARE = 0.1

# The talas that a song may be in, with the ticks of a matra and what speaks for it before a note is heard: most
# film songs are in keherwa, then dadra, few in rupak (chandrakantha.com, index of talas).
_SONG_CHOICES = (
    ("keherwa", 12, 0.2),
    ("dadra", 12, 0.0),
    ("dadra", 24, 0.0),
    ("rupak", 12, -0.2),
    ("rupak", 24, -0.2),
)
_RAGA_CHOICES = (
    ("tintal", 24, 0.1),
    ("ektal", 24, 0.0),
    ("jhaptal", 24, -0.05),
    ("rupak", 24, -0.1),
    ("dhamar", 24, -0.1),
)


# Talas of the same matras (or twice as many) that a song can as well be played in, and how often it is.
_RELATIVES = {"keherwa": ("tintal",), "tintal": ("tilwada",), "ektal": ("chautal",), "dhamar": ("deepchandi",)}
_VARY_SHARE = {"keherwa": 0.05, "tintal": 0.15, "ektal": 0.3, "dhamar": 0.5}


@dataclass(frozen=True)
class Metre:
    """A tala at a pace; `phase` is the melody tick at which a sam falls, 0 to the cycle."""

    tala: Tala
    matra: int  # ticks
    phase: int  # ticks
    swing: int = 0  # ticks by which the second half of a beat comes late

    @property
    def cycle(self) -> int:
        """Ticks from sam to sam."""
        return self.tala.matras * self.matra

    @property
    def bar(self) -> int:
        """The cycle in ticks, or its half where a bar may not last so long: tintal is two bars of eight beats."""
        return self.cycle if self.cycle <= PLACES else self.cycle // 2


def accents(notes: NDArray[np.int32]) -> NDArray[np.float64]:
    """How much each onset of a voice is heard as accented, by the time until the next one."""
    onsets = np.unique(notes[:, ONSET])
    gaps = np.diff(onsets, append=onsets[-1] + TICKS_PER_BEAT)
    return 0.3 + np.minimum(gaps, _LONGEST_ACCENT_TICKS) / TICKS_PER_BEAT


def _impulses(notes: NDArray[np.int32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Accent, and pitch (0 where nothing begins), on a grid of half beats."""
    onsets, first = np.unique(notes[:, ONSET], return_index=True)
    weight = accents(notes)
    steps = np.rint((onsets - onsets[0]) / _STEP_TICKS).astype(int)
    accent, pitch = np.zeros(steps[-1] + 1), np.zeros(steps[-1] + 1)
    np.maximum.at(accent, steps, weight)
    pitch[steps] = notes[first, PITCH]
    return accent, pitch


def return_of(notes: NDArray[np.int32], cycle: int) -> float:
    """How alike a melody is to itself a cycle of so many ticks later, in accents and pitches: about -0.5 to 2."""
    accent, pitch = _impulses(notes)
    lag = round(cycle / _STEP_TICKS)
    if len(accent) < 1.5 * lag:
        return 0.0
    here, there = accent[:-lag], accent[lag:]
    rhythm = 0.0 if here.std() == 0 or there.std() == 0 else float(np.corrcoef(here, there)[0, 1])
    both = (pitch[:-lag] > 0) & (pitch[lag:] > 0)
    same = float((pitch[:-lag] == pitch[lag:])[both].mean()) if both.any() else 0.0
    return rhythm + same


def strength(tala: Tala) -> NDArray[np.float64]:
    """How strong each half matra of a cycle is: sam, then vibhags, then matras, as a metrical grid."""
    grid = np.zeros(2 * tala.matras)
    grid[::2] = 1
    grid[[2 * start for start in tala.starts]] = 2
    if all(vibhag % 4 == 0 for vibhag in tala.vibhags):
        grid[[2 * start + 4 for start in tala.starts]] = 1.5
    grid[0] = 3
    return grid


def _best_phase(notes: NDArray[np.int32], tala: Tala, matra: int) -> tuple[int, float]:
    onsets, weight = np.unique(notes[:, ONSET]), accents(notes)
    grid = strength(tala)
    grid = (grid - grid.mean()) / grid.std()
    scores = {}
    for phase in range(0, tala.matras * matra, min(matra, _STEP_TICKS)):
        place = np.rint((onsets - phase) * 2 / matra).astype(int) % len(grid)
        upbeat = (phase - int(onsets[0])) % (tala.matras * matra)
        scores[phase] = float((weight * grid[place]).sum() / weight.sum()) + _FIRST_NOTE_BONUS * (upbeat == 0)
    best = max(scores, key=lambda phase: (scores[phase], -phase))
    return best, scores[best]


def find_metre(notes: NDArray[np.int32], *, raga: bool) -> Metre:
    """The tala of a melody, notes [N, 5] of one voice: of a song keherwa, dadra or rupak, of a raga a classical one."""
    late = float(np.isin(notes[:, ONSET] % TICKS_PER_BEAT, (8, 16)).mean())
    choices = _RAGA_CHOICES if raga else _SONG_CHOICES
    scored = []
    for name, matra, prior in choices:
        tala = TALAS[name]
        phase, fit = _best_phase(notes, tala, matra)
        cycle = tala.matras * matra
        again = (return_of(notes, cycle) + return_of(notes, 2 * cycle)) / 2
        scored.append((again + 0.3 * fit + prior, Metre(tala, matra, phase)))
    best = max(scored, key=lambda entry: entry[0])[1]
    if late > _TRIPLET_SHARE and best.matra == _STEP_TICKS:
        return Metre(best.tala, best.matra, best.phase, swing=4)
    return best


def vary(metre: Metre, rng: random.Random) -> Metre:
    """The same metre, or now and then another tala that goes with it: two cycles of keherwa are one of tintal."""
    others = _RELATIVES.get(metre.tala.name, ())
    if not others or rng.random() >= _VARY_SHARE[metre.tala.name]:
        return metre
    return replace(metre, tala=TALAS[rng.choice(others)])
