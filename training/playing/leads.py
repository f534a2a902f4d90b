"""Leads for a band: held-out melodies, chosen by the hash of their work, so that nobody picks those that sound well."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bollylive.midi.messages import Note
from bollylive.midi.song import Song as PlayedSong
from bollylive.model.codec import PERCUSSION, TICKS_PER_BEAT
from training.data.corpus import DURATION, ONSET, PITCH, VELOCITY, VOICE, Song
from training.judging.scale import is_harmonic_minor

MOST_BARS: Final = 24
FEWEST_BARS: Final = 16
_FIRST: Final = ("hindi-film-melodies", "south-asian-melodies")  # in this order, before all other corpora
_LARGEST_CHORD: Final = 1.05  # notes at an onset of a melody, on average
_LONGEST_REST_BARS: Final = 8  # a band rests beside a longer one

Rows: TypeAlias = NDArray[np.int32]  # [N, 5], columns as in `training.data.corpus`


@dataclass(frozen=True)
class Lead:
    """A melody of whole bars: `notes` in beats from its first bar line on, one player on channel 0."""

    name: str
    notes: tuple[Note, ...]
    program: int
    bar_beats: float

    @property
    def bars(self) -> int:
        """How many bars it has, the last one begun."""
        return int(self.notes[-1].onset_beats // self.bar_beats) + 1

    def is_harmonic_minor(self) -> bool:
        """Whether it is in minor with a raised seventh."""
        rows = [(note.onset_beats, note.duration_beats or 0.0, note.pitch, note.velocity) for note in self.notes]
        return is_harmonic_minor(np.array(rows, dtype=np.float64))

    def cut(self, bars: int) -> Lead:
        """Its first bars."""
        end = bars * self.bar_beats
        notes = (note for note in self.notes if note.onset_beats < end)
        return Lead(self.name, tuple(_ending(note, end) for note in notes), self.program, self.bar_beats)

    def song(self, tempo_bpm: float) -> PlayedSong:
        """As a song of one player."""
        end = max(note.onset_beats + (note.duration_beats or 0.0) for note in self.notes)
        meters, tempos = ((0.0, self.bar_beats),), ((0.0, tempo_bpm),)
        return PlayedSong(self.name, self.notes, {0: self.program}, tempos, meters, end)


def choose_leads(
    corpora: Mapping[str, list[Song]], count: int, harmonic_minor: int = 0, bar_beats: int = 4
) -> list[Lead]:
    """At most `count` held-out melodies of bars of `bar_beats`, each of another work, always the same ones.

    They have 16 bars and more, of which the first 24 are taken. Hindi film melodies come first, then South Asian ones,
    then those of other corpora by name; within a corpus the hash of the work decides. The first `harmonic_minor` in
    harmonic minor have a place whatever comes before them.
    """
    able: list[Lead] = []
    for name in sorted(corpora, key=lambda name: (_FIRST.index(name) if name in _FIRST else len(_FIRST), name)):
        works: set[str] = set()
        for song in sorted(corpora[name], key=hash_of_work):
            if song.valid and song.work not in works and (lead := lead_of(f"{name}/{song.name}", song, bar_beats)):
                works.add(song.work)
                able.append(lead)
    minor = [lead for lead in able if lead.is_harmonic_minor()][:harmonic_minor]
    others = [lead for lead in able if lead not in minor][: count - len(minor)]
    return [lead for lead in able if lead in minor or lead in others]


def lead_of(name: str, song: Song, bar_beats: int) -> Lead | None:
    """The first 24 bars of a song of one voice and one such metre; None if it is none, is short, or rests for long."""
    rows = song.notes
    cycle = bar_beats * TICKS_PER_BEAT
    if len(song.instruments) != 1 or song.instruments[0] == PERCUSSION or set(song.bars[:, 1].tolist()) != {cycle}:
        return None
    if len(rows) > _LARGEST_CHORD * len(np.unique(rows[:, ONSET])):
        return None
    rows = rows.copy()
    rows[:, ONSET] -= int(rows[0, ONSET]) // cycle * cycle
    lead = Lead(name, tuple(_notes(rows)), int(song.instruments[0]), float(bar_beats))
    rests = np.diff(rows[:, ONSET]) > _LONGEST_REST_BARS * cycle
    return lead.cut(MOST_BARS) if lead.bars >= FEWEST_BARS and not rests.any() else None


def _notes(rows: Rows) -> Iterable[Note]:
    assert not rows[:, VOICE].any(), "a lead is one voice"
    for onset, duration, pitch, velocity in rows[:, [ONSET, DURATION, PITCH, VELOCITY]].tolist():
        yield Note(0, pitch, velocity, onset / TICKS_PER_BEAT, duration / TICKS_PER_BEAT)


def _ending(note: Note, end: float) -> Note:
    duration = min(note.duration_beats or 0.0, end - note.onset_beats)
    return Note(note.channel, note.pitch, note.velocity, note.onset_beats, duration)


def hash_of_work(song: Song) -> str:
    """By this the songs are put in an order that nobody chose."""
    return hashlib.sha256(song.work.encode()).hexdigest()
