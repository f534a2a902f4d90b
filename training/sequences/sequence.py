"""A voice of a song as the model's rows, with their context: for training and for measuring alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, zip_longest
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from bollylive.model import codec
from bollylive.model.bar_echoes import NO_ECHO, find_echoes
from bollylive.model.context import CONTEXT_SIZE, MUSICIAN, NoteArrays, hear
from training.data.corpus import DURATION, ONSET, PITCH, VELOCITY, VOICE, Song

_HEARING_CHUNK = 32
_OWN_PITCHES = 0.5
_Item = TypeVar("_Item")


@dataclass(frozen=True)
class OwnPast:
    """A voice's own past: rows int64 [T, F], their ticks [T], and which of its echoes are left out.

    The echoes are searched for when they are first asked for: this takes longer than encoding the rows, and the
    baselines never ask.
    """

    rows: codec.Rows
    ticks: NDArray[np.int64]
    forgotten: frozenset[int] = frozenset()

    @cached_property
    def echoes(self) -> codec.Rows:
        """The echoes int64 [T, E, 5]; see `bar_echoes.find_echoes`."""
        echoes = find_echoes(self.rows, self.ticks)
        echoes[:, list(self.forgotten)] = NO_ECHO
        return echoes


@dataclass(frozen=True)
class Sequence:
    """One voice's rows int64 [T, F], its own past, and context float32 [T, C].

    `heard` are the rows as the state hears them.
    """

    rows: codec.Rows
    heard: codec.Rows
    own_past: OwnPast
    context: NDArray[np.float32]

    @property
    def echoes(self) -> codec.Rows:
        """What the voice hears of its own past, int64 [T, E, 5]; costly when first asked for."""
        return self.own_past.echoes

    @property
    def notes(self) -> int:
        """How many of the rows are notes, not rests."""
        return int((self.rows[:, codec.PITCH] != codec.REST).sum())


@dataclass(frozen=True)
class Augment:
    """What to do to a song before it is encoded; the default is nothing.

    The voices in `leads` are the musician's. The context is corrupted: voices in `corrupted` play `corrupted_by`
    semitones too high. Before its tick of `key_ticks` [voices], a voice plays `key_change` semitones higher: the song
    modulates, and not all follow at once. `input_noise` is the share of the voice's own notes that it hears as other
    pitches.
    """

    transpose: int = 0
    louder: int = 0
    lag: int = 0
    lagging: frozenset[int] = frozenset()
    without_context: bool = False
    missing: frozenset[int] = frozenset()
    instrument: int | None = None
    lead_in: int = codec.OPENING_REST_TICKS
    leads: frozenset[int] = frozenset()
    corrupted: frozenset[int] = frozenset()
    corrupted_by: int = 0
    key_change: int = 0
    key_ticks: NDArray[np.int64] | None = None
    input_noise: float = 0.0
    seed: int = 0  # of the input noise


def with_rests(notes: NDArray[np.int32], start: int) -> codec.Voice:
    """A voice's notes with rest rows between them, beginning with the rest at `start`."""
    silent = [(start, 0, codec.REST, 0)]
    onsets = [start, *notes[:, ONSET].tolist()]
    for since, until in pairwise(onsets):
        if until - since > codec.WAIT_TICKS:
            silent += [(tick, 0, codec.REST, 0) for tick in codec.rest_ticks(since, until)]
    played = np.concatenate([np.array(silent), notes[:, [ONSET, DURATION, PITCH, VELOCITY]]]).astype(np.int64)
    tick, duration, pitch, velocity = played.T
    order = np.lexsort((pitch, tick))
    return codec.Voice(tick[order], pitch[order], duration[order], velocity[order])


def make_sequence(song: Song, voice: int, first: int, length: int, augment: Augment) -> Sequence:
    """Encode up to `length` rows of a voice from its note number `first`, as its state would hear them."""
    notes, percussion = _augmented(song, augment)
    own = notes[notes[:, VOICE] == voice][first : first + length]
    far = np.flatnonzero(np.diff(own[:, ONSET]) > codec.LONGEST_SILENCE_TICKS)
    own = own[: far[0] + 1] if len(far) else own

    start = int(own[0, ONSET]) - augment.lead_in
    full = with_rests(own, start)
    part = codec.Voice(full.tick[:length], full.pitch[:length], full.duration[:length], full.velocity[:length])
    bar = np.maximum(np.searchsorted(song.bars[:, 0], part.tick, side="right") - 1, 0)
    instrument = augment.instrument if augment.instrument is not None else int(song.instruments[voice])
    rows = codec.encode(
        part,
        since=start,
        previous=codec.REST,
        instrument=instrument,
        origin=song.bars[bar, 0].astype(np.int64),
        cycle=song.bars[bar, 1].astype(np.int64),
    )
    if len(full.tick) > len(part.tick):
        ahead = int(full.tick[length] - full.tick[length - 1])
        rows[-1, codec.NEXT] = codec.WAIT if full.pitch[length] == codec.REST else ahead
    rows[0, codec.NEXT] = codec.CHOOSE  # when a voice comes in after its opening rest is nobody's choice
    heard = rows
    if augment.input_noise:
        rows, heard = add_input_noise(rows, augment.input_noise, np.random.default_rng(augment.seed))

    return Sequence(rows, heard, OwnPast(heard, part.tick), _context(notes, percussion, voice, part.tick, augment))


def _augmented(song: Song, augment: Augment) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """All notes as they are played now, and which of them are percussion."""
    notes = song.notes.copy()
    notes[:, VELOCITY] = np.clip(notes[:, VELOCITY] + augment.louder, 1, 127)
    percussion = song.instruments[notes[:, VOICE]] == codec.PERCUSSION
    notes[~percussion, PITCH] += augment.transpose
    notes[~percussion & np.isin(notes[:, VOICE], list(augment.corrupted)), PITCH] += augment.corrupted_by
    if augment.key_ticks is not None:
        earlier = notes[:, ONSET] < augment.key_ticks[notes[:, VOICE]]
        notes[~percussion & earlier, PITCH] += augment.key_change
    return notes, percussion


def _context(
    notes: NDArray[np.int32], percussion: NDArray[np.bool_], voice: int, ticks: NDArray[np.int64], augment: Augment
) -> NDArray[np.float32]:
    """What the voice hears of the band at each of its ticks [T, C]."""
    context = np.zeros((len(ticks), CONTEXT_SIZE), dtype=np.float32)
    if not augment.without_context:
        kept = ~np.isin(notes[:, VOICE], list(augment.missing))
        others, drums = notes[kept].astype(np.int64), percussion[kept]
        band = NoteArrays(
            others[:, ONSET],
            others[:, ONSET] + others[:, DURATION],
            others[:, PITCH],
            others[:, VELOCITY],
            others[:, VOICE],
            np.where(np.isin(others[:, VOICE], list(augment.leads)), MUSICIAN, others[:, VOICE]),
            drums,
            augment.lag * np.isin(others[:, VOICE], list(augment.lagging)).astype(np.int64),
        )
        for begin in range(0, len(ticks), _HEARING_CHUNK):
            some = ticks[begin : begin + _HEARING_CHUNK]
            near = band.between(int(some[0]), int(some[-1]))
            context[begin : begin + _HEARING_CHUNK] = hear(near, voice, some)
    return context


def add_input_noise(rows: codec.Rows, share: float, rng: np.random.Generator) -> tuple[codec.Rows, codec.Rows]:
    """Replace the pitches of a share of a voice's own notes; gives the rows to be chosen, and those that it hears.

    A network that was trained on real music alone does not recover from its own mistakes on stage, and drifts further
    and further away from the band: exposure bias (Ranzato et al. 2016, "Sequence level training with recurrent neural
    networks"). Half of the wrong notes are pitches that the voice plays elsewhere, half are near misses.
    """
    rows, heard = rows.copy(), rows.copy()
    sounds = rows[:, codec.PITCH] != codec.REST
    # A chord rises from its first note to its last: only what nothing is stacked on may be moved.
    alone = np.append(rows[1:, codec.ONSET] != 0, [True])
    wrong = np.flatnonzero(sounds & alone & (rng.random(len(rows)) < share))
    near = rows[wrong, codec.PITCH] + rng.choice((-1, 1), len(wrong)) * rng.integers(1, 8, len(wrong))
    elsewhere = rng.choice(rows[sounds, codec.PITCH], len(wrong)) if len(wrong) else near
    own = (rng.random(len(wrong)) < _OWN_PITCHES) | (rows[wrong, codec.INSTRUMENT] == codec.PERCUSSION)
    heard[wrong, codec.PITCH] = np.clip(np.where(own, elsewhere, near), 0, codec.PITCHES - 1)
    before = np.maximum.accumulate(np.where(sounds, np.arange(len(rows)), -1))[:-1]
    known = before >= 0
    rows[1:, codec.PREVIOUS][known] = heard[1:, codec.PREVIOUS][known] = heard[before[known], codec.PITCH]
    return rows, heard


def cut_voice(song: Song, voice: int, length: int, augment: Augment) -> Iterator[Sequence]:
    """A whole voice in sequences of at most `length` rows; every note stands in exactly one."""
    count = int((song.notes[:, VOICE] == voice).sum())
    first = 0
    while first < count:
        sequence = make_sequence(song, voice, first, length, augment)
        first += sequence.notes
        yield sequence


def cut_songs(songs: Iterable[Song], length: int, augment: Augment | None = None) -> Iterator[Sequence]:
    """All voices of songs, unaugmented unless asked; see `cut_voice`."""
    for song in songs:
        for voice in range(len(song.instruments)):
            yield from cut_voice(song, voice, length, augment or Augment())


def draw_places(songs: list[Song], length: int, limit: int, seed: int) -> list[tuple[Song, int, int]]:
    """At most `limit` places (song, voice, first note) for sequences of `length` rows that do not overlap.

    A place of each song is drawn before a second one of any, and of each of its voices before a second one of any:
    so a few places already tell of many songs. Always the same ones for a seed.
    """
    rng = np.random.default_rng(seed)
    by_song = []
    for i in rng.permutation(len(songs)):
        by_voice = []
        for voice in rng.permutation(np.unique(songs[i].notes[:, VOICE])):
            count = int((songs[i].notes[:, VOICE] == voice).sum())
            places = max(1, round(count / length))  # what is left behind the last one may be too little for a place
            by_voice.append([(songs[i], int(voice), int(place) * length) for place in rng.permutation(places)])
        by_song.append(_in_turn(by_voice))
    return _in_turn(by_song)[:limit]


def _in_turn(lists: list[list[_Item]]) -> list[_Item]:
    """The first of each list, then the second of each, and so on."""
    return [item for turn in zip_longest(*lists) for item in turn if item is not None]


def some_sequences(
    songs: list[Song], length: int, limit: int, seed: int, without_context: bool = False
) -> list[Sequence]:
    """At most `limit` sequences of as many songs as can be; see `draw_places`."""
    return [
        make_sequence(*place, length, Augment(without_context=without_context))
        for place in draw_places(songs, length, limit, seed)
    ]
