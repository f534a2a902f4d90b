"""How a channel's instrument wants to be played: the model's notes as they go out, the musician's as they are heard."""

from __future__ import annotations

from dataclasses import replace

from bollylive.midi.messages import Control, Note, NoteOff, NoteOn, Program
from bollylive.sets.band import ChannelSet, Set


class NoteMap:
    """What the set says of velocity, length, delay and keys, for all channels. Pure; any thread may call it.

    Keys are those of the cable outside, and of General MIDI percussion where the model is.
    """

    def __init__(self, band: Set) -> None:
        self._settings = [band.channel(channel) for channel in range(16)]
        self._out = [dict(setting.percussion) for setting in self._settings]
        # Where two General MIDI keys share one of the instrument's, the first of them is what it means.
        self._back = [{own: key for key, own in reversed(setting.percussion)} for setting in self._settings]

    def early_beats(self, channel: int, seconds_per_beat: float) -> float:
        """By how much the model's notes on a channel 0-15 leave before their musical time."""
        return max(0.0, -self._settings[channel].delay_ms) / 1e3 / seconds_per_beat

    def play(self, note: Note, seconds_per_beat: float) -> Note:
        """A note of the model's as it leaves: its onset delayed, its length and velocity bounded, its key mapped.

        That is also what a recording has of it.
        """
        setting = self._settings[note.channel]
        return replace(
            note,
            pitch=self._out[note.channel].get(note.pitch, note.pitch),
            velocity=_velocity(note.velocity, setting),
            onset_beats=note.onset_beats + setting.delay_ms / 1e3 / seconds_per_beat,
            duration_beats=_shorter(note.duration_beats, setting.longest_beats),
        )

    def hear(self, event: NoteOn | NoteOff | Control | Program) -> NoteOn | NoteOff | Control | Program:
        """What the musician does, in the keys that the model knows; a key that nothing is mapped to means itself."""
        if self._back[event.channel] and isinstance(event, NoteOn | NoteOff):
            return replace(event, pitch=self.meaning(event.channel, event.pitch))
        return event

    def meaning(self, channel: int, pitch: int) -> int:
        """The key that the model knows for one on the cable."""
        return self._back[channel].get(pitch, pitch)


def _velocity(velocity: int, setting: ChannelSet) -> int:
    """From softest to loudest along a power curve: an exponent below 1 lifts the soft ones, one above 1 lowers them."""
    strength: float = ((velocity - 1) / 126) ** setting.velocity_curve
    return setting.softest + round((setting.loudest - setting.softest) * strength)


def _shorter(duration_beats: float | None, longest_beats: float | None) -> float | None:
    given = [beats for beats in (duration_beats, longest_beats) if beats is not None]
    return min(given, default=None)
