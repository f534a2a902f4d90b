"""A song as what a musician does second by second, for a band that plays along with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from bollylive.midi.messages import Event, NoteOff, NoteOn, Program, Tempo
from bollylive.midi.song import Meters, Song, TempoMap

# A file may forget to end a note. A band does not rest while a key is held, so it counts as released after this long.
LONGEST_HELD_BEATS: Final = 256.0


@dataclass(frozen=True, slots=True)
class NewMeter:
    """Bars of this length, in quarter notes, of which one begins at this beat."""

    begin_beats: float
    length_beats: float


Timeline: TypeAlias = list[tuple[float, Event | NewMeter]]


def timeline(song: Song, channels: set[int]) -> Timeline:
    """Return the events of some channels of a song with their seconds, and its changes of metre after the first.

    A short first bar is an upbeat, so the metre after it counts from the beginning. At one beat, tempos come first,
    then metres, programs, note-offs and note-ons. Takes time in proportion to the number of events, to sort them.
    """
    events: list[tuple[float, int, Event | NewMeter]] = [(beat, 0, Tempo(bpm)) for beat, bpm in song.tempos]
    events += [(beat, 1, meter) for beat, meter in _meter_changes(song.meters)]
    own_programs = (channel for channel in sorted(song.programs) if channel in channels)
    events += [(0.0, 2, Program(channel, song.program_at(channel, 0.0))) for channel in own_programs]
    events += [(beat, 2, change) for beat, change in song.program_changes if beat > 0.0 and change.channel in channels]
    for note in song.notes:
        if note.channel in channels:
            end = note.onset_beats + min(note.duration_beats or 0.0, LONGEST_HELD_BEATS)
            events.append((note.onset_beats, 4, NoteOn(note.channel, note.pitch, note.velocity)))
            events.append((end, 3, NoteOff(note.channel, note.pitch)))
    events.sort(key=lambda timed: timed[:2])
    seconds_at = TempoMap(song.tempos).seconds_at
    return [(seconds_at(beat), event) for beat, _, event in events]


def _meter_changes(meters: Meters) -> list[tuple[float, NewMeter]]:
    """The changes after the first metre, each with the beat from which on it counts."""
    changes = [(beat, NewMeter(beat, length)) for beat, length in meters[1:]]
    if changes:
        length = meters[0][1]
        first_beat, first = changes[0]
        if first_beat <= length < first.length_beats:
            changes[0] = (0.0, first)
    return changes
