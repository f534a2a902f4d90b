"""The tracks of a MIDI file as one stream, each message with its track and port, and the file's tempos and metres."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter
from typing import Final, NamedTuple

from bollylive.midi import smf_messages as smf
from bollylive.midi.file_ports import Port
from bollylive.midi.smf_reader import RawFile
from bollylive.midi.song import DEFAULT_METERS, DEFAULT_TEMPOS, Meters, Tempos, TimeSignature

_MICROSECONDS_PER_MINUTE: Final = 60_000_000
_SMALLEST_BEAT: Final = 6  # of a time signature, as a power of 2: a 64th


class Entry(NamedTuple):
    """One message of a file."""

    tick: int
    track: int  # from 0
    port: Port
    message: bytes


def merge(file: RawFile) -> list[Entry]:
    """Return all messages by tick; at one tick, the order of the tracks and of their messages stays.

    A track is on port 0 and the file's first device until it names others. Tracks of format 2 follow one another.
    """
    names = (
        message[2:] for track in file.tracks for _, message in track.messages if message[:2] == _meta(smf.DEVICE_NAME)
    )
    first_name = next(names, b"")
    entries: list[Entry] = []
    begin = 0
    for number, track in enumerate(file.tracks):
        port = (0, first_name)
        for tick, message in track.messages:
            if message[0] == smf.META:
                if message[1] == smf.PORT and len(message) == 3:
                    port = (message[2], port[1])
                elif message[1] == smf.DEVICE_NAME:
                    port = (port[0], message[2:])
            entries.append(Entry(begin + tick, number, port, message))
        if file.header.format == 2 and entries:
            begin = entries[-1].tick
    entries.sort(key=attrgetter("tick"))
    return entries


def read_time(entries: Iterable[Entry], ticks_per_beat: float) -> tuple[Tempos, Meters]:
    """Return the tempos and metres of a file; events that are none, such as a bar of 0 beats, are left out."""
    tempos, meters = dict(DEFAULT_TEMPOS), dict(DEFAULT_METERS)
    for tick, _, _, message in entries:
        if message[0] != smf.META:
            continue
        kind, data, beat = message[1], message[2:], tick / ticks_per_beat
        if kind == smf.SET_TEMPO and len(data) == 3 and any(data):
            tempos[beat] = _MICROSECONDS_PER_MINUTE / int.from_bytes(data, "big")
        elif kind == smf.TIME_SIGNATURE and len(data) >= 2 and data[0] and data[1] <= _SMALLEST_BEAT:
            meters[beat] = TimeSignature(data[0], 2 ** data[1])
    return tuple(tempos.items()), tuple(meters.items())


def _meta(kind: int) -> bytes:
    return bytes((smf.META, kind))
