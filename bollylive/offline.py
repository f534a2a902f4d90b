"""Router and engine in one process on virtual time: the live program without MIDI ports, much faster than real time.

Used by `perform`, `generate` and the tests. Here the model takes no time, and nothing is late by more than half a tick.
"""

from __future__ import annotations

import math
from dataclasses import replace

from bollylive.clock.anchor import Anchor
from bollylive.clock.clock import Clock
from bollylive.engine.engine import Engine
from bollylive.engine.moving_notes import Harmony
from bollylive.io.note_scheduler import LATE_BOUND_S, Scheduler
from bollylive.io.router import Router
from bollylive.midi.messages import Event, Note
from bollylive.model.predictor import Predictor
from bollylive.protocol import Heard, Sent
from bollylive.sets.live_set import LiveSet
from bollylive.sets.settings import Set

_INSTANT_S = 1e-9
_ROUNDING_S = 1e-6  # what is due so soon before an end is due at it


class OfflineBand:
    """A performance whose time the caller controls. `sent` holds all that was sent, in order; `now_s` begins at 0."""

    def __init__(
        self,
        band: Set,
        predictor: Predictor,
        seed: int,
        own_downbeat: bool = True,
        *,
        any_tempo: bool = False,
        harmony: Harmony | None = None,
    ) -> None:
        """`own_downbeat` and `harmony` are as for `Engine`.

        With `any_tempo` a song is followed at all tempos that a file can have.
        """
        self.now_s = 0.0
        self.sent: list[Sent] = []
        self.engine = Engine(band, predictor, seed, own_downbeat, harmony)
        self._clock = Clock(band.tempo_bpm, 0.0, any_tempo=any_tempo)
        scheduler = Scheduler(math.inf if any_tempo else LATE_BOUND_S)  # at 10 bpm half a tick is 125 ms
        self._router = Router(self._clock, scheduler, self.sent.extend, self._report, LiveSet(band))
        self._report(self._clock.anchor)
        for channel, program in band.sounds():
            self._router.program(channel, program, 0.0)

    @property
    def anchor(self) -> Anchor:
        """The beat as it stands."""
        return self._clock.anchor

    def play(self, event: Event, at_s: float) -> None:
        """Let the musician do something, after everything that is due earlier has been done.

        The band answers only when time advances: it hears everything that comes at one instant together.
        """
        if at_s > self.now_s:
            self.advance(at_s)
        self._router.handle(event, self.now_s)

    def use(self, band: Set) -> None:
        """Let the band play by another set from now on."""
        self._router.use(band, self.now_s)
        for instruction in self.engine.use(band, self.now_s):
            self._router.obey(instruction, self.now_s)

    def begin_bars(self, beat: float, beats_per_bar: float, at_s: float) -> None:
        """Let bars of another length begin at a beat, which falls at `at_s`."""
        if at_s > self.now_s:
            self.advance(at_s)
        band = self.engine.band
        for instruction in self.engine.use(replace(band, beats_per_bar=beats_per_bar), self.now_s):
            self._router.obey(instruction, self.now_s)
        self._report(replace(self._clock.anchor, bar_beat=beat))

    def prime(self, notes: list[Note], programs: dict[int, int]) -> None:
        """Let the band treat some music as if it had just been played; see `Engine.prime`."""
        self.engine.prime(notes, programs)

    def advance(self, until_s: float) -> None:
        """Let time pass."""
        while (due_s := self._next_due()) <= until_s:
            # A beat becomes seconds and back with a rounding error: at that very instant it may not be due yet.
            self.now_s = max(due_s, self.now_s + _INSTANT_S)
            for instruction in self.engine.tick(self.now_s):
                self._router.obey(instruction, self.now_s)
            self._router.tick(self.now_s)
        self.now_s = max(self.now_s, until_s)
        self._router.tick(self.now_s)

    def finish(self, end_s: float) -> None:
        """Let time pass up to the end of the performance, and end every note; what is due at the end is not played."""
        self.advance(end_s - _ROUNDING_S)
        self.close()

    def close(self) -> None:
        """End every note."""
        self._router.close(self.now_s)

    def _next_due(self) -> float:
        return min(
            due for due in (self._router.next_due(), self.engine.next_due(self.now_s), math.inf) if due is not None
        )

    def _report(self, message: Heard | Anchor) -> None:
        for instruction in self.engine.handle(message):
            self._router.obey(instruction, message.at_s)
