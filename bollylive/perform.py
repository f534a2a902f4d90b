"""`bollylive perform`: play along with a MIDI file, faster than real time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bollylive.errors import FileError
from bollylive.midi.messages import Event, NoteOff, NoteOn, Program, Tempo
from bollylive.midi.song import Song, Track, seconds_at
from bollylive.model.predictor import Predictor
from bollylive.offline import OfflineBand
from bollylive.sets.settings import ChannelSet, Set
from bollylive.song_band import beats_per_bar, model_tracks


def perform(song: Song, channels: Iterable[int] | None, band: Set, predictor: Predictor, seed: int) -> list[Track]:
    """Play along with a song: its `channels` (None: all) are the musician, the set's other channels the model.

    Return the musician's tracks as they are in the song, then the model's tracks on channels of their own. Raises
    FileError if the song has no notes on these channels.
    """
    available = sorted({note.channel for note in song.notes})
    musician = available if channels is None else [channel for channel in available if channel in set(channels)]
    if not musician:
        have = ", ".join(str(channel + 1) for channel in available) or "none"
        raise FileError(f"{song.name}: there are no notes on the channels asked for; it has notes on: {have}.")
    names = band.names()
    players = tuple(ChannelSet(channel, names.get(channel, ""), "player") for channel in musician)
    others = tuple(setting for setting in band.channels if setting.channel not in musician)
    band = replace(band, channels=players + others, beats_per_bar=beats_per_bar(song, band))

    offline = OfflineBand(band, predictor, seed, own_downbeat=False, any_tempo=True)
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


def timeline(song: Song, channels: set[int]) -> list[tuple[float, Event]]:
    """Return the events of some channels of a song with their seconds.

    At one beat, tempos come first, then programs, note-offs and note-ons.
    """
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
