"""Around which leads a band plays to be judged, and for how long it goes on alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from training.data.corpus import Song
from training.playing.leads import FEWEST_BARS, MOST_BARS, Lead, choose_leads
from training.playing.phrases import raga_phrases

AROUND: Final = "around"
HARMONIC_MINOR: Final = "around/harmonic-minor"  # in its parent's column too
IN_THREE: Final = "in-three"
ALONE: Final = "alone"

_LEADS_IN_THREE: Final = "openewld"  # if it is there; it has real waltzes


@dataclass(frozen=True)
class Size:
    """How much is played: leads, seeds, and minutes."""

    leads: int = 24
    harmonic_minor: int = 3
    in_three: int = 6
    seeds: int = 2
    most_bars: int = MOST_BARS
    alone: int = 12
    alone_minutes: float = 5.0
    raga_bars: int = 24  # alone after a raga phrase
    ragas: int = 3
    references: int = 48  # of each kind: real ensembles, and what rules make


FULL: Final = Size()
QUICK: Final = Size(
    leads=2, harmonic_minor=0, in_three=0, seeds=1, most_bars=8, alone=1, alone_minutes=1.0, ragas=1, references=2
)
_LEAD_BARS_OF_ALONE: Final = 8


@dataclass(frozen=True)
class Job:
    """One take: the band plays around a lead, and goes on alone if `play_on_bars` says for how long."""

    situation: str
    lead: Lead
    seed: int
    play_on_bars: int | None = None

    @property
    def path(self) -> PurePosixPath:
        """Where the take goes, below the folder of all takes."""
        name = re.sub(r"[^\w.-]+", "-", self.lead.name.removesuffix(".mid"))
        return PurePosixPath(self.situation) / f"{name}-{self.seed}.mid"


def make_jobs(corpora: Mapping[str, list[Song]], size: Size, tempo_bpm: float, seed: int) -> list[Job]:
    """All takes of an evaluation, always the same for the same corpora and seed; none where nobody is held out.

    The same seeds are used around every lead, so that two models can be compared take by take.
    """
    seeds = range(seed, seed + size.seeds)
    leads = choose_leads(corpora, size.leads, size.harmonic_minor)
    waltzes = {name: songs for name, songs in corpora.items() if name == _LEADS_IN_THREE} or corpora
    in_three = choose_leads(waltzes, size.in_three, bar_beats=3) if size.in_three else []
    return [job for seed in seeds for job in _jobs_of(leads, in_three, size, tempo_bpm, seed)]


def _jobs_of(leads: list[Lead], in_three: list[Lead], size: Size, tempo_bpm: float, seed: int) -> Iterator[Job]:
    for lead in leads:
        situation = HARMONIC_MINOR if size.harmonic_minor and lead.is_harmonic_minor() else AROUND
        yield Job(situation, lead.cut(size.most_bars), seed)
    for lead in in_three:
        yield Job(IN_THREE, lead, seed)
    for lead in leads[: size.alone]:
        bars = round(size.alone_minutes * tempo_bpm / lead.bar_beats) - _LEAD_BARS_OF_ALONE
        yield Job(ALONE, lead.cut(_LEAD_BARS_OF_ALONE), seed, max(FEWEST_BARS, bars))
    if leads:
        for name, lead in list(raga_phrases().items())[: size.ragas]:
            yield Job(name, lead.cut(size.most_bars), seed, size.raga_bars)
