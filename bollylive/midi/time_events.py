"""How MIDI files write tempos and metres.

Source: Standard MIDI Files 1.0, meta events 0x51 (a beat in microseconds, three bytes) and 0x58 (a numerator of one
byte, and a denominator that is a power of two).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bollylive.midi.song import Meters, Tempos, TimeSignature

_MICROSECONDS_PER_MINUTE: Final = 60_000_000
_LONGEST_BEAT: Final = 0xFFFFFF  # microseconds: 3.58 beats per minute
_MOST_IN_A_BAR: Final = 255
_USUAL_FIRST: Final = (4, 8, 16, 32, 64, 2, 1)
_FINEST_FIRST: Final = (64, 32, 16, 8, 4, 2, 1)
_ROUNDING: Final = 1e-6


def microseconds_of(bpm: float) -> int:
    """Return the length of a beat in microseconds, or the nearest that a file can hold."""
    return min(max(1, round(_MICROSECONDS_PER_MINUTE / bpm)), _LONGEST_BEAT)


def signature_of(quarters: float) -> tuple[int, int]:
    """Return the time signature (numerator, denominator) of a bar in quarter notes, or the nearest that there is.

    That of a `TimeSignature` is its own. Otherwise the denominator is 4 where it can be, or else a finer one down to
    64; half and whole notes are for longer bars than 255/4.
    """
    if isinstance(quarters, TimeSignature):
        return quarters.numerator, quarters.denominator
    for denominator in _USUAL_FIRST:
        numerator = round(quarters * denominator / 4)
        if 1 <= numerator <= _MOST_IN_A_BAR and abs(numerator * 4 / denominator - quarters) < _ROUNDING:
            return numerator, denominator
    for denominator in _FINEST_FIRST:
        if (numerator := max(1, round(quarters * denominator / 4))) <= _MOST_IN_A_BAR:
            return numerator, denominator
    return _MOST_IN_A_BAR, 1


def describe_substitutes(tempos: Tempos, meters: Meters) -> Iterator[str]:
    """Yield a sentence for each tempo and metre in whose place a file can only hold the nearest."""
    for beat, quarters in meters:
        numerator, denominator = signature_of(quarters)
        if abs(numerator * 4 / denominator - quarters) >= _ROUNDING:
            yield (
                f"a bar of {quarters:g} quarter notes at beat {beat:g} has no time signature: "
                f"it is written as {numerator}/{denominator}."
            )
    slowest = _MICROSECONDS_PER_MINUTE / _LONGEST_BEAT
    for beat, bpm in tempos:
        if bpm < slowest - _ROUNDING:
            yield f"{bpm:g} bpm at beat {beat:g} is too slow for a MIDI file: it is written as {slowest:.2f}."
