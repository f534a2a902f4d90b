"""When a pause of the musician's is the end of their playing, and when they still sound or will be back: on virtual
time, with a fake model."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from fakes import FakePredictor, onsets

from bollylive.midi.messages import Continue, Control, Event, NoteOff, NoteOn, Position, Start, Stop, Tick
from bollylive.offline import OfflineBand
from bollylive.sets.control_set import ControlSet
from bollylive.sets.settings import ChannelSet, Set

BEAT_S = 0.5  # at 120 beats per minute
BEGIN_S = 1.0  # the musician's first note, and so a bar line
TICK_S = BEAT_S / 24
SUSTAIN, SOSTENUTO = 64, 66
CHORD = (60, 64, 67)


def stage(**settings: Any) -> OfflineBand:
    """A channel that is shared as `settings` say, on which the fake plays eighths; another accompanies."""
    own = {name: settings.pop(name) for name in ("role", "polyphony") if name in settings}
    channels = (ChannelSet(0, **own), ChannelSet(1, role="accompany"))
    return OfflineBand(
        Set(tempo_bpm=60 / BEAT_S, channels=channels, **settings), FakePredictor(buffer_notes=64), seed=1
    )


def at_beat(beat: float) -> float:
    return BEGIN_S + beat * BEAT_S


def strike(offline: OfflineBand, beat: float, length: float, pitches: Sequence[int] = CHORD) -> None:
    """Play a chord; events of earlier beats come first."""
    for pitch in pitches:
        offline.play(NoteOn(0, pitch, 90), at_beat(beat))
    for pitch in pitches:
        offline.play(NoteOff(0, pitch), at_beat(beat + length))


def model_beats(offline: OfflineBand) -> list[float]:
    """When the model played on the shared channel."""
    return [(at_s - BEGIN_S) / BEAT_S for at_s in onsets(offline.sent, 0)]


@pytest.mark.parametrize("polyphony", [1, 4])
@pytest.mark.parametrize("chord_beats", [2.0, 4.0, 6.0])
def test_the_model_does_not_play_into_chords_that_the_sustain_pedal_holds(chord_beats: float, polyphony: int) -> None:
    offline = stage(polyphony=polyphony)
    for i in range(8):
        offline.play(Control(0, SUSTAIN, 0), at_beat(chord_beats * i))
        offline.play(Control(0, SUSTAIN, 127), at_beat(chord_beats * i + 0.05))
        strike(offline, chord_beats * i + 0.06, min(1.5, chord_beats / 2))
    assert model_beats(offline) == []


def test_the_silence_begins_when_the_pedal_lifts() -> None:
    offline = stage()
    offline.play(Control(0, SUSTAIN, 127), BEGIN_S)
    strike(offline, 0, 0.5)
    offline.play(Control(0, SUSTAIN, 0), at_beat(4.5))
    offline.advance(at_beat(8.0))
    assert 6.5 <= model_beats(offline)[0] <= 7.5


def test_the_silence_begins_when_the_key_comes_up_if_that_is_after_the_pedal() -> None:
    offline = stage()
    offline.play(Control(0, SUSTAIN, 127), BEGIN_S)
    offline.play(NoteOn(0, 60, 90), BEGIN_S)
    offline.play(Control(0, SUSTAIN, 0), at_beat(1.0))
    offline.play(NoteOff(0, 60), at_beat(5.0))
    offline.advance(at_beat(9.0))
    assert 7.0 <= model_beats(offline)[0] <= 8.0


def test_what_the_sostenuto_pedal_holds_is_no_silence() -> None:
    offline = stage()
    for pitch in CHORD:
        offline.play(NoteOn(0, pitch, 90), BEGIN_S)
    offline.play(Control(0, SOSTENUTO, 127), at_beat(0.25))
    for pitch in CHORD:
        offline.play(NoteOff(0, pitch), at_beat(0.5))
    offline.play(Control(0, SOSTENUTO, 0), at_beat(5.0))
    offline.advance(at_beat(10.0))
    assert 7.0 <= model_beats(offline)[0] <= 8.0


@pytest.mark.parametrize("pedal", [SUSTAIN, SOSTENUTO])
def test_a_pedal_that_is_never_lifted_keeps_the_model_out_only_as_long_as_a_string_rings(pedal: int) -> None:
    offline = stage()
    offline.play(NoteOn(0, 60, 90), BEGIN_S)
    offline.play(Control(0, pedal, 127), at_beat(0.25))
    offline.play(NoteOff(0, 60), at_beat(1.0))
    offline.advance(at_beat(20.0))
    assert 9.0 <= model_beats(offline)[0] <= 10.0


def test_what_the_pedal_alone_holds_does_not_keep_the_band_from_its_rest() -> None:
    offline = stage(rest_after_beats=8.0)
    offline.play(Control(0, SUSTAIN, 127), BEGIN_S)
    strike(offline, 0, 1.0)
    offline.advance(at_beat(40.0))
    assert onsets(offline.sent)[-1] < at_beat(10.0)


def run_clock(offline: OfflineBand, from_s: float, beats: float) -> float:
    """Tick as a DAW does; gives the second after the last tick."""
    for i in range(round(24 * beats)):
        offline.play(Tick(), from_s + i * TICK_S)
    return from_s + beats * BEAT_S


def test_a_key_that_is_held_over_a_jump_of_the_song_is_no_silence_until_it_comes_up() -> None:
    offline = stage()
    offline.play(Start(), 0.9)
    now_s = run_clock(offline, BEGIN_S, 4)
    offline.play(NoteOn(0, 60, 90), now_s)
    now_s = run_clock(offline, now_s, 4)
    offline.play(Position(0), now_s)
    now_s = run_clock(offline, now_s, 12)
    assert onsets(offline.sent, 0) == []
    offline.play(NoteOff(0, 60), now_s)
    end_s = run_clock(offline, now_s, 6)
    assert now_s + 2 * BEAT_S <= onsets(offline.sent, 0)[0] < end_s


@pytest.mark.parametrize(
    ("period", "places"),
    [(3.0, (0.0,)), (4.0, (0.0,)), (4.0, (0.0, 1.5)), (4.0, (0.0, 1.0)), (6.0, (0.0, 1.0, 3.0))],
    ids=["every third beat", "every fourth beat", "charleston", "two in four", "two bars of three"],
)
def test_the_model_waits_longer_than_the_musician_usually_pauses(period: float, places: tuple[float, ...]) -> None:
    offline = stage()
    beats = [period * i + place + 0.02 * (-1) ** i for i in range(12) for place in places]
    for beat in beats:
        strike(offline, beat, 0.5 if len(places) > 1 else 1.0)
    learned = [beat for beat in model_beats(offline) if beat > 2.5 * period]
    assert learned == []
    offline.advance(at_beat(beats[-1] + 12))
    assert beats[-1] + 2 < model_beats(offline)[-1]


@pytest.mark.parametrize("gap", [0.5, 1.0, 2.0, 3.0, 4.0])
def test_after_the_musicians_last_note_the_model_takes_over_within_a_bar_and_two_beats(gap: float) -> None:
    offline = stage()
    for i in range(12):
        strike(offline, gap * i, gap / 2)
    last = gap * 11
    offline.advance(at_beat(last + 12))
    first = next(beat for beat in model_beats(offline) if beat > last)
    assert last + max(gap / 2 + 2, gap + min(0.5, gap / 2)) - 0.01 <= first <= last + 6


@pytest.mark.parametrize("handover_beats", [2.0, 3.0, 4.0, 5.0])
def test_the_model_does_not_come_in_where_the_musician_comes_back(handover_beats: float) -> None:
    offline = stage(handover_beats=handover_beats)
    for i in range(8):
        strike(offline, 3.0 * i, 1.0)
    offline.advance(at_beat(40.0))
    from_the_return = model_beats(offline)[-1] if not model_beats(offline) else model_beats(offline)[0] % 3.0
    assert 0.4 < from_the_return < 2.6


def test_a_pause_that_was_made_once_is_no_habit() -> None:
    offline = stage()
    beats = [0.0, 0.5, 1.0, 1.5, 2.0, 6.0, 6.5, 7.0, 7.5, 8.0, 8.5]
    for a, b in pairwise([*beats, 9.0]):
        strike(offline, a, (b - a) / 2 if b - a < 1 else 0.25, (60,))
    offline.advance(at_beat(16.0))
    assert min(beat for beat in model_beats(offline) if beat > 8.5) <= 8.75 + 2.5


def call(last_beats: float, *, role: str = "respond") -> OfflineBand:
    """A call of two bars whose last note begins on beat 6 and is held for some beats."""
    offline = stage(role=role, polyphony=1)
    for beat, length in ((0, 0.9), (1, 0.9), (2, 1.8), (4, 0.9), (5, 0.9), (6, last_beats)):
        strike(offline, beat, length, (60 + beat,))
    offline.advance(at_beat(20.0))
    return offline


@pytest.mark.parametrize("last_beats", [1.0, 1.5, 1.6, 1.9, 1.98, 2.0])
def test_a_call_whose_last_note_lasts_to_the_bar_line_is_answered_on_the_bar_line(last_beats: float) -> None:
    answer = model_beats(call(last_beats))
    assert 8.0 <= answer[0] + 1e-6 <= 8.0 + 0.1
    assert answer[1] == pytest.approx(8.5)
    assert answer[-1] == pytest.approx(15.5)


@pytest.mark.parametrize("over", [0.05, 0.1, 0.2, 0.25])
def test_a_call_that_lasts_a_little_over_the_bar_line_is_answered_when_its_last_note_ends(over: float) -> None:
    answer = model_beats(call(2.0 + over))
    assert 8.0 + over <= answer[0] + 0.03 <= 8.0 + over + 0.15
    assert answer[-1] < 16.0
    assert answer[-1] >= 15.4


def test_a_call_that_lasts_far_over_the_bar_line_goes_on_and_is_answered_at_the_next() -> None:
    assert model_beats(call(3.0))[0] == pytest.approx(12.0)


def test_a_call_that_goes_on_over_the_bar_line_is_not_interrupted_there() -> None:
    offline = stage(role="respond")
    for i in range(16):
        strike(offline, 0.5 * i + (0.05 if i % 8 == 0 else 0.0), 0.4, (60 + i % 5,))  # a little late on each bar line
        offline.advance(at_beat(0.5 * i + 0.48))
    assert model_beats(offline) == []


RESETS: list[Event] = [Control(channel, number, 0) for channel in range(16) for number in (64, 123)]


@pytest.mark.parametrize("order", ["before", "between"])
def test_the_band_goes_on_where_the_daw_ends_all_notes_and_jumps(order: str) -> None:
    offline = stage(rest_after_beats=0.0)
    offline.play(Start(), 0.9)
    now_s = run_clock(offline, BEGIN_S, 2)
    strike(offline, 2.0, 0.5)
    now_s = run_clock(offline, at_beat(2.6), 8)
    assert {channel for channel in (0, 1) if onsets(offline.sent, channel)[-1] > now_s - 1} == {0, 1}
    jump: list[Event] = [Stop(), Position(32), Continue()]
    events = [*RESETS, *jump] if order == "before" else [jump[0], *RESETS, *jump[1:]]
    for event in events:
        offline.play(event, now_s)
    end_s = run_clock(offline, now_s + 0.01, 8)
    for channel in (0, 1):
        after = [at_s for at_s in onsets(offline.sent, channel) if at_s > now_s + 0.005]
        assert after[0] < now_s + 2 * BEAT_S
        assert after[-1] > end_s - 2 * BEAT_S


def test_a_panic_without_a_jump_lasts_until_the_musician_plays() -> None:
    offline = stage()
    offline.play(Start(), 0.9)
    run_clock(offline, BEGIN_S, 1)
    strike(offline, 1.0, 0.5)
    now_s = run_clock(offline, at_beat(1.6), 8)
    for event in RESETS:
        offline.play(event, now_s)
    end_s = run_clock(offline, now_s + 0.01, 8)
    offline.play(Position(0), end_s)
    run_clock(offline, end_s, 4)
    assert onsets(offline.sent)[-1] <= now_s


def test_who_puts_the_band_to_sleep_just_before_a_jump_wants_it_silent() -> None:
    band = Set(tempo_bpm=120, channels=(ChannelSet(1, role="accompany"),), controls=(ControlSet("cc", 80, "sleep"),))
    offline = OfflineBand(band, FakePredictor(), seed=1)
    offline.play(Start(), 0.9)
    run_clock(offline, BEGIN_S, 1)
    strike(offline, 1.0, 0.5)
    now_s = run_clock(offline, at_beat(1.6), 8)
    assert onsets(offline.sent, 1)
    offline.play(Control(0, 80, 127), now_s)
    offline.play(Position(0), now_s + 0.01)
    run_clock(offline, now_s + 0.02, 8)
    assert onsets(offline.sent)[-1] <= now_s


def test_after_a_panic_no_key_counts_as_held() -> None:
    offline = stage()
    offline.play(NoteOn(0, 60, 90), BEGIN_S)
    for event in RESETS:
        offline.play(event, at_beat(2.0))
    offline.play(NoteOn(0, 62, 90), at_beat(6.0))
    offline.play(NoteOff(0, 62), at_beat(6.5))
    offline.advance(at_beat(12.0))
    assert 8.5 <= model_beats(offline)[0] <= 9.5


@pytest.mark.parametrize("number", [120, 123, 124, 125, 126, 127])
def test_what_ends_all_notes_of_a_channel_begins_the_silence(number: int) -> None:
    offline = stage()
    for pitch in CHORD:
        offline.play(NoteOn(0, pitch, 90), BEGIN_S)
    offline.play(Control(0, number, 0), at_beat(4.0))
    offline.advance(at_beat(10.0))
    assert 6.0 <= model_beats(offline)[0] <= 7.0
