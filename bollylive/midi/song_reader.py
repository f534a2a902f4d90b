"""Make a song of the messages of a MIDI file.

Tracks are merged by tick. What several tracks play on one channel of one port is one part.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from operator import attrgetter, itemgetter
from typing import Final, TypeAlias

from bollylive.midi.assembler import Assembler
from bollylive.midi.file_ports import Port, PortChannel, assign_channels, describe_moves
from bollylive.midi.instruments import PERCUSSION_CHANNEL
from bollylive.midi.kits import KitFinder
from bollylive.midi.merged_file import Entry, merge, read_time
from bollylive.midi.messages import Control, Note, NoteOff, NoteOn, Program
from bollylive.midi.smf_reader import RawFile
from bollylive.midi.song import Song, TempoMap
from bollylive.midi.strokes import KeyMessage, Position, Stroke, one_at_a_time
from bollylive.midi.unended import strokes_of_part

# No piece is longer than either: what lies beyond is an error in a time, and would keep a band busy for days.
LONGEST_BEATS: Final = 100_000.0
LONGEST_S: Final = 24 * 3600.0

Keys: TypeAlias = dict[int, list[Stroke]]  # by pitch

_NOTE_OFF, _NOTE_ON, _CONTROL, _PROGRAM = 0x80, 0x90, 0xB0, 0xC0


def make_song(name: str, file: RawFile, smpte_bpm: float) -> Song:
    """Return the song of a file; ticks that are parts of a second become beats at `smpte_bpm`."""
    header, problems = file.header, list(file.problems)
    ticks_per_beat = float(header.ticks)
    if header.in_seconds:
        ticks_per_beat *= 60 / smpte_bpm
    for number, track in enumerate(file.tracks, start=1):
        if not track.whole:
            beat = track.tick / ticks_per_beat
            problems.append(f"track {number} breaks off after beat {beat:.1f}: the file is damaged or cut short.")
    entries = merge(file)
    tempos, meters = read_time(entries, ticks_per_beat)
    if header.in_seconds:
        tempos = ((0.0, smpte_bpm),)
    end_beat = min(LONGEST_BEATS, TempoMap(tempos).beat_at(LONGEST_S))
    if entries and entries[-1].tick > end_beat * ticks_per_beat:
        entries = [entry for entry in entries if entry.tick <= end_beat * ticks_per_beat]
        tempos = tuple(tempo for tempo in tempos if tempo[0] <= end_beat)
        meters = tuple(meter for meter in meters if meter[0] <= end_beat)
        problems.append(f"what comes after beat {end_beat:g} is left out: no piece lasts that long.")

    parts, unended = _read_parts(file, entries, ticks_per_beat)
    if unended:
        problems.append(
            f"{_count(unended, 'note')} without a note-off: ended with the next onset of the channel, or after a bar."
        )
    if header.in_seconds and parts:
        problems.append(f"it counts in seconds (SMPTE), not in beats: its beats are those of {smpte_bpm:g} bpm.")
    channels = assign_channels(parts)
    if (moves := describe_moves(parts, channels)) is not None:
        problems.append(moves)
    strokes = _merge_parts(parts, channels)
    begun = {channel: min(key[0].begin[0] for key in keys.values()) for channel, keys in strokes.items()}
    programs, changes = _programs(entries, channels, begun, ticks_per_beat)
    notes = _notes(entries, channels, strokes, ticks_per_beat)
    return Song(
        name=name,
        notes=notes,
        programs={channel: programs.get(channel, 0) for channel in sorted(begun)},
        tempos=tempos,
        meters=meters,
        length_beats=max((note.onset_beats + (note.duration_beats or 0.0) for note in notes), default=0.0),
        problems=tuple(problems),
        program_changes=changes,
        percussion=_percussion(entries, channels, begun),
    )


def _read_parts(file: RawFile, entries: Sequence[Entry], ticks_per_beat: float) -> tuple[dict[PortChannel, Keys], int]:
    """Return the strokes of each channel of each port by key, and how many lack a note-off in tracks that are whole."""
    messages: dict[tuple[int, PortChannel], dict[int, list[KeyMessage]]] = defaultdict(lambda: defaultdict(list))
    for place, (tick, track, port, message) in enumerate(entries):
        if message[0] & 0xF0 in (_NOTE_OFF, _NOTE_ON):
            velocity = message[2] if message[0] >= _NOTE_ON else 0
            messages[track, (port, message[0] & 0x0F)][message[1]].append(((tick, place), velocity))
    parts: dict[PortChannel, Keys] = {}
    unended = 0
    for (track, own), keys in messages.items():
        strokes, missing = strokes_of_part(keys, track, entries[-1].tick, ticks_per_beat)
        unended += missing if file.tracks[track].whole else 0
        for pitch, found in strokes.items():
            if found:
                parts.setdefault(own, {}).setdefault(pitch, []).extend(found)
    return parts, unended


def _merge_parts(parts: Mapping[PortChannel, Keys], channels: Mapping[PortChannel, int]) -> dict[int, Keys]:
    """Return the strokes by channel and key, none of a key at the same time as another."""
    return {
        channels[own]: {pitch: one_at_a_time(strokes) for pitch, strokes in keys.items()}
        for own, keys in parts.items()
        if own in channels
    }


def _notes(
    entries: Sequence[Entry], channels: Mapping[PortChannel, int], strokes: Mapping[int, Keys], ticks_per_beat: float
) -> tuple[Note, ...]:
    """Return the notes as long as they sound, also under the sustain pedal, by the same rules as live input."""
    events: list[tuple[Position, int, NoteOn | NoteOff | Control]] = []
    for place, (tick, _, port, message) in enumerate(entries):
        channel = channels.get((port, message[0] & 0x0F))
        if message[0] & 0xF0 == _CONTROL and channel is not None:
            events.append(((tick, place), 1, Control(channel, message[1], message[2])))
    for channel, keys in strokes.items():
        for pitch, key in keys.items():
            for stroke in key:
                events.append((stroke.begin, 1, NoteOn(channel, pitch, stroke.velocity)))
                events.append((stroke.end, 0, NoteOff(channel, pitch)))
    events.sort(key=itemgetter(0, 1))
    assembler = Assembler()
    notes = [note for (tick, _), _, event in events for note in assembler.handle(event, tick / ticks_per_beat)]
    notes += assembler.close_all(entries[-1].tick / ticks_per_beat if entries else 0.0)
    closed = (note for note in notes if note.duration_beats is not None)
    return tuple(sorted(closed, key=attrgetter("onset_beats", "channel", "pitch")))


def _programs(
    entries: Sequence[Entry],
    channels: Mapping[PortChannel, int],
    begun: Mapping[int, float],
    ticks_per_beat: float,
) -> tuple[dict[int, int], tuple[tuple[float, Program], ...]]:
    """Return the program of each channel at its first note, whose tick is `begun`, and all changes by beat."""
    programs: dict[int, int] = {}
    changes: list[tuple[float, Program]] = []
    for tick, _, port, message in entries:
        channel = channels.get((port, message[0] & 0x0F))
        if message[0] & 0xF0 == _PROGRAM and channel is not None:
            changes.append((tick / ticks_per_beat, Program(channel, message[1])))
            if tick <= begun[channel]:
                programs[channel] = message[1]
    return programs, tuple(changes)


def _percussion(
    entries: Sequence[Entry], channels: Mapping[PortChannel, int], begun: Mapping[int, float]
) -> frozenset[int]:
    """Return the channels that are percussion at their first note, and channel 10 if it has none."""
    finders: dict[Port, KitFinder] = defaultdict(KitFinder)
    kits = {channel: own[1] == PERCUSSION_CHANNEL for own, channel in channels.items()}
    kits.setdefault(PERCUSSION_CHANNEL, True)
    for tick, _, port, message in entries:
        if (change := finders[port].hear(message)) is not None:
            channel = channels.get((port, change[0]))
            if channel is not None and tick <= begun[channel]:
                kits[channel] = change[1]
    return frozenset(channel for channel, is_kit in kits.items() if is_kit)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
