"""What a voice itself played before: one, two and four bars ago, and where its last notes were heard the last time.

Music repeats, and a small state cannot hold bars of it. So every row comes with four *echoes*: what stood at the
same place in three earlier bars, and how it went on after the longest earlier passage like the present one,
transposed to here. The idea of going on as after the longest known context is that of the Continuator (Pachet,
2003); here it does not decide, the network only hears it. A pure function of the buffer, used in training and on
stage alike.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bollylive.model import codec

BARS_AGO = (1, 2, 4)
ECHOES = len(BARS_AGO) + 1
ECHO_FIELDS = ("pitch", "kind", "duration", "velocity", "next")

# The kinds of an echo: how many ticks after that place in an earlier bar the echo stands, or how long the passage is.
_EARLIEST, _HERE, _LATEST = -1, 1, 6
UNKNOWN = _LATEST - _EARLIEST + 1
_PASSAGE = UNKNOWN + 1
LONGEST_PASSAGE = 8
KINDS = _PASSAGE + LONGEST_PASSAGE + 1
NO_NEXT = codec.ONSETS  # stands for a next onset that is not known
NO_ECHO = (codec.REST, UNKNOWN, codec.HELD, 0, NO_NEXT)
_NO_INTERVAL = 999

Ints = NDArray[np.int64]

_BARS_AGO: Ints = np.array(BARS_AGO, dtype=np.int64)
_NEVER = np.iinfo(np.int64).max // 2  # a tick after all others
_UNLIKE: Ints = np.iinfo(np.int64).min + np.arange(LONGEST_PASSAGE)  # words before the first row, each like no other


def find_echoes(rows: codec.Rows, tick: Ints, first: int = 0) -> Ints:
    """The echoes for a voice's rows [T, 9] from `first` on: int64 [T - first, ECHOES, 5], see `ECHO_FIELDS`.

    `tick` [T] says where the rows stand. Of a row itself only what is known before it is chosen is used, so its
    words may be CHOOSE. Where nothing is known stands NO_ECHO. Takes some 0.05 ms for one row after 128.
    """
    echoes = np.empty((len(rows) - first, ECHOES, len(ECHO_FIELDS)), dtype=np.int64)
    echoes[:] = NO_ECHO
    if len(echoes):
        _recall_bars(rows, tick, first, echoes[:, :-1])
        _recall_passage(rows, first, echoes[:, -1])
    return echoes


def _recall_bars(rows: codec.Rows, tick: Ints, first: int, echoes: Ints) -> None:
    """Fill in what stood some bars ago [A, BARS_AGO, 5]; a chord's second note hears that chord's second, and so on."""
    sounded = np.flatnonzero(rows[:, 1] != codec.REST)
    onset, sounded = np.concatenate((tick[sounded], (_NEVER,))), np.concatenate((sounded, (len(rows),)))
    asked, now = np.arange(first, len(rows))[:, None], tick[first:, None]
    then = now - _BARS_AGO * rows[first:, 7:8]

    in_chord = sounded.searchsorted(asked) - onset.searchsorted(now)
    place = onset.searchsorted(then + _EARLIEST)
    place = np.minimum(place + in_chord * (onset[place] - then <= _HERE), len(onset) - 1)
    ahead = onset[place] - then
    known = (then >= tick[0]) & (sounded[place] < asked)
    here = known & (ahead <= _HERE)
    echoes[known, 1] = np.minimum(ahead[known], _LATEST) - _EARLIEST
    echoes[here, 0], echoes[here, 2], echoes[here, 3] = rows[sounded[place[here]], 1:4].T

    upcoming = onset[place + here]
    known &= upcoming <= now
    echoes[known, 4] = np.minimum(np.maximum(upcoming - then, 0), codec.WAIT)[known]


def _recall_passage(rows: codec.Rows, first: int, echoes: Ints) -> None:
    """Fill in how it went on after the longest earlier passage of the same intervals and onsets, the newest of them."""
    onset, pitch, previous = rows[:, 0], rows[:, 1], rows[:, 8]
    percussion = rows[0, 5] == codec.PERCUSSION
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
    echoes[found, 1] = _PASSAGE + longest[found]
    echoes[found, 4] = onset[source[found] + 1]

    turned = pitch[source] - root[source] + root[first:]
    known = percussion | (previous[first:] != codec.REST)
    fits = found & sounds[source] & known & (turned >= 0) & (turned < codec.PITCHES)
    echoes[fits, 0] = turned[fits]
    echoes[fits, 2:4] = rows[source[fits], 2:4]
