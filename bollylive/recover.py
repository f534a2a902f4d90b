"""`bollylive recover`, put together: a journal becomes the take that a recording would have been."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bollylive.errors import FileError
from bollylive.journal.folder import default_folder, find_journals
from bollylive.journal.lines import Journal, read_journal
from bollylive.journal.replay import replay
from bollylive.midi.song import Meters, Tempos, Track, describe, seconds_at


@dataclass(frozen=True, slots=True)
class RecoveredSong:
    """The music of a journal, and what there is to say of it."""

    tracks: tuple[Track, ...]
    tempos: Tempos
    meters: Meters
    summary: str
    problems: tuple[str, ...]


def find_recording(place: Path | None, minutes: float | None = None) -> RecoveredSong:
    """Read a journal, or the newest with music of a folder (None: this user's); or only the last minutes of it.

    Raises FileError where there is none, or where it holds no note.
    """
    if place is not None and not place.is_dir():
        return recover(place, minutes)
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
            return recover(path, minutes)
        except FileError as problem:
            problems.append(problem)
    if problems:
        raise problems[0]
    raise FileError(f"{folder}: no journal lies here; `bollylive jam` writes one, unless it is told not to.")


def recover(path: Path, minutes: float | None = None) -> RecoveredSong:
    """Read one journal; notes that were never ended end at the last known moment. Raises FileError."""
    try:
        journal = read_journal(path.read_bytes())
    except OSError as error:
        raise FileError(f"{path}: the journal cannot be read: {error.strerror}.") from error
    except ValueError as reason:
        raise FileError(f"{path}: {reason}.") from reason
    tracks, tempos = replay(journal, minutes)
    if not tracks:
        raise FileError(f"{path}: the journal holds no note.")
    end_beat = max(note.onset_beats + (note.duration_beats or 0.0) for track in tracks for note in track.notes)
    minutes_long, seconds = divmod(round(seconds_at(tempos, end_beat)), 60)
    summary = f"{describe(tracks)} ({minutes_long}:{seconds:02} min, begun {journal.header.started}, from {path})"
    return RecoveredSong(
        tracks, tempos, ((0.0, float(journal.header.beats_per_bar)),), summary, _problems(path, journal)
    )


def _problems(path: Path, journal: Journal) -> tuple[str, ...]:
    problems = []
    if not journal.ended:
        problems.append("breaks off: the program was ended from outside, or still plays")
    if journal.torn_bytes:
        problems.append(f"its last line is torn; its {journal.torn_bytes} bytes are left out")
    if journal.damaged_lines:
        problems.append(f"{journal.damaged_lines} lines are damaged and left out")
    if journal.lost:
        problems.append(f"{journal.lost} events are missing, which found no room on the disk")
    return tuple(f"{path}: {problem}." for problem in problems)
