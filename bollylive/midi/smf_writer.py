"""Write a standard MIDI file of format 1 from the events of its tracks.

Source: Standard MIDI Files 1.0, MIDI Manufacturers Association, 1988.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias

from bollylive.midi.smf_messages import END_OF_TRACK, META

Event: TypeAlias = tuple[int, bytes]  # (tick, message); a meta message is its two status bytes and its data

_FORMAT: Final = 1


def file_bytes(ticks_per_beat: int, tracks: Iterable[Iterable[Event]]) -> bytes:
    """Return the file with these tracks, whose events are in order, channel messages or meta messages.

    One track is taken after another, so that the events of all never have to be in memory at once. Takes time in
    proportion to their number.
    """
    chunks = [_chunk(b"MTrk", _track(events)) for events in tracks]
    header = b"".join(value.to_bytes(2, "big") for value in (_FORMAT, len(chunks), ticks_per_beat))
    return b"".join([_chunk(b"MThd", header), *chunks])


def _chunk(kind: bytes, data: bytes | bytearray) -> bytes:
    return kind + len(data).to_bytes(4, "big") + data


def _track(events: Iterable[Event]) -> bytearray:
    """Return the events with the ticks between them, running status and an End of Track."""
    data = bytearray()
    last = running = 0
    for tick, message in events:
        data += _variable(tick - last)
        last = tick
        status = message[0]
        if status == META:
            data += message[:2] + _variable(len(message) - 2) + message[2:]
            running = 0
        elif status == running:
            data += message[1:]
        else:
            data += message
            running = status
    data += bytes((0, META, END_OF_TRACK, 0))
    return data


def _variable(value: int) -> bytes:
    """Return a number in groups of seven bits, all but the last with the highest bit set."""
    if value < 0x80:
        return bytes((value,))
    groups = [value & 0x7F]
    while value := value >> 7:
        groups.append(value & 0x7F | 0x80)
    return bytes(reversed(groups))
