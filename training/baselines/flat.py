"""Many sequences as one array of rows, and columns of what each row and each note has behind it.

The baselines know a voice only by its own past. What they look at is named by a letter and a lag: `p0` is the pitch
of the note itself, `p1` that of the note before, `i1` the interval that led to it. All letters stand at `pasts`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bollylive.model import codec
from training.sequences.sequence import Sequence

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint32]

NO_PITCH = 60  # the root of the first interval, as in the network
UNKNOWN = -999  # what lies before the sequence's beginning
_FAR_GAPS = 16  # gaps of up to so many rests are distinguished
_CHORD = 8
_MIX = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio: Fibonacci hashing (Knuth, vol. 3, 6.4)


@dataclass(frozen=True)
class Flat:
    """Rows of S sequences, int16 [N, F], one after the other; `start` int64 [S] says where each begins."""

    rows: NDArray[np.int16]
    start: Ints

    @property
    def lengths(self) -> Ints:
        """How many rows each sequence has [S]."""
        return np.diff(np.append(self.start, len(self.rows)))


def flatten(sequences: Iterable[Sequence]) -> Flat:
    """The rows of all sequences in one array; of them int16 takes a quarter of the memory."""
    parts = [sequence.rows.astype(np.int16) for sequence in sequences]
    ends = np.cumsum([0, *(len(part) for part in parts)])
    rows = np.concatenate(parts) if parts else np.zeros((0, len(codec.ROW)), dtype=np.int16)
    return Flat(rows, ends[:-1].astype(np.int64))


@dataclass(frozen=True)
class Past:
    """Items (all rows, or the notes alone), where the sequence of each begins, and their columns by letter.

    `at` int64 [M] is each item's row, `first` int64 [M] the item that its sequence begins with.
    """

    at: Ints
    first: Ints
    columns: dict[str, NDArray[np.int16]]

    def column(self, name: str) -> NDArray[np.int16]:
        """A column `x`, or `x2`: of the item two before, or of the unknown where the sequence has none."""
        values = self.columns[name[0]]
        lag = int(name[1:] or 0)
        if lag == 0:
            return values
        behind = np.arange(len(values)) - lag
        return np.where(behind >= self.first, values[np.maximum(behind, 0)], UNKNOWN).astype(np.int16)

    def contexts(self, names: str) -> Hashes:
        """The columns of these names, separated by spaces, as one hash for each item."""
        value = np.zeros(len(self.at), dtype=np.uint64)
        for name in names.split():
            value = (value ^ self.column(name).astype(np.uint64)) * _MIX
            value ^= value >> np.uint64(32)
        return (value * _MIX >> np.uint64(32)).astype(np.uint32)


def pasts(flat: Flat) -> tuple[Past, Past]:
    """What is known of the notes, for choosing a note; and of all rows, for choosing when the next one begins.

    p pitch, i interval from the note before, g ticks since it (then rests), d duration, v velocity; and of the row
    itself: f family, z instrument, m percussion or not, x the same with `within a chord`, l place in the bar, y cycle,
    b place in the beat. Rows have besides: k notes since the tick began, r rests in a row so far, e ticks until the
    newest note ends (WAIT for longer).
    """
    rows, count = flat.rows, len(flat.rows)
    row = np.arange(count)
    begins = np.zeros(count, dtype=np.int64)
    begins[flat.start] = flat.start
    begins = np.maximum.accumulate(begins)
    rest = rows[:, codec.PITCH] == codec.REST
    ticks = np.where(rest, codec.WAIT_TICKS, rows[:, codec.ONSET]).astype(np.int64)
    ticks[flat.start] = 0
    clock = np.cumsum(ticks)

    at = np.flatnonzero(~rest)
    sequence = begins[at]
    first = np.searchsorted(at, sequence)
    before = np.where(np.arange(len(at)) > first, at[np.arange(len(at)) - 1], sequence) if len(at) else at
    gap = clock[at] - clock[before]
    far = codec.WAIT + np.minimum((gap - 1) // codec.WAIT_TICKS, _FAR_GAPS)
    gap = np.where(gap > codec.WAIT_TICKS, far, gap)
    notes = Past(at, first, _columns(rows[at], gap.astype(np.int16)))

    newest = np.maximum.accumulate(np.where(rest | (rows[:, codec.ONSET] > 0), row, begins))
    sounded = np.maximum.accumulate(np.where(rest, begins, row))
    columns = _columns(rows, rows[:, codec.ONSET])
    columns["i"][rest] = UNKNOWN
    columns["k"] = np.minimum(row - newest, _CHORD).astype(np.int16)
    columns["r"] = np.minimum(row - sounded, _FAR_GAPS).astype(np.int16)
    ends = clock + np.where(rest, 0, codec.DURATION_TICKS[np.minimum(rows[:, codec.DURATION], codec.DURATIONS - 1)])
    columns["e"] = np.clip(ends[sounded] - clock, 0, codec.WAIT).astype(np.int16)
    return notes, Past(row, begins, columns)


def _columns(rows: NDArray[np.int16], gap: NDArray[np.int16]) -> dict[str, NDArray[np.int16]]:
    pitch, previous = rows[:, codec.PITCH], rows[:, codec.PREVIOUS]
    instrument, place = rows[:, codec.INSTRUMENT], rows[:, codec.PLACE]
    percussion = instrument == codec.PERCUSSION
    in_chord = (rows[:, codec.ONSET] == 0) & (previous != codec.REST)
    return {
        "p": pitch,
        "i": pitch - np.where(previous == codec.REST, NO_PITCH, previous).astype(np.int16),
        "g": gap,
        "d": rows[:, codec.DURATION],
        "v": rows[:, codec.VELOCITY],
        "f": instrument // 8,
        "z": instrument,
        "m": percussion.astype(np.int16),
        "x": (2 * percussion + in_chord).astype(np.int16),
        "l": place,
        "y": rows[:, codec.CYCLE],
        "b": place % codec.TICKS_PER_BEAT,
    }


def join(flats: list[Flat]) -> Flat:
    """Several, at least one, as one."""
    sizes = np.cumsum([0, *(len(flat.rows) for flat in flats)])[:-1]
    starts = [flat.start + size for flat, size in zip(flats, sizes, strict=True)]
    return Flat(np.concatenate([flat.rows for flat in flats]), np.concatenate(starts))
