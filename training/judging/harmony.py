"""Whether the band has one harmony: its chords, its bass under them, and how it rubs against the lead."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from training.judging.chords import Chord, chord_track, differ
from training.judging.take import NO_NOTES, PITCH, Take, eighths, sounding

_FEWEST_NOTES: Final = 8
_AT_THE_LINE: Final = 0.02  # bars: a human bass is on beat 1 within this


@dataclass(frozen=True)
class ChordTrack:
    """The chords of the band, one for each half bar (see `Take.half_bar`)."""

    chords: list[Chord | None]
    per_bar: int

    def changes_per_bar(self) -> float:
        """Changes of root, or between major and minor, for each bar; silence between two chords is no change."""
        heard = [chord for chord in self.chords if chord]
        changes = sum(differ(one, other) for one, other in pairwise(heard))
        return changes * self.per_bar / max(1, len(self.chords))

    def longest(self) -> float:
        """The bars for which the longest chord stands; a silence after it counts as its own time."""
        longest = run = 0
        last: Chord | None = None
        for chord in self.chords:
            if chord and last and differ(last, chord):
                run = 0
            last = chord or last
            run += 1
            longest = max(longest, run)
        return longest / self.per_bar

    def agreement(self, bars: int) -> float | None:
        """The share of half bars whose root is that of so many bars before, where both have a chord."""
        pairs = zip(self.chords, self.chords[bars * self.per_bar :], strict=False)
        same = [one.root == other.root for one, other in pairs if one and other]
        return float(np.mean(same)) if same else None

    def different(self) -> int:
        """How many chords there are, major and minor apart, whatever else is added."""
        return len({(chord.root, chord.kind in ("minor", "dim")) for chord in self.chords if chord})

    def part(self, first_bar: int, last_bar: int) -> ChordTrack:
        """The chords of bars `first_bar` to before `last_bar`."""
        return ChordTrack(self.chords[first_bar * self.per_bar : last_bar * self.per_bar], self.per_bar)


def band_chords(take: Take) -> ChordTrack | None:
    """The chords that the band plays, without lead and drums; None if it has fewer than 8 notes."""
    others, bass = take.notes("other"), take.notes("bass")
    if len(others) + len(bass) < _FEWEST_NOTES:
        return None
    per_bar = round(take.bar_beats / take.half_bar)
    return ChordTrack(chord_track(others, bass, take.half_bar, take.bars * per_bar), per_bar)


def bass_on_root(take: Take) -> tuple[float | None, float | None]:
    """Shares of the bass's notes that are the chord's root: of those at beat 1, and of all.

    The chord is that of lead and band without the bass, half bar by half bar. None for a bass of fewer than 8 notes.
    """
    bass, rest = take.notes("bass"), take.notes("lead", "other")
    if len(bass) < _FEWEST_NOTES or not len(rest):
        return None, None
    step = take.half_bar
    chords = chord_track(rest, NO_NOTES, step, round(take.end / step))
    all_notes: list[bool] = []
    at_one: list[bool] = []
    for onset, _, pitch, _ in bass.tolist():
        place = int(onset // step)
        chord = chords[place] if 0 <= place < len(chords) else None
        if chord is None:
            continue
        on_root = int(pitch) % 12 == chord.root
        all_notes.append(on_root)
        bars = onset / take.bar_beats
        if abs(bars - round(bars)) < _AT_THE_LINE:
            at_one.append(on_root)
    return (float(np.mean(at_one)) if at_one else None, float(np.mean(all_notes)) if all_notes else None)


def clash(take: Take) -> float | None:
    """The share of the band's sounding notes that are a semitone (or 11, or octaves more) from the lead's.

    Looked at every eighth: each pitched note of the band that sounds there counts once, against the lead's newest
    note that sounds there. None where nobody leads.
    """
    lead = take.notes("lead")
    band = take.notes("bass", "other")
    rubbing = every = 0
    for eighth in eighths(take.end):
        leading = sounding(lead, eighth)
        if len(leading):
            steps = (sounding(band, eighth)[:, PITCH] - leading[-1, PITCH]) % 12
            rubbing += int(np.isin(steps, (1, 11)).sum())
            every += len(steps)
    return rubbing / max(1, every) if len(lead) else None
