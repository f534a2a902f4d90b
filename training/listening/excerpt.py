"""Stretches of held-out songs in which the model takes over: the material on which its music is judged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bollylive.midi.instruments import PERCUSSION_CHANNEL
from bollylive.model.codec import PERCUSSION, TICKS_PER_BEAT
from training.data.corpus import DURATION, ONSET, PITCH, VOICE, Song
from training.data.melody import find_melody

MOST_VOICES = 10
_CHANNELS = [channel for channel in range(16) if channel != PERCUSSION_CHANNEL]
_FEWEST_BARS, _MOST_PRIMER_BARS, _MOST_BARS = 6, 16, 16
_FEWEST_PRIMER_NOTES = 3  # a voice that has said less cannot be continued
_LONGEST_CYCLE_BEATS = 8
_BASSES = range(32, 40)  # General MIDI's bass programs
_BUSY_BARS = 0.6
_LARGEST_CHORD = 1.2  # notes at one onset of the melody, on average

Notes = NDArray[np.int32]  # [N, 5], columns as in `training.data.corpus`, by onset, channel and pitch


@dataclass(frozen=True)
class Excerpt:
    """A few bars of a song, and what follows; its ticks count from the bar line where the model takes over.

    `notes` holds both, the primer before tick 0; its column VOICE is the MIDI channel 0-15.
    """

    corpus: str
    song: str
    notes: Notes
    instruments: dict[int, int]  # of each channel: a General MIDI program, or codec.PERCUSSION
    ranges: dict[int, tuple[int, int]]  # of each channel: its lowest and highest pitch in the whole song
    melody: int | None  # the channel of the melody, if there is one
    cycle: int  # ticks in a bar, whole beats
    bars: int  # how many follow

    @property
    def end(self) -> int:
        """The tick at which it ends."""
        return self.bars * self.cycle

    @property
    def primer(self) -> Notes:
        """What is known to the model; its last notes end where the model takes over."""
        notes = self.notes[self.notes[:, ONSET] < 0].copy()
        notes[:, DURATION] = np.minimum(notes[:, DURATION], -notes[:, ONSET])
        return notes

    @property
    def real(self) -> Notes:
        """What the song itself does then."""
        return cut(self.notes, self.end)


def cut(notes: Notes, end: int) -> Notes:
    """The notes that begin from tick 0 to before `end`; none sounds beyond it."""
    notes = notes[(notes[:, ONSET] >= 0) & (notes[:, ONSET] < end)].copy()
    notes[:, DURATION] = np.minimum(notes[:, DURATION], end - notes[:, ONSET])
    return notes


def from_the_start(excerpt: Excerpt, bars: int) -> Excerpt:
    """The same music with nothing known before: `bars` bars from the primer's first, again and again where it ends."""
    start = excerpt.cycle * (int(excerpt.notes[:, ONSET].min()) // excerpt.cycle)
    length = excerpt.end - start
    once = cut(shifted(excerpt.notes, -start), length)
    notes = np.concatenate([shifted(once, turn * length) for turn in range(-(-bars * excerpt.cycle // length))])
    return replace(excerpt, notes=cut(notes, bars * excerpt.cycle), bars=bars)


def shifted(notes: Notes, ticks: int) -> Notes:
    """The same notes, so many ticks later."""
    notes = notes.copy()
    notes[:, ONSET] += ticks
    return notes


def percussive(notes: Notes) -> NDArray[np.bool_]:
    """Which notes are percussion: bool [N]."""
    return np.asarray(notes[:, VOICE] == PERCUSSION_CHANNEL)


def choose_excerpts(corpus: str, songs: Iterable[Song], count: int, seed: int) -> list[Excerpt]:
    """At most `count` excerpts, each of another song, always the same ones for a seed.

    Songs that are too short, or have no metre of whole beats for long enough, are passed over.
    """
    rng = np.random.default_rng(seed)
    there = list(songs)
    excerpts: list[Excerpt] = []
    for i in rng.permutation(len(there)):
        if len(excerpts) == count:
            break
        excerpt = draw_excerpt(corpus, there[i], rng)
        if excerpt is not None:
            excerpts.append(excerpt)
    return excerpts


def draw_excerpt(corpus: str, song: Song, rng: np.random.Generator) -> Excerpt | None:
    """A stretch of a song: a third of it, but at most 16 bars, as the primer, then at most as many; None if too short.

    It lies in the longest part of the song that keeps one metre. Of more than ten pitched voices the ten with the most
    notes in the primer remain; all percussion is one channel.
    """
    begin, end, cycle = _longest_stretch(song)
    bars = (end - begin) // cycle
    if bars < _FEWEST_BARS or cycle % TICKS_PER_BEAT or cycle > _LONGEST_CYCLE_BEATS * TICKS_PER_BEAT:
        return None
    primer = min(_MOST_PRIMER_BARS, max(_FEWEST_BARS // 2, bars // 3))
    follow = min(_MOST_BARS, bars - primer)
    start = begin + cycle * int(rng.integers(bars - primer - follow + 1))
    handover_rules, last = start + primer * cycle, start + (primer + follow) * cycle

    primed = song.notes[(song.notes[:, ONSET] >= start) & (song.notes[:, ONSET] < handover_rules)]
    counts = np.bincount(primed[:, VOICE], minlength=len(song.instruments))
    channel_of, instruments = _channels(song, counts)
    if not instruments:
        return None
    known = np.isin(song.notes[:, VOICE], list(channel_of))
    voices = np.array([channel_of.get(voice, 0) for voice in range(len(song.instruments))], dtype=np.int32)
    whole = song.notes[known].copy()
    whole[:, VOICE] = voices[whole[:, VOICE]]
    ranges = {
        channel: (int(pitches.min()), int(pitches.max()))
        for channel in instruments
        for pitches in [whole[whole[:, VOICE] == channel, PITCH]]
    }
    notes = whole[(whole[:, ONSET] >= start) & (whole[:, ONSET] < last)]
    notes[:, ONSET] -= handover_rules
    order = np.lexsort((notes[:, PITCH], notes[:, VOICE], notes[:, ONSET]))
    notes = notes[order]
    melody = melody_channel(notes, instruments, primer * cycle, follow * cycle, cycle)
    return Excerpt(corpus, song.name, notes, instruments, ranges, melody, cycle, follow)


def melody_channel(notes: Notes, instruments: dict[int, int], before: int, after: int, cycle: int) -> int | None:
    """The channel of the melody between two ticks, `before` tick 0 and `after` it, or None; see `find_melody`.

    It plays hardly any chords, and in most bars. Basses and percussion never have the melody.
    """
    notes = notes[(notes[:, ONSET] >= -before) & (notes[:, ONSET] < after)]
    bars = (before + after) // cycle
    busy = [
        channel
        for channel, instrument in instruments.items()
        if instrument != PERCUSSION
        and instrument not in _BASSES
        and len(np.unique(notes[notes[:, VOICE] == channel, ONSET] // cycle)) / bars >= _BUSY_BARS
    ]
    return find_melody(notes, busy, largest_chord=_LARGEST_CHORD, by_duration=True)


def _longest_stretch(song: Song) -> tuple[int, int, int]:
    """The first and the last bar line, and the bar, of the longest part of one metre that has notes."""
    sounding = int(song.notes[0, ONSET]), int(song.notes[:, ONSET].max()) + 1
    borders = [*song.bars[1:, 0].tolist(), sounding[1]]
    stretches = []
    for (begin, cycle), end in zip(song.bars.tolist(), borders, strict=True):
        first = begin + cycle * max(0, (sounding[0] - begin) // cycle)
        stop = min(end, sounding[1])
        last = first + cycle * max(0, (stop - first) // cycle)
        if stop - last > cycle // 2:  # the last bar need not be full
            last += cycle
        stretches.append((last - first, first, cycle))
    length, first, cycle = max(stretches)
    return first, first + length, cycle


def _channels(song: Song, counts: NDArray[np.int64]) -> tuple[dict[int, int], dict[int, int]]:
    """The channel of each voice that takes part, and the instrument of each channel."""
    heard = [voice for voice in range(len(song.instruments)) if counts[voice] >= _FEWEST_PRIMER_NOTES]
    drums = [voice for voice in heard if song.instruments[voice] == PERCUSSION]
    pitched = [voice for voice in heard if voice not in drums]
    kept = sorted(sorted(pitched, key=lambda voice: -int(counts[voice]))[:MOST_VOICES])
    channel_of = {**dict(zip(kept, _CHANNELS, strict=False)), **dict.fromkeys(drums, PERCUSSION_CHANNEL)}
    instruments = {channel: int(song.instruments[voice]) for voice, channel in channel_of.items()}
    return channel_of, instruments
