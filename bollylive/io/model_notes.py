"""The model's notes on their way out: planned, sent when they are due, moved, and ended where it may not be heard."""

from __future__ import annotations

from bollylive.clock.clock import Clock
from bollylive.io.note_scheduler import Scheduler
from bollylive.io.outputs import Outputs
from bollylive.midi.messages import Note
from bollylive.protocol import Move, Play, Release, Sent
from bollylive.sets.note_map import NoteMap
from bollylive.sets.settings import Set


class ModelNotes:
    """Plans what the engine asks for, and sends it through `outputs`. Not thread-safe; `now_s` must not go back.

    `dropped_stale` counts planned notes and moves of an earlier epoch, and those that were under way when the song
    stopped or the model lost the channel. `note_map` maps their keys; replace it with the set.
    """

    def __init__(self, clock: Clock, scheduler: Scheduler, outputs: Outputs, band: Set) -> None:
        self.dropped_stale = 0
        self.note_map = NoteMap(band)
        self._clock, self._scheduler, self._outputs = clock, scheduler, outputs
        self._channels = band.model_channels

    def plan(self, play: Play) -> Note | None:
        """Plan a note; return it as it will be sent, or None if it can no longer be played."""
        note, beat_s = play.note, self._clock.anchor.seconds_per_beat
        if self._is_stale(note.channel, play.epoch):
            return None
        planned = self.note_map.play(note, beat_s)
        self._scheduler.plan(planned, self.note_map.early_beats(note.channel, beat_s))
        return planned

    def move(self, move: Move) -> Note | None:
        """Plan that a note ends and perhaps another begins; return that one as it will be sent, None if there is none.

        Both are at `at_beat` as the channel's delay shifts it, and so are the notes that they belong to.
        """
        channel, beat_s = move.channel, self._clock.anchor.seconds_per_beat
        if self._is_stale(channel, move.epoch):
            return None
        ending = self.note_map.play(Note(channel, move.pitch, 1, move.at_beat, None), beat_s)
        successor = None if move.note is None else self.note_map.play(move.note, beat_s)
        self._scheduler.move(ending, successor, self.note_map.early_beats(channel, beat_s))
        return successor

    def release(self, release: Release, now_s: float) -> None:
        """End the notes of a channel, at once or soon."""
        if release.within_beats > 0 and self._clock.anchor.running:
            self._scheduler.fade(release.channel, self._clock.beat_at(now_s) + release.within_beats)
        else:
            self._end(release.channel, now_s, self._clock.beat_at(now_s))

    def release_all(self, now_s: float, beat: float) -> None:
        """End the notes of all channels, as where the song jumps."""
        self._end(None, now_s, beat)

    def release_unheard(self, band: Set, now_s: float) -> None:
        """End the notes on channels on which a set no longer lets the model be heard."""
        before, self._channels = self._channels, band.model_channels
        for channel in before - self._channels:
            self._end(channel, now_s, self._clock.beat_at(now_s))

    def next_due(self) -> float | None:
        """When something is due, perhaps in the past; None if nothing is planned or time stands still."""
        beat = self._scheduler.next_beat()
        if beat is None or not self._clock.anchor.running:
            return None
        return self._clock.seconds_at(beat)

    def send_due(self, now_s: float) -> None:
        """Send what is due."""
        anchor = self._clock.anchor
        if not anchor.running:
            return
        beat = anchor.beat_at(now_s)
        self._outputs.send(
            [
                Sent(event, by, now_s, due_beat, (beat - due_beat) * anchor.seconds_per_beat)
                for event, by, due_beat in self._scheduler.due(beat, anchor.seconds_per_beat)
            ]
        )

    def _is_stale(self, channel: int, epoch: int) -> bool:
        """Whether what was planned for a channel can no longer be played; counts it if so."""
        anchor = self._clock.anchor
        stale = epoch != anchor.epoch or not anchor.running or channel not in self._channels
        self.dropped_stale += stale
        return stale

    def _end(self, channel: int | None, now_s: float, beat: float) -> None:
        self._outputs.send([Sent(event, by, now_s, beat) for event, by in self._scheduler.release(channel, "model")])
