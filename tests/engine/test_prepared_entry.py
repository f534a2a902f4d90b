"""The percussion's first stroke is ready before the musician's first note."""

from __future__ import annotations

from fakes import FakePredictor

from bollylive.clock.anchor import Anchor
from bollylive.engine.engine import Engine
from bollylive.midi.messages import NoteOn
from bollylive.protocol import Heard, Play
from bollylive.sets.controls import Command
from bollylive.sets.settings import ChannelSet, Set

PERCUSSION = ChannelSet(9, "Percussion", "accompany")
BASS = ChannelSet(1, "Bass", "accompany")
BEAT_S = 0.5


def engine_of(*channels: ChannelSet, own_downbeat: bool = True) -> Engine:
    engine = Engine(Set(tempo_bpm=120, channels=channels), FakePredictor(), 1, own_downbeat)
    engine.handle(Anchor(0.0, BEAT_S, 0.0))
    while (due_s := engine.next_due(0.0)) is not None and due_s <= 0.0:
        assert engine.tick(0.0) == []
    return engine


def first_note(engine: Engine, beat: float) -> list[Play]:
    instructions = engine.handle(Heard(NoteOn(0, 60, 90), beat * BEAT_S, beat))
    return [instruction for instruction in instructions if isinstance(instruction, Play)]


def test_the_percussion_answers_the_first_note_without_the_model() -> None:
    engine = engine_of(BASS, PERCUSSION)
    (stroke,) = first_note(engine, 3.3)
    assert (stroke.note.channel, stroke.note.onset_beats) == (9, 3.3)


def test_it_is_ready_again_after_every_sleep() -> None:
    engine = engine_of(PERCUSSION)
    for beat in (1.0, 9.25, 20.0):
        assert len(first_note(engine, beat)) == 1
        engine.handle(Heard(Command("sleep"), beat * BEAT_S, beat + 1))
        now_s = (beat + 1) * BEAT_S
        while (due_s := engine.next_due(now_s)) is not None and due_s <= now_s:
            engine.tick(now_s)


def test_under_a_clock_or_a_files_bars_nobody_guesses_the_downbeat() -> None:
    assert first_note(engine_of(PERCUSSION, own_downbeat=False), 1.0) == []
    engine = engine_of(PERCUSSION)
    engine.handle(Anchor(0.0, BEAT_S, 0.5, followed=True, epoch=1))
    assert first_note(engine, 0.3) == []


def test_only_accompanying_percussion_is_prepared() -> None:
    assert first_note(engine_of(BASS, ChannelSet(9, role="continue")), 1.0) == []


def test_a_sleeping_band_that_is_ready_asks_for_nothing_more() -> None:
    assert engine_of(BASS, PERCUSSION).next_due(0.0) is None
