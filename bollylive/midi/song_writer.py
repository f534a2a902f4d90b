"""Make the tracks of a MIDI file from a song: a track of tempos and metres, and then one for each part."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Final, TypeAlias

from bollylive.midi.messages import Control, Note, Program
from bollylive.midi.smf_messages import META, SET_TEMPO, TIME_SIGNATURE, TRACK_NAME
from bollylive.midi.smf_writer import Event
from bollylive.midi.song import Meters, Tempos, Track
from bollylive.midi.strokes import Stroke, one_at_a_time
from bollylive.midi.time_events import microseconds_of, signature_of

TICKS_PER_BEAT: Final = 480

_NOTE_OFF, _NOTE_ON, _CONTROL, _PROGRAM = 0x80, 0x90, 0xB0, 0xC0
_OFF_VELOCITY: Final = 64
_CLICK: Final = bytes((24, 8))  # of a time signature: MIDI clocks per click, and 32nd notes in 24 clocks

# The order of the messages at one tick.
_SIGNATURE, _TEMPO = 0, 1
_NAME, _FIRST_PROGRAM, _OFF, _CHANGE, _ON = range(5)
_RANKS: Final = 8

_Timed: TypeAlias = tuple[int, bytes]  # (`_RANKS` * tick + rank, message); equal ones stay in the order of their making


def file_tracks(tracks: Sequence[Track], tempos: Tempos, meters: Meters) -> Iterator[Iterator[Event]]:
    """Yield the events of each track of the file in order.

    The notes of a channel are made into messages when its first track is, since its tracks share its keys: a key of a
    channel sounds once at a time, by the rule of `strokes`.
    """
    yield _in_order(_time_messages(tempos, meters))
    notes: dict[int, list[_Timed]] = {}  # by number of the track, those that have yet to be written
    for number, track in enumerate(tracks):
        if number not in notes:
            same = {other: part for other, part in enumerate(tracks) if part.channel == track.channel}
            notes |= _note_messages(track.channel, same)
        yield _in_order(_part_messages(track) + notes.pop(number))


def _in_order(timed: list[_Timed]) -> Iterator[Event]:
    timed.sort(key=itemgetter(0))
    return ((place // _RANKS, message) for place, message in timed)


def _time_messages(tempos: Tempos, meters: Meters) -> list[_Timed]:
    timed: list[_Timed] = []
    for beat, quarters in meters:
        numerator, denominator = signature_of(quarters)
        signature = bytes((META, TIME_SIGNATURE, numerator, denominator.bit_length() - 1)) + _CLICK
        timed.append((_place(_tick(beat), _SIGNATURE), signature))
    for beat, bpm in tempos:
        tempo = bytes((META, SET_TEMPO)) + microseconds_of(bpm).to_bytes(3, "big")
        timed.append((_place(_tick(beat), _TEMPO), tempo))
    return timed


def _part_messages(track: Track) -> list[_Timed]:
    """Return all but the notes."""
    name = track.name.encode("utf-8", "replace")  # a journal may hold surrogates, which UTF-8 cannot
    timed: list[_Timed] = [(_place(0, _NAME), bytes((META, TRACK_NAME)) + name)]
    if track.program is not None:
        timed.append((_place(0, _FIRST_PROGRAM), _message(_PROGRAM | track.channel, track.program)))
    for beat, change in track.changes:
        match change:
            case Control(_, number, value):
                message = _message(_CONTROL | track.channel, number, value)
            case Program(_, program):
                message = _message(_PROGRAM | track.channel, program)
        timed.append((_place(_tick(beat), _CHANGE), message))
    return timed


def _note_messages(channel: int, tracks: Mapping[int, Track]) -> dict[int, list[_Timed]]:
    """Return the messages of the notes of all tracks of a channel; the tracks, and the result, by number."""
    keys: dict[int, list[tuple[int, Note]]] = defaultdict(list)
    for number, track in tracks.items():
        for note in track.notes:
            keys[note.pitch].append((number, note))
    timed: dict[int, list[_Timed]] = {number: [] for number in tracks}
    for pitch, notes in keys.items():
        off = _message(_NOTE_OFF | channel, pitch, _OFF_VELOCITY)
        for stroke in one_at_a_time(_stroke(*struck) for struck in notes):
            timed[stroke.track] += [
                (_place(stroke.begin[0], _ON), _message(_NOTE_ON | channel, pitch, stroke.velocity)),
                (_place(stroke.end[0], _OFF), off),
            ]
    return timed


def _stroke(number: int, note: Note) -> Stroke:
    on = _tick(note.onset_beats)
    off = max(on + 1, _tick(note.onset_beats + (note.duration_beats or 0.0)))
    return Stroke(number, (on, 0), (off, 0), note.velocity)


@lru_cache(maxsize=2**14)
def _message(*values: int) -> bytes:
    """Return a message; equal ones are one object, since a long recording has millions of few kinds."""
    return bytes(values)


def _place(tick: int, rank: int) -> int:
    return _RANKS * tick + rank


def _tick(beat: float) -> int:
    return max(0, round(beat * TICKS_PER_BEAT))
