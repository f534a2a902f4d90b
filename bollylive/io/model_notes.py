"""The model's notes on their way out: planned, sent when they are due, and ended where the model may not be heard."""

from __future__ import annotations

from bollylive.clock.clock import Clock
from bollylive.io.note_scheduler import Scheduler
from bollylive.io.outputs import Outputs
from bollylive.midi.messages import Note
from bollylive.protocol import Play, Release, Sent
from bollylive.sets.note_map import NoteMap
from bollylive.sets.settings import Set


class ModelNotes:
    """Plans what the engine asks for, and sends it through `outputs`. Not thread-safe; `now_s` must not go back.

    `dropped_stale` counts planned notes of an earlier epoch, and notes that were under way when the song stopped or the
    model lost the channel. `note_map` maps their keys; replace it with the set.
    """

    def __init__(self, clock: Clock, scheduler: Scheduler, outputs: Outputs, band: Set) -> None:
        self.dropped_stale = 0
        self.note_map = NoteMap(band)
        self._clock, self._scheduler, self._outputs = clock, scheduler, outputs
        self._channels = band.model_channels

    def plan(self, play: Play) -> Note | None:
        """Plan a note; return it as it will be sent, or None if it can no longer be played."""
        note, anchor = play.note, self._clock.anchor
        if play.epoch != anchor.epoch or not anchor.running or note.channel not in self._channels:
            self.dropped_stale += 1
            return None
        beat_s = anchor.seconds_per_beat
        planned = self.note_map.play(note, beat_s)
        self._scheduler.plan(planned, self.note_map.early_beats(note.channel, beat_s))
        return planned

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

    def _end(self, channel: int | None, now_s: float, beat: float) -> None:
        self._outputs.send([Sent(event, by, now_s, beat) for event, by in self._scheduler.release(channel, "model")])
