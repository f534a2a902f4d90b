"""Read and write standard MIDI files: the only module that opens them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, Final

from bollylive.errors import FileError
from bollylive.files.regular_file import read_regular
from bollylive.files.whole_file import write_file
from bollylive.midi.file_parts import read_parts
from bollylive.midi.smf_reader import read_file
from bollylive.midi.smf_writer import file_bytes
from bollylive.midi.song import DEFAULT_METERS, DEFAULT_TEMPOS, Meters, Song, Tempos, Track
from bollylive.midi.song_reader import make_song
from bollylive.midi.song_writer import TICKS_PER_BEAT, file_tracks

_MOST_BYTES: Final = 64 * 2**20  # far more than any piece needs, and its notes still fit into memory


def read_song(
    source: str | Path | bytes | BinaryIO, name: str | None = None, smpte_bpm: float = DEFAULT_TEMPOS[0][1]
) -> Song:
    """Read a MIDI file (format 0, 1, or 2 with its tracks one after another) from a path, its bytes, or an open file.

    `name` is for the song and for error messages; by default it is the path's stem. A file that counts in SMPTE frames
    says nothing of beats: they are those of `smpte_bpm`. Of a damaged file everything readable is returned, with a
    sentence in `problems` for each thing that is wrong. Raises FileError if that leaves no note at all, if it is not a
    MIDI file, or if it cannot be opened; so it does for a pipe, a device or a file of more than 64 MiB. Blocks.
    """
    data = _bytes_of(source)
    name = name or (Path(source).stem if isinstance(source, str | Path) else "song")
    try:
        song = make_song(name, read_parts(read_file(data), smpte_bpm))
    except ValueError as reason:
        raise FileError(f"{name}: {reason}.") from reason
    if song.problems and not song.notes:
        raise FileError(f"{name}: {song.problems[0]}")
    return song


def song_bytes(tracks: Iterable[Track], tempos: Tempos = DEFAULT_TEMPOS, meters: Meters = DEFAULT_METERS) -> bytes:
    """Return a file of format 1 with 480 ticks per beat: a track of tempos and meters, then a track for each part.

    The same music gives the same bytes. What lies before beat 0 moves to it, and every note lasts at least one tick.
    A key of a channel sounds once at a time, whatever tracks strike it, by the rule of `strokes`. For what a file
    cannot hold the nearest is written; `time_events.describe_substitutes` says so in sentences. The time
    is in proportion to the number of events, and the memory beside the result to that of the busiest channel.
    """
    return file_bytes(TICKS_PER_BEAT, file_tracks(list(tracks), tempos, meters))


def write_song(
    path: str | Path,
    tracks: Iterable[Track],
    tempos: Tempos = DEFAULT_TEMPOS,
    meters: Meters = DEFAULT_METERS,
) -> None:
    """Write the file of `song_bytes`, whole or not at all; raises FileError."""
    write_file(path, song_bytes(tracks, tempos, meters))


def _bytes_of(source: str | Path | bytes | BinaryIO) -> bytes:
    if isinstance(source, bytes):
        return source
    if not isinstance(source, str | Path):
        return source.read()
    try:
        return read_regular(Path(source), _MOST_BYTES)
    except OSError as error:
        raise FileError(f"{source}: the file cannot be read: {error.strerror}.") from error
