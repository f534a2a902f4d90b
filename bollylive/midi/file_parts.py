"""The parts of a MIDI file: what each channel of each port plays, and what of the file cannot be taken as it stands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from bollylive.midi.file_ports import Port, PortChannel
from bollylive.midi.instruments import PERCUSSION_CHANNEL
from bollylive.midi.kits import KitFinder
from bollylive.midi.merged_file import Entry, merge, read_time
from bollylive.midi.smf_reader import RawFile
from bollylive.midi.song import DEFAULT_TEMPOS, Meters, TempoMap, Tempos
from bollylive.midi.strokes import KeyMessage, Stroke
from bollylive.midi.unended import strokes_of_part

# No piece is longer than either: what lies beyond is an error in a time, and would keep a band busy for days.
LONGEST_BEATS: Final = 100_000.0
LONGEST_S: Final = 24 * 3600.0

Keys: TypeAlias = dict[int, list[Stroke]]  # by pitch, those of a track in order

_NOTE_OFF, _NOTE_ON = 0x80, 0x90


@dataclass(frozen=True, slots=True)
class FileParts:
    """The content of a file, in ticks, up to the longest time that a piece may last."""

    ticks_per_beat: float
    entries: Sequence[Entry]  # all messages by tick
    tempos: Tempos
    meters: Meters
    strokes: dict[PortChannel, Keys]  # of each channel of each port that has notes
    percussion: frozenset[PortChannel]  # those among them that are percussion at their first note
    problems: tuple[str, ...]  # a sentence each


def read_parts(file: RawFile, smpte_bpm: float = DEFAULT_TEMPOS[0][1]) -> FileParts:
    """Return the parts of a file; ticks that are parts of a second become beats at `smpte_bpm`."""
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
    strokes, unended = _strokes(file, entries, ticks_per_beat)
    if unended:
        notes = "1 note" if unended == 1 else f"{unended} notes"
        problems.append(f"{notes} without a note-off: ended with the next onset of the channel, or after a bar.")
    if header.in_seconds and strokes:
        problems.append(f"it counts in seconds (SMPTE), not in beats: its beats are those of {smpte_bpm:g} bpm.")
    percussion = _percussion(entries, strokes)
    return FileParts(ticks_per_beat, entries, tempos, meters, strokes, percussion, tuple(problems))


def first_ticks(strokes: dict[PortChannel, Keys]) -> dict[PortChannel, int]:
    """Return the tick at which each part begins."""
    return {own: min(stroke.begin[0] for key in keys.values() for stroke in key) for own, keys in strokes.items()}


def _strokes(file: RawFile, entries: Sequence[Entry], ticks_per_beat: float) -> tuple[dict[PortChannel, Keys], int]:
    """Return the strokes of each channel of each port by key, and how many lack a note-off in tracks that are whole."""
    messages: dict[tuple[int, PortChannel], dict[int, list[KeyMessage]]] = defaultdict(lambda: defaultdict(list))
    for place, (tick, track, port, message) in enumerate(entries):
        if message[0] & 0xF0 in (_NOTE_OFF, _NOTE_ON):
            velocity = message[2] if message[0] >= _NOTE_ON else 0
            messages[track, (port, message[0] & 0x0F)][message[1]].append(((tick, place), velocity))
    parts: dict[PortChannel, Keys] = {}
    unended = 0
    for (track, own), keys in messages.items():
        found, missing = strokes_of_part(keys, track, entries[-1].tick, ticks_per_beat)
        unended += missing if file.tracks[track].whole else 0
        for pitch, strokes in found.items():
            if strokes:
                parts.setdefault(own, {}).setdefault(pitch, []).extend(strokes)
    return parts, unended


def _percussion(entries: Sequence[Entry], strokes: dict[PortChannel, Keys]) -> frozenset[PortChannel]:
    finders: dict[Port, KitFinder] = defaultdict(KitFinder)
    begun = first_ticks(strokes)
    kits = {own: own[1] == PERCUSSION_CHANNEL for own in strokes}
    for tick, _, port, message in entries:
        if (change := finders[port].hear(message)) is not None:
            own = port, change[0]
            if own in kits and tick <= begun[own]:
                kits[own] = change[1]
    return frozenset(own for own, is_kit in kits.items() if is_kit)
