"""Who plays a channel that musician and model share, heard from outside: on virtual time, with a fake model."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from fakes import WILD, FakePredictor, ons, onsets, sounding

from bollylive.engine.turn_taking import FADE_BEATS
from bollylive.midi.messages import Control, NoteOff, NoteOn
from bollylive.model.codec import WAIT
from bollylive.offline import OfflineBand
from bollylive.sets.control_set import Action, ControlSet
from bollylive.sets.settings import ChannelSet, Handover, Set

BEAT_S = 0.5  # at 120 beats per minute
BAR_S = 4 * BEAT_S
EIGHTH_S = BEAT_S / 2
PEDALS: dict[Action, int] = {"hand over": 20, "again": 21, "back": 22, "keep": 23, "vary": 24, "sam": 25}
BEGIN_S = 1.0  # the musician's first note, and so a bar line


def stage(model: FakePredictor | None = None, **settings: Any) -> OfflineBand:
    """A melody that is shared as `settings` say, with a pedal for every command; the fake plays eighths."""
    own = {name: settings.pop(name) for name in ("role", "handover", "answer_bars") if name in settings}
    band = Set(
        tempo_bpm=120.0,
        channels=(ChannelSet(0, polyphony=1, **own), ChannelSet(1, role="player")),
        controls=tuple(ControlSet("cc", number, command) for command, number in PEDALS.items()),
        **{"rest_after_beats": 0.0, **settings},
    )
    return OfflineBand(band, model or FakePredictor(), seed=1)


def play_eighths(offline: OfflineBand, count: int, from_s: float = BEGIN_S) -> float:
    """The musician plays; gives when the next eighth would be."""
    for i in range(count):
        offline.play(NoteOn(0, 60 + i % 5, 100), from_s + i * EIGHTH_S)
        offline.play(NoteOff(0, 60 + i % 5), from_s + (i + 0.8) * EIGHTH_S)
    return from_s + count * EIGHTH_S


def press(offline: OfflineBand, command: Action, at_s: float) -> None:
    offline.play(Control(5, PEDALS[command], 127), at_s)
    offline.play(Control(5, PEDALS[command], 0), at_s)


def melody(offline: OfflineBand, from_s: float = 0.0, until_s: float = np.inf) -> list[tuple[float, int]]:
    """What the model played on the shared channel: the eighth since the first bar line, and the pitch."""
    return [
        (round((s.at_s - BEGIN_S) / EIGHTH_S, 3), on.pitch)
        for s, on in ons(offline.sent, 0)
        if from_s - 1e-6 <= s.at_s < until_s - 1e-6
    ]


def pitches(offline: OfflineBand, from_s: float, until_s: float) -> list[int]:
    return [pitch for _, pitch in melody(offline, from_s, until_s)]


@pytest.mark.parametrize("count", [3, 8, 13])
def test_in_the_flow_the_model_leaves_no_gap_when_the_musician_stops(count: int) -> None:
    offline = stage(handover="flow")
    next_s = play_eighths(offline, count)
    offline.advance(next_s + 2.0)
    first_s, second_s, third_s = onsets(offline.sent, 0)[:3]
    assert next_s <= first_s < next_s + 0.06
    assert (second_s, third_s) == pytest.approx((next_s + EIGHTH_S, next_s + 2 * EIGHTH_S))


def test_in_the_flow_the_model_keeps_out_while_the_musician_plays_as_foreseen() -> None:
    offline = stage(handover="flow")
    next_s = play_eighths(offline, 40)
    assert onsets(offline.sent, 0) == []
    offline.play(NoteOn(0, 60, 100), next_s + 0.03)  # a little late is not left out
    offline.advance(next_s + 0.2)
    assert onsets(offline.sent, 0) == []


def test_what_the_model_kept_ready_but_did_not_play_is_not_in_its_buffer() -> None:
    model = FakePredictor()
    offline = stage(model, handover="flow")
    next_s = play_eighths(offline, 16)
    offline.play(NoteOn(0, 72, 100), next_s + 0.03)
    offline.play(NoteOff(0, 72), next_s + 0.1)
    offline.advance(next_s + 0.6)
    heard = next(question.rows[0, :, 1] for question in model.questions if 72 in question.rows[0, :, 1])
    assert set(heard) <= {60, 61, 62, 63, 64, 72, 128, -1}


def test_a_held_key_keeps_the_model_out_of_the_flow() -> None:
    offline = stage(handover="flow")
    offline.play(NoteOn(0, 60, 100), BEGIN_S)
    offline.advance(BEGIN_S + 5)
    assert onsets(offline.sent, 0) == []


def test_at_a_command_the_model_takes_over_in_the_middle_of_a_phrase_without_a_gap() -> None:
    offline = stage(handover="command")
    next_s = play_eighths(offline, 8)
    press(offline, "hand over", next_s - 0.05)
    offline.advance(next_s + 2.0)
    assert onsets(offline.sent, 0)[:3] == pytest.approx([next_s, next_s + EIGHTH_S, next_s + 2 * EIGHTH_S])


def test_without_the_command_the_model_never_takes_over() -> None:
    offline = stage(handover="command")
    offline.advance(play_eighths(offline, 8) + 20)
    assert onsets(offline.sent, 0) == []


def test_the_same_command_gives_the_channel_back_and_the_last_note_fades() -> None:
    offline = stage(handover="command", model=FakePredictor((12,)))
    next_s = play_eighths(offline, 8)
    press(offline, "hand over", next_s - 0.05)
    offline.advance(next_s + 2.01)
    played = onsets(offline.sent, 0)
    press(offline, "hand over", next_s + 2.01)
    offline.advance(next_s + 2.01 + FADE_BEATS * BEAT_S + 0.001)
    assert sounding(offline.sent) == set()
    offline.advance(next_s + 20)
    assert onsets(offline.sent, 0) == played


def test_the_command_begins_without_a_first_note_of_the_musician() -> None:
    offline = stage(handover="command")
    press(offline, "hand over", 2.0)
    offline.advance(4.0)
    assert onsets(offline.sent, 0)[0] == pytest.approx(2.0, abs=0.03)


def test_a_hand_over_at_the_bar_line_waits_for_it() -> None:
    offline = stage(handover="bar", handover_beats=1.0)
    play_eighths(offline, 5)  # ends on the third beat of the first bar
    offline.advance(BEGIN_S + 5)
    assert onsets(offline.sent, 0)[0] == pytest.approx(BEGIN_S + BAR_S)


def test_a_hand_over_at_the_bar_line_needs_its_silence_first() -> None:
    offline = stage(handover="bar", handover_beats=2.0)
    play_eighths(offline, 7)
    offline.advance(BEGIN_S + 8)
    assert onsets(offline.sent, 0)[0] == pytest.approx(BEGIN_S + 2 * BAR_S)


@pytest.mark.parametrize("bars", [1, 2, 3])
def test_a_phrase_is_answered_by_one_as_long_from_a_bar_line_on(bars: int) -> None:
    offline = stage(role="respond")
    play_eighths(offline, 8 * bars - 1)
    offline.advance(BEGIN_S + 20)
    answer = [eighth for eighth, _ in melody(offline)]
    assert answer == list(range(8 * bars, 16 * bars))
    assert sounding(offline.sent) == set()
    assert offline.sent[-1].at_s <= BEGIN_S + 2 * bars * BAR_S + 1e-6


def test_a_phrase_that_ends_with_its_bar_is_answered_on_the_bar_line_after_a_hair_and_not_a_bar_later() -> None:
    offline = stage(role="respond")
    play_eighths(offline, 16)
    offline.advance(BEGIN_S + 20)
    answer = [eighth for eighth, _ in melody(offline)]
    assert 16 < answer[0] < 16.4  # an eighth was due there, so the model waits whether it comes
    assert answer[1:] == list(range(17, 32))


def test_the_next_phrase_is_answered_too() -> None:
    offline = stage(role="respond")
    play_eighths(offline, 7)
    play_eighths(offline, 7, BEGIN_S + 4 * BAR_S)
    offline.advance(BEGIN_S + 20)
    assert [eighth for eighth, _ in melody(offline)] == [*range(8, 16), *range(40, 48)]


def test_an_answer_does_not_echo_the_answer_to_the_same_call_four_bars_earlier() -> None:
    model = FakePredictor(WILD, buffer_notes=64)
    offline = stage(model, role="respond")
    play_eighths(offline, 7)
    offline.advance(BEGIN_S + 4 * BAR_S - 0.01)
    first, asked = {pitch for _, pitch in melody(offline)}, len(model.questions)
    play_eighths(offline, 7, BEGIN_S + 4 * BAR_S)
    offline.advance(BEGIN_S + 7 * BAR_S)
    second = {pitch for _, pitch in melody(offline, BEGIN_S + 4 * BAR_S)}
    echoed = {int(pitch) for question in model.questions[asked:] for pitch in question.echoes[0, :-1, 0]}
    assert echoed & {60, 61, 62, 63, 64}
    assert first - second - {60, 61, 62, 63, 64}
    assert not echoed & (first - second - {60, 61, 62, 63, 64})


def test_an_answer_lasts_as_long_as_the_set_says() -> None:
    offline = stage(answer_bars=2, handover="bar", handover_beats=0.25)
    play_eighths(offline, 7)
    offline.advance(BEGIN_S + 20)
    assert [eighth for eighth, _ in melody(offline)] == list(range(8, 24))


@pytest.mark.parametrize("handover", ["silence", "bar", "flow", "command"])
def test_however_the_model_took_over_it_yields_to_the_musicians_first_note(handover: Handover) -> None:
    offline = stage(handover=handover, handover_beats=0.5)
    next_s = play_eighths(offline, 8)
    if handover == "command":
        press(offline, "hand over", next_s)
    offline.advance(next_s + 3.01)
    assert onsets(offline.sent, 0)
    offline.play(NoteOn(0, 30, 100), next_s + 3.01)
    offline.advance(next_s + 3.01 + FADE_BEATS * BEAT_S)
    assert sounding(offline.sent) == {(0, 30)}
    offline.advance(next_s + 9)
    assert onsets(offline.sent, 0)[-1] <= next_s + 3.01


def answered(command: Action, at_s: float, role: str = "continue") -> OfflineBand:
    """A phrase of one bar, its answer from the second bar on, and a command at a time."""
    offline = stage(FakePredictor(WILD), role=role, handover="bar", handover_beats=0.25)
    play_eighths(offline, 7)
    press(offline, command, at_s)
    offline.advance(BEGIN_S + 12 * BAR_S)
    return offline


def bars(offline: OfflineBand, first: int, count: int = 1) -> list[tuple[float, int]]:
    """What the model played in some bars, the eighths counted from there."""
    begin_s = BEGIN_S + first * BAR_S
    return [
        (round(eighth - 8 * first, 2), pitch) for eighth, pitch in melody(offline, begin_s, begin_s + count * BAR_S)
    ]


def test_again_is_another_answer_from_the_next_bar_on() -> None:
    offline = answered("again", BEGIN_S + 1.5 * BAR_S, role="respond")
    first, second = bars(offline, 1), bars(offline, 2)
    assert first
    assert second
    assert second[0][0] == 0
    assert second != first
    assert bars(offline, 3, 8) == []


@pytest.mark.parametrize("command", ["again", "back", "keep", "vary"])
@pytest.mark.parametrize("asked_at", [1.5, 1.7, 1.85, 1.92, 1.99])
def test_what_was_planned_beyond_it_is_not_played_too(command: Action, asked_at: float) -> None:
    offline = stage(FakePredictor(), handover="bar", handover_beats=0.25)
    play_eighths(offline, 7)
    press(offline, command, BEGIN_S + asked_at * BAR_S)
    offline.advance(BEGIN_S + 5 * BAR_S)
    assert [eighth for eighth, _ in melody(offline, 0.0, BEGIN_S + 5 * BAR_S)] == list(range(8, 40))
    lengths = [b - a for a, b in pairwise(onsets(offline.sent, 0))]
    assert min(lengths) > 0.2


@pytest.mark.parametrize("command", ["again", "back", "keep", "vary"])
@pytest.mark.parametrize("late_beats", [1 / 24, 0.1, 0.25])
@pytest.mark.parametrize("horizon_beats", [0.0, 4.0])
def test_after_a_late_hand_over_no_note_is_struck_and_cut_where_the_next_answer_begins(
    command: Action, late_beats: float, horizon_beats: float
) -> None:
    offline = stage(FakePredictor(), handover="command", horizon_beats=horizon_beats)
    end_s = play_eighths(offline, 16)
    press(offline, "hand over", end_s + late_beats * BEAT_S)
    press(offline, command, end_s + BAR_S + late_beats * BEAT_S)
    offline.advance(end_s + 4 * BAR_S)
    begun = [eighth - 16 for eighth, _ in melody(offline, end_s, end_s + 4 * BAR_S)]
    assert begun[:3] == [2, 3, 4]
    anew = [16, 17] if command == "again" else []  # the others begin with the first answer's notes
    assert [eighth for eighth in begun if 15 <= eighth <= 18] == [15, *anew, 18]


def test_again_hears_the_same_phrase() -> None:
    model = FakePredictor()
    offline = stage(model, role="respond")
    play_eighths(offline, 7)
    offline.advance(BEGIN_S + 0.99 * BAR_S)
    asked = [question for question in model.questions if question.rows[0, -1, 6] == 0][-1]
    press(offline, "again", BEGIN_S + 2.5 * BAR_S)
    offline.advance(BEGIN_S + 2.99 * BAR_S)
    once_more = [question for question in model.questions if question.rows[0, -1, 6] == 0][-1]
    assert once_more is not asked
    assert (once_more.rows == asked.rows).all()
    assert (once_more.state == asked.state).all()


def test_back_is_the_answer_before() -> None:
    offline = stage(FakePredictor(WILD), role="respond")
    play_eighths(offline, 7)
    press(offline, "again", BEGIN_S + 1.5 * BAR_S)
    press(offline, "back", BEGIN_S + 2.5 * BAR_S)
    press(offline, "back", BEGIN_S + 5.5 * BAR_S)
    offline.advance(BEGIN_S + 12 * BAR_S)
    assert bars(offline, 2) != bars(offline, 1)
    assert bars(offline, 3) == bars(offline, 1)
    assert bars(offline, 6) == bars(offline, 1)
    assert bars(offline, 4, 2) == []


def test_what_is_kept_is_the_answer_also_after_a_new_sam() -> None:
    offline = stage(FakePredictor(), handover="command")
    press(offline, "hand over", play_eighths(offline, 8))
    offline.play(NoteOn(0, 90, 100), BEGIN_S + 2 * BAR_S)
    offline.play(NoteOff(0, 90), BEGIN_S + 2.1 * BAR_S)
    press(offline, "sam", BEGIN_S + 2.25 * BAR_S)
    press(offline, "keep", BEGIN_S + 2.5 * BAR_S)
    offline.advance(BEGIN_S + 5 * BAR_S)
    assert bars(offline, 1)
    assert bars(offline, 3) == bars(offline, 4) == bars(offline, 1)


def test_an_answer_that_has_not_begun_is_not_in_the_buffer() -> None:
    offline = stage(FakePredictor(), role="respond", horizon_beats=4.0)
    play_eighths(offline, 7)
    press(offline, "again", BEGIN_S + 1.5 * BAR_S)
    offline.play(NoteOn(0, 90, 100), BEGIN_S + 1.8 * BAR_S)
    offline.advance(BEGIN_S + 1.9 * BAR_S)
    newest = offline.engine.snapshot(offline.now_s).parts[0].newest
    assert newest[-1].pitch == 90
    assert {note.pitch for note in newest[:-1]} <= {60 + i % 5 for i in range(7)}
    assert not [note for note in newest[:-1] if note.onset_beats > 7 / 2 + 2]


def test_keep_goes_round_until_the_musician_plays() -> None:
    offline = answered("keep", BEGIN_S + 2.5 * BAR_S)
    kept = bars(offline, 1, 2)
    assert len(kept) > 2
    for first in (3, 5, 7, 9):
        assert bars(offline, first, 2) == kept
    offline.play(NoteOn(0, 30, 100), BEGIN_S + 12 * BAR_S)
    offline.advance(BEGIN_S + 16 * BAR_S)
    assert bars(offline, 12, 4) == [(0, 30)][:0] + [note for note in bars(offline, 12, 4) if note[0] < 0.001]


@pytest.mark.parametrize("command", ["again", "back", "keep", "vary"])
def test_after_a_pedal_that_was_a_little_late_what_is_asked_for_falls_on_the_beat(command: Action) -> None:
    offline = stage(FakePredictor(buffer_notes=64), handover="command")
    press(offline, "hand over", play_eighths(offline, 8) + 0.04)
    press(offline, command, BEGIN_S + 2.5 * BAR_S)
    offline.advance(BEGIN_S + 5 * BAR_S)
    first = [eighth for eighth, _ in melody(offline, BEGIN_S, BEGIN_S + 2 * BAR_S)]
    later = [eighth for eighth, _ in melody(offline, BEGIN_S + 3 * BAR_S, BEGIN_S + 4 * BAR_S)]
    assert later == list(range(24, 32)) if command == "again" else [eighth + 16 for eighth in first]
    ends = {round((s.at_s - BEGIN_S) / EIGHTH_S, 2) for s in offline.sent if isinstance(s.event, NoteOff)}
    assert 24.17 not in ends  # where the pedal's delay would cut off a note of the answer before


def test_the_loop_is_no_longer_than_four_bars() -> None:
    offline = answered("keep", BEGIN_S + 6.5 * BAR_S)
    assert bars(offline, 7, 4) == bars(offline, 3, 4)


def test_the_model_goes_on_after_a_loop_if_another_answer_is_asked_for() -> None:
    offline = stage(FakePredictor(WILD), handover="bar", handover_beats=0.25)
    play_eighths(offline, 7)
    press(offline, "keep", BEGIN_S + 1.5 * BAR_S)
    press(offline, "again", BEGIN_S + 4.5 * BAR_S)
    offline.advance(BEGIN_S + 9 * BAR_S)
    loop = bars(offline, 1)
    assert [bars(offline, first) == loop for first in (2, 3, 4, 5, 6, 7)] == [True] * 3 + [False] * 3


def test_vary_begins_alike_and_goes_another_way() -> None:
    offline = answered("vary", BEGIN_S + 2.5 * BAR_S)
    first, second = bars(offline, 1, 2), bars(offline, 3, 2)
    head = [note for note in first if note[0] < 8]
    assert [note for note in second if note[0] < 8] == head
    assert [note for note in second if note[0] >= 8] != [note for note in first if note[0] >= 8]


@pytest.mark.parametrize("command", ["again", "back", "keep", "vary"])
def test_without_an_answer_there_is_nothing_to_ask_for(command: Action) -> None:
    offline = stage(handover="command")
    play_eighths(offline, 7)
    press(offline, command, BEGIN_S + BAR_S)
    offline.advance(BEGIN_S + 4 * BAR_S)
    assert onsets(offline.sent, 0) == []


@pytest.mark.parametrize("command", ["again", "back", "keep", "vary"])
@pytest.mark.parametrize("early_s", [0.2, 0.6])
def test_the_model_yields_to_a_musician_who_plays_before_what_they_asked_for_begins(
    command: Action, early_s: float
) -> None:
    model = FakePredictor(WILD)
    offline = stage(model, handover="bar", handover_beats=0.25)
    play_eighths(offline, 7)
    press(offline, command, BEGIN_S + 1.5 * BAR_S)
    again_s = BEGIN_S + 2 * BAR_S - early_s
    offline.play(NoteOn(0, 30, 100), again_s)
    offline.advance(BEGIN_S + 6 * BAR_S)
    assert onsets(offline.sent, 0)[-1] <= again_s
    offline.play(NoteOff(0, 30), BEGIN_S + 6 * BAR_S)
    offline.advance(BEGIN_S + 9 * BAR_S)
    assert onsets(offline.sent, 0)[-1] > BEGIN_S + 6 * BAR_S


def test_what_is_kept_goes_round_also_when_the_band_would_rest() -> None:
    offline = stage(rest_after_beats=8.0)
    next_s = play_eighths(offline, 8)
    press(offline, "keep", next_s + 5 * BEAT_S)
    offline.advance(next_s + 80 * BEAT_S)
    assert onsets(offline.sent, 0)[-1] > next_s + 78 * BEAT_S


def test_a_band_that_rests_is_woken_by_a_hand_over_and_stays_awake_while_something_is_asked_for() -> None:
    offline = stage(rest_after_beats=8.0)
    next_s = play_eighths(offline, 8)
    offline.advance(next_s + 20 * BEAT_S)
    assert onsets(offline.sent, 0)[-1] < next_s + 12 * BEAT_S
    press(offline, "hand over", next_s + 20 * BEAT_S)
    for beats in (26, 32, 38):
        press(offline, "vary", next_s + beats * BEAT_S)
    offline.advance(next_s + 60 * BEAT_S)
    played = [at_s for at_s in onsets(offline.sent, 0) if at_s > next_s + 20 * BEAT_S]
    assert played[0] < next_s + 22 * BEAT_S
    assert next_s + 44 * BEAT_S < played[-1] < next_s + 50 * BEAT_S


def test_where_there_is_nothing_to_keep_yet_the_answer_goes_on() -> None:
    offline = stage(FakePredictor((49, 48)), beats_per_bar=1)  # a bar and more passes before its first note
    next_s = play_eighths(offline, 4)
    press(offline, "keep", next_s + 2.1 * BEAT_S)
    offline.advance(next_s + 60 * BEAT_S)
    assert len(onsets(offline.sent, 0)) >= 4


@pytest.mark.parametrize("handover", ["silence", "bar", "flow"])
def test_a_model_that_would_rest_for_ever_carries_on_all_the_same(handover: Handover) -> None:
    offline = stage(FakePredictor((49,)), handover=handover)
    next_s = play_eighths(offline, 8)
    offline.advance(next_s + 60 * BEAT_S)
    played = [message for message in offline.sent if message.by == "model"]
    silences_s = [on.at_s - off.at_s for off, on in pairwise(played) if isinstance(on.event, NoteOn)]
    assert played[0].at_s <= next_s + 6 * BEAT_S
    assert len(silences_s) >= 5
    assert max(silences_s) <= 6.1 * BEAT_S


def test_while_the_musician_plays_the_model_may_foresee_that_they_rest() -> None:
    model = FakePredictor((49,))
    offline = stage(model, handover="command")
    play_eighths(offline, 8)
    offline.advance(20.0)
    assert all(question.onset_bias[:, WAIT].max() > -1.0 for question in model.questions)


@pytest.mark.parametrize("bars", [5.3, 6.3])
def test_another_answer_in_the_middle_of_the_kept_one_does_not_wait_for_its_end(bars: float) -> None:
    offline = stage()
    keep_s = play_eighths(offline, 8) + 2 * BEAT_S + 3 * BAR_S + 0.1
    press(offline, "keep", keep_s)
    again_s = keep_s + bars * BAR_S
    press(offline, "again", again_s)
    offline.advance(again_s + 4 * BAR_S)
    assert any(again_s < onset_s < again_s + BAR_S for onset_s in onsets(offline.sent, 0))
