"""The band on a MIDI file instead of a port: `perform` plays along with it, `generate` goes on where it breaks off."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from bollylive.demo_player import demo_seconds, demo_timeline
from bollylive.errors import FileError
from bollylive.journal.recording import Recording
from bollylive.midi.messages import Event, Note, NoteOff, NoteOn, Program, Tempo
from bollylive.midi.song import Song, Track, seconds_at, tempo_at
from bollylive.model.predictor import Predictor
from bollylive.offline import OfflineBand
from bollylive.protocol import Sent
from bollylive.sets.band import MOST_BEATS_PER_BAR, ChannelSet, Set

_STEP_S = 1.0
_LONGEST_SILENCE_S = 60.0


def perform(song: Song, channels: Iterable[int] | None, band: Set, predictor: Predictor, seed: int) -> list[Track]:
    """Play along with a song: its `channels` (None: all) are the musician, the set's other channels the model.

    Gives the musician's tracks as they stand in the song, then the model's, on channels of their own. Raises
    FileError if the song has nothing on these channels.
    """
    there = sorted({note.channel for note in song.notes})
    musician = there if channels is None else [channel for channel in there if channel in set(channels)]
    if not musician:
        have = ", ".join(str(channel + 1) for channel in there) or "none"
        raise FileError(f"{song.name}: there are no notes on the channels asked for; it has notes on: {have}.")
    names = band.names()
    players = tuple(ChannelSet(channel, names.get(channel, ""), "player") for channel in musician)
    others = tuple(setting for setting in band.channels if setting.channel not in musician)
    beats = round(song.meters[0][1])
    band = replace(
        band, channels=players + others, beats_per_bar=beats if 1 <= beats <= MOST_BEATS_PER_BAR else band.beats_per_bar
    )

    offline = OfflineBand(band, predictor, seed, own_downbeat=False)
    for at_s, event in timeline(song, set(musician)):
        offline.play(event, at_s)
    offline.close()

    own = [
        Track(
            f"{channel + 1} {names.get(channel, '')}".rstrip() + " (musician)",
            channel,
            song.programs.get(channel),
            tuple(note for note in song.notes if note.channel == channel),
        )
        for channel in musician
    ]
    return own + model_tracks(offline.sent, band)


def perform_demo(band: Set, predictor: Predictor, seed: int) -> Recording:
    """The demo without any MIDI system: the built-in phrase and the band's answer, on virtual time."""
    take = Recording(band.names(), band.beats_per_bar)
    offline = OfflineBand(band, predictor, seed)
    for at_s, event in demo_timeline(band.tempo_bpm):
        offline.play(event, at_s)
    offline.advance(demo_seconds(band.tempo_bpm))
    offline.close()
    take.add_anchor(offline.anchor)
    for sent in offline.sent:
        take.add(sent)
    return take


def generate(song: Song, at_beat: float | None, count: int, band: Set, predictor: Predictor, seed: int) -> list[Track]:
    """Go on with a song from a beat (None: a random bar): every instrument from its last n notes, `count` notes in all.

    The result begins at the bar line before that beat. An instrument keeps to the range that it has in the song.
    Fewer notes come back only if the band falls silent. Raises FileError if no note lies before the beat.
    """
    bar, start = song.meters[0][1], place(song, at_beat, seed)
    heard = [note for note in song.notes if note.onset_beats < start]
    if not heard:
        raise FileError(
            f"{song.name}: no note lies before beat {start:g}; choose a later one, up to {song.length_beats:g}."
        )
    remembered = band.buffer_notes or predictor.buffer_notes
    primers: list[Note] = []
    settings = []
    for channel in sorted({note.channel for note in heard}):
        own = [note for note in heard if note.channel == channel]
        pitches = [note.pitch for note in own]
        settings.append(ChannelSet(channel, "", "continue", song.programs.get(channel), min(pitches), max(pitches)))
        primers += own[-remembered:]
    primers.sort(key=lambda note: (note.onset_beats, note.channel, note.pitch))
    band = replace(
        band,
        tempo_bpm=tempo_at(song.tempos, start),
        beats_per_bar=round(bar) if 1 <= round(bar) <= MOST_BEATS_PER_BAR else band.beats_per_bar,
        handover_beats=0.0,
        channels=tuple(settings),
    )

    offline = OfflineBand(band, predictor, seed, own_downbeat=False)
    offline.engine.prime([_before(note, start) for note in primers], {})
    generated, quiet_s = 0, 0.0
    while generated < count and quiet_s < _LONGEST_SILENCE_S:
        offline.advance(offline.now_s + _STEP_S)
        now_generated = sum(isinstance(sent.event, NoteOn) for sent in offline.sent)
        quiet_s = 0.0 if now_generated > generated else quiet_s + _STEP_S
        generated = now_generated
    offline.close()

    tracks = model_tracks(offline.sent, band)
    order = sorted((note.onset_beats, note.channel, note.pitch) for track in tracks for note in track.notes)
    chosen = set(order[:count])
    return [
        replace(track, notes=tuple(n for n in track.notes if (n.onset_beats, n.channel, n.pitch) in chosen))
        for track in tracks
    ]


def place(song: Song, at_beat: float | None, seed: int) -> float:
    """The bar line at or before a beat, or, for None, a random one from the song's last three quarters.

    Raises FileError if the beat lies beyond the song's end.
    """
    bar = song.meters[0][1]
    if at_beat is not None:
        if at_beat > song.length_beats + bar:
            raise FileError(
                f"{song.name}: beat {at_beat:g} lies beyond its end; choose one up to {song.length_beats:g}."
            )
        return bar * math.floor(at_beat / bar)
    bars = max(1, int(song.length_beats / bar))
    return bar * float(np.random.default_rng(seed).integers(max(1, bars // 4), bars + 1))


def timeline(song: Song, channels: set[int]) -> list[tuple[float, Event]]:
    """What the musician's cable carries, in seconds: tempos, programs, and notes with offs before ons."""
    events: list[tuple[float, int, Event]] = [(beat, 0, Tempo(bpm)) for beat, bpm in song.tempos]
    events += [
        (0.0, 1, Program(channel, program)) for channel, program in sorted(song.programs.items()) if channel in channels
    ]
    for note in song.notes:
        if note.channel in channels:
            end = note.onset_beats + (note.duration_beats or 0)
            events.append((note.onset_beats, 3, NoteOn(note.channel, note.pitch, note.velocity)))
            events.append((end, 2, NoteOff(note.channel, note.pitch)))
    events.sort(key=lambda timed: timed[:2])
    return [(seconds_at(song.tempos, beat), event) for beat, _, event in events]


def model_tracks(sent: list[Sent], band: Set) -> list[Track]:
    """What the model played, a track for each channel."""
    take = Recording(band.names(), band.beats_per_bar)
    for message in sent:
        if message.by == "model":
            take.add(message)
    return list(take.tracks())


def _before(note: Note, start: float) -> Note:
    """A note of the primer in beats before 0; it ends there."""
    duration = min(note.duration_beats or 0.0, start - note.onset_beats)
    return replace(note, onset_beats=note.onset_beats - start, duration_beats=duration)
