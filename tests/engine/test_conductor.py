"""The conductor: when it chooses a chord, with what it has heard by then; on virtual time, with a stand-in network."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from chords import FakeConductor
from fakes import FakePredictor

from bollylive.midi.messages import NoteOff, NoteOn
from bollylive.model.chord_words import NO_CHORD, TONES, chord_name, word_of
from bollylive.offline import OfflineBand
from bollylive.sets.settings import ChannelSet, Set

BEAT_S = 0.5
PIANO, BASS = ChannelSet(1, role="accompany", program=0, lowest=48, highest=84), ChannelSet(2, "", "accompany", 33)
C, D_MINOR, F, G = word_of(0, 0), word_of(2, 1), word_of(5, 0), word_of(7, 0)


class Stage:
    """A musician on channel 1, a piano and a bass, at 120 beats per minute; the first note is the downbeat."""

    def __init__(self, conductor: FakeConductor | None, seed: int = 1, **settings: Any) -> None:
        self.model = FakePredictor(buffer_notes=64)
        self.model.chord_predictor = conductor
        channels = (ChannelSet(0, role="player"), PIANO, BASS)
        self.offline = OfflineBand(Set(tempo_bpm=120, channels=channels, **settings), self.model, seed)

    def play(self, *pitches: int, beats: float = 1.0, from_beat: float = 0.0) -> None:
        """Play some notes one after another, each so many beats long."""
        for number, pitch in enumerate(pitches):
            beat = from_beat + number * beats
            self.offline.play(NoteOn(0, pitch, 90), beat * BEAT_S)
            self.offline.play(NoteOff(0, pitch), (beat + beats) * BEAT_S - 0.01)

    def chords(self, beats: float) -> list[str]:
        """The chord of each half bar of the engine's plan."""
        plan = self.offline.engine.conductor.plan
        return [chord_name(plan.at(48 * number + 47)) for number in range(round(beats / 2))]

    def notes(self, channel: int) -> list[NoteOn]:
        return [s.event for s in self.offline.sent if isinstance(s.event, NoteOn) and s.event.channel == channel]


def test_before_the_first_pitch_there_is_no_harmony() -> None:
    conductor = FakeConductor()
    Stage(conductor).offline.advance(5.0)
    assert conductor.asked == []


def test_each_half_bar_is_decided_before_it_begins_and_looked_at_again_in_its_middle() -> None:
    conductor = FakeConductor()
    stage = Stage(conductor)
    stage.play(60, 60, 64, 64, 67, 67, 72, 72)
    known = [asked[-1] for asked in conductor.asked]
    assert known == [True, False, True, False, True, False, True, False]
    rows, chords, first_step, steps_per_bar, _ = conductor.asked[-1]
    assert rows == len(chords) == 4
    assert (first_step, steps_per_bar) == (0, 2)


def test_the_chord_holds_what_the_lead_plays() -> None:
    stage = Stage(FakeConductor())
    stage.play(*[60, 67] * 4, *[65, 69] * 4)
    plan = stage.offline.engine.conductor.plan
    assert all(TONES[plan.at(48 * step + 47), [0, 7]].all() for step in range(1, 4))
    assert all(TONES[plan.at(48 * step + 47), [5, 9]].all() for step in range(5, 8))


def test_a_chord_that_the_lead_contradicts_changes_in_the_middle_of_its_half_bar() -> None:
    stage = Stage(FakeConductor())
    stage.play(*[60, 67] * 4, *[65, 69] * 4)
    plan = stage.offline.engine.conductor.plan
    assert TONES[plan.at(4 * 48), [0, 7]].all()
    assert plan.next_change(4 * 48) == 4 * 48 + 24


@pytest.mark.parametrize("chord", [C, D_MINOR, G])
def test_pitched_voices_choose_tones_of_the_chord_and_the_bass_its_root_on_the_first(chord: int) -> None:
    stage = Stage(FakeConductor(certain=chord), harmony_strength=2.0)
    stage.play(*[60] * 16)
    free = Stage(None)
    free.play(*[60] * 16)

    def share(played: Stage) -> float:
        pitches = [note.pitch % 12 for note in played.notes(1)[8:]]
        return sum(bool(TONES[chord, pitch]) for pitch in pitches) / len(pitches)

    assert share(stage) > share(free)


def test_the_same_seed_gives_the_same_plan_and_another_another() -> None:
    def plan(seed: int) -> list[str]:
        stage = Stage(FakeConductor(), seed)
        stage.play(*[60, 62, 64, 65, 67, 69, 71, 72] * 4)
        return stage.chords(32)

    assert plan(1) == plan(1)
    assert len({tuple(plan(seed)) for seed in range(4)}) > 1


@pytest.mark.parametrize("horizon_beats", [0.0, 4.0])
def test_with_any_horizon_no_note_is_asked_for_before_its_chord_is_known(horizon_beats: float) -> None:
    conductor = FakeConductor(certain=G)
    stage = Stage(conductor, horizon_beats=horizon_beats, harmony_strength=2.0)
    stage.play(*[60] * 24)
    later = stage.model.questions[40:]
    assert all(abs(bias[48:84]).any() for question in later for bias in question.pitch_bias)
    assert stage.chords(20)[2:] == ["G"] * 8


def test_strength_zero_asks_nobody_and_changes_no_byte() -> None:
    conductor = FakeConductor()
    without, off = Stage(None), Stage(conductor, harmony_strength=0.0)
    for stage in (without, off):
        stage.play(*[60, 64, 67, 72] * 4)
    assert conductor.asked == []
    assert [s.event for s in off.offline.sent] == [s.event for s in without.offline.sent]


def test_a_network_that_fails_leaves_the_chord_and_the_band_plays_on() -> None:
    conductor = FakeConductor(certain=C)
    stage = Stage(conductor)
    stage.play(*[60] * 8)
    conductor.certain, conductor.failures = G, 6
    stage.play(*[60] * 6, from_beat=8)
    assert stage.chords(14)[-1] == "C"
    assert stage.offline.engine.counts["failures"] == 6
    stage.play(*[60] * 8, from_beat=14)
    assert stage.chords(24)[-1] == "G"


def test_bars_of_three_beats_are_steps_of_their_own() -> None:
    conductor = FakeConductor()
    stage = Stage(conductor, beats_per_bar=3.0)
    stage.play(*[60] * 12)
    *_, steps_per_bar, _ = conductor.asked[-1]
    assert steps_per_bar == 1
    assert len([asked for asked in conductor.asked if not asked[-1]]) == 4


def test_percussion_is_no_lead_and_is_not_turned_by_the_harmony() -> None:
    conductor = FakeConductor(certain=C)
    model = FakePredictor(buffer_notes=64)
    model.chord_predictor = conductor
    offline = OfflineBand(Set(tempo_bpm=120, channels=(ChannelSet(9, role="player"), PIANO)), model, 1)
    for beat in range(8):
        offline.play(NoteOn(9, 38, 90), beat * BEAT_S)
        offline.play(NoteOff(9, 38), beat * BEAT_S + 0.1)
    assert conductor.asked == []
    assert offline.engine.conductor.plan.at(96) == NO_CHORD


def test_with_a_raga_named_only_its_chords_are_planned_and_phrases_begin_and_end_at_home() -> None:
    stage = Stage(FakeConductor(), raga="bhairav", sa=2)
    stage.play(*[62, 63, 66, 67, 69, 70, 73, 74] * 8)
    planned = [chord for _, chord in stage.offline.engine.conductor.plan.since(0)]
    raga = {(2 + degree) % 12 for degree in (0, 1, 4, 5, 7, 8, 11)}
    assert planned
    assert all(set(np.flatnonzero(TONES[chord]).tolist()) <= raga for chord in planned)
