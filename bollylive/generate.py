"""`bollylive generate`: continue a song from a bar, every instrument from its last notes."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from bollylive.errors import FileError
from bollylive.midi.bars import bar_at
from bollylive.midi.messages import Note, NoteOn
from bollylive.midi.song import Song, Track, tempo_at
from bollylive.model.predictor import Predictor
from bollylive.offline import OfflineBand
from bollylive.sets.settings import ChannelSet, Set
from bollylive.song_band import bar_beats, model_tracks, percussion_keys

_STEP_BEATS: Final = 2.0
_LONGEST_SILENCE_BEATS: Final = 120.0
_TAIL_BEATS: Final = 8.0  # the last notes end in this time, or at its end


def generate(song: Song, at_beat: float | None, count: int, band: Set, predictor: Predictor, seed: int) -> list[Track]:
    """Continue a song from a beat (None: a random bar) with `count` notes in all.

    The result begins at the bar line at or before that beat. Each instrument starts from its last n notes and keeps to
    the pitch range that it had. There are fewer notes only if the band falls silent. Raises FileError if there is no
    note before the beat, or if the beat is beyond the end.
    """
    start = start_beat(song, at_beat, seed)
    earlier = [note for note in song.notes if note.onset_beats < start]
    if not earlier:
        raise FileError(
            f"{song.name}: there is no note before beat {start:g}; choose a later beat, up to {song.length_beats:g}."
        )
    settings, primers = _continuing(song, start, earlier, band.buffer_notes or predictor.buffer_notes)
    band = replace(
        band,
        tempo_bpm=tempo_at(song.tempos, start),
        beats_per_bar=bar_beats(bar_at(song.meters, start).length_beats, band),
        handover_beats=0.0,
        rest_after_beats=0.0,
        channels=settings,
    )
    offline = OfflineBand(band, predictor, seed, own_downbeat=False, any_tempo=True)
    offline.prime([_before(note, start) for note in primers], {})
    _advance_until(offline, count)
    offline.advance(offline.now_s + _TAIL_BEATS * offline.anchor.seconds_per_beat)
    offline.close()
    return _first_notes(model_tracks(offline.sent, band), count)


def start_beat(song: Song, at_beat: float | None, seed: int) -> float:
    """Return the bar line at or before a beat; for None, a random one in the last three quarters of the song.

    Raises FileError if the beat is beyond the end of the song.
    """
    if at_beat is not None:
        bar = bar_at(song.meters, at_beat)
        if at_beat > song.length_beats + bar.length_beats:
            raise FileError(f"{song.name}: beat {at_beat:g} is beyond the end; choose one up to {song.length_beats:g}.")
        return bar.begin_beats
    length = bar_at(song.meters, song.length_beats).length_beats
    bars = max(1, int(song.length_beats / length))
    beat = length * float(np.random.default_rng(seed).integers(max(1, bars // 4), bars + 1))
    return bar_at(song.meters, beat).begin_beats


def _continuing(
    song: Song, start: float, earlier: list[Note], buffer_notes: int
) -> tuple[tuple[ChannelSet, ...], list[Note]]:
    """The settings of all channels that have played, and the last notes of each, in order of onset."""
    settings, primers = [], []
    for channel in sorted({note.channel for note in earlier}):
        own = [note for note in earlier if note.channel == channel]
        pitches = [note.pitch for note in own]
        program, keys = song.program_at(channel, start), percussion_keys(song, channel)
        settings.append(ChannelSet(channel, "", "continue", program, min(pitches), max(pitches), percussion=keys))
        primers += own[-buffer_notes:]
    primers.sort(key=lambda note: (note.onset_beats, note.channel, note.pitch))
    return tuple(settings), primers


def _before(note: Note, start: float) -> Note:
    """A note in beats relative to `start`, where it ends at the latest."""
    duration = min(note.duration_beats or 0.0, start - note.onset_beats)
    return replace(note, onset_beats=note.onset_beats - start, duration_beats=duration)


def _advance_until(offline: OfflineBand, count: int) -> None:
    """Let the band play until this many notes have begun, or until it has been silent for a long time."""
    begun, silence_beats = 0, 0.0
    while begun < count and silence_beats < _LONGEST_SILENCE_BEATS:
        offline.advance(offline.now_s + _STEP_BEATS * offline.anchor.seconds_per_beat)
        now_begun = sum(isinstance(sent.event, NoteOn) for sent in offline.sent)
        silence_beats = 0.0 if now_begun > begun else silence_beats + _STEP_BEATS
        begun = now_begun


def _first_notes(tracks: list[Track], count: int) -> list[Track]:
    """The tracks with only the first `count` notes of all."""
    order = sorted((note.onset_beats, note.channel, note.pitch) for track in tracks for note in track.notes)
    chosen = set(order[:count])
    return [
        replace(track, notes=tuple(n for n in track.notes if (n.onset_beats, n.channel, n.pitch) in chosen))
        for track in tracks
    ]
