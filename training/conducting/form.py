"""What a sequence of chords is worth under a lead: how often it changes and returns, and how it fits what is played."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np

from bollylive.model.chord_words import NO_CHORD, ROOT_OF, TONES
from bollylive.model.predictor import Floats, Ints

_LEAST_CHANGES, _MOST_CHANGES = 0.9, 1.4  # a bar; real songs lie between
_LONGEST = 3.5  # bars


@dataclass(frozen=True)
class Form:
    """Figures of one sequence of chords, or the means of several."""

    changes: float  # a bar
    again: float  # share of steps with the root of eight bars before
    rub: float  # share of the time of lead and chord tones together that they are a semitone apart
    inside: float  # share of the lead's time that is in the chord
    longest: float  # bars of one chord

    @property
    def badness(self) -> float:
        """What a checkpoint is chosen by, the smaller the better: fit first, then neither a drone nor a flicker."""
        rate = max(_LEAST_CHANGES - self.changes, self.changes - _MOST_CHANGES, 0.0)
        return (1 - self.inside) + 5 * self.rub + 0.25 * rate + 0.05 * max(0.0, self.longest - _LONGEST)


def form_of(chords: Ints, chroma: Floats, steps_per_bar: int) -> Form:
    """The figures of the chords [S] over a lead [S, 12]; S at least two."""
    tones, heard = TONES[chords], chroma.any(axis=1) & (chords != NO_CHORD)
    changed = chords[1:] != chords[:-1]
    grinding = (np.roll(chroma, 1, axis=1) + np.roll(chroma, -1, axis=1)) * tones
    together = (chroma.sum(axis=1) * tones.sum(axis=1))[heard].sum()
    sounding = chroma[heard].sum()
    eight = 8 * steps_per_bar
    now, then = chords[eight:], chords[:-eight]
    both = (now != NO_CHORD) & (then != NO_CHORD)
    borders = np.flatnonzero(np.concatenate(([True], changed, [True])))
    return Form(
        changes=float(changed.mean()) * steps_per_bar,
        again=float((ROOT_OF[now] == ROOT_OF[then])[both].mean()) if both.any() else 0.0,
        rub=float(grinding[heard].sum() / max(together, 1e-6)),
        inside=float((chroma * tones)[heard].sum() / max(sounding, 1e-6)),
        longest=float(np.diff(borders).max()) / steps_per_bar,
    )


def mean_form(forms: Iterable[Form]) -> Form:
    """The means of at least one."""
    rows = [[getattr(form, field.name) for field in fields(Form)] for form in forms]
    return Form(*np.mean(rows, axis=0).tolist())
