"""Held-out music continued as on stage: the runtime's own engine on virtual time, with the model that is shipped."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bollylive.midi.messages import Note, NoteOff, NoteOn
from bollylive.model.codec import PERCUSSION, TICKS_PER_BEAT
from bollylive.model.predictor import Predictor
from bollylive.offline import OfflineBand
from bollylive.sets.settings import ChannelSet, Set
from bollylive.song_band import model_tracks
from training.data.corpus import DURATION, ONSET, PITCH, VELOCITY, VOICE
from training.listening.excerpt import Excerpt, Notes, cut

PACE_BPM = 120.0  # of virtual time; prepared songs have no tempo


def continue_all(excerpt: Excerpt, band: Set, predictor: Predictor, seed: int) -> Notes:
    """What the model plays when it goes on with every voice of an excerpt after its primer."""
    settings = tuple(_setting(excerpt, channel, None) for channel in excerpt.instruments)
    return _play(excerpt, excerpt.primer, None, replace(band, channels=settings), predictor, seed)


def accompany(excerpt: Excerpt, melody: Notes, band: Set, predictor: Predictor, seed: int, warm: bool) -> Notes:
    """What the model plays on all other channels of an excerpt to a musician's melody on its own.

    With `warm` the whole band has heard the primer; else it knows nothing but who takes part.
    """
    assert excerpt.melody is not None, "only an excerpt with a melody is accompanied"
    settings = tuple(_setting(excerpt, channel, excerpt.melody, warm) for channel in excerpt.instruments)
    primer = excerpt.primer if warm else excerpt.primer[:0]
    return _play(excerpt, primer, melody, replace(band, channels=settings), predictor, seed)


def back(excerpt: Excerpt, band: Set, predictor: Predictor, seed: int) -> Notes:
    """What the set's own band plays to the melody of an excerpt; those of its channels that accompany are the band."""
    assert excerpt.melody is not None, "only an excerpt with a melody is accompanied"
    players = tuple(
        setting for setting in band.channels if setting.role == "accompany" and setting.channel != excerpt.melody
    )
    own = ChannelSet(excerpt.melody, "Melody", "player")
    band = replace(band, channels=(own, *players))
    return _play(excerpt, excerpt.primer[:0], excerpt.real, band, predictor, seed)


def _setting(excerpt: Excerpt, channel: int, melody: int | None, warm: bool = True) -> ChannelSet:
    """A channel that keeps to the range of its song; one that is primed goes on where it stands."""
    if channel == melody:
        return ChannelSet(channel, role="player")
    instrument = excerpt.instruments[channel]
    program = None if instrument == PERCUSSION else instrument
    lowest, highest = excerpt.ranges[channel]
    return ChannelSet(channel, "", "continue" if warm else "accompany", program, lowest, highest)


def _play(excerpt: Excerpt, primer: Notes, melody: Notes | None, band: Set, predictor: Predictor, seed: int) -> Notes:
    band = replace(
        band,
        tempo_bpm=PACE_BPM,
        beats_per_bar=excerpt.cycle // TICKS_PER_BEAT,
        handover_beats=0.0,
        rest_after_beats=0.0,
        default_role="off",
    )
    offline = OfflineBand(band, predictor, seed, own_downbeat=False)
    remembered = band.buffer_notes or predictor.buffer_notes
    newest = [np.flatnonzero(primer[:, VOICE] == channel)[-remembered:] for channel in np.unique(primer[:, VOICE])]
    if newest:
        offline.prime(to_notes(primer[np.sort(np.concatenate(newest))]), {})
    if melody is not None:
        _perform(offline, melody)
    offline.advance(excerpt.end * _tick_s())
    offline.close()
    tracks = model_tracks(offline.sent, band)
    return cut(from_notes([note for track in tracks for note in track.notes]), excerpt.end)


def _perform(offline: OfflineBand, melody: Notes) -> None:
    """Let the musician play: at one instant ends come before beginnings."""
    events: list[tuple[int, int, NoteOn | NoteOff]] = []
    for onset, duration, pitch, velocity, channel in melody.tolist():
        events.append((onset, 1, NoteOn(channel, pitch, velocity)))
        events.append((onset + duration, 0, NoteOff(channel, pitch)))
    for tick, _, event in sorted(events, key=lambda timed: timed[:2]):
        offline.play(event, tick * _tick_s())


def _tick_s() -> float:
    return 60 / PACE_BPM / TICKS_PER_BEAT


def to_notes(rows: Notes) -> list[Note]:
    """Rows as the runtime's notes, in beats."""
    return [
        Note(channel, pitch, velocity, onset / TICKS_PER_BEAT, duration / TICKS_PER_BEAT)
        for onset, duration, pitch, velocity, channel in rows.tolist()
    ]


def from_notes(notes: list[Note]) -> Notes:
    """The runtime's notes as rows, in ticks, by onset, channel and pitch."""
    rows = np.zeros((len(notes), 5), dtype=np.int32)
    for row, note in zip(rows, notes, strict=True):
        row[ONSET] = round(note.onset_beats * TICKS_PER_BEAT)
        row[DURATION] = max(1, round((note.duration_beats or 0) * TICKS_PER_BEAT))
        row[PITCH], row[VELOCITY], row[VOICE] = note.pitch, note.velocity, note.channel
    return rows[np.lexsort((rows[:, PITCH], rows[:, VOICE], rows[:, ONSET]))]
