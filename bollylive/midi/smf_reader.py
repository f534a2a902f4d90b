"""Split the bytes of a standard MIDI file into tracks, and a track into messages with their ticks.

Damaged files are read as far as possible: junk before the header, foreign chunks, wrong lengths, broken meta events.
A track that breaks off gives everything before the break.

Source: Standard MIDI Files 1.0, MIDI Manufacturers Association, 1988.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

META = 0xFF
SET_TEMPO = 0x51
TIME_SIGNATURE = 0x58
END_OF_TRACK = 0x2F

_WRAPPER_BYTES = 256  # a header inside a RIFF or MacBinary wrapper may begin this far in


@dataclass(frozen=True, slots=True)
class Chunks:
    """The tracks of a file as bytes."""

    format: int  # 0: one track; 1: tracks at the same time; 2: tracks one after another
    ticks_per_beat: int
    tracks: tuple[bytes, ...]


def split(data: bytes) -> Chunks:
    """Split a file into its tracks; raises ValueError with the reason if it is not a MIDI file that can be read."""
    start = data.find(b"MThd", 0, _WRAPPER_BYTES)
    if start < 0 or len(data) < start + 14:
        raise ValueError("it is not a standard MIDI file")
    file_format, division = _int(data, start + 8, 2), _int(data, start + 12, 2)
    if file_format > 2:
        raise ValueError(f"its format {file_format} is unknown; 0, 1 and 2 can be read")
    if division & 0x8000:
        raise ValueError("it counts in SMPTE frames, not in beats; export it again with ticks per quarter note")
    if division == 0:
        raise ValueError("it says 0 ticks per beat")
    tracks = []
    at = start + 8 + _int(data, start + 4, 4)
    while at + 8 <= len(data):
        end = at + 8 + _int(data, at + 4, 4)
        if data[at : at + 4] == b"MTrk":
            tracks.append(data[at + 8 : end])
        at = end
    return Chunks(file_format, division, tuple(tracks))


def messages(track: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (tick, message) up to the end of the track, with running status expanded and SysEx left out.

    A meta message is its two status bytes and its data. Raises EOFError with the tick at which
    the track breaks off, after everything before has been yielded.
    """
    at = tick = running = 0
    try:
        while at < len(track):
            delta, at = _variable(track, at)
            tick += delta
            status = track[at]
            if status < 0x80:
                status = running
            else:
                at += 1
            if status < 0x80 or (0xF0 < status < META and status != 0xF7):
                raise EOFError(tick)
            if status < 0xF0:
                running = status
                length = 1 if 0xC0 <= status < 0xE0 else 2
                head = bytes((status,))
            else:
                head = track[at - 1 : at + 1]
                length, at = _variable(track, at + 1 if status == META else at)
            data, at = track[at : at + length], at + length
            if at > len(track):
                raise EOFError(tick)
            if status < 0xF0:
                yield tick, head + (data if max(data) < 0x80 else bytes(min(byte, 0x7F) for byte in data))
            elif status == META:
                yield tick, head + data
                if head[1] == END_OF_TRACK:
                    return
        raise EOFError(tick)
    except IndexError:
        raise EOFError(tick) from None


def _int(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "big")


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
