"""Make a song of the parts of a MIDI file: what several tracks play on one channel of one port is one part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter, itemgetter

from bollylive.midi.assembler import Assembler
from bollylive.midi.file_parts import FileParts, Keys, first_ticks
from bollylive.midi.file_ports import PortChannel, assign_channels, describe_moves
from bollylive.midi.instruments import PERCUSSION_CHANNEL
from bollylive.midi.merged_file import Entry
from bollylive.midi.messages import Control, Note, NoteOff, NoteOn, Program
from bollylive.midi.pedals import end_ringing, find_unlifted
from bollylive.midi.song import Song
from bollylive.midi.strokes import Position, one_at_a_time

_CONTROL, _PROGRAM = 0xB0, 0xC0


def make_song(name: str, parts: FileParts) -> Song:
    """Return the song of a file; what does not fit into 16 channels is left out and said."""
    entries, ticks_per_beat = parts.entries, parts.ticks_per_beat
    channels = assign_channels(parts.strokes, parts.percussion)
    moves = describe_moves(parts.strokes, parts.percussion, channels)
    begun = {channels[own]: tick for own, tick in first_ticks(parts.strokes).items() if own in channels}
    programs, changes = _programs(entries, channels, begun, ticks_per_beat)
    notes = _notes(entries, channels, _merge_parts(parts.strokes, channels), ticks_per_beat)
    percussion = {channel for own, channel in channels.items() if own in parts.percussion}
    if PERCUSSION_CHANNEL not in begun:
        percussion.add(PERCUSSION_CHANNEL)
    return Song(
        name=name,
        notes=notes,
        programs={channel: programs.get(channel, 0) for channel in sorted(begun)},
        tempos=parts.tempos,
        meters=parts.meters,
        length_beats=max((note.onset_beats + (note.duration_beats or 0.0) for note in notes), default=0.0),
        problems=(*parts.problems, *moves),
        program_changes=changes,
        percussion=frozenset(percussion),
    )


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
    controls: list[tuple[float, Control]] = []
    for place, (tick, _, port, message) in enumerate(entries):
        channel = channels.get((port, message[0] & 0x0F))
        if message[0] & 0xF0 == _CONTROL and channel is not None:
            control = Control(channel, message[1], message[2])
            events.append(((tick, place), 1, control))
            controls.append((tick / ticks_per_beat, control))
    lifted: dict[tuple[int, int, float], float] = {}
    for channel, keys in strokes.items():
        for pitch, key in keys.items():
            for stroke in key:
                events.append((stroke.begin, 1, NoteOn(channel, pitch, stroke.velocity)))
                events.append((stroke.end, 0, NoteOff(channel, pitch)))
                lifted[channel, pitch, stroke.begin[0] / ticks_per_beat] = stroke.end[0] / ticks_per_beat
    events.sort(key=itemgetter(0, 1))
    assembler = Assembler()
    notes = [note for (tick, _), _, event in events for note in assembler.handle(event, tick / ticks_per_beat)]
    notes += assembler.close_all(entries[-1].tick / ticks_per_beat if entries else 0.0)
    closed = (note for note in notes if note.duration_beats is not None)
    ended = end_ringing(closed, find_unlifted(controls), lifted)
    return tuple(sorted(ended, key=attrgetter("onset_beats", "channel", "pitch")))


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
