"""Songs made of notes, and a set for them."""

from __future__ import annotations

from dataclasses import replace

from bollylive.midi.messages import Note
from bollylive.midi.song import DEFAULT_METERS, DEFAULT_TEMPOS, Song
from bollylive.sets.settings import ChannelSet, Set

BAND = Set(
    tempo_bpm=96,
    channels=(
        ChannelSet(0, "Flute", "player", 73),
        ChannelSet(1, "Bass", "accompany", 32, lowest=28, highest=52, polyphony=1),
        ChannelSet(9, "Tabla", "accompany"),
    ),
)


def song_of(notes: list[Note], programs: dict[int, int], **changes: object) -> Song:
    length = max((note.onset_beats + (note.duration_beats or 0) for note in notes), default=0.0)
    order = sorted(notes, key=lambda note: (note.onset_beats, note.channel, note.pitch))
    song = Song("song", tuple(order), programs, DEFAULT_TEMPOS, DEFAULT_METERS, length)
    return replace(song, **changes)  # type: ignore[arg-type]


def melody(beats: int = 32, channel: int = 0) -> list[Note]:
    return [Note(channel, 60 + 7 * i % 12, 90, i / 2, 0.4) for i in range(2 * beats)]


def chords(beats: int = 32, channel: int = 2) -> list[Note]:
    return [Note(channel, pitch, 70, float(i), 3.5) for i in range(0, beats, 4) for pitch in (48, 52, 55)]


SONG = song_of(melody() + chords(), {0: 73, 2: 20}, tempos=((0.0, 100.0), (8.0, 120.0)))
