"""The bytes of a standard MIDI file as its tracks, and a track as messages in ticks.

It reads what stage and web have done to files: junk before the header, foreign chunks, wrong lengths, broken
meta events. A track that breaks off gives all that came before the break.

Source: Standard MIDI Files 1.0, MIDI Manufacturers Association, 1988.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

META = 0xFF
SET_TEMPO = 0x51
TIME_SIGNATURE = 0x58
END_OF_TRACK = 0x2F

_WRAPPER_BYTES = 256  # how far in a RIFF or MacBinary wrapper the header may stand


@dataclass(frozen=True, slots=True)
class Chunks:
    """A file cut into its tracks, not yet read."""

    format: int  # 0: one track; 1: tracks at the same time; 2: tracks one after another
    ticks_per_beat: int
    tracks: tuple[bytes, ...]


def split(data: bytes) -> Chunks:
    """Cut the bytes of a file into tracks; raises ValueError, with the reason, where it is no MIDI file."""
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
    """Yield (tick, message) up to the end of the track, running status undone and SysEx left out.

    A meta message is its two status bytes and its data. Raises EOFError where the track breaks off, which is after
    everything that could be read has been yielded.
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
        if value >= 1 << 28:  # four bytes at most: what is longer is no number but damage
            raise IndexError
        if byte < 0x80:
            return value, at
