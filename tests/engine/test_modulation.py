"""What the musician makes obsolete is planned anew at once, and what cannot be in time is left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import pytest
from apart import Apart, SlowPredictor
from fakes import FakePredictor, ons, onsets
from hypothesis import given, settings
from hypothesis import strategies as st

from bollylive.io.note_scheduler import LATE_BOUND_S
from bollylive.midi.messages import Continue, Control, Event, NoteOff, NoteOn, Position, Start, Stop, Tick
from bollylive.model.codec import CHOOSE, FIELDS, TICKS_PER_BEAT
from bollylive.model.context import LEAD_HARMONY
from bollylive.model.predictor import Ints, Question
from bollylive.offline import OfflineBand
from bollylive.sets.settings import ChannelSet, Set

C, F_SHARP = 0, 6  # a tritone apart
PITCH, INSTRUMENT, PREVIOUS = FIELDS.index("pitch"), FIELDS.index("instrument"), FIELDS.index("previous")
PLAYERS = (14, 15)
PROGRAMS = range(40, 44)  # by which a question tells the channel


class Ear(FakePredictor):
    """Plays the highest pitch class that the musicians sound, in an octave that changes from choice to choice."""

    def _choose(self, question: Question, i: int) -> Ints:
        chosen = super()._choose(question, i)
        if question.rows[i, -1, PITCH] == CHOOSE:
            sounding = question.context[i, -1, LEAD_HARMONY][:12]
            octave = 3 + len(self.questions) % 4
            chosen[0] = 12 * octave + max(sounding.nonzero()[0], default=C)
        return chosen


@dataclass(frozen=True)
class Modulation:
    """A performance in C, whose musicians go to F sharp at some moment, one after another."""

    tempo_bpm: float
    horizon_beats: float
    commit_beats: float
    script: tuple[int, ...]
    channels: int
    players: int
    at_s: float
    seed: int


modulations = st.builds(
    Modulation,
    tempo_bpm=st.sampled_from([40.0, 96.0, 133.3, 240.0]),
    horizon_beats=st.sampled_from([0.25, 1.0, 1.5, 4.0]),
    commit_beats=st.sampled_from([0.0, 0.1, 0.25, 0.5, 1.0]),
    script=st.sampled_from([(12,), (6, 18), (6,), (30, 6), (36,)]),
    channels=st.integers(1, len(PROGRAMS)),
    players=st.integers(1, len(PLAYERS)),
    at_s=st.floats(2.0, 6.0),
    seed=st.integers(0, 9),
)


def perform(what: Modulation, by_the_model: bool = False) -> tuple[OfflineBand, Ear, int]:
    """Play it; gives how many questions the model had been asked when the first musician modulated.

    The channels accompany, or (by the model) were begun by the musician and are carried on.
    """
    band = tuple(
        ChannelSet(i, role="continue" if by_the_model else "accompany", program=program)
        for i, program in zip(range(what.channels), PROGRAMS, strict=False)
    )
    model = Ear(what.script)
    offline = OfflineBand(
        Set(
            tempo_bpm=what.tempo_bpm,
            horizon_beats=what.horizon_beats,
            commit_beats=what.commit_beats,
            handover_beats=0.5,
            default_role="player",
            channels=band,
        ),
        model,
        what.seed,
    )
    players = PLAYERS[: what.players]
    for channel in players:
        offline.play(NoteOn(channel, 60 + C, 90), 0.5)
    if by_the_model:
        for channel in range(what.channels):
            offline.play(NoteOn(channel, 72 + C, 90), 0.6)
            offline.play(NoteOff(channel, 72 + C), 0.6 + 0.1 * (channel + 1))
    offline.advance(what.at_s)
    asked = len(model.questions)
    for i, channel in enumerate(players):
        offline.play(NoteOff(channel, 60 + C), what.at_s + 0.3 * i)
        offline.play(NoteOn(channel, 60 + F_SHARP, 90), what.at_s + 0.3 * i)
    offline.advance(what.at_s + 4 * 60 / what.tempo_bpm)
    return offline, model, asked


def commit_line(offline: OfflineBand, what: Modulation) -> float:
    """The beat up to which the notes were fixed when the first musician modulated, and a tick for the rounding."""
    begin = next(m.beat for m, note in ons(offline.sent, by="musician") if note.pitch == 60 + F_SHARP)
    return begin + what.commit_beats + 1 / TICKS_PER_BEAT


@pytest.mark.parametrize("by_the_model", [False, True])
def test_after_a_modulation_no_note_beyond_the_commit_line_is_of_the_old_plan(by_the_model: bool) -> None:
    @settings(max_examples=60)
    @given(modulations)
    def check(what: Modulation) -> None:
        offline, _, _ = perform(what, by_the_model)
        line = commit_line(offline, what)
        accompaniment = [(m.beat, note.pitch % 12) for m, note in ons(offline.sent)]
        assert {pitch for beat, pitch in accompaniment if beat < line - 2} <= {C}
        assert {pitch for beat, pitch in accompaniment if beat > line} == {F_SHARP}

    check()


@settings(max_examples=60)
@given(modulations)
def test_what_was_committed_is_what_the_new_plan_goes_on_from(what: Modulation) -> None:
    offline, model, asked = perform(what)
    line = commit_line(offline, what)
    for channel in range(what.channels):
        notes = sorted((m.beat, note.pitch) for m, note in ons(offline.sent, channel))
        fixed = [pitch for beat, pitch in notes if pitch % 12 == C]
        rows = (row for question in model.questions[asked:] for row in question.rows[:, -1])
        first = next(r for r in rows if r[INSTRUMENT] == PROGRAMS[channel] and r[PITCH] == CHOOSE)
        assert first[PREVIOUS] == fixed[-1]
        assert all(beat <= line for beat, pitch in notes if pitch % 12 == C)


RESETS = [Control(channel, number, 0) for number in (64, 123, 121) for channel in range(16)]
F_SHARP_TICK = 30


def interrupt(events: Sequence[Event], pause_s: float, commit_beats: float) -> list[tuple[float, int]]:
    """What a band plays that plays C, after something has happened, and from `F_SHARP_TICK` on hears F sharp.

    Gives the beats, and the pitch classes.
    """
    band = Set(commit_beats=commit_beats, default_role="player", channels=(ChannelSet(0, role="accompany"),))
    offline = OfflineBand(band, Ear((6,)), seed=1)
    tick_s = 60 / 120 / TICKS_PER_BEAT
    offline.play(Start(), 0.99)
    for i in range(96):
        offline.play(Tick(), 1.0 + i * tick_s)
        if i == 1:
            offline.play(NoteOn(PLAYERS[0], 60 + C, 90), offline.now_s)
    before = len(offline.sent)
    for i, event in enumerate(events):
        offline.play(event, offline.now_s + (pause_s if i else 0.0))
    offline.play(NoteOff(PLAYERS[0], 60 + C), offline.now_s)
    for i in range(96):
        offline.play(Tick(), offline.now_s + tick_s)
        if i == F_SHARP_TICK:
            offline.play(NoteOn(PLAYERS[0], 60 + F_SHARP, 90), offline.now_s)
    return [(message.beat, note.pitch % 12) for message, note in ons(offline.sent[before:])]


@pytest.mark.parametrize(("events", "pause_s"), [([Stop(), Continue()], 1.0), (RESETS, 0.0)], ids=["stop", "reset"])
@pytest.mark.parametrize("commit_beats", [0.0, 0.25, 1.0])
def test_of_the_plan_before_a_stop_or_a_reset_nothing_is_left(
    events: list[Event], pause_s: float, commit_beats: float
) -> None:
    played = interrupt(events, pause_s, commit_beats)
    assert len(played) > 10
    assert {pitch for _, pitch in played} == {F_SHARP}
    assert all(b > a for (a, _), (b, _) in pairwise(played))


@pytest.mark.parametrize(("event", "place"), [(Position(16 * 16), 64.0), (Start(), 0.0)], ids=["jump", "restart"])
@pytest.mark.parametrize("commit_beats", [0.0, 0.25, 1.0])
def test_where_the_song_goes_on_elsewhere_only_a_new_plan_is_played(
    event: Event, place: float, commit_beats: float
) -> None:
    played = interrupt([event], 0.0, commit_beats)
    assert len(played) > 10
    assert all(place <= beat < place + 4 for beat, _ in played)
    line = place + F_SHARP_TICK / TICKS_PER_BEAT + commit_beats
    assert {pitch for beat, pitch in played if beat > line + 0.05} == {F_SHARP}
    assert all(b > a for (a, _), (b, _) in pairwise(played))


BUSY = Set(
    tempo_bpm=180,
    rest_after_beats=0,
    default_role="player",
    channels=tuple(ChannelSet(i, role="accompany") for i in range(5)),
)


def test_with_a_slow_model_nothing_is_left_out_because_the_parts_choose_together() -> None:
    model = SlowPredictor((6,))
    show = Apart(BUSY, model)
    show.play(NoteOn(PLAYERS[0], 60, 90), 1.0)
    show.advance(5.0)
    model.call_s = 0.02
    show.advance(25.0)
    assert show.engine.counts["skipped"] == 0
    assert all(message.late_s == pytest.approx(0.0, abs=1e-6) for message, _ in ons(show.sent))


@pytest.mark.parametrize("call_s", [0.1, 0.4, 2.0])
def test_where_planning_cannot_keep_up_notes_are_left_out_and_none_is_very_late(call_s: float) -> None:
    model = SlowPredictor((6,))
    show = Apart(BUSY, model)
    show.play(NoteOn(PLAYERS[0], 60, 90), 1.0)
    show.advance(5.0)
    in_time, model.call_s = len(ons(show.sent)), call_s
    show.advance(25.0)
    struggling = ons(show.sent)[in_time:]
    assert show.engine.counts["skipped"] > 10
    assert all(message.late_s <= LATE_BOUND_S + 1e-6 for message, _ in struggling)
    assert len(struggling) < 20 / 4.0 * in_time
    assert len({note.channel for _, note in struggling}) > 1 or call_s > 1

    model.call_s = 0.0
    show.advance(27.0 + call_s)
    caught_up_s = show.now_s
    show.advance(caught_up_s + 4.0)
    begun = [at_s for at_s in onsets(show.sent) if at_s > caught_up_s]
    assert len(begun) == pytest.approx(in_time, abs=len(BUSY.channels))
    assert max(sum(a <= b < a + 0.04 for b in begun) for a in begun) <= len(BUSY.channels)


def test_after_a_stall_the_band_skips_ahead_and_catches_nothing_up() -> None:
    show = Apart(BUSY, SlowPredictor((6,)))
    show.play(NoteOn(PLAYERS[0], 60, 90), 1.0)
    show.advance(5.0)
    before = len(show.sent)
    show.stall(5.0)
    show.advance(11.0)
    after = ons(show.sent[before:])
    assert all(message.late_s <= LATE_BOUND_S for message, _ in after)
    assert max(sum(a <= b < a + 0.04 for b in onsets(show.sent[before:])) for a in onsets(show.sent[before:])) <= 5
    per_channel = [m.beat for m, _ in ons(show.sent[before:], 2)]
    assert [b - a for a, b in pairwise(per_channel)] == pytest.approx([0.25] * (len(per_channel) - 1))
