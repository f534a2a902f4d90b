"""What the band does, heard from outside: router and engine on virtual time, with a fake model."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from fakes import WILD, FakePredictor, ons, onsets, sounding

from bollylive.clock.anchor import Anchor, ClockGone
from bollylive.demo_player import demo_notes
from bollylive.engine.engine import Engine
from bollylive.engine.model_query import MOST_ROWS
from bollylive.engine.turn_taking import FADE_BEATS
from bollylive.midi.messages import (
    Continue,
    Control,
    Note,
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
from bollylive.model.codec import CHOOSE, REST, TICKS_PER_BEAT
from bollylive.model.predictor import Question
from bollylive.offline import OfflineBand
from bollylive.protocol import Heard, Play, Release
from bollylive.sets.control_set import ControlSet
from bollylive.sets.controls import Command
from bollylive.sets.settings import ChannelSet, Handover, Set

TICK_S = 0.5 / TICKS_PER_BEAT  # at 120 beats per minute
KEY, OFF = NoteOn(0, 60, 100), NoteOff(0, 60)

MELODY = ChannelSet(0, role="player")
BASS = ChannelSet(1, role="accompany")
SAM = ControlSet("cc", 81, "sam")


def stage(
    *channels: ChannelSet, model: FakePredictor | None = None, seed: int = 1, tempo_bpm: float = 120.0, **settings: Any
) -> OfflineBand:
    """A band with these channels and settings; without a model of its own it plays a note every half beat."""
    band = Set(tempo_bpm=tempo_bpm, channels=channels, **settings)
    return OfflineBand(band, model or FakePredictor(), seed)


def tap(offline: OfflineBand, at_s: float, duration_s: float = 0.1, channel: int = 0, pitch: int = 60) -> None:
    offline.play(NoteOn(channel, pitch, 100), at_s)
    offline.play(NoteOff(channel, pitch), at_s + duration_s)


def panic(offline: OfflineBand, at_s: float, number: int = 123) -> None:
    for channel in range(16):
        offline.play(Control(channel, number, 0), at_s)


def run_clock(offline: OfflineBand, from_s: float, ticks: int, tick_s: float = TICK_S) -> float:
    """Tick as a DAW does; gives the second after the last tick."""
    for i in range(ticks):
        offline.play(Tick(), from_s + i * tick_s)
    return from_s + ticks * tick_s


def on_grid(offline: OfflineBand, zero_beats: float = 0.0) -> bool:
    ticks = [(message.beat - zero_beats) * TICKS_PER_BEAT for message, _ in ons(offline.sent)]
    return bool(ticks) and bool(np.allclose(ticks, np.round(ticks), atol=1e-6))


def test_the_band_sleeps_until_the_musician_begins() -> None:
    model = FakePredictor()
    offline = stage(MELODY, BASS, model=model)
    offline.advance(60)
    offline.play(Control(0, 64, 127), 61)
    offline.play(OFF, 62)
    offline.advance(70)
    assert onsets(offline.sent) == []
    assert model.questions == []


@pytest.mark.parametrize("at_s", [0.0, 1.0, 1.2345678])
def test_the_accompaniment_enters_with_the_first_note_at_the_same_instant(at_s: float) -> None:
    offline = stage(MELODY, BASS)
    offline.play(KEY, at_s)
    offline.advance(at_s + 2)
    (played, _), (answered, _) = ons(offline.sent, 0, "musician")[0], ons(offline.sent, 1)[0]
    assert answered.at_s == pytest.approx(played.at_s, abs=1e-6)
    assert answered.beat == pytest.approx(played.beat, abs=1e-6)


def test_the_first_note_is_the_downbeat_of_a_free_tempo() -> None:
    model = FakePredictor()
    offline = stage(MELODY, BASS, model=model)
    offline.play(KEY, 1.2345)
    offline.advance(3.0)
    assert on_grid(offline, zero_beats=2 * 1.2345)
    first = model.rows[model.rows[:, codec.PITCH] == CHOOSE][0]
    assert first[6] == 0


@pytest.mark.parametrize("tap_s", [3.9, 4.0, 4.1])
def test_a_tap_moves_the_sam_to_the_nearest_beat_and_no_note_from_its_place(tap_s: float) -> None:
    model = FakePredictor()
    offline = stage(MELODY, BASS, model=model, controls=(SAM,), rest_after_beats=0)
    offline.play(KEY, 1.0)
    offline.advance(tap_s)
    asked = len(model.rows)
    offline.play(Control(0, 81, 127), tap_s)  # of beat 6 since the first note, the third of its bar
    offline.advance(9.0)
    assert on_grid(offline)
    assert np.diff(onsets(offline.sent)) == pytest.approx(0.25, abs=1e-6)
    after = [row for row in model.rows[asked:] if row[codec.PITCH] == CHOOSE]
    first = next(row for row in after if row[codec.PLACE] % TICKS_PER_BEAT == 0)
    planned = [message for message, _ in ons(offline.sent) if message.at_s > tap_s + 0.125 + 1e-6]
    since = round((planned[0].beat - 2 - 6) * TICKS_PER_BEAT)
    assert after[0][6] == since % (4 * TICKS_PER_BEAT)
    assert first[6] == -(-since // TICKS_PER_BEAT) * TICKS_PER_BEAT


def test_a_note_that_is_due_but_not_asked_for_yet_keeps_its_place_when_the_sam_moves() -> None:
    offline = stage(MELODY, BASS, model=FakePredictor((48,)), controls=(SAM,), horizon_beats=0.5, rest_after_beats=0)
    offline.play(KEY, 1.0)
    offline.play(Control(0, 81, 127), 1.5)  # a beat after the first note, a beat before the second
    offline.advance(4.5)
    assert onsets(offline.sent) == pytest.approx([1.0, 2.0, 3.0, 4.0], abs=1e-6)


def test_a_part_that_has_yet_to_enter_waits_for_the_bar_line_that_the_tap_gives() -> None:
    late = ChannelSet(1, role="accompany", entry_bars=2)
    offline = stage(MELODY, late, controls=(SAM,), rest_after_beats=0)
    offline.play(KEY, 1.0)
    offline.play(Control(0, 81, 127), 1.5)
    offline.advance(9.0)
    first, _ = ons(offline.sent)[0]
    assert first.at_s == pytest.approx(1.5 + 2 * 4 * 0.5)


def test_a_bar_of_sixteen_beats_is_counted_whole_and_given_to_the_model_by_its_halves() -> None:
    model = FakePredictor()
    late = ChannelSet(1, role="accompany", entry_bars=1)
    offline = stage(MELODY, late, model=model, beats_per_bar=16, rest_after_beats=0)
    offline.play(KEY, 1.0)
    offline.advance(14.0)
    assert ons(offline.sent)[0][0].at_s == pytest.approx(1.0 + 16 * 0.5)
    asked = model.rows[model.rows[:, codec.PITCH] == CHOOSE]
    assert set(asked[:, codec.CYCLE]) == {8 * TICKS_PER_BEAT}
    assert asked[:, codec.PLACE].max() < 8 * TICKS_PER_BEAT


def test_the_accompaniment_hears_the_note_that_it_enters_with() -> None:
    model = FakePredictor()
    offline = stage(MELODY, BASS, model=model)
    offline.play(NoteOn(0, 64, 100), 1.0)
    offline.advance(1.1)
    asked = next(q for q in model.questions if q.rows[0, -1, codec.PITCH] == CHOOSE)
    assert asked.context[0, -1, :12].nonzero()[0].tolist() == [4]


def test_a_channel_that_is_off_neither_wakes_the_band_nor_is_heard() -> None:
    model = FakePredictor()
    offline = stage(ChannelSet(0, role="off"), BASS, model=model)
    tap(offline, 1.0)
    offline.advance(10)
    assert model.questions == []
    assert offline.sent == []


def test_a_channel_that_the_set_does_not_name_plays_the_default_role() -> None:
    offline = stage()
    tap(offline, 1.0, channel=5)
    offline.advance(10)
    assert onsets(offline.sent, 5)


def test_the_model_takes_over_after_the_silence_and_keeps_to_the_beat() -> None:
    offline = stage(ChannelSet(0))
    tap(offline, 1.0, 0.25)
    offline.advance(6.0)
    first = onsets(offline.sent)[0]
    assert 2.25 <= first < 2.25 + 0.5  # two beats of silence, and at most a beat to its place in the beat
    assert on_grid(offline, zero_beats=2.0)


@pytest.mark.parametrize("handover_beats", [0.0, 0.5, 8.0])
def test_how_long_a_silence_it_takes_is_set(handover_beats: float) -> None:
    offline = stage(ChannelSet(0), handover_beats=handover_beats)
    tap(offline, 1.0, 0.25)
    offline.advance(10.0)
    first = onsets(offline.sent)[0]
    assert 0 <= first - 1.25 - handover_beats / 2 < 0.5


def test_a_held_key_is_no_silence() -> None:
    offline = stage(ChannelSet(0))
    offline.play(KEY, 1.0)
    offline.advance(30.0)
    assert onsets(offline.sent) == []


def test_a_pedal_alone_does_not_hold_the_model_back() -> None:
    offline = stage(ChannelSet(0))
    offline.play(Control(0, 64, 127), 0.9)
    tap(offline, 1.0)
    offline.advance(6.0)
    assert onsets(offline.sent)


def test_the_model_yields_at_once_and_its_notes_end() -> None:
    offline = stage(ChannelSet(0))
    tap(offline, 1.0)
    offline.advance(6.01)
    assert sounding(offline.sent), "the fake's notes are long"
    offline.play(KEY, 6.01)
    offline.advance(6.01 + FADE_BEATS / 2)
    assert sounding(offline.sent) == {(0, 60)}
    offline.play(OFF, 6.2)
    offline.advance(7.1)
    assert onsets(offline.sent)[-1] <= 6.01
    assert sounding(offline.sent) == set()
    offline.advance(10.0)
    assert onsets(offline.sent)[-1] > 7.2


def test_an_accompanying_part_does_not_yield() -> None:
    offline = stage(MELODY, BASS)
    for i in range(20):
        tap(offline, 1.0 + 0.3 * i)
    gaps = [b - a for a, b in pairwise([*onsets(offline.sent, 1), offline.now_s])]
    assert max(gaps) < 0.5


@pytest.mark.parametrize("channel", [0, 9], ids=["pitched", "drums"])
@pytest.mark.parametrize("handover", ["silence", "bar", "flow", "command"])
def test_an_accompanying_part_yields_where_the_musician_plays_on_its_channel_and_comes_back(
    channel: int, handover: Handover
) -> None:
    offline = stage(
        MELODY if channel else BASS, ChannelSet(channel, role="accompany"), horizon_beats=8.0, handover=handover
    )
    tap(offline, 1.0, channel=2)
    offline.advance(3.0)
    assert len(onsets(offline.sent, channel)) >= 4
    for i in range(20):
        tap(offline, 3.01 + 0.25 * i, pitch=60 + i % 3, channel=channel)
    last_s = offline.now_s
    assert max(onsets(offline.sent, channel)) <= 3.01
    offline.advance(last_s + 8.0)
    back = [at_s for at_s in onsets(offline.sent, channel) if at_s > last_s]
    assert last_s < back[0] < last_s + 3.2
    assert back[-1] > last_s + 7.4


def test_the_first_stroke_wakes_the_band_and_the_drummer_leaves_it_alone() -> None:
    offline = stage(BASS, ChannelSet(9, role="accompany"))
    for i in range(12):  # pads send no note-offs
        offline.play(NoteOn(9, 36 + i % 2, 127), 1.0 + 0.25 * i)
    assert onsets(offline.sent, 9) == []
    assert onsets(offline.sent, 1)
    offline.advance(7.0)
    assert 4.7 < onsets(offline.sent, 9)[0] < 5.5


def test_a_drummer_who_plays_when_the_song_jumps_is_left_alone_behind_the_jump() -> None:
    offline = stage(MELODY, BASS, ChannelSet(9, role="accompany"))
    offline.play(Start(), 0.9)
    now_s = 1.0
    for i in range(384):
        offline.play(Tick(), now_s)
        if i % 6 == 0:
            offline.play(NoteOn(9, 36, 127), now_s)
        if i == 190:
            offline.play(Position(0), now_s + TICK_S / 2)
        now_s += TICK_S
    assert onsets(offline.sent, 9) == []
    assert onsets(offline.sent, 1)[-1] > now_s - 1


def test_a_channel_whose_buffer_was_taken_back_whole_can_be_continued() -> None:
    model = FakePredictor((1,), buffer_notes=4)
    offline = stage(ChannelSet(0), ChannelSet(1, role="player"), model=model, horizon_beats=4.0)
    tap(offline, 1.0)
    offline.advance(2.11)
    panic(offline, 2.11)
    tap(offline, 5.0, channel=1)
    offline.advance(6.0)
    assert onsets(offline.sent, 0)[-1] > 5.0


def test_every_note_leaves_when_it_was_planned() -> None:
    model = FakePredictor(WILD)
    offline = stage(MELODY, BASS, ChannelSet(2, role="accompany"), model=model, tempo_bpm=133.0)
    for i in range(10):
        tap(offline, 1.0 + 0.37 * i)
    offline.advance(10.0)
    assert len(onsets(offline.sent)) > 10
    for message, _ in ons(offline.sent):
        due_s = message.beat * 60 / 133
        assert -1e-9 <= message.at_s - due_s == pytest.approx(message.late_s, abs=1e-9)
        assert message.late_s <= 30 / 133 / TICKS_PER_BEAT + 1e-6


@pytest.mark.parametrize("tempo_bpm", [20, 47, 96, 100, 240, 300])
def test_the_band_is_on_the_grid_at_any_tempo(tempo_bpm: float) -> None:
    offline = stage(MELODY, BASS, tempo_bpm=tempo_bpm, rest_after_beats=0)
    tap(offline, 1.0)
    offline.advance(8.0)
    assert on_grid(offline, zero_beats=tempo_bpm / 60)
    assert len(onsets(offline.sent)) == pytest.approx(14 * tempo_bpm / 60, abs=1)


def test_tempo_jumps_lose_nothing() -> None:
    offline = stage(MELODY, BASS, rest_after_beats=0)
    tap(offline, 0.0)
    beats = 0.0
    for i in range(1, 20):
        offline.play(Tempo(40 if i % 2 else 240), 0.7 * i)
        beats += 0.7 * (40 if i % 2 else 240) / 60
    offline.advance(0.7 * 20)
    assert on_grid(offline)
    assert len(onsets(offline.sent)) == pytest.approx(2 * (beats + 0.7 * 2), abs=2)
    assert max(message.late_s for message, _ in ons(offline.sent)) < 1e-6


def test_under_a_clock_the_band_is_on_the_grid_of_the_daw() -> None:
    offline = stage(MELODY, BASS)
    offline.play(Start(), 1.0)
    now_s = run_clock(offline, 1.01, 31)
    offline.play(KEY, now_s + 0.003)
    run_clock(offline, now_s + TICK_S, 240)
    assert on_grid(offline)
    first, _ = ons(offline.sent)[0]
    assert first.beat * TICKS_PER_BEAT == pytest.approx(32)
    assert first.at_s == pytest.approx(1.01 + 32 * TICK_S, abs=1e-3)


def test_stop_silences_the_band_until_the_musician_begins_again() -> None:
    offline = stage(MELODY, BASS)
    offline.play(Start(), 0.9)
    offline.play(Tick(), 1.0)
    offline.play(KEY, 1.0)
    now_s = run_clock(offline, 1.0 + TICK_S, 100)
    offline.play(Stop(), now_s)
    count = len(onsets(offline.sent))
    assert count
    assert sounding(offline.sent) == {(0, 60)}
    offline.play(OFF, now_s + 0.1)
    tap(offline, now_s + 0.5)  # heard by nobody: time stands still
    offline.advance(now_s + 5)
    offline.play(Continue(), now_s + 5)
    now_s = run_clock(offline, now_s + 5.01, 100)
    assert len(onsets(offline.sent)) == count
    offline.play(KEY, now_s)
    run_clock(offline, now_s + TICK_S, 100)
    assert len(onsets(offline.sent)) > count
    assert on_grid(offline)


def test_a_new_song_position_ends_the_plan_and_the_band_goes_on_from_there() -> None:
    model = FakePredictor()
    offline = stage(MELODY, BASS, model=model)
    offline.play(Start(), 0.9)
    offline.play(Tick(), 1.0)
    offline.play(KEY, 1.0)
    now_s = run_clock(offline, 1.0 + TICK_S, 100)
    asked = len(model.rows)
    offline.play(OFF, now_s)
    offline.play(Position(400), now_s)
    assert sounding(offline.sent) == set()
    count = len(ons(offline.sent))
    offline.play(Tick(), now_s + TICK_S)
    offline.play(KEY, now_s + TICK_S)
    run_clock(offline, now_s + 2 * TICK_S, 100)
    after = [message.beat for message, _ in ons(offline.sent)[count:]]
    assert after[0] == pytest.approx(100.0)
    # what was played before the jump is still what came just before
    assert (model.rows[asked:, codec.PITCH] == CHOOSE).all()
    assert on_grid(offline)


def test_a_clock_that_stops_dead_does_not_stop_the_band() -> None:
    offline = stage(MELODY, BASS)
    offline.play(Start(), 0.9)
    offline.play(Tick(), 1.0)
    offline.play(KEY, 1.0)
    offline.play(OFF, 1.0)
    now_s = run_clock(offline, 1.0 + TICK_S, 100)
    offline.advance(now_s + 6)
    gaps = [b - a for a, b in pairwise(onsets(offline.sent))]
    assert max(gaps) == pytest.approx(0.25, abs=0.01)
    assert onsets(offline.sent)[-1] > now_s + 5.7


def test_a_song_that_goes_on_behind_where_it_stood_still_takes_its_buffers_along() -> None:
    offline = stage(ChannelSet(0), BASS)
    offline.play(Start(), 0.9)
    now_s = run_clock(offline, 1.0, 30)
    for i in range(4):  # the clock is dead, the beat goes on
        tap(offline, now_s + 0.4 * i)
    offline.play(Stop(), now_s + 1.8)
    offline.play(Continue(), now_s + 3.0)
    now_s = run_clock(offline, now_s + 3.01, 40)
    tap(offline, now_s)
    run_clock(offline, now_s + 0.1, 200)
    assert onsets(offline.sent, 0)[-1] > now_s + 2
    assert on_grid(offline)


def test_what_lies_beyond_the_commit_line_is_planned_anew_when_the_musician_plays() -> None:
    runs = []
    for plays in (False, True):
        offline = stage(MELODY, BASS, model=FakePredictor((6,)), horizon_beats=4.0, commit_beats=0.5)
        tap(offline, 1.0, 0.01)
        offline.advance(3.0)
        if plays:
            offline.play(NoteOn(0, 67, 100), 3.0)
        offline.advance(4.5)
        runs.append([(round(message.at_s, 6), note.pitch) for message, note in ons(offline.sent)])
    line_s = 3.0 + 0.25
    left, followed = runs
    assert [note for note in left if note[0] <= line_s] == [note for note in followed if note[0] <= line_s]
    old, new = ([note for note in run if note[0] > line_s + 1e-6] for run in runs)
    assert [at for at, _ in old] == [at for at, _ in new]  # no gap
    assert sum(a == b for a, b in zip(old, new, strict=True)) < len(old) / 4  # by chance a pitch comes back


def heard(question: Question) -> float:
    """How many rows the first voice has heard when it is asked: those in its state, and those that come along."""
    return float(question.state[0, 0, 0]) + len(question.rows[0]) - 1


def test_a_new_plan_begins_from_the_state_before_what_was_taken_back() -> None:
    model = FakePredictor((6,), buffer_notes=64)
    offline = stage(MELODY, BASS, model=model, horizon_beats=4.0, commit_beats=0.5)
    tap(offline, 1.0, 0.01)
    offline.advance(3.0)
    asked = len(model.questions)
    offline.play(NoteOn(0, 67, 100), 3.0)
    offline.advance(3.0001)
    anew = model.questions[asked]
    assert anew.rows[0, -1, codec.PITCH] == CHOOSE
    # Since beat 2 a note every quarter beat, up to half a beat from beat 6: that, and the rest that opens the voice.
    assert heard(anew) == 1 + 4 * (6 + 0.5 - 2) + 1
    assert heard(anew) < heard(model.questions[asked - 1])
    assert anew.context[0, -1, :12].nonzero()[0].tolist() == [7]


def density_heard(ages: list[int]) -> float:
    """Column 51 of what is heard, for onsets of these ages in ticks: half after a beat, and 8 make a half."""
    weight: float = sum(0.5 ** (age / TICKS_PER_BEAT) for age in ages)
    return weight / (8 + weight)


def test_what_was_taken_back_is_not_heard_by_the_others() -> None:
    model = FakePredictor((12,), buffer_notes=64)
    offline = stage(
        MELODY, BASS, ChannelSet(2, role="accompany", program=5), model=model, horizon_beats=4.0, commit_beats=0.5
    )
    tap(offline, 1.0)
    offline.advance(3.0)
    asked = len(model.questions)
    offline.play(KEY, 3.0)  # tick 96, so what lies after 108 is planned anew
    offline.advance(3.0001)
    both = next(q for q in model.questions[asked:] if 5 in q.rows[:, -1, codec.INSTRUMENT])
    of_the_other, of_the_musician = list(range(12, 121, 12)), [24, 120]
    assert both.context[-1, -1, 51] == pytest.approx(density_heard([*of_the_other, *of_the_musician]), abs=1e-5)


def test_who_yields_is_not_heard_any_more_by_the_others() -> None:
    model = FakePredictor((12,), buffer_notes=64)
    offline = stage(
        ChannelSet(1), ChannelSet(2, role="accompany", program=5), model=model, horizon_beats=4.0, commit_beats=0.5
    )
    tap(offline, 1.0, channel=1)
    offline.advance(3.0)
    assert onsets(offline.sent, 1) == pytest.approx([1.0 + tick * TICK_S for tick in (60, 72, 84, 96)], abs=1e-6)
    asked = len(model.questions)
    offline.play(NoteOn(1, 60, 100), 3.0)  # tick 96
    offline.advance(3.0001)
    other = next(
        q
        for q in model.questions[asked:]
        if 5 in q.rows[:, -1, codec.INSTRUMENT] and q.rows[-1, -1, codec.PITCH] == CHOOSE
    )
    of_the_model, of_the_musician = [60, 48, 36, 24], [120, 24]
    assert other.context[-1, -1, 51] == pytest.approx(density_heard([*of_the_model, *of_the_musician]), abs=1e-5)


def test_bass_and_percussion_choose_first_and_all_others_hear_them_but_not_each_other() -> None:
    model = FakePredictor((48,))
    others = (ChannelSet(channel, role="accompany", polyphony=1) for channel in (0, 1, 2))
    first = (ChannelSet(3, role="accompany", polyphony=1, program=33), ChannelSet(9, role="accompany", polyphony=1))
    offline = stage(*others, *first, model=model)
    tap(offline, 1.0, channel=8)
    asked = [q for q in model.questions if q.rows[0, -1, codec.PITCH] == CHOOSE][:3]
    pitched = [q for q in asked if codec.PERCUSSION not in q.rows[:, -1, codec.INSTRUMENT]]
    assert [q.rows[:, -1, codec.INSTRUMENT].tolist() for q in pitched] == [[33], [0, 0, 0]]
    assert [np.round(16 * q.context[:, -1, 56]).tolist() for q in pitched] == [[1], [2, 2, 2]]


def test_a_model_that_fails_is_tried_again_and_nothing_breaks() -> None:
    model = FakePredictor()
    offline = stage(MELODY, BASS, ChannelSet(2), model=model, rest_after_beats=0)
    tap(offline, 1.0)
    tap(offline, 1.1, channel=2)
    offline.advance(5.0)
    model.failures = 20
    offline.advance(10.7)
    assert offline.engine.counts["failures"] == 20
    quiet = [at for at in onsets(offline.sent) if 6.1 < at < 9.9]
    assert quiet == []
    offline.advance(12.0)
    for channel in (1, 2):
        assert onsets(offline.sent, channel)[-1] > 11.4
    assert on_grid(offline, zero_beats=2.0)
    offline.close()
    assert sounding(offline.sent) == set()


def test_a_model_that_never_works_leaves_the_musician_alone() -> None:
    model = FakePredictor()
    model.failures = 10**6
    offline = stage(ChannelSet(0), BASS, model=model)
    for i in range(10):
        tap(offline, 1.0 + i)
    offline.advance(20.0)
    assert onsets(offline.sent) == []
    assert len(onsets(offline.sent, 0, "musician")) == 10
    assert offline.engine.counts["failures"] == pytest.approx(4 * 19, abs=2)


def test_what_is_planned_already_is_played_in_time_while_the_model_fails() -> None:
    model = FakePredictor((6,))
    offline = stage(MELODY, BASS, model=model, tempo_bpm=240, commit_beats=0.0, horizon_beats=8.0)
    tap(offline, 1.0, 0.01)
    offline.advance(2.0)
    model.failures = 10**6
    offline.advance(3.5)
    late = [message.late_s for message, _ in ons(offline.sent) if message.at_s > 2.0]
    assert len(late) == 6 * 4
    assert max(late) < 1e-6


def test_in_free_tempo_the_band_rests_after_the_musicians_silence() -> None:
    model = FakePredictor()
    offline = stage(MELODY, BASS, model=model, rest_after_beats=8.0)
    tap(offline, 1.0, 0.5)
    offline.advance(30.0)
    last = onsets(offline.sent)[-1]
    assert 1.5 + 4.0 - 0.25 <= last <= 1.5 + 4.0 + 0.25
    asked = len(model.questions)
    offline.advance(60.0)
    assert len(model.questions) == asked
    tap(offline, 60.0)
    offline.advance(61.0)
    assert onsets(offline.sent)[-1] > 60.5


def test_the_band_does_not_rest_while_a_key_is_held_nor_where_it_is_set_so() -> None:
    held, tireless = stage(MELODY, BASS, rest_after_beats=8.0), stage(MELODY, BASS, rest_after_beats=0.0)
    held.play(KEY, 1.0)
    tap(tireless, 1.0)
    for offline in (held, tireless):
        offline.advance(30.0)
        assert onsets(offline.sent)[-1] > 29.7


def test_under_a_clock_the_rest_of_a_free_tempo_does_not_come() -> None:
    offline = stage(MELODY, BASS, rest_after_beats=2.0)
    offline.play(Start(), 0.9)
    offline.play(Tick(), 1.0)
    tap(offline, 1.0, 0.01)
    now_s = run_clock(offline, 1.0 + TICK_S, 48 * 8)
    assert onsets(offline.sent)[-1] > now_s - 0.3


def test_a_song_that_goes_on_elsewhere_takes_the_band_along_and_one_that_stops_does_not() -> None:
    for pause_s, goes_on in ((0.0, True), (2.0, False)):
        offline = stage(ChannelSet(0), BASS, rest_after_beats=0.0)
        offline.play(Start(), 0.9)
        offline.play(Tick(), 1.0)
        tap(offline, 1.0, 0.01)
        now_s = run_clock(offline, 1.0 + TICK_S, 24 * 16)
        assert {channel for channel in (0, 1) if onsets(offline.sent, channel)[-1] > now_s - 2} == {0, 1}
        if pause_s:
            offline.play(Stop(), now_s)
        offline.play(Position(32), now_s)
        if pause_s:
            offline.play(Continue(), now_s + pause_s)
        begin_s = now_s + pause_s + 0.01
        now_s = run_clock(offline, begin_s, 24 * 8)
        after = [onsets(offline.sent, channel)[-1] > begin_s + 2 for channel in (0, 1)]
        assert after == [goes_on, goes_on]
        first = [(m.at_s - begin_s, m.beat) for m, _ in ons(offline.sent, 1) if m.at_s > begin_s - 1e-6][:1]
        assert not goes_on or (first[0][0] < 0.1 and first[0][1] == pytest.approx(8.0, abs=0.05))


def test_a_panic_in_the_moment_of_a_jump_is_not_undone_by_the_next_tempo() -> None:
    offline = stage(MELODY, BASS)
    tap(offline, 1.0)
    offline.advance(3.0)
    offline.play(Position(0), 3.0)
    panic(offline, 3.1)
    offline.play(Tempo(90), 3.2)
    offline.advance(9.0)
    assert onsets(offline.sent)[-1] < 3.2


@pytest.mark.parametrize("number", [120, 123])
def test_a_panic_ends_everything_until_the_next_note(number: int) -> None:
    offline = stage(MELODY, BASS, ChannelSet(2))
    tap(offline, 1.0)
    tap(offline, 1.0, channel=2)
    offline.advance(4.1)
    assert sounding(offline.sent)
    panic(offline, 4.1, number)
    assert sounding(offline.sent) == set()
    count = len(onsets(offline.sent))
    offline.advance(20.0)
    assert len(onsets(offline.sent)) == count
    tap(offline, 20.0)
    offline.advance(21.0)
    assert onsets(offline.sent, 1)[-1] > 20.4


def test_a_keyboard_that_ends_all_notes_at_the_end_of_every_key_does_not_stop_the_band() -> None:
    offline = stage(MELODY, BASS, ChannelSet(2, role="player"))
    for i in range(16):
        tap(offline, 1.0 + i / 4, 0.1, channel=2)
        offline.play(Control(2, 123, 0), 1.1 + i / 4)
    offline.advance(6.0)
    assert len([beat for beat in onsets(offline.sent, 1) if 2.0 < beat < 5.0]) >= 4


def test_a_key_that_the_end_of_all_notes_has_ended_is_learned_as_long_as_it_was_heard() -> None:
    engine = engine_of(ChannelSet(2))
    engine.handle(Heard(NoteOn(2, 60, 90), 0.0, 0.0))
    engine.handle(Heard(Control(2, 123, 0), 0.5, 1.0))
    engine.handle(Heard(NoteOff(2, 60), 2.0, 4.0))
    (view,) = engine.snapshot(2.0).parts
    assert [note.duration_beats for note in view.newest] == [1.0]


def test_a_program_change_changes_the_instrument_that_the_model_plays() -> None:
    model = FakePredictor()
    offline = stage(MELODY, ChannelSet(1, role="accompany", program=32), ChannelSet(9, role="accompany"), model=model)
    tap(offline, 1.0)
    offline.advance(2.0)
    assert set(model.rows[:, codec.INSTRUMENT]) == {32, 128}
    asked = len(model.rows)
    offline.play(Program(1, 38), 2.0)
    offline.play(Program(9, 16), 2.0)
    offline.advance(3.0)
    assert set(model.rows[asked:, codec.INSTRUMENT]) == {38, 128}


def test_a_program_is_taken_in_also_while_time_stands_still() -> None:
    model = FakePredictor()
    offline = stage(MELODY, BASS, model=model)
    offline.play(Start(), 1.0)
    offline.play(Program(1, 38), 1.1)
    offline.play(Tick(), 1.2)
    offline.play(KEY, 1.2)
    run_clock(offline, 1.2 + TICK_S, 10)
    assert set(model.rows[:, codec.INSTRUMENT]) == {38}


def test_a_pedal_that_lifts_while_time_stands_still_is_lifted() -> None:
    model = FakePredictor()
    offline = stage(ChannelSet(0), model=model)
    offline.play(Control(0, 64, 127), 0.1)
    offline.play(Start(), 1.0)
    offline.play(Control(0, 64, 0), 1.1)
    offline.play(Tick(), 1.2)
    offline.play(KEY, 1.2)
    offline.play(OFF, 1.2 + 6 * TICK_S)
    run_clock(offline, 1.2 + 7 * TICK_S, 80)
    durations = model.heard[model.heard[:, codec.PITCH] == 60][:, codec.DURATION]
    assert durations.tolist() == [5]  # six ticks, not held any more


def test_all_sixteen_channels_play_at_once() -> None:
    model = FakePredictor(WILD)
    offline = stage(*(ChannelSet(channel, role="accompany") for channel in range(16)), model=model)
    tap(offline, 1.0)
    offline.advance(6.0)
    assert {note.channel for _, note in ons(offline.sent)} == set(range(16))
    assert max(len(question.rows) for question in model.questions) > 1
    offline.close()
    assert sounding(offline.sent) == set()


@pytest.mark.parametrize("polyphony", [1, 2, 4, 8])
def test_chords_are_no_larger_than_allowed_and_keep_to_the_range(polyphony: int) -> None:
    setting = ChannelSet(1, role="accompany", lowest=60, highest=84, polyphony=polyphony)
    offline = stage(MELODY, setting, model=FakePredictor((0, 0, 0, 0, 0, 0, 0, 0, 24)))
    for i in range(12):
        tap(offline, 1.0 + 0.61 * i)
    offline.advance(12.0)
    chords: dict[float, list[int]] = {}
    for message, note in ons(offline.sent):
        chords.setdefault(round(message.beat, 6), []).append(note.pitch)
    assert max(map(len, chords.values())) <= polyphony
    assert polyphony in map(len, chords.values()) or polyphony == 8
    for pitches in chords.values():
        assert pitches == sorted(set(pitches))
        assert 60 <= pitches[0] <= pitches[-1] <= 84


@pytest.mark.parametrize("follow", [0.0, 1.0])
def test_the_band_keeps_from_clashing_with_what_is_held_if_the_set_says_so(follow: float) -> None:
    model = FakePredictor((24,))
    offline = stage(MELODY, BASS, model=model, follow=follow)
    offline.play(NoteOn(0, 60, 100), 1.0)
    offline.advance(3.0)
    asked = [
        bias for q in model.questions for row, bias in zip(q.rows, q.pitch_bias, strict=True) if row[-1, 1] == CHOOSE
    ]
    assert {float(bias[49]) for bias in asked[2:]} == {-3.0 * follow}
    assert {float(bias[48]) for bias in asked[2:]} == {0.0}


@pytest.mark.parametrize(("own_downbeat", "zero_s"), [(True, 1.0), (False, 0.0)])
def test_who_comes_in_later_comes_in_on_a_bar_line(own_downbeat: bool, zero_s: float) -> None:
    late = ChannelSet(2, role="accompany", polyphony=1, entry_bars=2)
    band = Set(tempo_bpm=120, rest_after_beats=0, channels=(MELODY, BASS, late))
    offline = OfflineBand(band, FakePredictor((24,)), 1, own_downbeat)
    for half_beat in range(24):
        tap(offline, 1.0 + 0.25 * half_beat)
    offline.advance(9.0)
    assert onsets(offline.sent, 1)[0] == pytest.approx(1.0, abs=2 * TICK_S)
    assert onsets(offline.sent, 2)[0] == pytest.approx(zero_s + 8 * 0.5, abs=1e-6)


def test_density_makes_the_difference() -> None:
    counts = []
    for density in (-2.0, 0.0, 2.0):
        offline = stage(
            MELODY, ChannelSet(1, role="accompany", density=density, polyphony=1), model=FakePredictor(WILD)
        )
        tap(offline, 1.0)
        offline.advance(8.0)
        counts.append(len(onsets(offline.sent)))
    assert counts[0] < counts[1] < counts[2]


def test_the_knobs_reach_the_model() -> None:
    model = FakePredictor()
    offline = stage(MELODY, BASS, model=model, temperature=1.5, nucleus=0.8)
    tap(offline, 1.0)
    assert model.questions[0].knobs[0].tolist() == pytest.approx([1.5] * 4 + [0.8])


def test_a_voice_hears_the_buffer_that_the_set_asks_for() -> None:
    model = FakePredictor(buffer_notes=16)
    offline = stage(ChannelSet(0), model=model, buffer_notes=4)
    for i in range(10):
        tap(offline, 1.0 + 0.2 * i, 0.05)
    offline.advance(20.0)
    assert max(question.state[:, 0, 0].max() for question in model.questions) <= 2 * 4


@pytest.mark.parametrize("same", [True, False])
def test_the_seed_decides_what_chance_does(same: bool) -> None:
    runs = []
    for seed in (1, 1 if same else 2):
        offline = stage(MELODY, BASS, model=FakePredictor(WILD), seed=seed)
        tap(offline, 1.0)
        offline.advance(5.0)
        runs.append(offline.sent)
    assert (runs[0] == runs[1]) == same


def engine_of(*channels: ChannelSet, model: FakePredictor | None = None) -> Engine:
    engine = Engine(Set(tempo_bpm=120, channels=channels), model or FakePredictor(), 1)
    engine.handle(Anchor(0.0, 0.5, 0.0))
    return engine


def test_handle_never_calls_the_model_and_tick_calls_it_once_at_most() -> None:
    model = FakePredictor(WILD)
    engine = engine_of(*(ChannelSet(channel, role="accompany") for channel in range(16)), model=model)
    for pitch in range(60, 72):
        engine.handle(Heard(NoteOn(0, pitch, 100), 0.0, 0.0))
    assert model.questions == []
    for calls in range(1, 50):
        engine.tick(0.0)
        assert len(model.questions) <= calls


def test_an_accompanying_part_goes_on_after_the_musicians_last_note_on_its_channel_with_nobody_else_to_wake_it() -> (
    None
):
    engine = Engine(
        Set(tempo_bpm=120, channels=(ChannelSet(0, role="accompany"),), rest_after_beats=0), FakePredictor(), 1
    )
    engine.handle(Anchor(0.0, 0.5, 0.0))
    played = []
    for beat, pitch in ((0, 60), (6, 64)):
        now_s = beat / 2
        engine.handle(Heard(NoteOn(0, pitch, 100), now_s, beat))
        engine.handle(Heard(NoteOff(0, pitch), now_s, beat))
        while (due_s := engine.next_due(now_s)) is not None and due_s < (beat + 6) / 2:
            now_s = max(due_s, now_s + 1e-9)
            played += [
                instruction.note.onset_beats for instruction in engine.tick(now_s) if isinstance(instruction, Play)
            ]
    assert played[-1] > 11


def test_where_time_stands_still_nothing_is_due() -> None:
    engine = engine_of(BASS)
    engine.handle(Heard(KEY, 0.0, 0.0))
    assert engine.next_due(0.0) is not None
    engine.handle(Anchor(0.0, 0.5, 0.1, running=False))
    assert engine.next_due(0.2) is None
    assert engine.tick(0.2) == []


def test_a_burst_of_ten_thousand_notes_is_taken_in_and_answered() -> None:
    model = FakePredictor(buffer_notes=64)
    engine = engine_of(model=model)
    for i in range(10_000):
        engine.handle(Heard(NoteOn(i % 16, i * 37 % 128, 100), 0.0, 0.0))
    for i in range(16):
        engine.handle(Heard(Control(i, 123, 0), 0.0, 0.0))
    now_s, played = 0.0, set[int]()
    while len(played) < 16:
        due_s = engine.next_due(now_s)
        assert due_s is not None
        now_s = max(now_s, due_s)
        played |= {play.note.channel for play in engine.tick(now_s) if isinstance(play, Play)}
    assert now_s < 4.0
    assert max(question.rows.shape[1] for question in model.questions) <= MOST_ROWS + 1


def test_everybody_who_plays_is_released_by_a_panic_and_by_a_note_only_who_continues() -> None:
    engine = engine_of(ChannelSet(0), BASS)
    engine.handle(Heard(KEY, 0.0, 0.0))
    engine.handle(Heard(OFF, 0.1, 0.2))
    now_s = 0.1
    while now_s < 3.0:
        engine.tick(now_s)
        now_s += 0.005
    assert engine.handle(Heard(KEY, 3.0, 6.0)) == [Release(0, FADE_BEATS)]
    assert engine.handle(Heard(Command("sleep"), 3.1, 6.2)) == [Release(0), Release(1)]


def test_what_is_planned_comes_in_the_epoch_of_its_anchor() -> None:
    engine = engine_of(BASS)
    engine.handle(Anchor(0.0, 0.5, 0.0, epoch=7))
    engine.handle(Heard(KEY, 0.0, 0.0))
    instructions = [instruction for _ in range(10) for instruction in engine.tick(0.0)]
    assert {instruction.epoch for instruction in instructions if isinstance(instruction, Play)} == {7}


def test_notes_whose_time_has_passed_are_counted_as_skipped() -> None:
    engine = engine_of(BASS)
    engine.handle(Heard(KEY, 0.0, 0.0))
    engine.tick(0.0)
    for _ in range(20):
        instructions = engine.tick(3.3)
        onsets_beats = [instruction.note.onset_beats for instruction in instructions if isinstance(instruction, Play)]
        assert all(onset >= 6.6 - 0.5 / TICKS_PER_BEAT for onset in onsets_beats)
    assert engine.counts["skipped"] > 0


def test_a_primed_band_goes_on_at_once() -> None:
    model = FakePredictor()
    offline = stage(ChannelSet(0), model=model, handover_beats=0.0)
    offline.prime([Note(0, 60 + i, 100, i - 4.0, 1.0) for i in range(4)], {0: 104})
    offline.advance(2.0)
    assert onsets(offline.sent)[0] < 0.5
    primed = model.questions[0].rows[0]
    assert primed[:, codec.PITCH].tolist() == [REST, 60, 61, 62, 63]
    assert primed[:, codec.INSTRUMENT].tolist() == [104] * 5


def test_buffers_of_different_lengths_are_all_heard_and_nobody_waits_for_ever() -> None:
    model = FakePredictor(buffer_notes=64)
    offline = stage(
        *(ChannelSet(channel) for channel in range(3)), ChannelSet(4, role="accompany"), model=model, handover_beats=0.0
    )
    notes = [Note(c, 60 + i % 5, 100, (i - count) / 2, 0.5) for c, count in enumerate((60, 7, 1)) for i in range(count)]
    offline.prime(sorted(notes, key=lambda note: note.onset_beats), {})
    for i in range(8):
        tap(offline, 0.2 + 0.25 * i, 0.1, channel=4)
    offline.advance(3.0)
    for channel in range(3):
        assert onsets(offline.sent, channel)[0] < 0.6
    assert max(question.rows.shape[1] for question in model.questions) <= 1 + 16


def test_a_channel_that_accompanies_by_default_joins_while_the_band_plays() -> None:
    offline = OfflineBand(Set(tempo_bpm=120, default_role="accompany", channels=(BASS,)), FakePredictor((6,)), 1)
    tap(offline, 1.0)
    offline.play(NoteOn(6, 60, 90), 3.0)
    offline.play(NoteOff(6, 60), 3.2)
    offline.advance(6.0)
    assert onsets(offline.sent, 6)


def test_the_band_plays_again_when_the_daw_was_stopped_and_closed() -> None:
    offline = OfflineBand(Set(tempo_bpm=120, channels=(BASS,)), FakePredictor((6,)), 1)
    offline.play(Start(), 0.0)
    for i in range(96):
        offline.play(Tick(), 0.1 + i * 0.5 / 24)
    offline.play(Stop(), 2.2)
    tap(offline, 6.0)  # the musician tries a sound
    offline.advance(8.0)
    assert onsets(offline.sent) == []
    offline._router.take(ClockGone(), 8.0)
    tap(offline, 8.5)
    offline.advance(10.0)
    assert onsets(offline.sent)


def link_anchor(at_s: float, bar_beat: float) -> Anchor:
    return Anchor(2 * at_s, 0.5, at_s, bar_beat=bar_beat)


def test_a_part_that_has_yet_to_enter_does_so_at_a_bar_line_of_the_link_session() -> None:
    late = ChannelSet(1, role="accompany", entry_bars=2)
    engine = Engine(Set(tempo_bpm=120, channels=(MELODY, late)), FakePredictor(), 1)
    engine.handle(Anchor(0.0, 0.5, 0.0))
    engine.handle(Heard(KEY, 1.0, 2.0))  # so the bars begin at 2, 6, 10 ...
    engine.handle(link_anchor(2.0, 3.3))
    instructions = [instruction for i in range(600) for instruction in engine.tick(2.0 + i * 0.01)]
    assert min(
        instruction.note.onset_beats for instruction in instructions if isinstance(instruction, Play)
    ) == pytest.approx(11.3)


def test_in_a_link_session_the_first_note_is_no_downbeat_but_the_band_rests() -> None:
    band = Set(tempo_bpm=120, channels=(MELODY, BASS), rest_after_beats=4)
    engine = Engine(band, FakePredictor(), 1)
    engine.handle(link_anchor(0.0, -1.0))
    engine.handle(Heard(KEY, 1.1, 2.2))
    engine.handle(Heard(OFF, 1.2, 2.4))
    instructions = [instruction for i in range(1000) for instruction in engine.tick(1.1 + i * 0.01)]
    onsets_beats = [instruction.note.onset_beats for instruction in instructions if isinstance(instruction, Play)]
    tick = 1 / TICKS_PER_BEAT
    assert all((onset + tick / 4) % tick == pytest.approx(tick / 4) for onset in onsets_beats)
    assert 4 < max(onsets_beats) < 10


def test_the_band_goes_with_the_musicians_tempo_if_the_set_says_so() -> None:
    bpm = {}
    for follow_tempo in (False, True):
        offline = stage(MELODY, BASS, tempo_bpm=96, follow_tempo=follow_tempo)
        for note in demo_notes():
            tap(offline, 1.0 + note.onset_beats * 60 / 106)
        offline.advance(offline.now_s + 2)
        bpm[follow_tempo] = 60 / offline.anchor.seconds_per_beat
        last_s = 1.0 + 28 * 60 / 106
        late = [sent for sent in offline.sent if sent.by == "model" and sent.at_s > last_s]
        eighths = [(sent.at_s - 1.0) / 60 * 106 * 2 for sent in late if isinstance(sent.event, NoteOn)]
        assert (max(abs(eighth - round(eighth)) for eighth in eighths) < 0.1) == follow_tempo
    assert bpm == {False: pytest.approx(96), True: pytest.approx(106, rel=0.02)}


def test_a_tempo_that_is_tapped_while_the_band_follows_is_the_bands() -> None:
    offline = stage(MELODY, BASS, tempo_bpm=96, follow_tempo=True, controls=(ControlSet("cc", 80, "tap"),))
    for i in range(12):
        tap(offline, 1.0 + i * 0.6)
    for i in range(4):
        offline.play(Control(0, 80, 127), 8.5 + i * 0.5)
    assert 60 / offline.anchor.seconds_per_beat == pytest.approx(120)
    for i in range(24):
        tap(offline, 10.5 + i * 0.5)
    assert 60 / offline.anchor.seconds_per_beat == pytest.approx(120, rel=0.02)
