"""Who plays a channel that the musician and the model share: when the model takes it over, and for how long.

    the musician plays → the model takes over → it plays its answer → the musician plays again, or the answer is over

When the model takes over, and how long its answer is, `handover_rules` says; what the musician asks for meanwhile is in
`variation_requests`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from bollylive.engine.band_state import BandState
from bollylive.engine.handover_rules import LATE_TICKS, HandoverRules
from bollylive.engine.part import Part
from bollylive.engine.variation_requests import VariationRequests
from bollylive.engine.variations import Variations
from bollylive.model.codec import TICKS_PER_BEAT

FADE_BEATS = 0.25  # the model's last note ends under the musician's first


class _Step(NamedTuple):
    """A change of turns: from `tick` on, `act` is to be called with the earliest tick that can be changed."""

    tick: int
    act: Callable[[int], None]


class TurnTaking:
    """The turns of all channels; it begins and ends them in the parts. Owned by the engine; ticks are the grid's."""

    def __init__(self, state: BandState, requests: VariationRequests) -> None:
        self._state = state
        self._handover_rules = HandoverRules(state)
        self._requests = requests

    def begin_note(self, part: Part, tick: int) -> bool:
        """Handle a note that the musician begins on a channel of the model's; return True if it ends the model's turn.

        On a channel that accompanies, too: it comes back as on a shared one.
        """
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
            if answers.current.begin > tick:  # the answer has not begun, so the buffer moves back
                part.history = answers.phrase_at(answers.begin)
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
            if (step := self._next_step(part)) is not None:
                ticks.append(step.tick)
            if part.playing is not None and (queued := part.playing.next_queued_tick) is not None:
                ticks.append(queued - self._state.horizon_ticks)
        return min(ticks, default=None)

    def advance(self, earliest: int) -> None:
        """Let the model take over if it is time, and end what is over; everything from `earliest` on can be changed."""
        for part in self._state.parts:
            if (step := self._next_step(part)) is not None and earliest >= step.tick:
                step.act(earliest)
            self._requests.plan_queued(part, earliest)

    def _next_step(self, part: Part) -> _Step | None:
        """The next change of turns on a channel, if the musician does nothing before it; None if there is none."""
        playing, next_begin = part.playing, part.phrase.next_begin
        if next_begin is not None:
            return _Step(self._requests.plans_at(part, next_begin), lambda _: self._requests.begin(part, next_begin))
        if playing is not None and playing.until_tick is not None:
            return _Step(playing.until_tick, lambda earliest: self._finish(part, earliest))
        begin = self._handover_rules.begin_tick(part)
        if begin is None:
            return None

        def take_over(earliest: int) -> None:
            tick = max(begin, earliest)
            at_bar = self._handover_rules.mode(part).enters_at_bar
            self._take_over(part, tick, self._handover_rules.patience_ticks(part, tick), at_bar=at_bar)

        return _Step(begin - self._state.horizon_ticks, take_over)

    def hand_over(self, part: Part, earliest: int) -> bool:
        """Begin the model's turn at once, as a command does, or end it; return True if it was ended."""
        if part.is_playing:
            self._finish(part, earliest)
            return True
        part.answer_expected = True
        self._take_over(part, earliest)
        return False

    def _finish(self, part: Part, tick: int) -> None:
        self.end(part, tick)
        part.touched_tick = None  # the model takes over again only after the musician has played

    def _take_over(self, part: Part, begin: int, patience_ticks: int = 0, *, at_bar: bool = False) -> None:
        phrase, grid = part.phrase, self._state.grid
        at_bar = at_bar and grid.ticks_past(begin, grid.bar_ticks) <= LATE_TICKS
        length = self._handover_rules.length_ticks(part, begin)
        # A pedal that is pressed on the beat comes a little later; what is asked for next falls on the beat again.
        past_beat = grid.ticks_past(begin, TICKS_PER_BEAT)
        counted = begin - past_beat if past_beat <= LATE_TICKS else begin
        phrase.answers = Variations(part.history.branch(), counted, length, at_bar)
        phrase.next_begin, phrase.loop = None, None
        part.begin_turn(phrase.answers, begin, patience_ticks)
