"""What `perform` and `generate` share: the bars of a song, its percussion, and the tracks that the model played."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from bollylive.journal.recording import Recording
from bollylive.midi.instruments import PERCUSSION_CHANNEL
from bollylive.midi.messages import TICKS_PER_BEAT
from bollylive.midi.percussion import Keys
from bollylive.midi.song import Song, Track
from bollylive.protocol import Sent
from bollylive.sets.settings import MOST_BEATS_PER_BAR, Set

_ROUNDING_TICKS: Final = 1e-3


def bar_beats(length_beats: float, band: Set) -> float:
    """Return the length of a song's bar if the engine has such bars: 1 to 16 beats, odd ones such as 7/8 too.

    Otherwise return that of the set, for a bar such as 1/64 or 255/1.
    """
    ticks = length_beats * TICKS_PER_BEAT
    has_ticks = abs(ticks - round(ticks)) < _ROUNDING_TICKS
    return (
        round(ticks) / TICKS_PER_BEAT if has_ticks and 1 <= length_beats <= MOST_BEATS_PER_BAR else band.beats_per_bar
    )


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
