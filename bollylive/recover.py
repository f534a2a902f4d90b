"""`bollylive recover`: make a recording from a journal."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bollylive.errors import FileError
from bollylive.journal.folder import default_folder, find_journals
from bollylive.journal.reader import Journal, read_journal
from bollylive.journal.replay import replay
from bollylive.midi.song import Meters, Tempos, Track, describe, seconds_at


@dataclass(frozen=True, slots=True)
class RecoveredSong:
    """The music of a journal, a line about it, and a sentence for each part that is missing."""

    tracks: tuple[Track, ...]
    tempos: Tempos
    meters: Meters
    summary: str
    problems: tuple[str, ...]


def find_recording(place: Path | None, minutes: float | None = None) -> RecoveredSong:
    """Read a journal, or the newest one with music in a folder (None: this user's), or only its last minutes.

    Raises FileError if there is none, or if it holds no note. Blocks.
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
    raise FileError(f"{folder}: there is no journal here; `bollylive jam` writes one, unless --no-journal is given.")


def recover(path: Path, minutes: float | None = None) -> RecoveredSong:
    """Read one journal; notes without an end last until the last moment that it records. Raises FileError. Blocks."""
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
        problems.append("breaks off: the program was killed, or is still playing")
    if journal.torn_bytes:
        problems.append(f"the last line is incomplete; its {journal.torn_bytes} bytes are left out")
    if journal.damaged_lines:
        problems.append(f"{journal.damaged_lines} lines are damaged and left out")
    if journal.lost:
        problems.append(f"{journal.lost} events are missing: there was no room for them on the disk")
    return tuple(f"{path}: {problem}." for problem in problems)
