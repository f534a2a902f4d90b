"""What `perform` and `generate` share: the bars of a song, its percussion, and the tracks that the model played."""

from __future__ import annotations

from collections.abc import Iterable

from bollylive.journal.recording import Recording
from bollylive.midi.instruments import PERCUSSION_CHANNEL
from bollylive.midi.percussion import Keys
from bollylive.midi.song import Song, Track
from bollylive.protocol import Sent
from bollylive.sets.settings import MOST_BEATS_PER_BAR, Set


def beats_per_bar(song: Song, band: Set) -> int:
    """Return how many beats the song's first bar has, or those of the set if the engine has no bars of that length."""
    beats = round(song.meters[0][1])
    return beats if 1 <= beats <= MOST_BEATS_PER_BAR else band.beats_per_bar


def percussion_keys(song: Song, channel: int) -> Keys:
    """Return the `percussion` of a channel's setting: all keys as they are, if the song has drums beside channel 10."""
    drums = channel in song.percussion and channel != PERCUSSION_CHANNEL
    return tuple((key, key) for key in range(128)) if drums else ()


def model_tracks(sent: Iterable[Sent], band: Set) -> list[Track]:
    """Return what the model played, a track for each channel."""
    recording = Recording(band.names(), band.beats_per_bar)
    for message in sent:
        if message.by == "model":
            recording.add(message)
    return list(recording.tracks())
