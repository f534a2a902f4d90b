"""One channel of the band: its buffer, its plan ahead of now, and whether the model plays it."""

from __future__ import annotations

import numpy as np

from bollylive.engine.grid import Bars
from bollylive.engine.history import Entry, History
from bollylive.engine.level import Level
from bollylive.engine.motif_memory import Context, MotifMemory
from bollylive.engine.part_state import Playing, Step
from bollylive.engine.pitch_bias import PitchBias
from bollylive.engine.texture import LeadNow, Texture
from bollylive.engine.variations import NoteQueue, Phrase, Variations
from bollylive.model import codec
from bollylive.model.predictor import Floats
from bollylive.sets.live_set import LiveSet
from bollylive.sets.settings import TURN_ROLES, ChannelSet

_SOON_TICKS = codec.TICKS_PER_BEAT // 2
_LONGEST_SILENCE_TICKS = 2 * codec.TICKS_PER_BEAT


class Part:
    """What the engine keeps for one channel; all times are ticks of the engine's grid.

    `setting` is what the live set said about the channel at the last `refresh`. `plan` holds the notes that the
    model has chosen and that can still be withdrawn. `playing` is the model's turn; None while the musician, or
    nobody, plays the channel. `pitch_bias` and `texture` are what the setting adds to the model's scores, and `level`
    keeps its loudness.
    """

    def __init__(self, live: LiveSet, channel: int, history: History, memory: MotifMemory | None = None) -> None:
        """A silent part with an empty plan; `memory` is the one that the channel had before, if any."""
        self._live = live
        self.channel = channel
        self.setting = live.band.channel(channel)
        self.pitch_bias = PitchBias(live.band, channel)
        self.texture = Texture(self.setting)
        self.instrument = _instrument_of(self.setting)
        self.history = history
        self.memory = MotifMemory() if memory is None else memory  # an empty one is false
        self.level = Level()
        self.plan: list[Entry] = []
        self.playing: Playing | None = None
        self.phrase = Phrase()
        self.touched_tick: int | None = None  # when the musician last played here; None: not since the model's turn
        self._answered_tick: int | None = None  # the lead's pause in which it came in, if it answers
        self.answer_expected = False  # a musician shares the channel, and waits for its answer

    @property
    def is_playing(self) -> bool:
        """Whether the model plays this channel, or is about to."""
        return self.playing is not None

    @property
    def needs_model(self) -> bool:
        """Whether the model has to choose a row, now or later."""
        return self.playing is not None and self.playing.needs_model

    @property
    def due_is_stale(self) -> bool:
        """Whether the model must process the newest entry before it is known when the next row is due."""
        return self.playing is not None and self.playing.step is Step.UNKNOWN

    @property
    def due_tick(self) -> int:
        """The tick of the row that is to be chosen next; only for a part that is playing."""
        assert self.playing is not None, "only a part that is playing has a next row"
        return self.playing.due_tick

    @property
    def newest_tick(self) -> int:
        """The tick of the newest entry of the buffer; of an empty one, any."""
        return self.history.last.tick if self.history.last is not None else 0

    @property
    def begin_tick(self) -> int:
        """When the model's turn began; 0 without one."""
        return 0 if self.playing is None else self.playing.begin_tick

    def may_rest(self, tick: int) -> bool:
        """Whether the model may be silent for long after a tick.

        It may not if a musician waits for its answer: the model hears that this voice, whose musician has paused, is
        silent now, and might let it stay silent.
        """
        is_awaited = self.answer_expected and self.is_playing and self.setting.role in TURN_ROLES
        return not is_awaited or self.history.silence_at(tick) < _LONGEST_SILENCE_TICKS

    def refresh(self) -> None:
        """Read the live set again after it was replaced."""
        band, before = self._live.band, self.setting
        setting = band.channel(self.channel)
        self.setting = setting
        if setting.is_percussion != before.is_percussion:
            self.instrument = _instrument_of(setting)
        elif setting.program is not None and setting.program != before.program:
            self.change_program(setting.program)
        self.pitch_bias = PitchBias(band, self.channel)
        self.texture = Texture(setting)

    def change_program(self, program: int) -> None:
        """Change the instrument; percussion stays percussion, whatever the kit."""
        if not self.setting.is_percussion:
            self.instrument = program

    def enter(self, tick: int) -> None:
        """Let the model play the channel, with its next note at `tick`."""
        if self.playing is None:
            self.playing = Playing(tick, tick)
        else:
            self.playing.enter(tick)

    def begin_turn(
        self, answers: Variations, tick: int, patience_ticks: int = 0, queue: NoteQueue | None = None
    ) -> None:
        """Begin the model's turn at `tick`: with the queued notes, or else with the model's own continuation."""
        until_tick = None if answers.length is None else tick + answers.length
        self.playing = Playing(tick, tick, until_tick=until_tick, patience_ticks=patience_ticks)
        if queue is not None:
            self.play(queue)
        elif not answers.at_bar:
            self.resume(tick)

    def resume(self, earliest_tick: int) -> None:
        """Go on where the buffer ends, at the onset that the model itself predicts.

        If the model has yet to process the newest entry, the onset becomes known later: then call this again. Queued
        notes stay where they are. A silent part stays silent.
        """
        playing, last = self.playing, self.history.last
        if playing is None or playing.step is Step.QUEUED:
            return
        if last is None:  # a part that was going to enter later still does so
            playing.enter(max(playing.begin_tick, earliest_tick))
        elif not last.queried:
            playing.step = Step.UNKNOWN
        else:
            playing.follow(last.tick, last.next_ticks)
            playing.skip_ahead(max(playing.begin_tick, earliest_tick))

    def withdraw(self, after_tick: int) -> bool:
        """Withdraw what is planned after a tick; return False if there was nothing."""
        self.plan = [entry for entry in self.plan if entry.tick <= after_tick]
        return self.history.withdraw(after_tick)

    def silence(self, now_tick: int) -> None:
        """End the model's turn."""
        if self.playing is not None and self.playing.patience_ticks and self.plan:
            now_tick = min(now_tick, self.plan[0].tick - 1)  # its time may have come, but it was never played
        self.playing = None
        self.withdraw(now_tick)
        self.plan = []

    def answer_tick(self, lead: LeadNow) -> int | None:
        """When an answering part that waits comes in, unless the lead moves before; None: it does not wait."""
        playing = self.playing
        tick = lead.pause_tick
        if playing is None or tick is None or tick == self._answered_tick or not self._answers:
            return None
        is_soon = playing.step is Step.NOTE and playing.due_tick < tick + _SOON_TICKS
        return None if is_soon or playing.due_tick <= tick or self.history.onsets(tick, playing.due_tick) else tick

    def follow_lead(self, lead: LeadNow, until_tick: int) -> None:
        """Let an answering part wait while the lead moves, and come in if the lead pauses by a tick."""
        playing, tick = self.playing, self.answer_tick(lead)
        if playing is None or lead.pause_tick is None:
            return
        if tick is not None and tick <= until_tick:
            playing.due_tick, playing.step = max(tick, until_tick), Step.NOTE
            self._answered_tick = tick  # once for each pause
        elif self._answers and self.texture.only_answers and playing.due_tick < lead.pause_tick:
            is_chord = self.history.sounding_at(playing.due_tick)
            playing.step = playing.step if is_chord else Step.REST

    @property
    def _answers(self) -> bool:
        playing = self.playing
        is_open = playing is not None and playing.step in (Step.NOTE, Step.REST)
        return is_open and self.texture.answers and self.setting.role == "accompany"

    def prepare(self, until_tick: int) -> bool:
        """Make the next row ready for a query; return False if none is due by a tick."""
        playing = self.playing
        if playing is None or not playing.needs_model or playing.due_tick > until_tick:
            return False
        if self.history.last is not None:  # the musician may have played there first
            playing.due_tick = max(playing.due_tick, self.history.last.tick)
        self.history.reach(playing.due_tick)
        if playing.step is Step.REST and not self.history.needs_query:
            self.history.rest(playing.due_tick)
        return True

    def motif_bias(self, before: Context, tick: int, bars: Bars, elapsed: int = 0) -> tuple[Floats, Floats]:
        """What the motif memory adds to the scores, weighted as the set says; see `MotifMemory.recall`."""
        pitch, onset = self.memory.recall(before, tick, bars.place(tick), elapsed)
        weight = np.float32(self._live.band.memory)
        return weight * pitch, weight * onset

    def add(self, note: Entry) -> None:
        """Put a note of the model's into the buffer and the plan."""
        self.history.insert(note)
        self.plan.append(note)

    def play(self, queue: NoteQueue) -> None:
        """Play these notes first, in a turn that has begun."""
        assert self.playing is not None, "only a part that is playing has a queue"
        self.playing.queue = queue
        self.playing.follow_queue(has_entries=self.history.last is not None)

    def plan_queued(self, earliest_tick: int, until_tick: int) -> list[Entry]:
        """Move the queued notes up to a tick into the plan, and return them; overdue notes are left out."""
        playing = self.playing
        assert playing is not None, "only a part that is playing has a queue"
        if playing.until_tick is not None:
            until_tick = min(until_tick, playing.until_tick - 1)
        ready = playing.queue.pop(earliest_tick, until_tick)
        for note in ready:
            self.add(note)
        playing.follow_queue(has_entries=self.history.last is not None)
        return ready

    def commit(self, until_tick: int) -> list[Entry]:
        """Take the notes up to a tick out of the plan: from now on they will be played, whatever happens."""
        ready = [entry for entry in self.plan if entry.tick <= until_tick]
        self.plan = self.plan[len(ready) :]
        return ready


def _instrument_of(setting: ChannelSet) -> int:
    """The instrument word of a channel, as the model knows it, before anybody changes its program."""
    return codec.PERCUSSION if setting.is_percussion else (setting.program or 0)
