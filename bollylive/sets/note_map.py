"""Adapts notes to a channel's instrument: the model's before they are sent, the musician's when they arrive."""

from __future__ import annotations

from dataclasses import replace

from bollylive.midi.messages import Control, Note, NoteOff, NoteOn, Program
from bollylive.sets.settings import ChannelSet, Set


class NoteMap:
    """Applies what the set says about velocity, length, delay and keys, for all channels. Pure; any thread may call it.

    Outside, a key is what the cable carries; inside, on the model's side, it is a key of General MIDI percussion.
    `mapped` are the channels 0-15 with keys of their own; on others `hear` changes nothing.
    """

    def __init__(self, band: Set) -> None:
        self._settings = [band.channel(channel) for channel in range(16)]
        self.mapped = frozenset(setting.channel for setting in self._settings if setting.percussion)
        self._out = [dict(setting.percussion) for setting in self._settings]
        # Where two General MIDI keys are mapped to one key outside, that key means the first of them.
        self._back = [{own: key for key, own in reversed(setting.percussion)} for setting in self._settings]

    def early_beats(self, channel: int, seconds_per_beat: float) -> float:
        """How many beats before their onset the model's notes leave on a channel 0-15."""
        return max(0.0, -self._settings[channel].delay_ms) / 1e3 / seconds_per_beat

    def play(self, note: Note, seconds_per_beat: float) -> Note:
        """Return a note of the model as it is sent and recorded.

        Its onset is delayed, its length and its velocity are bounded, and its key is mapped.
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
        """Return a message of the musician with the key that the model knows; a key without a mapping is unchanged."""
        if isinstance(event, NoteOn | NoteOff):
            return replace(event, pitch=self.meaning(event.channel, event.pitch))
        return event

    def meaning(self, channel: int, pitch: int) -> int:
        """Return the key 0-127 that the model knows for a key on the cable."""
        return self._back[channel].get(pitch, pitch)


def _velocity(velocity: int, setting: ChannelSet) -> int:
    """Map 1-127 to softest-loudest by a power curve: below 1 the exponent makes soft notes louder, above 1 softer."""
    strength: float = ((velocity - 1) / 126) ** setting.velocity_curve
    return setting.softest + round((setting.loudest - setting.softest) * strength)


def _shorter(duration_beats: float | None, longest_beats: float | None) -> float | None:
    given = [beats for beats in (duration_beats, longest_beats) if beats is not None]
    return min(given, default=None)
