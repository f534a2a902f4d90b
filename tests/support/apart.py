"""Router and engine on virtual time, but apart as on stage: the engine takes time, and messages wait for it.

Also what befalls a whole machine: it may stall, and nothing happens at all until it goes on.
"""

from __future__ import annotations

import math

from fakes import FakePredictor

from bollylive.clock.anchor import Anchor
from bollylive.engine.moving_notes import Harmony
from bollylive.model.predictor import Answer, Question
from bollylive.offline import OfflineBand
from bollylive.protocol import Heard, Instruction
from bollylive.sets.settings import Set

INSTANT_S = 1e-9


class SlowPredictor(FakePredictor):
    """A fake whose every call takes `call_s`; `calls` counts them, also those that fail. It keeps no questions."""

    def __init__(self, script: tuple[int, ...] = (12,), buffer_notes: int = 16, call_s: float = 0.0) -> None:
        super().__init__(script, buffer_notes)
        self.call_s = call_s
        self.calls = 0

    def predict(self, question: Question) -> Answer:
        self.calls += 1
        self.questions.clear()
        return super().predict(question)


class Apart(OfflineBand):
    """An offline performance with the engine in a process of its own, as `processes.engine_loop` runs it.

    It takes in all that has come, says what must happen at once, and then thinks for as long as its model takes.
    """

    def __init__(self, band: Set, model: SlowPredictor, seed: int = 1, harmony: Harmony | None = None) -> None:
        self._inbox: list[Heard | Anchor] = []
        self._thought: list[Instruction] = []
        self._until_s: float | None = None  # when it will have thought; None while it waits
        self._model = model
        super().__init__(band, model, seed, harmony=harmony)

    def stall(self, seconds: float) -> None:
        """Nobody gets any time for so long."""
        self.now_s += seconds

    def advance(self, until_s: float) -> None:
        """Let time pass, for router and engine side by side."""
        while (due_s := self._next_due()) <= until_s:
            self.now_s = max(due_s, self.now_s + INSTANT_S)
            self._engine_turn()
            self._router.tick(self.now_s)
        self.now_s = max(self.now_s, until_s)
        self._router.tick(self.now_s)

    def _engine_turn(self) -> None:
        if self._until_s is None:
            words, self._inbox = self._inbox, []
            for word in words:
                self._obey(self.engine.handle(word))
            before = self._model.calls
            self._thought = self.engine.tick(self.now_s)
            self._until_s = self.now_s + self._model.call_s * (self._model.calls - before)
        if self._until_s <= self.now_s:
            thought, self._until_s = self._thought, None
            self._obey(thought)

    def _obey(self, words: list[Instruction]) -> None:
        for word in words:
            self._router.obey(word, self.now_s)

    def _next_due(self) -> float:
        if self._until_s is not None:
            engine_s: float | None = self._until_s
        else:
            engine_s = self.now_s if self._inbox else self.engine.next_due(self.now_s)
        return min(due_s for due_s in (self._router.next_due(), engine_s, math.inf) if due_s is not None)

    def _report(self, word: Heard | Anchor) -> None:
        self._inbox.append(word)
