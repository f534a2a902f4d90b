"""Read the messages of one track of a standard MIDI file, as far as they can be read.

Source: Standard MIDI Files 1.0, MIDI Manufacturers Association, 1988.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

META: Final = 0xFF
SYSEX: Final = 0xF0
TRACK_NAME, DEVICE_NAME, PORT, END_OF_TRACK, SET_TEMPO, TIME_SIGNATURE = 0x03, 0x09, 0x21, 0x2F, 0x51, 0x58  # meta

_ESCAPE: Final = 0xF7
_DATA_BYTES: Final = {0xF1: 1, 0xF2: 2, 0xF3: 1}  # of the system messages that have some
_UNDEFINED: Final = (0xF4, 0xF5)  # nobody knows how long they are


@dataclass(slots=True)
class RawTrack:
    """The messages of a track with their ticks, in order, with running status expanded.

    A meta message is its two status bytes and its data; a SysEx is 0xF0 and its data.
    """

    messages: list[tuple[int, bytes]] = field(default_factory=list)
    tick: int = 0  # where it ends, or breaks off
    end: int = 0  # the first byte that was not read
    whole: bool = False  # whether it has its End of Track
    system_messages: int = 0  # clock, song position and others that belong to no file, and were skipped


def read_track(data: bytes, start: int, end: int) -> RawTrack:
    """Read the track whose first message begins at byte `start`, up to its End of Track, to `end`, or to a break."""
    track = RawTrack(end=start)
    keep = track.messages.append
    at, tick, running = start, 0, 0
    try:
        while at < end:
            delta, at = _variable(data, at)
            tick += delta
            track.tick = tick
            status = data[at]
            if status < 0x80:
                status = running
            else:
                at += 1
            if 0x80 <= status < SYSEX:
                running = status
                last = at + (1 if 0xC0 <= status < 0xE0 else 2)
                message = bytes((status, *data[at:last]))
                at = last
                if len(message) > 1 and max(message[1:]) > 0x7F:
                    message = bytes((status, *(min(byte, 0x7F) for byte in message[1:])))  # as mido clips it
            elif status in (META, SYSEX, _ESCAPE):
                head = bytes((status, data[at])) if status == META else bytes((status,))
                length, at = _variable(data, at + len(head) - 1)
                message, at = head + data[at : at + length], at + length
            else:
                at = _skip_system_message(data, at, status)
                track.system_messages += 1
                message = b""
            if at > end:
                break
            track.end = at
            if message and status != _ESCAPE:
                keep((tick, message))
            if status == META and message[1] == END_OF_TRACK:
                track.whole = True
                break
    except IndexError:  # a message without its end, or a number that is none
        pass
    return track


def _skip_system_message(data: bytes, at: int, status: int) -> int:
    """Return where the message with this status ends, whose data begin at byte `at`."""
    if status < SYSEX or status in _UNDEFINED:
        raise IndexError
    for _ in range(_DATA_BYTES.get(status, 0)):
        at += data[at] < 0x80
    return at


def _variable(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    while True:
        byte = data[at]
        at += 1
        value = value << 7 | byte & 0x7F
        if value >= 1 << 28:  # four bytes at most; a longer number is an error in the file
            raise IndexError
        if byte < 0x80:
            return value, at
