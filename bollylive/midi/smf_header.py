"""Find the beginning of a standard MIDI file, also in a wrapper, and read its header.

Sources: Standard MIDI Files 1.0, MIDI Manufacturers Association, 1988; RIFF MIDI files (RMID), Microsoft Multimedia
Standards Update, 1994, with the sound banks of MMA RP-029; MacBinary II, 1987.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

_HEADER_BYTES: Final = 14
_WRAPPER_BYTES: Final = 256  # the header of MacBinary has 128
_FRAME_RATES: Final = {24: Fraction(24), 25: Fraction(25), 29: Fraction(30_000, 1001), 30: Fraction(30)}


@dataclass(frozen=True, slots=True)
class Header:
    """What the header chunk says."""

    format: int  # 0: one track; 1: tracks at the same time; 2: tracks one after another
    tracks: int  # how many there should be
    ticks: Fraction  # per beat or, if the file counts in frames, per second
    in_seconds: bool  # whether it counts in SMPTE frames
    least_end: int  # the first byte after the fields above
    end: int  # where the next chunk begins by the length that this one states


def read_header(data: bytes) -> Header:
    """Read the header; raises ValueError with the reason if this is no MIDI file that can be read."""
    start = _find(data)
    if start < 0 or len(data) < start + _HEADER_BYTES:
        raise ValueError("it is not a standard MIDI file")
    length = int.from_bytes(data[start + 4 : start + 8], "big")
    file_format, tracks, division = (int.from_bytes(data[start + at : start + at + 2], "big") for at in (8, 10, 12))
    if file_format > 2:
        raise ValueError(f"its format {file_format} is unknown; 0, 1 and 2 can be read")
    ticks = _ticks(division)
    return Header(file_format, tracks, ticks, division >= 0x8000, start + _HEADER_BYTES, start + 8 + length)


def _find(data: bytes) -> int:
    if data[:4] == b"RIFF" and data[8:12] == b"RMID":
        at = 12
        while at + 8 <= len(data):
            length = int.from_bytes(data[at + 4 : at + 8], "little")
            if data[at : at + 4] == b"data" and data[at + 8 : at + 12] == b"MThd":
                return at + 8
            at += 8 + length + length % 2
        return data.find(b"MThd")  # the lengths are wrong
    return data.find(b"MThd", 0, _WRAPPER_BYTES)


def _ticks(division: int) -> Fraction:
    if division < 0x8000:
        if division == 0:
            raise ValueError("it says 0 ticks per beat")
        return Fraction(division)
    frames, ticks_per_frame = 256 - (division >> 8), division & 0xFF
    if frames not in _FRAME_RATES or ticks_per_frame == 0:
        raise ValueError(f"it counts {frames} frames a second of {ticks_per_frame} ticks; SMPTE has 24, 25, 29 or 30")
    return _FRAME_RATES[frames] * ticks_per_frame
