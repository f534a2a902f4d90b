"""What `perform` and `generate` share: the bars of a song, and the tracks that the model played."""

from __future__ import annotations

from collections.abc import Iterable

from bollylive.journal.recording import Recording
from bollylive.midi.song import Song, Track
from bollylive.protocol import Sent
from bollylive.sets.settings import MOST_BEATS_PER_BAR, Set


def beats_per_bar(song: Song, band: Set) -> int:
    """Return how many beats the song's first bar has, or those of the set if the engine has no bars of that length."""
    beats = round(song.meters[0][1])
    return beats if 1 <= beats <= MOST_BEATS_PER_BAR else band.beats_per_bar


def model_tracks(sent: Iterable[Sent], band: Set) -> list[Track]:
    """Return what the model played, a track for each channel."""
    recording = Recording(band.names(), band.beats_per_bar)
    for message in sent:
        if message.by == "model":
            recording.add(message)
    return list(recording.tracks())
