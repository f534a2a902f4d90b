"""Stand-ins that more than one test file uses: real objects of few lines, no mocks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from bollylive.midi.messages import NoteOff, NoteOn
from bollylive.model import codec
from bollylive.model.chord_predictor import ChordPredictor
from bollylive.model.predictor import Answer, Floats, Ints, Question
from bollylive.protocol import Sent

FORBIDDEN = -1e8  # a bias below this rules a word out
WILD: tuple[int, ...] = ()  # a script without a word in it: the noise decides when the next note comes


class FakePredictor:
    """A `Predictor` without a network, which plays the same from the same noise.

    It honours what a row states, the biases, and that a chord ascends. `script` gives the `next` words in turn.
    Of a state the first number counts the rows that it has seen, the second depends on all of them.
    `failures` calls to come raise.
    """

    def __init__(self, script: Sequence[int] = (12,), buffer_notes: int = 16) -> None:
        self.buffer_notes = buffer_notes
        self.state_shape = (1, 2)
        self.chord_predictor: ChordPredictor | None = None
        self.failures = 0
        self.questions: list[Question] = []
        self._script = script
        self._turn = 0

    @property
    def rows(self) -> Ints:
        """All rows that were asked for so far: [N, F]."""
        return np.concatenate([question.rows[:, -1] for question in self.questions])

    @property
    def heard(self) -> Ints:
        """All rows that were given to hear so far: [N, F]."""
        fields = self.questions[0].rows.shape[-1]
        return np.concatenate([question.rows[:, :-1].reshape(-1, fields) for question in self.questions])

    def predict(self, question: Question) -> Answer:
        if self.failures:
            self.failures -= 1
            raise RuntimeError("the fake was set to fail")
        self.questions.append(question)
        voices = len(question.rows)
        chosen = np.stack([self._choose(question, i) for i in range(voices)])
        state, states = question.state, []
        for heard in question.rows[:, :-1].swapaxes(0, 1):
            state = state.copy()
            state[:, 0, 0] += 1
            complete = np.delete(heard, codec.NEXT, axis=1)
            state[:, 0, 1] = (state[:, 0, 1] * 31 + complete @ np.array([1, 3, 7, 9, 11, 13, 15, 17])) % 9973
            states.append(state)
        return Answer(chosen, np.zeros((voices, len(codec.CHOICES)), dtype=np.float32), np.stack(states, axis=1))

    def _choose(self, question: Question, i: int) -> Ints:
        row, noise = question.rows[i, -1], question.noise[i]
        pitch_bias = question.pitch_bias[i].astype(np.float64)
        if row[codec.ONSET] == 0 and row[codec.PREVIOUS] != codec.REST:
            pitch_bias[: row[codec.PREVIOUS] + 1] += 10 * FORBIDDEN
        words = np.array(
            [
                _any(noise[0], pitch_bias),
                _any(noise[1], np.zeros(codec.DURATIONS)),
                _any(noise[2], np.zeros(codec.VELOCITIES)),
                self._next(noise[3], question.onset_bias[i]) if row[codec.NEXT] == codec.CHOOSE else row[codec.NEXT],
            ]
        )
        return np.where(row[codec.CHOSEN] == codec.CHOOSE, words, row[codec.CHOSEN]).astype(np.int64)

    def _next(self, noise: float, bias: Floats) -> int:
        if not self._script:
            return _any(noise, bias.astype(np.float64))
        wanted = self._script[self._turn % len(self._script)]
        self._turn += 1
        allowed = np.flatnonzero(bias > FORBIDDEN)
        return int(allowed[np.abs(allowed - wanted).argmin()])


def _any(noise: float, bias: NDArray[np.float64]) -> int:
    """A word drawn by the noise from those that the bias allows, after the bias' own weights."""
    weight = np.exp(bias - bias.max()).cumsum()
    return int(np.searchsorted(weight, float(noise) * weight[-1], side="right").clip(0, len(weight) - 1))


def sounding(sent: Sequence[Sent], before: Iterable[tuple[int, int]] = ()) -> set[tuple[int, int]]:
    """Follow what left: every on needs an off before the next, every off its on. Gives what still sounds.

    `before` is what sounded when it began: (channel, pitch).
    """
    open_ = set(before)
    for message in sent:
        match message.event:
            case NoteOn(channel, pitch):
                assert (channel, pitch) not in open_, f"a second on without an off between: {message}"
                open_.add((channel, pitch))
            case NoteOff(channel, pitch):
                assert (channel, pitch) in open_, f"an off without an on: {message}"
                open_.remove((channel, pitch))
    return open_


def ons(sent: Sequence[Sent], channel: int | None = None, by: str = "model") -> list[tuple[Sent, NoteOn]]:
    """The note-ons of a player, on one channel or on all."""
    return [
        (s, s.event) for s in sent if isinstance(s.event, NoteOn) and s.by == by and channel in (None, s.event.channel)
    ]


def onsets(sent: Sequence[Sent], channel: int | None = None, by: str = "model") -> list[float]:
    """The seconds of these note-ons."""
    return [message.at_s for message, _ in ons(sent, channel, by)]
