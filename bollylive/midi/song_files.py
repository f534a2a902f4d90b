"""Read and write standard MIDI files: the only module that opens them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from io import BytesIO
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

import mido

from bollylive.errors import FileError
from bollylive.files.regular_file import read_regular
from bollylive.files.whole_file import write_file
from bollylive.midi.file_parts import read_parts
from bollylive.midi.messages import Control, Program
from bollylive.midi.smf_reader import read_file
from bollylive.midi.song import DEFAULT_METERS, DEFAULT_TEMPOS, Meters, Song, Tempos, Track
from bollylive.midi.song_reader import make_song
from bollylive.midi.strokes import Stroke, one_at_a_time
from bollylive.midi.time_events import microseconds_of, signature_of

TICKS_PER_BEAT: Final = 480
_MOST_BYTES: Final = 64 * 2**20  # far more than any piece needs, and its notes still fit into memory

_Timed: TypeAlias = tuple[int, int, mido.Message]  # (tick, rank, message): at one tick, the lower rank comes first


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
    cannot hold the nearest is written; `time_events.describe_substitutes` says so in sentences.
    """
    tracks = list(tracks)
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT, charset="utf-8")
    file.tracks.append(_track(_time_messages(tempos, meters)))
    for track, notes in zip(tracks, _note_messages(tracks), strict=True):
        file.tracks.append(_track(_part_messages(track) + notes))
    whole = BytesIO()
    file.save(file=whole)
    return whole.getvalue()


def write_song(
    path: str | Path,
    tracks: Iterable[Track],
    tempos: Tempos = DEFAULT_TEMPOS,
    meters: Meters = DEFAULT_METERS,
    check: Callable[[], None] | None = None,
) -> None:
    """Write the file of `song_bytes`, whole or not at all, with `check` as in `write_file`; raises FileError."""
    write_file(path, song_bytes(tracks, tempos, meters), check)


def _bytes_of(source: str | Path | bytes | BinaryIO) -> bytes:
    if isinstance(source, bytes):
        return source
    if not isinstance(source, str | Path):
        return source.read()
    try:
        return read_regular(Path(source), _MOST_BYTES)
    except OSError as error:
        raise FileError(f"{source}: the file cannot be read: {error.strerror}.") from error


def _track(timed: Sequence[_Timed]) -> mido.MidiTrack:
    track = mido.MidiTrack()
    last = 0
    for tick, _, message in sorted(timed, key=itemgetter(0, 1)):
        track.append(message.copy(time=tick - last))
        last = tick
    return track


def _time_messages(tempos: Tempos, meters: Meters) -> list[_Timed]:
    timed: list[_Timed] = []
    for beat, quarters in meters:
        numerator, denominator = signature_of(quarters)
        message = mido.MetaMessage("time_signature", numerator=numerator, denominator=denominator)
        timed.append((_tick(beat), 0, message))
    timed += [(_tick(beat), 1, mido.MetaMessage("set_tempo", tempo=microseconds_of(bpm))) for beat, bpm in tempos]
    return timed


def _part_messages(track: Track) -> list[_Timed]:
    """Return all but the notes. At one tick note-offs come before changes, and changes before note-ons."""
    name = track.name.encode("utf-8", "replace").decode("utf-8")  # a journal may hold surrogates, which UTF-8 cannot
    timed: list[_Timed] = [(0, 0, mido.MetaMessage("track_name", name=name))]
    if track.program is not None:
        timed.append((0, 1, mido.Message("program_change", channel=track.channel, program=track.program)))
    for beat, change in track.changes:
        match change:
            case Control(_, number, value):
                message = mido.Message("control_change", channel=track.channel, control=number, value=value)
            case Program(_, program):
                message = mido.Message("program_change", channel=track.channel, program=program)
        timed.append((_tick(beat), 3, message))
    return timed


def _note_messages(tracks: Sequence[Track]) -> list[list[_Timed]]:
    """Return the messages of the notes of each track."""
    keys: dict[tuple[int, int], list[Stroke]] = defaultdict(list)
    for number, track in enumerate(tracks):
        for note in track.notes:
            on = _tick(note.onset_beats)
            off = max(on + 1, _tick(note.onset_beats + (note.duration_beats or 0.0)))
            keys[track.channel, note.pitch].append(Stroke(number, (on, 0), (off, 0), note.velocity))
    messages: list[list[_Timed]] = [[] for _ in tracks]
    for (channel, pitch), strokes in keys.items():
        key = {"channel": channel, "note": pitch}
        for stroke in one_at_a_time(strokes):
            messages[stroke.track] += [
                (stroke.begin[0], 4, mido.Message("note_on", velocity=stroke.velocity, **key)),
                (stroke.end[0], 2, mido.Message("note_off", velocity=64, **key)),
            ]
    return messages


def _tick(beat: float) -> int:
    return max(0, round(beat * TICKS_PER_BEAT))
