"""Router and engine on virtual time: what must hold whatever the musician and their DAW do."""

from __future__ import annotations

from dataclasses import replace

import pytest
from any_set import COMMANDS, ROLES, bands
from fakes import WILD, FakePredictor, ons, onsets, sounding
from hypothesis import given, settings
from hypothesis import strategies as st

from bollylive.midi.messages import (
    Continue,
    Control,
    Event,
    NoteOff,
    NoteOn,
    Position,
    Program,
    Start,
    Stop,
    Tempo,
    Tick,
)
from bollylive.model import codec
from bollylive.model.codec import CHOOSE, TICKS_PER_BEAT
from bollylive.offline import OfflineBand
from bollylive.protocol import Instruction, Play
from bollylive.sets.control_set import ACTIONS
from bollylive.sets.settings import KNOBS, MODEL_ROLES, ChannelSet, Role, Set

HALF_A_TICK = 0.5 / TICKS_PER_BEAT
SLOWEST_S = 60 / 20  # a beat at the slowest tempo there is
commands = st.integers(COMMANDS, COMMANDS + len(ACTIONS) + len(KNOBS) - 1)
channels = st.integers(0, 4)  # the set names 0-3
pitches = st.sampled_from([0, 60, 60, 60, 64, 67, 127])
events = st.one_of(
    st.builds(NoteOn, channels, pitches, st.integers(1, 127)),
    st.builds(NoteOn, channels, pitches, st.integers(1, 127)),
    st.builds(NoteOff, channels, pitches),
    st.builds(Control, channels, st.sampled_from([1, 64, 120, 121, 123]), st.sampled_from([0, 63, 64, 127])),
    st.builds(Control, channels, commands, st.sampled_from([0, 127])),
    st.builds(Program, channels, st.integers(0, 127)),
    st.builds(Tempo, st.sampled_from([1.0, 20.0, 40.0, 100.0, 133.3, 240.0, 400.0, 999.0])),
    st.builds(Position, st.sampled_from([0, 1, 6, 400, 16383])),
    st.sampled_from([Start(), Stop(), Continue()]),
)
# A step: seconds since the one before, and an event, or a run of ticks so far apart.
steps_s = st.sampled_from([0.0, 0.0, 0.01, 0.1, 0.3, 1.0]) | st.floats(0, 3)
ticks = st.tuples(st.sampled_from([1, 3, 24, 48]), st.sampled_from([0.0, 0.0123, 0.02, 0.05]))
streams = st.lists(st.tuples(steps_s, events | ticks), max_size=25)


def watch_plays(offline: OfflineBand) -> list[float]:
    """How many ticks in the past the note of each `Play` begins when the engine sends it, in a list that fills."""
    past: list[float] = []
    tick = offline.engine.tick

    def watched(now_s: float) -> list[Instruction]:
        messages = tick(now_s)
        now_beat = offline.anchor.beat_at(now_s)
        past.extend(
            TICKS_PER_BEAT * (now_beat - message.note.onset_beats) for message in messages if isinstance(message, Play)
        )
        return messages

    offline.engine.tick = watched  # type: ignore[method-assign]
    return past


def play_all(offline: OfflineBand, stream: list[tuple[float, Event | tuple[int, float]]]) -> None:
    now_s = 0.0
    for step_s, what in stream:
        now_s += step_s
        if isinstance(what, tuple):
            for _ in range(what[0]):
                offline.play(Tick(), now_s)
                now_s += what[1]
        else:
            offline.play(what, now_s)
    offline.advance(now_s + 2.0)


@settings(max_examples=400)
@given(bands(), streams, st.sampled_from([(12,), (0, 0, 24), (49, 0), (48,), (1, 30), WILD]), st.integers(0, 3))
def test_whatever_happens_every_note_on_gets_one_note_off_and_none_is_early(
    band: Set, stream: list[tuple[float, Event | tuple[int, float]]], script: tuple[int, ...], failures: int
) -> None:
    model = FakePredictor(script)
    model.failures = failures
    offline = OfflineBand(band, model, seed=1)
    past = watch_plays(offline)
    play_all(offline, stream)
    offline.close()
    assert sounding(offline.sent) == set()
    assert all(ticks <= 0.5 + 1e-6 for ticks in past)
    for message, note in ons(offline.sent):
        assert -1e-9 <= message.late_s <= HALF_A_TICK * SLOWEST_S + 1e-6
        assert band.channel(note.channel).lowest <= note.pitch <= band.channel(note.channel).highest
        assert band.channel(note.channel).role in MODEL_ROLES
    times = [message.at_s for message in offline.sent]
    assert times == sorted(times)


@settings(max_examples=20)
@given(streams)
def test_the_same_playing_and_the_same_seed_give_the_same_music(
    stream: list[tuple[float, Event | tuple[int, float]]],
) -> None:
    band = Set(channels=(ChannelSet(0), ChannelSet(1, role="accompany")))
    runs = []
    for _ in range(2):
        offline = OfflineBand(band, FakePredictor(WILD), seed=1)
        play_all(offline, stream)
        runs.append(offline.sent)
    assert runs[0] == runs[1]


@settings(max_examples=30)
@given(st.floats(20, 400), st.floats(0, 1e5), st.lists(st.floats(20, 400), max_size=5))
def test_time_always_gets_on(tempo_bpm: float, begin_s: float, tempos: list[float]) -> None:
    # A beat becomes seconds and back with a rounding error, and must be due all the same.
    band = Set(tempo_bpm=tempo_bpm, commit_beats=0.0, channels=(ChannelSet(0, role="accompany"),))
    offline = OfflineBand(band, FakePredictor((5,)), seed=1)
    offline.play(NoteOn(3, 60, 100), begin_s)
    for i, bpm in enumerate(tempos):
        offline.play(Tempo(bpm), begin_s + 0.21 * (i + 1))
    offline.advance(begin_s + 3.0)
    assert onsets(offline.sent)


def test_a_offline_band_is_at_the_time_that_it_was_told() -> None:
    offline = OfflineBand(Set(channels=(ChannelSet(0, role="accompany"),)), FakePredictor(), seed=1)
    offline.play(NoteOn(1, 60, 100), 1.5)
    assert offline.now_s == 1.5
    offline.advance(3.0)
    assert offline.now_s == pytest.approx(3.0, abs=1e-6)
    offline.play(NoteOff(1, 60), 2.0)  # time does not go back
    assert offline.sent[-1].at_s >= 3.0


def test_what_comes_at_one_instant_is_heard_as_one() -> None:
    model = FakePredictor()
    offline = OfflineBand(Set(channels=(ChannelSet(0, role="accompany"),)), model, seed=1)
    for pitch in (60, 64, 67):
        offline.play(NoteOn(1, pitch, 100), 1.0)
    assert model.questions == []
    offline.advance(1.01)
    chosen = next(question for question in model.questions if question.rows[0, -1, codec.PITCH] == CHOOSE)
    assert chosen.context[0, -1, :12].nonzero()[0].tolist() == [0, 4, 7]


def test_the_instruments_of_the_model_are_set_at_the_beginning() -> None:
    band = Set(channels=(ChannelSet(0, program=104), ChannelSet(1, role="player", program=5), ChannelSet(2)))
    offline = OfflineBand(band, FakePredictor(), seed=1)
    assert [message.event for message in offline.sent] == [Program(0, 104)]


@pytest.mark.parametrize("role", ROLES)
def test_a_flood_of_notes_is_survived(role: Role) -> None:
    model = FakePredictor(buffer_notes=64)
    offline = OfflineBand(Set(default_role=role), model, seed=1)
    for i in range(10_000):
        offline.play(NoteOn(i % 16, i * 37 % 128, 100), 1.0)
    offline.advance(4.0)
    offline.close()
    assert sounding(offline.sent) == set()
    assert len(model.questions) < 300  # the flood is heard once, not after each of its notes


def test_a_flood_that_never_ends_its_notes_does_not_slow_the_band_down() -> None:
    model = FakePredictor()
    band = Set(tempo_bpm=120, channels=(ChannelSet(0, role="accompany"),))
    offline = OfflineBand(replace(band, default_role="player"), model, seed=1)
    for i in range(15 * 128):
        offline.play(NoteOn(1 + i % 15, i // 15, 100), 1.0)
    offline.advance(6.0)
    assert len(onsets(offline.sent)) == 20 + 1


@pytest.mark.parametrize("bpm", [20.0, 97.3, 120.0, 133.3, 300.0])
@pytest.mark.parametrize("end_beats", [7.0, 8.0, 9.5])
def test_what_is_due_at_the_end_is_not_played_and_what_is_due_before_it_is(bpm: float, end_beats: float) -> None:
    band = Set(tempo_bpm=bpm, channels=(ChannelSet(0, role="player"), ChannelSet(1, role="accompany")))
    offline = OfflineBand(band, FakePredictor(), seed=1)  # a note each half beat
    offline.play(NoteOn(0, 60, 90), 0.0)
    offline.play(NoteOff(0, 60), 0.1)
    offline.finish(end_beats * 60 / bpm)
    beats = [sent.beat for sent in offline.sent if sent.by == "model" and isinstance(sent.event, NoteOn)]
    assert max(beats) == pytest.approx(end_beats - 0.5)
    assert sounding(offline.sent) == set()
