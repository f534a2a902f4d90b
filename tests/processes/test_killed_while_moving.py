"""An engine or an io process that is killed at a note that moves, on virtual time: nothing sounds on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest
from chords import cycle
from fakes import FakePredictor
from synth import Synth

from bollylive.engine.engine import Engine
from bollylive.io.note_scheduler import Scheduler
from bollylive.io.router import Router
from bollylive.io.sounding_notes import SoundingNotes
from bollylive.journal.restore import restore
from bollylive.midi.messages import NoteOff, NoteOn
from bollylive.midi.parser import to_bytes
from bollylive.offline import OfflineBand
from bollylive.protocol import Instruction, Move, Release, Sent
from bollylive.sets.live_set import LiveSet
from bollylive.sets.settings import ChannelSet, Set

PAD = ChannelSet(1, role="accompany", program=48, part=("pad",))
BAND = Set(tempo_bpm=240, channels=(ChannelSet(0, role="player"), PAD, replace(PAD, channel=2, program=19)))
BEAT_S, BAR_TICKS = 0.25, 48
CHORDS = cycle(200, BAR_TICKS)
KILLS_OF_A_BAND, SEEDS = 10, 50  # 500 in all
LAST_END_S = 5.0  # the ends of what was left are sent for so long


class Mortal(OfflineBand):
    """A band whose engine and whose io process can be killed, and a synthesizer at its output.

    `killed` ends what the process does at a moment of the test's choice, in the middle of it.
    """

    def __init__(self, seed: int) -> None:
        self.synth, self.moves = Synth(), 0
        self.chance = Random(seed)
        self._delivered: int | None = None  # of the messages to come; None: all
        super().__init__(BAND, FakePredictor((0, 0, 30), 32), seed, harmony=CHORDS)
        self.supervisor = SoundingNotes(LiveSet(BAND))
        self._begin_io()

    def go_on(self, seconds: float) -> None:
        """The musician plays on, and time passes."""
        pitch = self.chance.choice((60, 64, 65, 67, 71))
        self.play(NoteOn(0, pitch, 90), self.now_s)
        self.advance(self.now_s + seconds * self.chance.random())
        self.play(NoteOff(0, pitch), self.now_s)
        self.advance(self.now_s + seconds)

    def go_to_a_move(self) -> None:
        """Play on up to a moment near one at which notes move: a little before it, in the middle of it, or after it."""
        moves = self.moves
        while self.moves == moves:
            self.go_on(BEAT_S)
        self.advance(self.now_s + self.chance.choice((0.0, 0.0, 0.05, BEAT_S / 4)) * self.chance.random())

    def kill_engine(self) -> None:
        """Kill the engine while it says what is to be done, and let another take over."""
        words: list[Instruction] = self.engine.tick(self.now_s + self.chance.choice((0.0, BEAT_S / 4)))
        for word in words[: self.chance.randint(0, len(words))]:
            self._router.obey(word, self.now_s)
        for channel in range(16):
            self._router.obey(Release(channel), self.now_s)
        musicians = {note for note in self.synth.keys if note[0] == 0}
        assert set(self.synth.keys) == musicians
        past = restore([self.anchor, *self.sent, self.engine.status], self.now_s, 32)
        self.engine = Engine(BAND, FakePredictor((0, 0, 30), 32), 1, harmony=CHORDS)
        self.engine.resume(past, self.now_s)

    def kill_io(self) -> None:
        """Kill the io process while it sends, and what it reports is lost; let another take over."""
        self._delivered = self.chance.randint(0, 3)
        self.advance(self.now_s + self.chance.choice((0.001, BEAT_S / 4, BEAT_S)))
        self._begin_io()
        self._router.inherit(self.supervisor.left, self.now_s)
        self.supervisor = SoundingNotes(LiveSet(BAND))
        assert not self.synth.held()

    def _begin_io(self) -> None:
        self._delivered = None
        self._router = Router(self._clock, Scheduler(), self._send, self._report, LiveSet(BAND))
        obey = self._router.obey

        def watched(instruction: Instruction, now_s: float) -> None:
            self.moves += isinstance(instruction, Move)
            obey(instruction, now_s)

        self._router.obey = watched  # type: ignore[method-assign, assignment]

    def _send(self, messages: Sequence[Sent]) -> None:
        for message in messages:
            if self._delivered == 0:
                return
            self.synth.hear(to_bytes(message.event), self.now_s)
            if self._delivered is None or self._delivered > 1:  # the last one is heard, and never told
                self.supervisor.add(message)
                self.sent.append(message)
            if self._delivered is not None:
                self._delivered -= 1


def seeds(count: int) -> list[object]:
    """Seeds of bands; all but the first few are slow."""
    return [pytest.param(seed, marks=[pytest.mark.slow] if seed >= 3 else []) for seed in range(count)]


@pytest.mark.parametrize("seed", seeds(SEEDS))
@pytest.mark.parametrize("process", ["engine", "io"])
def test_nothing_sounds_on_when_a_process_is_killed_at_a_moving_note(process: str, seed: int) -> None:
    band = Mortal(seed)
    for _ in range(KILLS_OF_A_BAND):
        band.go_to_a_move()
        band.kill_engine() if process == "engine" else band.kill_io()
    band.close()
    assert not band.synth.held()
    assert not band.synth.garbage
