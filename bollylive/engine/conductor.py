"""The conductor: it decides which chord the whole band plays, half a bar at a time, so that nobody has to guess.

    the lead so far → its network: how likely is each chord? → one choice → the plan → `harmony_scores`, moving notes

The chord of a step is chosen just before the band chooses the first notes of that step. In the middle of the step it is
looked at once more, with what the lead has played of it by then. Both times the draw is the same, so the chord stays
unless what was heard speaks against it. Before the musician's first pitch there is no harmony.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Final

import numpy as np

from bollylive.engine.band_state import BandState
from bollylive.engine.chord_choice import ALONE, LED, Situation, Weights, choose, home_chords, scores
from bollylive.engine.chord_plan import ChordPlan
from bollylive.model.chord_predictor import QUARTERS, ChordPredictor, Forecast
from bollylive.model.chord_words import CHORDS, NO_CHORD
from bollylive.model.lead_steps import step_ticks
from bollylive.model.predictor import Floats

_log = logging.getLogger(__name__)
_ROWS: Final = 192  # how far back passages are compared: 96 bars of four beats
_FORM_BARS: Final = 8
_PHRASE_BARS: Final = 8
_ALONE_BARS: Final = 4  # after so long a silence the lead no longer guides
_MARGIN_TICKS: Final = 1  # a chord is planned so long before notes are asked for it
_NOW: Final = 0.6  # how much more the lead at a note's onset counts than what it plays later in that step
_STREAM: Final = 77  # the draws are others than those of the model, which has the same seed


class Conductor:
    """Plans the chords. Owned by the engine; `advance` blocks for at most some calls of the network, 3 ms each.

    Without a `predictor` there is no harmony, and neither is there with `harmony_strength` 0. The same seed and the
    same lead give the same plan. `failures` counts how often the network failed; the chord before then stays.
    """

    def __init__(self, state: BandState, predictor: ChordPredictor | None, seed: int) -> None:
        self.plan = ChordPlan()
        self.failures = 0
        self._state, self._predictor = state, predictor
        self._random = np.random.default_rng((seed, _STREAM))
        self._draws: dict[int, Floats] = {}  # by the first tick of a step
        self._expected: dict[int, Floats] = {}  # [4, 12] what the lead is expected to sound, by the same
        self._decided: int | None = None  # the first tick of the newest step whose chord was chosen
        self._reconsidered = False  # that step, in its middle

    @property
    def wanted(self) -> bool:
        """Whether there is a network, and the set wants it."""
        return self._predictor is not None and self._state.live.band.harmony_strength > 0

    @property
    def leads(self) -> bool:
        """Whether there is a harmony, which the musician's first pitch begins."""
        return self.wanted and self._state.lead.first_tick is not None

    def advance(self, earliest: int) -> None:
        """Choose the chords for all notes that may be asked for now."""
        if not self.wanted:
            return
        self._state.lead.listen(earliest)
        if not self.leads:
            return
        if self._state.stale:
            self._forget(earliest + self._state.commit_ticks)
        line = earliest + self._ahead_ticks
        newest = self._step_at(line)
        for step in self._undecided(newest):
            if step > earliest:  # of one that has begun, enough is heard in its middle
                self._decide(step, earliest)
        middle = newest + self._step_ticks // 2
        if not self._reconsidered and line >= middle:
            self._reconsider(newest, max(middle, earliest + self._state.commit_ticks + 1), earliest)

    def next_tick(self, earliest: int) -> int | None:
        """When `advance` has something to do next; None if the lead must begin first."""
        if not self.leads:
            return None
        line = earliest + self._ahead_ticks
        newest = self._step_at(line)
        middle, following = newest + self._step_ticks // 2, newest + self._step_ticks
        return (middle if line < middle else following) - self._ahead_ticks

    @property
    def newest_chord(self) -> tuple[float, int] | None:
        """The chord that was planned last: the beat from which it stands, and its word; None if there is none."""
        newest = self.plan.newest
        return None if newest is None else (self._state.grid.beat_of(newest[0]), newest[1])

    def restore(self, chords: Iterable[tuple[float, int]]) -> None:
        """Take over the chords of an engine that is gone, as `newest_chord` gave them, in order of time."""
        for beat, chord in chords:
            if chord < CHORDS:
                self.plan.put(self._state.grid.tick_of(beat), chord)

    def expected(self, tick: int) -> Floats | None:
        """How likely the lead sounds each pitch class [12] from a tick to the end of its step; None if unknown."""
        step = self._step_at(tick)
        foretold = self._expected.get(step)
        if foretold is None:
            return None
        quarter = (tick - step) * QUARTERS // self._step_ticks
        mixed: Floats = np.float32(_NOW) * foretold[quarter] + np.float32(1 - _NOW) * foretold[quarter:].mean(axis=0)
        return mixed

    def tones_at(self, tick: int) -> frozenset[int] | None:
        """The pitch classes 0-11 of the chord that stands at a tick; None if there is none."""
        return self.plan.tones_at(tick) if self.leads else None

    def next_change(self, tick: int) -> int | None:
        """The first tick after this one at which another chord stands; None if none is planned."""
        return self.plan.next_change(tick) if self.leads else None

    def past_step(self, tick: int) -> int:
        """How many ticks a tick is after the beginning of its step."""
        return tick - self._step_at(tick)

    @property
    def _step_ticks(self) -> int:
        return step_ticks(self._state.grid.bar_ticks)

    @property
    def _ahead_ticks(self) -> int:
        return self._state.horizon_ticks + _MARGIN_TICKS

    def _step_at(self, tick: int) -> int:
        """The first tick of the step in which a tick lies."""
        return tick - self._state.grid.ticks_past(tick, self._step_ticks)

    def _undecided(self, newest: int) -> range:
        """The first ticks of the steps up to the newest whose chord is to be chosen, at most as many as are ahead."""
        most = 1 + self._ahead_ticks // self._step_ticks
        first = newest - (most - 1) * self._step_ticks
        if self._decided is not None:
            first += max(0, -(-(self._decided + 1 - first) // self._step_ticks)) * self._step_ticks
        return range(first, newest + 1, self._step_ticks)

    def _forget(self, after_tick: int) -> None:
        """The lead has played something: what is planned after a tick is chosen anew."""
        self.plan.cut(after_tick + 1)
        if self._decided is None:
            return
        while self._decided > after_tick:
            self._decided -= self._step_ticks
            self._reconsidered = True
        if self._decided + self._step_ticks // 2 > after_tick:
            self._reconsidered = False

    def _decide(self, step: int, earliest: int) -> None:
        """Choose the chord of a step that has not begun."""
        self._decided, self._reconsidered = step, False
        self._choose(step, step, earliest)

    def _reconsider(self, step: int, from_tick: int, earliest: int) -> None:
        """Choose the chord of a step again, with what was heard of it."""
        self._decided, self._reconsidered = step, True
        before = self.plan.at(from_tick)
        self._choose(step, from_tick, earliest)
        if self.plan.at(from_tick) != before:
            self._state.stale = True  # what is planned was chosen for the chord before

    def _choose(self, step: int, from_tick: int, earliest: int) -> None:
        forecast = self._forecast(step, earliest)
        if forecast is None:
            return
        self._expected[step] = forecast.lead[:, :12]
        weights = self._weights(earliest)
        chosen = choose(scores(forecast, self._situation(step, from_tick), weights), self._draw(step), weights)
        self.plan.put(from_tick, chosen)
        for old in [tick for tick in self._draws if tick < step - self._step_ticks]:
            self._draws.pop(old, None)
            self._expected.pop(old, None)

    def _forecast(self, step: int, earliest: int) -> Forecast | None:
        """Ask the network; None if it fails, because on stage nothing is fatal."""
        assert self._predictor is not None, "without a network nothing leads"
        grid, ticks = self._state.grid, self._step_ticks
        first_lead = self._state.lead.first_tick
        rows = max(1, min(_ROWS, -((first_lead - step) // ticks) if first_lead is not None else 1))
        first = step - rows * ticks
        heard_ticks = max(0, earliest + 1 - step)
        lead = self._state.lead.steps(first, rows + (heard_ticks > 0), ticks, earliest + 1)
        chords = [self.plan.at(begin + ticks - 1) for begin in range(first, step, ticks)]
        try:
            return self._predictor.forecast(
                lead, chords, (first - grid.zero_tick) // ticks, grid.bar_ticks // ticks, known=heard_ticks > 0
            )
        except Exception:  # noqa: BLE001 - on stage nothing is fatal: the chord before stays
            self.failures += 1
            if self.failures == 1:
                _log.exception("the conductor failed; the chord stays")
            return None

    def _situation(self, step: int, from_tick: int) -> Situation:
        before, band = step - 1, self._state.live.band
        form_tick = step - _FORM_BARS * self._state.grid.bar_ticks + self._step_ticks - 1
        classes = self._state.scale.classes
        raga = classes if band.raga is not None and band.raga_lock > 0 else None
        return Situation(
            form=self.plan.at(form_tick),
            last=self.plan.at(before),
            stood_steps=self.plan.stood_ticks(before) // self._step_ticks,
            begun=self.plan.at(from_tick) if from_tick > step else NO_CHORD,
            own=classes,
            allowed=raga,
            homes=home_chords(band.sa, raga) if raga is not None and self._opens_or_ends_phrase(step) else (),
        )

    def _opens_or_ends_phrase(self, step: int) -> bool:
        """Whether a step is the first or the last of a phrase."""
        phrase_ticks = _PHRASE_BARS * self._state.grid.bar_ticks
        return self._state.grid.ticks_past(step, phrase_ticks) in (0, phrase_ticks - self._step_ticks)

    def _weights(self, earliest: int) -> Weights:
        silent_since = self._state.lead.silent_since(earliest)
        alone = silent_since is not None and earliest - silent_since > _ALONE_BARS * self._state.grid.bar_ticks
        return ALONE if alone else LED

    def _draw(self, step: int) -> Floats:
        if step not in self._draws:
            self._draws[step] = self._random.gumbel(size=CHORDS).astype(np.float32)
        return self._draws[step]
