"""MIDI files to compact arrays: the first stage, and the only one that reads MIDI.

Each corpus (a folder, or a .tar.* or .zip archive) becomes one `NAME.npz`; `manifest.json` says what is in it and
what was skipped and why. A file that cannot be read is a line in the manifest, never the end. Time is rounded to codec
ticks.

Near duplicates are looked for among all corpora of the output folder, also those of earlier calls, so that one call
for all or one for each come to the same. Corpora marked `synthetic` in the manifest take no part in that; they follow
the corpus that they are `from`. Tables of chords become charts beside the corpora, see `chart_files`.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from bollylive.model.codec import PLACES, TICKS_PER_BEAT
from training.data.chart_files import ReadCharts, check_charts, read_charts, write_charts
from training.data.chart_reading import CHARTS_SUFFIX
from training.data.corpus import (
    DURATION,
    ONSET,
    PITCH,
    VELOCITY,
    VOICE,
    Corpus,
    Song,
    load_corpora,
    load_corpus,
    save_corpus,
)
from training.data.manifest import Manifest, count_held_out, describe, read_manifest, write_manifest
from training.data.midi_voices import read_voices
from training.data.phase import find_shift
from training.data.sources import TABLE, by_name, midi_files, opened, read_sources
from training.data.split import find_groups, follow, hold_together
from training.data.works import hold_out, name_works
from training.errors import TrainingError

_SHORTEST_BAR_BEATS = 1.5
_COMMON_BAR_BEATS = 4
_FEWEST_NOTES = 8

Music: TypeAlias = tuple[NDArray[np.int32], NDArray[np.int16], NDArray[np.int32]]


def read_song(path: Path) -> Music:
    """Read a MIDI file as (notes, instruments, bars), a voice for every channel and program of every track.

    Music of one metre that stands beside its beat is moved into its bars (`find_shift`).
    Raises whatever symusic raises, or ValueError if the file has too few notes or lasts too long.
    """
    midi = read_voices(path.read_bytes())
    scale = TICKS_PER_BEAT / midi.ticks_per_beat
    parts: list[NDArray[np.int32]] = [np.zeros((0, 5), dtype=np.int32)]
    for voice, (_, columns) in enumerate(midi.voices):
        part = np.zeros((len(columns), 5), dtype=np.int32)
        onset, duration, part[:, PITCH], part[:, VELOCITY] = columns.T
        part[:, ONSET] = np.rint(onset * scale)
        part[:, DURATION] = np.maximum(np.rint(duration * scale), 1)
        part[:, VOICE] = voice
        parts.append(part)
    notes = np.concatenate(parts)
    notes = notes[(notes[:, VELOCITY] > 0) & (notes[:, PITCH] >= 0) & (notes[:, PITCH] < 128)]
    if len(notes) < _FEWEST_NOTES:
        raise ValueError(f"fewer than {_FEWEST_NOTES} notes")
    notes = notes[np.lexsort((notes[:, PITCH], notes[:, VOICE], notes[:, ONSET]))]
    same = (np.diff(notes[:, [ONSET, PITCH, VOICE]], axis=0) == 0).all(axis=1)
    notes = notes[np.concatenate(([True], ~same))]
    bars = _read_bars(midi.meters, scale)
    if len(bars) == 1 and (late := find_shift(notes, cycle := int(bars[0, 1]))):
        notes[:, ONSET] += cycle - late
    return notes, np.array([instrument for instrument, _ in midi.voices], dtype=np.int16), bars


def _read_bars(meters: list[tuple[float, float]], scale: float) -> NDArray[np.int32]:
    """The metres as (tick, cycle); bars too short or long to be meant become four beats."""
    bars = [(0, _COMMON_BAR_BEATS * TICKS_PER_BEAT)]
    for tick, beats in meters:
        cycle = round(beats * TICKS_PER_BEAT)
        if beats < _SHORTEST_BAR_BEATS or cycle > PLACES:
            cycle = _COMMON_BAR_BEATS * TICKS_PER_BEAT
        bars.append((round(tick * scale), cycle))
    return np.array(sorted(dict(bars).items()), dtype=np.int32)


def _read_quietly(path: Path) -> tuple[str, Music | str]:
    """The file's SHA-256, and its music or why there is none."""
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        return "", f"{type(error).__name__}: {error}"
    try:
        return digest, read_song(path)
    except Exception as error:  # noqa: BLE001  # one bad file among thousands becomes a line in the manifest
        return digest, f"{type(error).__name__}: {error}"


def _read_all(paths: list[Path], workers: int) -> Iterator[tuple[str, Music | str]]:
    workers = min(workers, len(paths))
    if workers < 2:
        yield from map(_read_quietly, paths)
        return
    # Spawned, as on macOS: a fork would copy locks that threads of torch hold.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_read_quietly, paths, chunksize=16)


def read_corpus(folder: Path, name: str, workers: int = 1) -> Corpus:
    """Read all songs of a folder, sorted by file name; all songs of a work are on one side of the split.

    A song held out here is held out of every training too; beside other corpora, more may be (`hold_together`).
    """
    paths = midi_files(folder)
    rows = read_sources(folder)
    # A name that is no UTF-8 is spelt with backslashes, for it must be text from here on.
    names = [path.relative_to(folder).as_posix() for path in paths]
    files = [name.encode("utf-8", "backslashreplace").decode("utf-8") for name in names]
    works, named_by = name_works(files, rows)
    held_out = hold_out(works, [rows.get(file, {}).get("split") for file in files])
    table = folder / TABLE
    sha256 = {TABLE: hashlib.sha256(table.read_bytes()).hexdigest()} if table.exists() else {}
    songs: list[Song] = []
    skipped: dict[str, str] = {}
    results = tqdm(_read_all(paths, workers), total=len(paths), desc=name, unit="file", leave=False, disable=None)
    for file, work, (digest, music) in zip(files, works, results, strict=True):
        sha256[file] = digest
        if isinstance(music, str):
            skipped[file] = music
        else:
            songs.append(Song(file, work, work in held_out, *music))
    licences = Counter(rows[song.name].get("licence") or "not stated" for song in songs if song.name in rows)
    return Corpus(songs, skipped, dict(licences.most_common()), sha256, named_by)


def corpora_of(source: Path, workers: int) -> dict[str, Corpus]:
    """The corpora of a source by name: MIDI (a folder or an archive), or what was prepared (a folder, or one .npz).

    Only what was prepared knows which songs are held out for what they resemble in other corpora.
    Raises TrainingError where there is no such source.
    """
    if source.suffix == ".npz":
        return {source.stem: Corpus(load_corpus(source))}
    if any(source.glob("*.npz")):
        return {name: Corpus(songs) for name, songs in load_corpora(source).items()}
    [(name, _)] = by_name([source]).items()
    with opened(source) as folder:
        return {name: read_corpus(folder, name, workers)}


def prepare(sources: list[Path], out: Path, workers: int) -> None:
    """Turn each corpus into `out/NAME.npz` and describe all of them in `out/manifest.json`.

    Corpora that were prepared there before and are not named now stay, but for songs that come to be held out.
    Raises TrainingError where a source cannot be used, or no song was found at all.
    """
    named = by_name(sources)
    check_charts(named)
    manifest = read_manifest(out)
    made: dict[str, Corpus] = {}
    charts: dict[str, ReadCharts] = {}
    for name, source in named.items():
        if not name.endswith(CHARTS_SUFFIX):
            with opened(source) as folder:
                made[name] = read_corpus(folder, name, workers)
                charts[name] = read_charts(name, folder, named)
    if not any(corpus.songs for corpus in made.values()):
        raise TrainingError(f"no MIDI file that can be trained on in {', '.join(str(source) for source in sources)}.")

    out.mkdir(parents=True, exist_ok=True)
    before = {name: corpus.songs for name, corpus in made.items()}
    for path in sorted(out.glob("*.npz")):
        if path.stem not in made and not manifest.get(path.stem, {}).get("synthetic"):
            before[path.stem] = load_corpus(path)
    before = dict(sorted(before.items()))
    groups = find_groups(before)
    after = hold_together(before, groups)
    for name, songs in after.items():
        more = sum(song.valid for song in songs) - sum(song.valid for song in before[name])
        if name in made:
            corpus = replace(made[name], songs=songs)
            manifest[name] = describe(corpus, more)
            print(_summary(name, corpus, more))
        elif more and name in manifest:
            count_held_out(manifest[name], more)
        if not songs:
            (out / f"{name}.npz").unlink(missing_ok=True)
        elif name in made or more:
            save_corpus(songs, out / f"{name}.npz")
    _move_arranged(manifest, after, out)
    write_charts(charts, manifest, out)
    write_manifest(dict(sorted(manifest.items())), out)
    if groups:
        print(_tell_groups(groups))


def _move_arranged(manifest: Manifest, corpora: Mapping[str, list[Song]], out: Path) -> None:
    """Let the synthetic corpora follow those that they are `from`, in their files and their entries."""
    for name, entry in manifest.items():
        path = out / f"{name}.npz"
        if entry.get("synthetic") and entry.get("from") in corpora and path.exists():
            arranged = load_corpus(path)
            followed = follow(arranged, corpora[entry["from"]])
            entry["valid_songs"] = sum(song.valid for song in followed)
            if [song.valid for song in followed] != [song.valid for song in arranged]:
                save_corpus(followed, path)


def _summary(name: str, corpus: Corpus, as_duplicates: int) -> str:
    """One line for the terminal: what was found, and why the first of the skipped files was skipped."""
    notes = sum(len(song.notes) for song in corpus.songs)
    held_out = sum(song.valid for song in corpus.songs)
    text = f"{name}: {len(corpus.songs):,} songs, {notes:,} notes, {held_out:,} songs held out"
    if as_duplicates:
        text += f" ({as_duplicates:,} for what they resemble)"
    if corpus.skipped:
        file, reason = next(iter(corpus.skipped.items()))
        text += f"; {len(corpus.skipped):,} files skipped, such as {file} ({reason})"
    return text


def _tell_groups(groups: list[list[tuple[str, str]]]) -> str:
    """One line for the terminal: how many works were found to belong together."""
    sizes = [len(members) for members in groups]
    (corpus, work), *_ = groups[0]
    return (
        f"{sum(sizes):,} works are nearly the same as others, in {len(groups):,} groups that stay on one side; "
        f"the largest has {sizes[0]:,}, such as {corpus}/{work}"
    )
