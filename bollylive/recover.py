"""`bollylive recover`: make a recording from a journal."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

from bollylive.errors import FileError
from bollylive.files.regular_file import open_regular
from bollylive.journal.checkpoint import Entry
from bollylive.journal.folder import default_folder, find_journals
from bollylive.journal.reader import MOST_LINE_BYTES, EntryStream
from bollylive.journal.replay import replay_entries
from bollylive.journal.window import find_window
from bollylive.midi.song import Meters, Tempos, Track, describe, seconds_at

Progress: TypeAlias = Callable[[float], None]

_REPORTED_ENTRIES: Final = 10_000


@dataclass(frozen=True, slots=True)
class RecoveredSong:
    """The music of a journal, a line about it, and a sentence for each part that is missing."""

    tracks: tuple[Track, ...]
    tempos: Tempos
    meters: Meters
    summary: str
    problems: tuple[str, ...]


def find_recording(
    place: Path | None, minutes: float | None = None, progress: Progress = lambda _: None
) -> RecoveredSong:
    """Read a journal, or the newest one with music in a folder (None: this user's), or only its last minutes.

    Raises FileError if there is none, or if it holds no note. Blocks.
    """
    if place is not None and not place.is_dir():
        return recover(place, minutes, progress)
    folder = place or default_folder()
    try:
        journals = find_journals(folder)
    except FileNotFoundError:
        journals = []
    except OSError as error:
        raise FileError(f"{folder}: the folder cannot be read: {error.strerror}.") from error
    problems = []
    for path in journals:
        try:
            return recover(path, minutes, progress)
        except FileError as problem:
            problems.append(problem)
    if problems:
        raise problems[0]
    raise FileError(f"{folder}: there is no journal here; `bollylive jam` writes one, unless --no-journal is given.")


def recover(path: Path, minutes: float | None = None, progress: Progress = lambda _: None) -> RecoveredSong:
    """Read one journal; notes without an end last until the last moment that it records. Raises FileError. Blocks.

    Of a long journal only the part with the last `minutes` is read. `progress` is called again and again with the part
    that is read, from 0 to 1.
    """
    try:
        with open_regular(path) as raw, BufferedReader(raw) as file:
            stream = EntryStream(file)
            place, from_s = (None if minutes is None else find_window(file, minutes)) or (0, None)
            file.seek(place)
            if place == 0:
                file.readline(MOST_LINE_BYTES)  # the header
            entries = _reported(stream, file, place, progress)
            tracks, tempos, meters = replay_entries(stream.header, entries, from_s, goes_on=place > 0)
    except OSError as error:
        raise FileError(f"{path}: the journal cannot be read: {error.strerror}.") from error
    except ValueError as reason:
        raise FileError(f"{path}: {reason}.") from reason
    if not tracks:
        raise FileError(f"{path}: the journal holds no note.")
    end_beat = max(note.onset_beats + (note.duration_beats or 0.0) for track in tracks for note in track.notes)
    minutes_long, seconds = divmod(round(seconds_at(tempos, end_beat)), 60)
    summary = f"{describe(tracks)} ({minutes_long}:{seconds:02} min, begun {stream.header.started}, from {path})"
    return RecoveredSong(tracks, tempos, meters, summary, _problems(path, stream))


def _reported(entries: Iterable[Entry], file: BinaryIO, place: int, progress: Progress) -> Iterator[Entry]:
    """Yield the entries, and report how far the file is read."""
    all_bytes = max(1, os.fstat(file.fileno()).st_size - place)
    for number, entry in enumerate(entries):
        if number % _REPORTED_ENTRIES == 0:
            progress((file.tell() - place) / all_bytes)
        yield entry


def _problems(path: Path, journal: EntryStream) -> tuple[str, ...]:
    problems = []
    if not journal.ended:
        problems.append("breaks off: the program was killed, or is still playing")
    if journal.torn_bytes:
        problems.append(f"the last line is incomplete; its {journal.torn_bytes} bytes are left out")
    if journal.damaged_lines:
        lines = "line is" if journal.damaged_lines == 1 else "lines are"
        problems.append(f"{journal.damaged_lines} {lines} damaged and left out")
    if journal.lost:
        problems.append(f"{journal.lost} events are missing: they could not be written")
    return tuple(f"{path}: {problem}." for problem in problems)
