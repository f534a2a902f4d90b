"""Charts from the tables of chords that lie beside music: lead sheets in quarter notes, and recordings in seconds.

A lead sheet is `SONG.mid`, the melody alone, with `SONG.chords.tsv` in quarter notes beside it. A set of recordings
`NAME-chords` has `SONG.chords.tsv` and `SONG.beats.tsv` (second, any mark, 1 on the first beat of a bar of four) for
the songs of the corpus NAME, whose melody is the track MELODY.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import symusic
from numpy.typing import NDArray

from bollylive.model.codec import TICKS_PER_BEAT
from training.data.charts import Chart
from training.data.chord_symbols import BEATS_ENDING, CHORDS_ENDING, read_chords
from training.data.midi_voices import read_voices
from training.data.sources import midi_files, read_sources
from training.errors import TrainingError

CHARTS_SUFFIX: Final = "-chords"  # of the name of a set of tables for another corpus
_BAR_BEATS: Final = 4  # of a recording
_RIGHTS: Final = "rights_check"
_MELODY: Final = "MELODY"
_TEMPO_BEATS: Final = 8  # at the end, by which the beats go on

Floats = NDArray[np.float64]


def read_lead_sheets(folder: Path, skipped: dict[str, str]) -> list[Chart]:
    """The lead sheets in a folder and below, sorted by name; what cannot be used is `skipped`, with the reason."""
    rights = {name: row.get(_RIGHTS) or "" for name, row in read_sources(folder).items()}
    jobs = {}
    for table in sorted(folder.rglob(f"*{CHORDS_ENDING}")):
        midi = table.with_name(table.name.removesuffix(CHORDS_ENDING) + ".mid")
        if midi.exists():
            name = midi.relative_to(folder).as_posix()
            jobs[table.name] = partial(_lead_sheet, name, midi, table, rights.get(name, ""))
    return _read_each(jobs, skipped)


def read_recordings(tables: Path, music: Path, skipped: dict[str, str]) -> list[Chart]:
    """The charts of recordings, sorted by name; what cannot be used is `skipped`, with the reason.

    Raises TrainingError where no table belongs to a song.
    """
    songs = {midi.stem: midi for midi in midi_files(music)}
    jobs = {}
    for table in sorted(tables.rglob(f"*{CHORDS_ENDING}")):
        song = table.name.removesuffix(CHORDS_ENDING)
        if song in songs:
            name, beats = songs[song].relative_to(music).as_posix(), table.with_name(song + BEATS_ENDING)
            jobs[table.name] = partial(_recording, name, songs[song], beats, table)
        else:
            skipped[table.name] = "there is no such song"
    if not jobs:
        raise TrainingError(f"{tables}: no table of chords here belongs to a song in {music}.")
    return _read_each(jobs, skipped)


def _read_each(jobs: Mapping[str, Callable[[], Chart]], skipped: dict[str, str]) -> list[Chart]:
    charts = []
    for name, read in jobs.items():
        try:
            charts.append(read())
        except Exception as error:  # noqa: BLE001  # one bad file among hundreds becomes a line in the manifest
            skipped[name] = f"{type(error).__name__}: {error}"
    return charts


def _lead_sheet(name: str, midi: Path, table: Path, rights: str) -> Chart:
    music = read_voices(midi.read_bytes())
    bars = {round(beats * TICKS_PER_BEAT) for _, beats in music.meters} or {_BAR_BEATS * TICKS_PER_BEAT}
    if len(bars) != 1 or len(music.voices) != 1:
        raise ValueError(f"it must have one metre and one voice, not {len(bars)} and {len(music.voices)}")
    [(_, columns)] = music.voices
    beats = columns[:, :2] / music.ticks_per_beat
    lead = np.column_stack((beats[:, 0], beats.sum(axis=1), columns[:, 2].astype(np.float64)))
    return replace(_chart(name, lead, read_chords(table), bars.pop()), rights=rights)


def _recording(name: str, midi: Path, beats: Path, table: Path) -> Chart:
    file: Any = symusic.Score(str(midi), fmt="midi")
    score = file.to("second")
    melody = next((track for track in score.tracks if track.name.startswith(_MELODY)), None)
    if melody is None:
        raise ValueError(f"it has no track {_MELODY}")
    notes = melody.notes.numpy()
    beat_of = _beats_of(np.loadtxt(beats, delimiter="\t", ndmin=2))
    lead = np.column_stack((beat_of(notes["time"]), beat_of(notes["time"] + notes["duration"]), notes["pitch"]))
    chords = read_chords(table)
    times = beat_of(np.array([[begin, end] for begin, end, _ in chords]))
    spans = [(float(begin), float(end), word) for (begin, end), (_, _, word) in zip(times, chords, strict=True)]
    return _chart(name, lead, spans, _BAR_BEATS * TICKS_PER_BEAT)


def _beats_of(table: Floats) -> Callable[[Floats], Floats]:
    """From seconds to beats, of which beat 0 is a bar line before the first: most marks say where bars begin."""
    seconds, is_first = table[:, 0], table[:, 2] > 0.5
    first = int(np.bincount(np.flatnonzero(is_first) % _BAR_BEATS, minlength=_BAR_BEATS).argmax())
    beats = np.arange(len(seconds)) - first + _BAR_BEATS
    beat_s = float(np.diff(seconds[-_TEMPO_BEATS - 1 :]).mean())

    def beat_of(at_s: Floats) -> Floats:
        beyond = np.maximum(at_s - seconds[-1], 0) / beat_s
        return np.asarray(np.interp(at_s, seconds, beats) + beyond)

    return beat_of


def _chart(name: str, lead: Floats, chords: list[tuple[float, float, int]], bar_ticks: int) -> Chart:
    """A chart from times in beats; notes in the order of their onsets, a tick long at least."""
    ticks = np.rint(lead * (TICKS_PER_BEAT, TICKS_PER_BEAT, 1)).astype(np.int32)
    ticks[:, 1] = np.maximum(ticks[:, 1], ticks[:, 0] + 1)
    spans = [(round(begin * TICKS_PER_BEAT), round(end * TICKS_PER_BEAT), word) for begin, end, word in chords]
    order = np.lexsort((ticks[:, 2], ticks[:, 0]))
    return Chart(name, ticks[order], np.array(spans, dtype=np.int32), bar_ticks)
