"""`bollylive perform`: play along with a MIDI file, faster than real time.

The file takes the musician's place, and the band does what it does in `jam`: it takes over channels and gives them
back, rests where the file is silent for long, and follows every tempo and every metre of the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from bollylive.errors import FileError
from bollylive.midi.bars import bar_at
from bollylive.midi.messages import NoteOff
from bollylive.midi.song import DEFAULT_METERS, Meters, Song, TempoMap, Tempos, Track
from bollylive.model.predictor import Predictor
from bollylive.offline import OfflineBand
from bollylive.sets.settings import MOST_BEATS_PER_BAR, TURN_ROLES, Set
from bollylive.song_band import bar_beats, model_tracks, percussion_keys
from bollylive.timeline import LONGEST_HELD_BEATS, NewMeter, timeline

TAIL_BARS: Final = 1  # the band plays on for so long after the bar in which the file's last note ends


def perform(
    song: Song,
    channels: Iterable[int] | None,
    band: Set,
    predictor: Predictor,
    seed: int,
    progress: Callable[[float], None] = lambda _: None,
    play_on_bars: int | None = None,
) -> list[Track]:
    """Play along with a song: its `channels` (None: all) are the musician's, who plays them as in `jam`.

    Return the musician's tracks as they are in the song, then what the model played, also in the musician's pauses.
    After the bar of the musician's last note the band plays `play_on_bars` bars alone, without a rest; with None it is
    one bar, and the band rests as its set says. `progress` is called often, with the share that is done. Raises
    FileError if the song has no notes on these channels. Blocks, for a time in proportion to the beats in which anybody
    plays.
    """
    available = sorted({note.channel for note in song.notes})
    musician = available if channels is None else [channel for channel in available if channel in set(channels)]
    if not musician:
        have = ", ".join(str(channel + 1) for channel in available) or "none"
        raise FileError(f"{song.name}: there are no notes on the channels asked for; it has notes on: {have}.")
    band = _with_musician(band, song, musician)

    offline = OfflineBand(band, predictor, seed, own_downbeat=False, any_tempo=True)
    tail_bars = TAIL_BARS if play_on_bars is None else play_on_bars
    end_s = TempoMap(song.tempos).seconds_at(end_beats(song, musician, tail_bars))
    events = timeline(song, set(musician))
    last_s = max(at_s for at_s, event in events if isinstance(event, NoteOff))
    for at_s, event in events:
        if at_s > end_s:
            break
        if isinstance(event, NewMeter):
            offline.begin_bars(event.begin_beats, bar_beats(event.length_beats, band), at_s)
        else:
            offline.play(event, at_s)
        if play_on_bars is not None and at_s == last_s and isinstance(event, NoteOff):
            offline.use(replace(offline.engine.band, rest_after_beats=0.0, clock_rest_after_beats=0.0))
        progress(at_s / end_s if end_s else 1.0)
    offline.finish(end_s)
    return [_own_track(song, channel, band) for channel in musician] + model_tracks(offline.sent, band)


def end_beats(song: Song, channels: Iterable[int], tail_bars: int = TAIL_BARS) -> float:
    """Return where a performance with these channels of a song ends: `tail_bars` bars after the bar of their last note.

    A note that ends on a bar line is no part of the bar that begins there, and one that is held for too long counts as
    released, as in `timeline`.
    """
    wanted = set(channels)
    notes = [note for note in song.notes if note.channel in wanted]
    last = max(note.onset_beats + min(note.duration_beats or 0.0, LONGEST_HELD_BEATS) for note in notes)
    bar = bar_at(song.meters, last)
    if bar.length_beats > MOST_BEATS_PER_BAR:  # 255/1, say: no band plays such bars
        return last + tail_bars * DEFAULT_METERS[0][1]
    into_bar = last - bar.begin_beats > 1e-6
    return bar.begin_beats + bar.length_beats * (tail_bars + into_bar)


def time_of(song: Song, tracks: Iterable[Track]) -> tuple[Tempos, Meters]:
    """Return the tempos and metres of a song as far as these tracks go, so that a file ends with its music."""
    end = max(
        (note.onset_beats + (note.duration_beats or 0.0) for track in tracks for note in track.notes), default=0.0
    )
    tempos = (song.tempos[0], *(tempo for tempo in song.tempos[1:] if tempo[0] < end))
    return tempos, (song.meters[0], *(meter for meter in song.meters[1:] if meter[0] < end))


def describe_missing(song: Song, channels: Iterable[int] | None) -> str | None:
    """Return a sentence about those of the `channels` asked for on which the song has no notes; None if it has some."""
    missing = sorted(set(channels or ()) - {note.channel for note in song.notes})
    if not missing:
        return None
    numbers = ", ".join(str(channel + 1) for channel in missing)
    return f"{song.name}: there are no notes on {'channel' if len(missing) == 1 else 'channels'} {numbers}."


def describe_silence(tracks: Iterable[Track], band: Set) -> str | None:
    """Return a sentence if the model played nothing, which says why and what to do; None if it played."""
    tracks = list(tracks)
    if any(track.notes for track in tracks if track.name.endswith("(model)")):
        return None
    own = {track.channel for track in tracks}
    accompanying = [setting.channel for setting in band.channels if setting.role == "accompany"]
    if accompanying and own.issuperset(accompanying):
        taken = ", ".join(str(channel + 1) for channel in accompanying)
        return (
            f"The band added nothing, because the file itself plays on the channels of its accompaniment ({taken}); "
            "name the channels that are yours with --channels, and the band plays the others."
        )
    if not accompanying:
        return "The band added nothing: nobody accompanies in this set, and the file has no pause that it could fill."
    return "The band added nothing: its instruments come in later than the file ends, or they rest."


def _with_musician(band: Set, song: Song, musician: Iterable[int]) -> Set:
    """The set for a song: a channel of the musician's has the song's program, and the model at most takes turns there.

    A channel that the set gives to the accompaniment, or to nobody, is the musician's alone, as their part is there
    already.
    """
    players = tuple(
        replace(
            own,
            role=own.role if own.role in TURN_ROLES else "player",
            program=song.program_at(own.channel, 0.0),
            sound_program=None,
            percussion=percussion_keys(song, own.channel) or own.percussion,
        )
        for own in map(band.channel, musician)
    )
    taken = {own.channel for own in players}
    others = tuple(own for own in band.channels if own.channel not in taken)
    return replace(band, channels=players + others, beats_per_bar=bar_beats(song.meters[0][1], band))


def _own_track(song: Song, channel: int, band: Set) -> Track:
    """A track of the musician's, as it is in the song."""
    changes = tuple((beat, change) for beat, change in song.program_changes if change.channel == channel and beat > 0.0)
    return Track(
        f"{channel + 1} {band.channel(channel).name}".rstrip() + " (musician)",
        channel,
        song.program_at(channel, 0.0),
        tuple(note for note in song.notes if note.channel == channel),
        changes,
    )
