"""The pieces of prepared corpora: charts as they were written, ensembles by template, lone melodies by our rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from bollylive.model.codec import TICKS_PER_BEAT
from bollylive.model.lead_steps import step_ticks
from training.conducting.labels import STYLES, by_rule, by_template
from training.conducting.pieces import Piece, make_piece, side_of, words_of_steps
from training.conducting.recipe import Sources
from training.data.charts import FOLDER, load_charts
from training.data.corpus import DURATION, ONSET, PITCH, VOICE, Song, load_corpora
from training.data.melody import busiest_voice
from training.errors import TrainingError
from training.judging.take import DURATION as LASTS
from training.judging.take import ONSET as BEGINS
from training.judging.take import PITCH as SOUNDS
from training.playing.references import take_of

LABELLED: Final = 0.5  # how far labels are trusted that nobody wrote
_METRES: Final = (2, 3, 4, 6)  # beats to a bar of an ensemble
_FEWEST_BARS_OF_A_MELODY: Final = 24  # it is repeated until it has so many


def gather(prepared: Path, sources: Sources) -> list[Piece]:
    """The pieces that a folder has of some sources, as `prepare` wrote it; raises TrainingError where it has none."""
    corpora = load_corpora(prepared)
    makers: list[tuple[str, Callable[[str, list[Song]], Iterator[Piece]]]] = [
        *((name, lambda name, songs: _from_charts(name, songs, prepared, sources.rights)) for name in sources.charts),
        *((name, _from_ensembles) for name in sources.ensembles),
        *((name, _from_melodies) for name in sources.melodies),
    ]
    pieces = [piece for name, make in makers if name in corpora for piece in make(name, corpora[name])]
    if not pieces:
        wanted = ", ".join(name for name, _ in makers)
        raise TrainingError(f"{prepared}: nothing here has chords to learn from; prepare {wanted} with their tables.")
    return pieces


def _from_charts(name: str, songs: list[Song], prepared: Path, rights: tuple[str, ...] | None) -> Iterator[Piece]:
    path = prepared / FOLDER / f"{name}.npz"
    by_name = {song.name: song for song in songs}
    for chart in load_charts(path) if path.exists() else []:
        song = by_name.get(chart.name)
        if song is None or (rights is not None and chart.rights not in rights):
            continue
        words = words_of_steps(chart.chords, step_ticks(chart.bar_ticks))
        side = side_of(song.work, song.valid)
        piece = make_piece(chart.name, name, side, 1.0, chart.lead, chart.bar_ticks, words.tolist())
        if piece is not None:
            yield piece


def _from_ensembles(name: str, songs: list[Song]) -> Iterator[Piece]:
    """Songs of one metre in which somebody leads and others play."""
    for song in tqdm(songs, desc=name, unit="song", leave=False, disable=None):
        take = take_of(song, metres=_METRES)
        roles = {voice.role for voice in take.voices} if take is not None else set()
        if take is None or "lead" not in roles or roles.isdisjoint(("bass", "other")):
            continue
        notes = np.rint(take.notes("lead") * (TICKS_PER_BEAT, TICKS_PER_BEAT, 1, 1)).astype(np.int32)
        lead = np.column_stack((notes[:, BEGINS], notes[:, BEGINS] + notes[:, LASTS], notes[:, SOUNDS]))
        bar_ticks = round(take.bar_beats * TICKS_PER_BEAT)
        side, words = side_of(song.work, song.valid), by_template(take)
        piece = make_piece(song.name, name, side, LABELLED, lead, bar_ticks, words.tolist())
        if piece is not None:
            yield piece


def _from_melodies(name: str, songs: list[Song]) -> Iterator[Piece]:
    """Melodies of one metre, each harmonised in every style; a short one comes again and again, as in a song."""
    for song in songs:
        bars = {int(bar) for bar in song.bars[:, 1]}
        if len(bars) != 1:
            continue
        [bar] = bars
        notes = _repeated(song.notes[song.notes[:, VOICE] == busiest_voice(song.notes)], bar)
        lead = np.column_stack((notes[:, ONSET], notes[:, ONSET] + notes[:, DURATION], notes[:, PITCH]))
        for style in range(len(STYLES)):
            words = by_rule(notes, bar, style)
            side = side_of(song.work, song.valid)
            piece = make_piece(f"{song.name} {style}", name, side, LABELLED, lead, bar, words.tolist())
            if piece is not None:
                yield piece


def _repeated(notes: NDArray[np.int32], bar: int) -> NDArray[np.int32]:
    """A melody from its first bar line on, again until it has enough bars."""
    first = int(notes[0, ONSET]) // bar * bar
    end = int((notes[:, ONSET] + notes[:, DURATION]).max())
    whole = -(-(end - first) // bar) * bar
    times = max(1, -(-_FEWEST_BARS_OF_A_MELODY * bar // whole))
    shift = np.zeros(notes.shape[1], dtype=np.int32)
    shift[ONSET] = 1
    return np.concatenate([notes + shift * (time * whole - first) for time in range(times)])
