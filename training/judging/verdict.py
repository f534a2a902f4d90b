"""All measures of one take."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from training.judging.alone import LEAST_BARS, judge_alone
from training.judging.answers import identical_answers, related_answers
from training.judging.fills import accents, dense_fills, fills
from training.judging.harmony import band_chords, bass_on_root, clash
from training.judging.ragas import Raga, outside_raga
from training.judging.reading import MUSICIAN
from training.judging.repetition import runs_by_kind
from training.judging.scale import notes_in_leads_key, own_notes, time_in
from training.judging.take import ONSET, PITCH, TICKS_PER_BEAT, Take
from training.judging.texture import answering, by_kind, mean_velocities, notes_together, share_of_two
from training.judging.theka import bass_drum


@dataclass(frozen=True)
class Verdict:
    """The figures of a take by the keys of `measures`; those that it has nothing for are left out.

    `lead` is the same for takes around the same lead. `velocities` are the players' mean velocities, which mean
    something only between takes.
    """

    take: str
    lead: str
    figures: dict[str, float]
    velocities: dict[str, float]


def judge_take(take: Take, raga: Raga | None = None, alone_from: int | None = None) -> Verdict:
    """Measure a take around its lead and, where the band goes on alone for 16 bars and more, what it does there.

    What is shorter counts as the ending of the take. In a file without a musician, as of a real ensemble, the bars from
    `alone_from` (from 0) on are measured as if the lead stopped there: how the others keep to what it has played by
    then.
    """
    stop = min(take.bars, max(1, math.ceil(take.lead_end / take.bar_beats - 1e-6)))
    goes_on = take.lead_end > 0 and take.bars - stop >= LEAST_BARS
    around = take.part(0, stop) if goes_on else take
    figures = dict(_judge_around(around, raga))
    if alone_from is not None and not any(MUSICIAN in voice.name for voice in take.voices):
        stop = alone_from
    if take.lead_end > 0 and take.bars - stop >= LEAST_BARS:
        figures.update(judge_alone(take, stop, raga))
    found = {key: float(figure) for key, figure in figures.items() if figure is not None}
    return Verdict(take.name, lead_of(take), found, mean_velocities(around))


def lead_of(take: Take) -> str:
    """A name for the lead of a take: a digest of what it plays, or the take's own name where nobody leads."""
    lead = take.notes("lead")
    ticks = np.rint(lead[:, ONSET] * TICKS_PER_BEAT).astype(np.int64)
    played = np.column_stack([ticks, lead[:, PITCH].astype(np.int64)])
    return hashlib.sha256(played.tobytes()).hexdigest()[:12] if len(lead) else take.name


def _judge_around(take: Take, raga: Raga | None) -> Iterator[tuple[str, float | None]]:
    yield from zip(("root_at_one", "root"), bass_on_root(take), strict=True)
    yield "clash", clash(take)
    chords = band_chords(take)
    if chords:
        yield "changes", chords.changes_per_bar()
        yield "longest_chord", chords.longest()
        yield "as_4_bars_before", chords.agreement(4)
        yield "as_8_bars_before", chords.agreement(8)
    yield "in_key", notes_in_leads_key(take)
    if take.lead_end > 0:
        yield "own_notes", time_in(own_notes(take.notes("lead")), take)
    if raga:
        yield "outside_raga", outside_raga(take.notes("bass", "other"), take.end, raga)
    for kind, run in runs_by_kind(take).items():
        yield f"run.{kind}", run
    for name, found in (("fills", fills(take)), ("dense_fills", dense_fills(take))):
        yield name, float(np.mean(found)) if found else None
    yield "accents", accents(take)
    on_matra, in_khali = bass_drum(take)
    for matra, share in on_matra.items():
        yield f"ge.{matra}", share
    yield "ge_in_khali", in_khali
    for kind, notes in by_kind(take).items():
        yield f"notes.{kind}", len(notes) / take.bars
        if kind != "drums":
            yield f"together.{kind}", notes_together(notes)
            yield f"two.{kind}", share_of_two(notes, take.end)
            yield f"answering.{kind}", answering(notes, take)
    yield "identical_answers", identical_answers(take)
    yield "related_answers", related_answers(take)
