"""A prepared corpus: the songs that `prepare` hands to every later stage, and the file they travel in."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bollylive.files.whole_file import write_file
from training.errors import TrainingError

ONSET, DURATION, PITCH, VELOCITY, VOICE = range(5)


@dataclass(frozen=True)
class Song:
    """One song: notes int32 [N, 5] (see the column names), an instrument per voice, bars as (tick, cycle) [M, 2]."""

    name: str
    work: str
    valid: bool
    notes: NDArray[np.int32]
    instruments: NDArray[np.int16]
    bars: NDArray[np.int32]


@dataclass(frozen=True)
class Corpus:
    """The songs of one source, the files that were skipped with the reason, and where all that came from."""

    songs: list[Song]
    skipped: dict[str, str] = field(default_factory=dict)
    licences: dict[str, int] = field(default_factory=dict)  # songs by licence
    sha256: dict[str, str] = field(default_factory=dict)  # by file, the table SOURCES.tsv among them
    named_by: str = "file"  # what said which songs are one work


def save_corpus(songs: list[Song], path: Path) -> None:
    """Write songs, at least one, as one compressed archive of flat arrays with their lengths: whole or not at all."""
    write_file(
        path,
        lambda file: np.savez_compressed(
            file,
            name=np.array([song.name for song in songs]),
            work=np.array([song.work for song in songs]),
            valid=np.array([song.valid for song in songs]),
            notes=np.concatenate([song.notes for song in songs]),
            note_count=np.array([len(song.notes) for song in songs]),
            instruments=np.concatenate([song.instruments for song in songs]),
            voice_count=np.array([len(song.instruments) for song in songs]),
            bars=np.concatenate([song.bars for song in songs]),
            bar_count=np.array([len(song.bars) for song in songs]),
        ),
    )


def load_corpus(path: Path) -> list[Song]:
    """Read what `save_corpus` wrote; raises TrainingError for anything else."""
    try:
        with np.load(path) as arrays:
            split = {
                key: np.split(arrays[key], np.cumsum(arrays[count])[:-1])
                for key, count in (("notes", "note_count"), ("instruments", "voice_count"), ("bars", "bar_count"))
            }
            names, works, valid = arrays["name"], arrays["work"], arrays["valid"]
    except (OSError, KeyError, ValueError, EOFError, MemoryError, zlib.error, zipfile.BadZipFile) as error:
        raise TrainingError(f"{path}: this is no prepared corpus ({error}); run prepare again.") from error
    columns = (names, works, valid, split["notes"], split["instruments"], split["bars"])
    return [Song(str(n), str(w), bool(v), *rest) for n, w, v, *rest in zip(*columns, strict=True)]


def load_corpora(folder: Path) -> dict[str, list[Song]]:
    """All prepared corpora of a folder by name; raises TrainingError where there is none."""
    corpora = {path.stem: load_corpus(path) for path in sorted(folder.glob("*.npz"))}
    if not corpora:
        raise TrainingError(f"{folder}: there is no prepared corpus here; run prepare with --out {folder} first.")
    return corpora
