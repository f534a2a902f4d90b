"""Who plays a channel that the musician and the model share: when the model takes it over, and for how long.

    the musician plays → the model takes over → it plays its answer → the musician plays again, or the answer is over

What the musician asks for meanwhile (another answer, the one before, this one in a loop, one that begins alike)
begins at the next place where the answer began in its bar. How the model takes over is in `handover`.
"""

from __future__ import annotations

from bollylive.engine.band_state import BandState
from bollylive.engine.grid import ticks_of
from bollylive.engine.handover import MODES, HandoverMode, HandoverRules
from bollylive.engine.part import Part
from bollylive.engine.part_state import Playing, Step
from bollylive.engine.variations import NoteQueue, Phrase, Variation, Variations

FADE_BEATS = 0.25  # the model's last note ends under the musician's first

_LONGEST_LOOP_BARS = 4


class TurnTaking:
    """The turns of all channels; it begins and ends them in the parts. Owned by the engine; ticks are the grid's."""

    def __init__(self, state: BandState) -> None:
        self._state = state
        self._handover_rules = HandoverRules(state)

    def begin_note(self, part: Part, tick: int) -> bool:
        """The musician begins a note on a shared channel; True if that ends the model's turn."""
        phrase, playing = part.phrase, part.playing
        answers = phrase.answers
        is_patient = playing is not None and playing.patience_ticks > 0
        if answers is not None and (is_patient or answers.begin > tick):  # only planned ahead: the phrase goes on
            phrase.answers = None
        elif phrase.begin is None or (answers is not None and phrase.begin < answers.begin):
            phrase.begin = tick
        if playing is not None:
            self.end(part, tick)
        phrase.next_begin = None
        return playing is not None

    def end(self, part: Part, tick: int) -> None:
        """End the model's turn, if it has one."""
        answers = part.phrase.answers
        if answers is not None and part.is_playing:
            if answers.current.begin > tick:  # what was moved ahead of it did not begin
                part.history.shift(answers.begin - answers.current.begin)
            else:
                answers.current.close(part.history, tick)
        self._state.silence(part, tick)
        part.phrase.next_begin, part.phrase.loop = None, None

    @property
    def has_loop(self) -> bool:
        """Whether something is repeated, as the musician has asked for."""
        return any(part.phrase.loop is not None for part in self._state.parts)

    def next_tick(self) -> int | None:
        """When `advance` has something to do, perhaps in the past."""
        ticks = []
        for part in self._state.parts:
            playing, next_begin = part.playing, part.phrase.next_begin
            if next_begin is not None:
                ticks.append(self._plans_at(part, next_begin))
            elif playing is not None and playing.until_tick is not None:
                ticks.append(playing.until_tick)
            elif (begin := self._handover_rules.begin_tick(part)) is not None:
                ticks.append(begin - self._horizon_ticks)
            if playing is not None and (queued := playing.next_queued_tick) is not None:
                ticks.append(queued - self._horizon_ticks)
        return min(ticks, default=None)

    def advance(self, earliest: int) -> None:
        """Let the model take over where it is time, and end what is over; from `earliest` on all can be changed."""
        horizon_ticks = self._horizon_ticks
        for part in self._state.parts:
            playing, next_begin = part.playing, part.phrase.next_begin
            if next_begin is not None:
                if earliest >= self._plans_at(part, next_begin):
                    self._begin_next(part, next_begin)
            elif playing is not None and playing.until_tick is not None and earliest >= playing.until_tick:
                self._finish(part, earliest)
            elif (begin := self._handover_rules.begin_tick(part)) is not None and earliest >= begin - horizon_ticks:
                self._take_over(part, max(begin, earliest), self._handover_rules.mode(part))
            self._plan_queued(part, earliest)

    def hand_over(self, part: Part, earliest: int) -> bool:
        """Begin the model's turn at once, as by command, or end it; True if it was ended."""
        if part.is_playing:
            self._finish(part, earliest)
            return True
        part.answer_expected = True
        self._take_over(part, earliest, MODES["command"])
        return False

    def request(self, command: str, part: Part, earliest: int) -> None:
        """Do `again`, `back`, `keep` or `vary` as soon as it can be; without an answer nothing happens."""
        phrase, state = part.phrase, self._state
        if phrase.answers is None or state.assembler.held(part.channel):
            return
        since, bar_ticks = phrase.answers.current.begin, state.grid.bar_ticks
        bars = max(1, -(-(earliest + self._commit_ticks + 1 - since) // bar_ticks))
        next_begin = since + bars * bar_ticks
        phrase.next_begin, phrase.next_command, phrase.loop = next_begin, command, None
        if part.playing is not None:
            part.playing.until_tick = next_begin
            if state.withdraw(part, next_begin - 1):
                part.resume(earliest)

    @property
    def _commit_ticks(self) -> int:
        return ticks_of(self._state.live.band.commit_beats)

    @property
    def _horizon_ticks(self) -> int:
        return ticks_of(self._state.live.band.horizon_beats)

    def _finish(self, part: Part, tick: int) -> None:
        self.end(part, tick)
        self._handover_rules.end_turn(part)

    def _take_over(self, part: Part, begin: int, mode: HandoverMode) -> None:
        phrase = part.phrase
        at_bar = mode.enters_at_bar and begin % self._state.grid.bar_ticks == 0
        length = self._handover_rules.length_ticks(part, begin)
        phrase.answers = Variations(part.history.branch(), begin, length, at_bar)
        phrase.next_begin, phrase.loop = None, None
        self._play(part, phrase.answers, begin, mode.patience_ticks)

    @staticmethod
    def _play(
        part: Part, answers: Variations, tick: int, patience_ticks: int = 0, queue: NoteQueue | None = None
    ) -> None:
        """The model's turn begins at a tick: with the queued notes, or else as the model goes on from the buffer."""
        until_tick = None if answers.length is None else tick + answers.length
        part.playing = Playing(tick, tick, until_tick=until_tick, patience_ticks=patience_ticks)
        if queue is not None:
            part.play(queue)
        elif not answers.at_bar:
            part.resume(tick)

    def _begin_next(self, part: Part, tick: int) -> None:
        """Begin at a tick what the musician has asked for."""
        phrase, playing = part.phrase, part.playing
        answers = phrase.answers
        assert answers is not None, "only after an answer can another be asked for"
        phrase.next_begin = None
        if playing is not None:
            answers.current.close(part.history, tick)
        current, longest = answers.current, _LONGEST_LOOP_BARS * self._state.grid.bar_ticks
        queue: NoteQueue | None = None
        match phrase.next_command:
            case "keep":
                loop = current.cut(max(0, current.ticks - longest), current.ticks)
                if loop.notes:
                    self._repeat(part, phrase, loop.at(tick))
                elif playing is not None:  # there is nothing to keep yet: the answer goes on
                    playing.until_tick = None if answers.length is None else current.begin + answers.length
                return
            case "vary":
                queue = current.cut(0, min(current.ticks, longest) // 2).at(tick).queue()
                answers.start(tick)
            case "back":
                queue = answers.go_back(tick).queue()
            case _:
                answers.start(tick)
        part.history = answers.phrase_at(tick)
        self._play(part, answers, tick, 0 if playing is None else playing.patience_ticks, queue)

    def _plan_queued(self, part: Part, earliest: int) -> None:
        """Plan the queued notes that are near enough, and queue them again if the musician keeps them in a loop."""
        playing, loop = part.playing, part.phrase.loop
        if playing is None or playing.step is not Step.QUEUED:
            return
        for note in part.plan_queued(earliest, earliest + self._horizon_ticks):
            self._state.band_notes.add(part.channel, part.instrument, note)
        if loop is not None and playing.step is not Step.QUEUED:
            self._repeat(part, part.phrase, loop.at(loop.begin + loop.ticks))

    @staticmethod
    def _repeat(part: Part, phrase: Phrase, loop: Variation) -> None:
        phrase.loop = loop
        if part.playing is None:
            part.playing = Playing(loop.begin, loop.begin)
        part.playing.until_tick = None
        part.play(loop.queue())

    def _plans_at(self, part: Part, tick: int) -> int:
        """When what begins at a tick is to be planned: as soon as all before it is, or when it must."""
        is_planned = part.playing is None or part.playing.due_tick >= tick
        return tick - (self._horizon_ticks if is_planned else self._commit_ticks)
