"""What the band does without the musician's pitches: under a clock that runs on, and beside drums alone; on virtual
time, with a fake model."""

from __future__ import annotations

from typing import Any

import pytest
from fakes import FakePredictor, onsets, sounding

from bollylive.midi.messages import Control, Event, NoteOff, NoteOn, Position, Start, Tick
from bollylive.model import codec
from bollylive.model.context import LEAD_HARMONY, SOUNDING
from bollylive.offline import OfflineBand
from bollylive.sets.control_set import ControlSet
from bollylive.sets.settings import ChannelSet, Set

BEAT_S = 0.5  # at 120 beats per minute
TICK_S = BEAT_S / 24
BEGIN_S = 1.0
BASS, DRUMS = ChannelSet(1, role="accompany", program=32), ChannelSet(9, role="accompany")


def stage(**settings: Any) -> tuple[OfflineBand, FakePredictor]:
    """A shared melody, a bass and drums."""
    model = FakePredictor(buffer_notes=64)
    return OfflineBand(Set(tempo_bpm=120, channels=(ChannelSet(0), BASS, DRUMS), **settings), model, seed=1), model


def run_clock(offline: OfflineBand, from_s: float, beats: float) -> float:
    """Tick as a DAW does; gives the second after the last tick."""
    for i in range(round(24 * beats)):
        offline.play(Tick(), from_s + i * TICK_S)
    return from_s + beats * BEAT_S


def tap(offline: OfflineBand, at_s: float, channel: int = 0, pitch: int = 60) -> None:
    offline.play(NoteOn(channel, pitch, 90), at_s)
    offline.play(NoteOff(channel, pitch), at_s + 0.1)


def clocked(*later: Event, **settings: Any) -> tuple[OfflineBand, float]:
    """One note on the first beat under a clock, and 40 beats; gives the band and the second after them."""
    offline, _ = stage(**settings)
    offline.play(Start(), 0.9)
    offline.play(Tick(), BEGIN_S)
    offline.play(NoteOn(0, 60, 90), BEGIN_S)
    for event in (NoteOff(0, 60), *later):
        offline.play(event, BEGIN_S + 0.01)
    return offline, run_clock(offline, BEGIN_S + TICK_S, 40)


def last_beat(offline: OfflineBand) -> float:
    return (onsets(offline.sent)[-1] - BEGIN_S) / BEAT_S


def test_left_alone_under_a_clock_the_band_ends_with_a_bar_and_comes_back_with_the_musician() -> None:
    offline, now_s = clocked(clock_rest_after_beats=14.0)
    assert last_beat(offline) == pytest.approx(16.0, abs=0.3)
    assert sounding(offline.sent) == set()
    tap(offline, now_s)
    end_s = run_clock(offline, now_s + TICK_S, 8)
    assert onsets(offline.sent, 1)[-1] > end_s - 1


def test_by_itself_the_band_plays_on_under_a_clock_for_a_long_time() -> None:
    offline, _ = clocked()
    assert last_beat(offline) > 39
    assert 64 <= Set().clock_rest_after_beats <= 100  # then a model that hears only itself goes round in circles


@pytest.mark.parametrize(
    "settings", [{"clock_rest_after_beats": 0.0}, {"clock_rest_after_beats": 8.0, "rest_after_beats": 0.0}]
)
def test_where_the_set_says_never_the_band_plays_on(settings: dict[str, float]) -> None:
    offline, _ = clocked(**settings)
    assert last_beat(offline) > 39


def test_a_held_key_keeps_the_band_awake_under_a_clock_too() -> None:
    offline, _ = clocked(NoteOn(0, 62, 90), clock_rest_after_beats=8.0)
    assert last_beat(offline) > 39


def test_a_song_that_loops_does_not_make_the_time_alone_begin_anew() -> None:
    offline, _ = stage(clock_rest_after_beats=20.0)
    offline.play(Start(), 0.9)
    offline.play(Tick(), BEGIN_S)
    tap(offline, BEGIN_S)
    now_s = BEGIN_S + 0.1 + TICK_S
    for _ in range(5):
        now_s = run_clock(offline, now_s, 8)
        offline.play(Position(0), now_s)
    assert 18 < last_beat(offline) < 30


def rests_in_free_tempo(**settings: Any) -> float:
    offline, _ = stage(**settings)
    tap(offline, BEGIN_S)
    offline.advance(BEGIN_S + 60 * BEAT_S)
    return last_beat(offline)


def test_the_setting_for_a_clock_says_nothing_about_a_free_tempo() -> None:
    assert rests_in_free_tempo(clock_rest_after_beats=4.0) == rests_in_free_tempo()


@pytest.mark.parametrize("begins", ["drums", "command"])
def test_what_the_band_played_before_it_heard_a_pitch_it_forgets_with_the_first_one(begins: str) -> None:
    offline, model = stage(controls=(ControlSet("cc", 80, "hand over"),))
    if begins == "drums":
        for i in range(16):
            tap(offline, BEGIN_S + i * BEAT_S / 2, 9, 36)
    else:
        offline.play(Control(0, 80, 127), BEGIN_S)
        offline.advance(BEGIN_S + 4)
    now_s = offline.now_s
    assert len(onsets(offline.sent, 1)) > 8
    asked = len(model.questions)
    tap(offline, now_s, 0, 66)
    offline.advance(now_s + 0.001)
    bass = next(part for part in offline.engine.snapshot(now_s).parts if part.channel == 1)
    assert min(note.onset_beats for note in bass.newest) >= now_s / BEAT_S - 0.05
    chosen = [q for q in model.questions[asked:] if q.rows[0, -1, [codec.INSTRUMENT, codec.PITCH]].tolist() == [32, -1]]
    assert {int(pitch) for pitch in chosen[0].context[0, -1, LEAD_HARMONY][:12].nonzero()[0]} == {66 % 12}
    assert begins == "command" or chosen[0].context[0, -1, SOUNDING].nonzero()[0].tolist() == [66 % 12]
    offline.advance(now_s + 4 * BEAT_S)
    after = [at_s for at_s in onsets(offline.sent, 1) if at_s > now_s + 0.001]
    assert after[0] <= now_s + BEAT_S + 0.01
    assert after[-1] > now_s + 3 * BEAT_S


def test_a_part_that_listens_first_listens_anew_when_it_hears_the_first_pitch() -> None:
    band = Set(
        tempo_bpm=120, channels=(ChannelSet(0), ChannelSet(1, role="accompany", program=32, entry_bars=1), DRUMS)
    )
    offline = OfflineBand(band, FakePredictor(buffer_notes=64), seed=1)
    for i in range(36):
        tap(offline, BEGIN_S + i * BEAT_S / 2, 9, 36)
    now_s = BEGIN_S + 18 * BEAT_S
    before = [at_s for at_s in onsets(offline.sent, 1) if at_s < now_s]
    assert before[0] == pytest.approx(BEGIN_S + 4 * BEAT_S)
    for i in range(8):
        tap(offline, now_s + i * BEAT_S / 2, 0, 60 + i)
    offline.advance(now_s + 6 * BEAT_S)
    after = [at_s for at_s in onsets(offline.sent, 1) if at_s > now_s]
    assert after[0] == pytest.approx(BEGIN_S + 20 * BEAT_S)


def test_what_the_band_played_with_a_melody_it_keeps_through_a_pause_that_only_drums_fill() -> None:
    offline, model = stage()
    for i in range(8):
        tap(offline, BEGIN_S + i * BEAT_S / 2, 0, 60 + i)
    for i in range(8, 24):
        tap(offline, BEGIN_S + i * BEAT_S / 2, 9, 36)
    asked, now_s = len(model.questions), offline.now_s
    tap(offline, now_s, 0, 66)
    offline.advance(now_s + BEAT_S)
    voices = [
        float(q.state[i, 0, 0])
        for q in model.questions[asked:]
        for i, rows in enumerate(q.rows)
        if rows[-1, codec.INSTRUMENT] == 32
    ]
    assert max(voices) > 16
