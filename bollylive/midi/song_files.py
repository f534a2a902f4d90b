"""Read and write standard MIDI files.

A file is read as one stream of events, through the same `Assembler` as live input: tracks are merged by tick, and what
several tracks play on one channel is one part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from io import BytesIO
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO, Final

import mido

from bollylive.errors import FileError
from bollylive.files.whole_file import write_file
from bollylive.midi import smf_reader
from bollylive.midi.assembler import Assembler
from bollylive.midi.messages import Control, Note, NoteOff, NoteOn, Program
from bollylive.midi.parser import Parser
from bollylive.midi.song import DEFAULT_METERS, DEFAULT_TEMPOS, Meters, Song, Tempos, Track

TICKS_PER_BEAT: Final = 480

_MICROSECONDS_PER_MINUTE: Final = 60_000_000


def read_song(source: str | Path | bytes | BinaryIO, name: str | None = None) -> Song:
    """Read a MIDI file (format 0, 1, or 2 with its tracks one after another) from a path, its bytes, or an open file.

    `name` is for the song and for error messages; by default it is the path's stem. Of a damaged file everything
    readable is returned, with a sentence in `problems` for each track that breaks off. Raises FileError if that leaves
    no note at all, if it is not a MIDI file, if it counts in SMPTE frames, or if it cannot be opened. Blocks.
    """
    data = _bytes_of(source)
    name = name or (Path(source).stem if isinstance(source, str | Path) else "song")
    try:
        chunks = smf_reader.split(data)
    except ValueError as reason:
        raise FileError(f"{name}: {reason}.") from reason
    stream, problems = _merge(chunks)
    song = _assemble(name, stream, chunks.ticks_per_beat, problems)
    if problems and not song.notes:
        raise FileError(f"{name}: {problems[0]}")
    return song


def song_bytes(tracks: Iterable[Track], tempos: Tempos = DEFAULT_TEMPOS, meters: Meters = DEFAULT_METERS) -> bytes:
    """Return a file of format 1 with 480 ticks per beat: a track of tempos and meters, then a track for each part.

    The same music gives the same bytes. What lies before beat 0 moves to it, and every note lasts at least one tick.
    """
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT, charset="utf-8")
    file.tracks.append(_track(_time_messages(tempos, meters)))
    file.tracks.extend(_track(_part_messages(track)) for track in tracks)
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
        return Path(source).read_bytes()
    except OSError as error:
        raise FileError(f"{source}: the file cannot be read: {error.strerror}.") from error


def _merge(chunks: smf_reader.Chunks) -> tuple[list[tuple[int, bytes]], tuple[str, ...]]:
    stream: list[tuple[int, bytes]] = []
    problems = []
    begin = 0
    for number, track in enumerate(chunks.tracks, start=1):
        try:
            for tick, message in smf_reader.messages(track):
                stream.append((begin + tick, message))
        except EOFError as broken:
            beat = broken.args[0] / chunks.ticks_per_beat
            problems.append(f"track {number} breaks off after beat {beat:.1f}: the file is damaged or cut short.")
        if chunks.format == 2 and stream:
            begin = stream[-1][0]
    stream.sort(key=itemgetter(0))  # stable: at one tick, the order of the tracks and of their messages stays
    return stream, tuple(problems)


def _assemble(name: str, stream: list[tuple[int, bytes]], ticks_per_beat: int, problems: tuple[str, ...]) -> Song:
    parser, assembler = Parser(), Assembler()
    notes: list[Note] = []
    programs: dict[int, int] = {}
    begun: dict[int, int] = {}  # by channel, the tick of its first note
    tempos = dict(DEFAULT_TEMPOS)
    meters = dict(DEFAULT_METERS)
    for tick, message in stream:
        beat = tick / ticks_per_beat
        if message[0] == smf_reader.META:
            kind, data = message[1], message[2:]
            if kind == smf_reader.SET_TEMPO and len(data) == 3 and any(data):
                tempos[beat] = _MICROSECONDS_PER_MINUTE / int.from_bytes(data, "big")
            elif kind == smf_reader.TIME_SIGNATURE and len(data) >= 2 and data[0] and data[1] <= 6:
                meters[beat] = data[0] * 4 / 2 ** data[1]
            continue
        for event in parser.feed(message):
            if isinstance(event, Program) and tick <= begun.get(event.channel, tick):
                programs[event.channel] = event.program
            if isinstance(event, NoteOn):
                begun.setdefault(event.channel, tick)
            if isinstance(event, NoteOn | NoteOff | Control):
                notes += assembler.handle(event, beat)
    notes += assembler.close_all(stream[-1][0] / ticks_per_beat if stream else 0.0)
    closed = sorted(
        (note for note in notes if note.duration_beats is not None),
        key=lambda note: (note.onset_beats, note.channel, note.pitch),
    )
    return Song(
        name=name,
        notes=tuple(closed),
        programs={channel: programs.get(channel, 0) for channel in sorted(begun)},
        tempos=tuple(tempos.items()),
        meters=tuple(meters.items()),
        length_beats=max((note.onset_beats + (note.duration_beats or 0.0) for note in closed), default=0.0),
        problems=problems,
    )


def _track(timed: Sequence[tuple[int, int, mido.Message]]) -> mido.MidiTrack:
    track = mido.MidiTrack()
    last = 0
    for tick, _, message in sorted(timed, key=itemgetter(0, 1)):
        track.append(message.copy(time=tick - last))
        last = tick
    return track


def _time_messages(tempos: Tempos, meters: Meters) -> list[tuple[int, int, mido.Message]]:
    """Return (tick, rank, message): at one tick, the lower rank comes first."""
    timed = []
    for beat, beats_per_bar in meters:
        bar = Fraction(beats_per_bar / 4).limit_denominator(32)
        numerator = bar.numerator * max(1, 4 // bar.denominator)
        denominator = max(4, bar.denominator)
        message = mido.MetaMessage("time_signature", numerator=numerator, denominator=denominator)
        timed.append((_tick(beat), 0, message))
    for beat, bpm in tempos:
        timed.append((_tick(beat), 1, mido.MetaMessage("set_tempo", tempo=round(_MICROSECONDS_PER_MINUTE / bpm))))
    return timed


def _part_messages(track: Track) -> list[tuple[int, int, mido.Message]]:
    """Return (tick, rank, message): at one tick note-offs come before changes, and changes before note-ons."""
    name = track.name.encode("utf-8", "replace").decode("utf-8")  # a journal may hold surrogates, which UTF-8 cannot
    timed = [(0, 0, mido.MetaMessage("track_name", name=name))]
    if track.program is not None:
        timed.append((0, 1, mido.Message("program_change", channel=track.channel, program=track.program)))
    for beat, change in track.changes:
        match change:
            case Control(_, number, value):
                message = mido.Message("control_change", channel=track.channel, control=number, value=value)
            case Program(_, program):
                message = mido.Message("program_change", channel=track.channel, program=program)
        timed.append((_tick(beat), 3, message))
    for note in track.notes:
        on = _tick(note.onset_beats)
        off = max(on + 1, _tick(note.onset_beats + (note.duration_beats or 0.0)))
        key = {"channel": track.channel, "note": note.pitch}
        timed.append((on, 4, mido.Message("note_on", velocity=note.velocity, **key)))
        timed.append((off, 2, mido.Message("note_off", velocity=64, **key)))
    return timed


def _tick(beat: float) -> int:
    return max(0, round(beat * TICKS_PER_BEAT))
