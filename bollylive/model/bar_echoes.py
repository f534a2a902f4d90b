"""Echoes: what a voice itself played one, two and four bars ago, and after its last notes when it last played them.

Music repeats, and a small state cannot hold bars of it. So every row comes with four *echoes*: the note at the same
place in three earlier bars, and the note that followed the longest earlier passage like the present one, transposed to
here. The Continuator (Pachet, 2003) continues in this way after the longest known context; here the echo does not
decide, it is only an input of the network. A pure function of the buffer, used both in training and on stage.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bollylive.model import codec

BARS_AGO = (1, 2, 4)
ECHOES = len(BARS_AGO) + 1

# The kinds of an echo: how many ticks after that place in an earlier bar the echo stands, or how long the passage is.
EARLIEST_TICKS, HERE_TICKS, LATEST_TICKS = -1, 1, 6
UNKNOWN = LATEST_TICKS - EARLIEST_TICKS + 1
_PASSAGE = UNKNOWN + 1
LONGEST_PASSAGE = 8
KINDS = _PASSAGE + LONGEST_PASSAGE + 1
NO_NEXT = codec.ONSETS  # stands for a next onset that is not known

# The columns of an echo: the words of the note that it is, without its kind; and the value of each if nothing is known.
ECHO: tuple[codec.Field, ...] = (
    codec.Field("pitch", codec.ROW[codec.PITCH].words, padding=codec.REST),
    codec.Field("kind", KINDS, padding=UNKNOWN),
    codec.Field("duration", codec.ROW[codec.DURATION].words, padding=codec.HELD),
    codec.Field("velocity", codec.ROW[codec.VELOCITY].words),
    codec.Field("next", NO_NEXT + 1, padding=NO_NEXT),
)
PITCH, KIND, DURATION, VELOCITY, NEXT = range(len(ECHO))
ECHO_FIELDS = tuple(field.name for field in ECHO)
NO_ECHO = tuple(field.padding for field in ECHO)
_NO_INTERVAL = 999

# The columns of a row that an echo repeats, and where.
_REPEATED = [(codec.PITCH, PITCH), (codec.DURATION, DURATION), (codec.VELOCITY, VELOCITY)]

Ints = NDArray[np.int64]

_BARS_AGO: Ints = np.array(BARS_AGO, dtype=np.int64)
_NEVER = np.iinfo(np.int64).max // 2  # a tick after all others
_UNLIKE: Ints = np.iinfo(np.int64).min + np.arange(LONGEST_PASSAGE)  # words before the first row, each like no other


def find_echoes(rows: codec.Rows, tick: Ints, first: int = 0) -> Ints:
    """The echoes for a voice's rows [T, F] from `first` on: int64 [T - first, ECHOES, 5], see `ECHO`.

    `tick` [T] says where the rows stand. Of a row itself only what is known before it is chosen is used, so its
    words may be CHOOSE. An echo of nothing is NO_ECHO. Takes about 0.05 ms for one row after 128.
    """
    echoes = np.empty((len(rows) - first, ECHOES, len(ECHO)), dtype=np.int64)
    echoes[:] = NO_ECHO
    if len(echoes):
        _recall_bars(rows, tick, first, echoes[:, :-1])
        _recall_passage(rows, first, echoes[:, -1])
    return echoes


def _recall_bars(rows: codec.Rows, tick: Ints, first: int, echoes: Ints) -> None:
    """Fill in the notes of earlier bars [A, BARS_AGO, 5]; a chord's second note has that chord's second, and so on."""
    sounded = np.flatnonzero(rows[:, codec.PITCH] != codec.REST)
    onset, sounded = np.concatenate((tick[sounded], (_NEVER,))), np.concatenate((sounded, (len(rows),)))
    asked, now = np.arange(first, len(rows))[:, None], tick[first:, None]
    then = now - _BARS_AGO * rows[first:, codec.CYCLE : codec.CYCLE + 1]

    in_chord = sounded.searchsorted(asked) - onset.searchsorted(now)
    place = onset.searchsorted(then + EARLIEST_TICKS)
    place = np.minimum(place + in_chord * (onset[place] - then <= HERE_TICKS), len(onset) - 1)
    ahead = onset[place] - then
    known = (then >= tick[0]) & (sounded[place] < asked)
    here = known & (ahead <= HERE_TICKS)
    echoes[known, KIND] = np.minimum(ahead[known], LATEST_TICKS) - EARLIEST_TICKS
    for stated, repeated in _REPEATED:
        echoes[here, repeated] = rows[sounded[place[here]], stated]

    upcoming = onset[place + here]
    known &= upcoming <= now
    echoes[known, NEXT] = np.minimum(np.maximum(upcoming - then, 0), codec.WAIT)[known]


def _recall_passage(rows: codec.Rows, first: int, echoes: Ints) -> None:
    """Fill in what followed the longest earlier passage of the same intervals and onsets, the newest of equals."""
    onset, pitch, previous = rows[:, codec.ONSET], rows[:, codec.PITCH], rows[:, codec.PREVIOUS]
    percussion = rows[0, codec.INSTRUMENT] == codec.PERCUSSION
    root = previous * ~percussion
    sounds = (pitch != codec.REST) & (previous != codec.REST)
    word = np.where(sounds, pitch - root, _NO_INTERVAL) * (codec.ONSETS + 1) + onset

    count = len(rows)
    asked, number = np.arange(first, count), np.arange(count)
    words = np.concatenate((_UNLIKE, word))
    equal = words[first:-1, None] == words
    same = (onset[first:, None] == onset) & (number < asked[:, None])
    length = np.zeros(same.shape, dtype=np.int8)
    for begin in range(LONGEST_PASSAGE - 1, -1, -1):  # the newest word first
        same &= equal[begin : begin + len(asked), begin : begin + count]
        length += same.view(np.int8)
    source = (length.astype(np.int64) * count + number).argmax(axis=1)
    longest = length[asked - first, source]
    found = longest > 0
    echoes[found, KIND] = _PASSAGE + longest[found]
    echoes[found, NEXT] = onset[source[found] + 1]

    turned = pitch[source] - root[source] + root[first:]
    known = percussion | (previous[first:] != codec.REST)
    fits = found & sounds[source] & known & (turned >= 0) & (turned < codec.PITCHES)
    for stated, repeated in _REPEATED:
        echoes[fits, repeated] = rows[source[fits], stated]
    echoes[fits, PITCH] = turned[fits]
