"""MIDI files to compact arrays: the first stage, and the only one that reads MIDI.

Each corpus (a folder, or a .tar.* or .zip archive) becomes one `NAME.npz`; `manifest.json` says what is in it and
what was skipped and why. A file that cannot be read is a line in the manifest, never the end. Files are read by
symusic (a hundred times faster than mido, which matters for millions of notes); time is rounded to codec ticks.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import symusic
from numpy.typing import NDArray
from tqdm import tqdm

from bollylive.codec import PERCUSSION, PLACES, TICKS_PER_BEAT
from training.corpus import DURATION, ONSET, PITCH, VELOCITY, VOICE, Song, save_corpus
from training.errors import TrainingError
from training.sources import by_name, is_valid, midi_files, opened, read_sources

_SHORTEST_BAR_BEATS = 1.5
_COMMON_BAR_BEATS = 4
_FEWEST_NOTES = 8

Music: TypeAlias = tuple[NDArray[np.int32], NDArray[np.int16], NDArray[np.int32]]


@dataclass(frozen=True)
class Corpus:
    """The songs of one source, the files that were skipped with the reason, and how many songs have which licence."""

    songs: list[Song]
    skipped: dict[str, str]
    licences: dict[str, int]


def read_song(path: Path) -> Music:
    """Read a MIDI file as (notes, instruments, bars), a voice for every channel and program of every track.

    Raises whatever symusic raises, or ValueError if the file has too few notes.
    """
    score: Any = symusic.Score(path, fmt="midi")  # left to itself it refuses .kar
    scale = TICKS_PER_BEAT / score.ticks_per_quarter
    parts: list[NDArray[np.int32]] = [np.zeros((0, 5), dtype=np.int32)]
    instruments: list[int] = []
    for track in score.tracks:
        if not len(track.notes):
            continue
        columns = track.notes.numpy()
        part = np.zeros((len(columns["time"]), 5), dtype=np.int32)
        part[:, ONSET] = np.rint(columns["time"] * scale)
        part[:, DURATION] = np.maximum(np.rint(columns["duration"] * scale), 1)
        part[:, PITCH] = columns["pitch"]
        part[:, VELOCITY] = columns["velocity"]
        part[:, VOICE] = len(instruments)
        parts.append(part)
        instruments.append(PERCUSSION if track.is_drum else track.program)
    notes = np.concatenate(parts)
    notes = notes[(notes[:, VELOCITY] > 0) & (notes[:, PITCH] >= 0) & (notes[:, PITCH] < 128)]
    if len(notes) < _FEWEST_NOTES:
        raise ValueError(f"fewer than {_FEWEST_NOTES} notes")
    notes = notes[np.lexsort((notes[:, PITCH], notes[:, VOICE], notes[:, ONSET]))]
    same = (np.diff(notes[:, [ONSET, PITCH, VOICE]], axis=0) == 0).all(axis=1)
    notes = notes[np.concatenate(([True], ~same))]
    return notes, np.array(instruments, dtype=np.int16), read_bars(score, scale)


def read_bars(score: Any, scale: float) -> NDArray[np.int32]:
    """The time signatures as (tick, cycle); bars too short or long to be meant become four beats."""
    bars = [(0, _COMMON_BAR_BEATS * TICKS_PER_BEAT)]
    for signature in score.time_signatures:
        beats = 4 * signature.numerator / max(signature.denominator, 1)
        cycle = round(beats * TICKS_PER_BEAT)
        if beats < _SHORTEST_BAR_BEATS or cycle > PLACES:
            cycle = _COMMON_BAR_BEATS * TICKS_PER_BEAT
        bars.append((round(signature.time * scale), cycle))
    return np.array(sorted(dict(bars).items()), dtype=np.int32)


def _read_quietly(path: Path) -> Music | str:
    try:
        return read_song(path)
    except Exception as error:  # noqa: BLE001  # one bad file among thousands becomes a line in the manifest
        return f"{type(error).__name__}: {error}"


def _read_all(paths: list[Path], workers: int) -> Iterator[Music | str]:
    workers = min(workers, len(paths))
    if workers < 2:
        yield from map(_read_quietly, paths)
        return
    # Spawned, as on macOS: a fork would copy locks that threads of torch hold.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_read_quietly, paths, chunksize=16)


def read_corpus(folder: Path, name: str, workers: int = 1) -> Corpus:
    """Read all songs of a folder, sorted by file name; all songs of a work are on one side of the split."""
    paths = midi_files(folder)
    rows = read_sources(folder)
    files: list[tuple[str, str]] = []
    for path in paths:
        file = path.relative_to(folder).as_posix()
        files.append((file, rows.get(file, {}).get("work") or file))
    held_out = {work for file, work in files if is_valid(work, rows.get(file, {}).get("split"))}
    songs: list[Song] = []
    skipped: dict[str, str] = {}
    results = tqdm(_read_all(paths, workers), total=len(paths), desc=name, unit="file", leave=False, disable=None)
    for (file, work), result in zip(files, results, strict=True):
        if isinstance(result, str):
            skipped[file] = result
        else:
            songs.append(Song(file, work, work in held_out, *result))
    licences = Counter(rows[song.name].get("licence") or "not stated" for song in songs if song.name in rows)
    return Corpus(songs, skipped, dict(licences.most_common()))


def prepare(sources: list[Path], out: Path, workers: int) -> None:
    """Turn each corpus into `out/NAME.npz` and describe all of them in `out/manifest.json`.

    Corpora that were prepared there before and are not named now stay. Raises TrainingError where a source cannot
    be used, or no song was found at all.
    """
    named = by_name(sources)
    out.mkdir(parents=True, exist_ok=True)
    manifest_path = out / "manifest.json"
    manifest = json.loads(manifest_path.read_text(encoding="utf-8")) if manifest_path.exists() else {}
    found = 0
    for name, source in named.items():
        with opened(source) as folder:
            corpus = read_corpus(folder, name, workers)
        if corpus.songs:
            save_corpus(corpus.songs, out / f"{name}.npz")
        else:
            (out / f"{name}.npz").unlink(missing_ok=True)
        manifest[name] = _describe(corpus)
        manifest_path.write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        print(_summary(name, corpus))
        found += len(corpus.songs)
    if not found:
        raise TrainingError(f"no MIDI file that can be trained on in {', '.join(str(source) for source in sources)}.")


def _describe(corpus: Corpus) -> dict[str, object]:
    return {
        "songs": len(corpus.songs),
        "valid_songs": sum(song.valid for song in corpus.songs),
        "notes": sum(len(song.notes) for song in corpus.songs),
        "licences": corpus.licences,
        "skipped": corpus.skipped,
    }


def _summary(name: str, corpus: Corpus) -> str:
    """One line for the terminal: what was found, and why the first of the skipped files was skipped."""
    notes = sum(len(song.notes) for song in corpus.songs)
    held_out = sum(song.valid for song in corpus.songs)
    text = f"{name}: {len(corpus.songs):,} songs, {notes:,} notes, {held_out:,} songs held out"
    if corpus.skipped:
        file, reason = next(iter(corpus.skipped.items()))
        text += f"; {len(corpus.skipped):,} files skipped, such as {file} ({reason})"
    return text
