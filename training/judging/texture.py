"""What each kind of instrument does: a line or chords, in the lead's gaps or all along, how high and how loud."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np

from training.judging.take import (
    DURATION,
    KINDS,
    ONSET,
    PITCH,
    TICKS_PER_BEAT,
    VELOCITY,
    Kind,
    Notes,
    Take,
    eighths,
    joined,
    onsets,
    sounding,
    within,
)

_SUNG_BEATS: Final = 1.0  # after so much of a long note others may answer
_LEAST_GAP_BEATS: Final = 1.5
_LEAST_GAPS_BEATS: Final = 16.0  # in a whole take, for a share to mean something


def by_kind(take: Take) -> dict[Kind, Notes]:
    """The notes of the band that begin in a take, for each kind of instrument that has some."""
    found: dict[Kind, Notes] = {}
    for kind in KINDS:
        notes = within(joined([voice.notes for voice in take.band() if voice.kind == kind]), take.end)
        if len(notes):
            found[kind] = notes
    return found


def notes_together(notes: Notes) -> float:
    """How many notes begin together, on average over the onsets (on ticks of 24 a beat)."""
    return len(notes) / len(onsets(notes))


def share_of_two(notes: Notes, end: float) -> float | None:
    """Of the eighths at which some note sounds, the share at which two and more sound; None in silence."""
    counts = np.array([len(sounding(notes, eighth)) for eighth in eighths(end)])
    return float((counts > 1).sum() / (counts > 0).sum()) if counts.any() else None


def lead_gaps(take: Take) -> list[tuple[float, float]]:
    """Where the lead rests or holds a note: from the end of a note, or a beat after its onset, to the next onset.

    Only what is a beat and a half or longer is a gap; it is the room that `arrange` gives to its answering voice.
    """
    lead = within(take.notes("lead"), take.end)
    gaps = []
    for here, there in pairwise(lead):
        begin, end = here[ONSET] + min(here[DURATION], _SUNG_BEATS), there[ONSET]
        if end - begin >= _LEAST_GAP_BEATS:
            gaps.append((float(begin), float(end)))
    return gaps


def answering(notes: Notes, take: Take) -> float | None:
    """Onsets a beat in the lead's gaps, divided by those while it moves, from its first to its last onset.

    None where the gaps have less than 16 beats in all, or nothing begins while the lead moves.
    """
    lead = within(take.notes("lead"), take.end)
    gaps = lead_gaps(take)
    in_gaps = sum(end - begin for begin, end in gaps)
    if in_gaps < _LEAST_GAPS_BEATS:
        return None
    first, last = float(lead[0, ONSET]), float(lead[-1, ONSET])
    begun = onsets(notes) / TICKS_PER_BEAT
    begun = begun[(begun >= first) & (begun < last)]
    answered = sum(int(((begun >= begin) & (begun < end)).sum()) for begin, end in gaps)
    moving = last - first - in_gaps
    if answered == len(begun) or moving <= 0:
        return None
    return (answered / in_gaps) / ((len(begun) - answered) / moving)


def mean_velocities(take: Take) -> dict[str, float]:
    """The mean velocity of each player of the band, by name."""
    heard = ((voice.name, within(voice.notes, take.end)) for voice in take.band())
    return {name: float(notes[:, VELOCITY].mean()) for name, notes in heard if len(notes)}


def drift(first: Notes, last: Notes) -> float:
    """How far the mean pitch of a part has moved between two stretches, in semitones either way."""
    return abs(float(last[:, PITCH].mean() - first[:, PITCH].mean()))
