"""What a model stands beside: real ensembles that are held out, and bands that were arranged by rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

import numpy as np

from bollylive.model.codec import PERCUSSION, TICKS_PER_BEAT
from training.data.corpus import DURATION, ONSET, PITCH, VELOCITY, VOICE, Song
from training.judging.reading import MUSICIAN, kind_of, with_roles
from training.judging.take import Take, Voice, whole_bars
from training.playing.leads import hash_of_work

REAL: Final = "real"
REAL_ALONE: Final = "real-alone"
RULES: Final = "rules"

LEAD_BARS: Final = 8  # after which the others of an ensemble count as alone
_ARRANGED: Final = "arranged-"  # how `arrange` names a corpus; its voice 0 is the melody
_BAR_BEATS: Final = 4
_BARS: Final = 24  # as long as a lead
_ALONE_BARS: Final = 72  # the fewest of an ensemble that is compared with minutes alone
_MOST_ALONE_BARS: Final = 128
_TEMPO_BPM: Final = 96.0  # prepared songs have no tempo; it says how many bars a minute has


def reference_takes(corpora: Mapping[str, list[Song]], most: int) -> dict[str, list[Take]]:
    """At most `most` held-out takes of each kind that there is, of different works, by the hash of the work.

    A real ensemble has a lead, a bass and drums, and 24 bars of four beats and more, of which the first 24 are taken;
    for what others play beside a lead that is not heard, whole songs of 72 bars and more, up to 128. What was arranged
    by rule is cut alike.
    """
    real = {name: songs for name, songs in corpora.items() if not name.startswith(_ARRANGED)}
    rules = {name: songs for name, songs in corpora.items() if name.startswith(_ARRANGED)}
    found = {
        REAL: [take.part(0, _BARS) for take in islice(_ensembles(real, False, _BARS), most)],
        REAL_ALONE: [
            take.part(0, min(take.bars, _MOST_ALONE_BARS))
            for take in islice(_ensembles(real, False, _ALONE_BARS), most)
        ],
        RULES: [take.part(0, _BARS) for take in islice(_ensembles(rules, True, _BARS), most)],
    }
    return {name: takes for name, takes in found.items() if takes}


def take_of(song: Song, melody_first: bool = False, metres: Sequence[int] = (_BAR_BEATS,)) -> Take | None:
    """A prepared song as a take, from the bar of its first note on; None if its bars are not all of one of the metres.

    `metres` are bars in beats.
    With `melody_first` its voice 0 leads; otherwise the rules of `reading` find who does.
    """
    cycles = set(song.bars[:, 1].tolist())
    if len(cycles) != 1 or cycles.isdisjoint(TICKS_PER_BEAT * beats for beats in metres):
        return None
    [cycle] = cycles
    begin = int(song.notes[0, ONSET]) // cycle * cycle
    voices: list[Voice] = []
    for number, instrument in enumerate(song.instruments.tolist()):
        rows = song.notes[song.notes[:, VOICE] == number]
        if not len(rows):
            continue
        columns = rows[:, [ONSET, DURATION, PITCH, VELOCITY]].astype(np.float64)
        columns[:, 0] -= begin
        columns[:, :2] /= TICKS_PER_BEAT
        drums = instrument == PERCUSSION
        name = f"{number} {MUSICIAN}" if melody_first and number == 0 else f"{song.name} {number}"
        voices.append(Voice(name, kind_of(instrument, drums), "drums" if drums else "other", columns))
    last = (int(song.notes[:, ONSET].max()) - begin) / TICKS_PER_BEAT
    bar_beats = cycle / TICKS_PER_BEAT
    return Take(song.name, with_roles(voices), bar_beats, whole_bars(last, bar_beats), _TEMPO_BPM)


def _ensembles(corpora: Mapping[str, list[Song]], melody_first: bool, fewest_bars: int) -> Iterator[Take]:
    works: set[str] = set()
    held_out = [song for songs in corpora.values() for song in songs if song.valid]
    for song in sorted(held_out, key=hash_of_work):
        if song.work in works or len(song.instruments) < 3:
            continue
        take = take_of(song, melody_first)
        if take is not None and take.bars >= fewest_bars and _is_whole(take.voices):
            works.add(song.work)
            yield take


def _is_whole(voices: Iterable[Voice]) -> bool:
    return {voice.role for voice in voices} >= {"lead", "bass", "drums"}
