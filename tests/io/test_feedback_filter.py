"""What comes back through a loop is no music; what the musician plays is, however like it. On invented time."""

from __future__ import annotations

import heapq
import random
import sys
from collections.abc import Callable, Iterable, Sequence

import pytest

from bollylive.clock.anchor import Anchor
from bollylive.clock.clock import Clock
from bollylive.io.departures import LONGEST_S as LONGEST_DELAY_S
from bollylive.io.feedback_filter import FeedbackFilter
from bollylive.io.note_scheduler import Scheduler
from bollylive.io.router import Router
from bollylive.midi.messages import Control, Event, Note, NoteOff, NoteOn, Program, Raw
from bollylive.protocol import Heard, Play, Sent
from bollylive.sets.live_set import LiveSet
from bollylive.sets.settings import Set

BEAT_S, SHORTEST_S, LONGEST_S = 0.5, 0.0005, 0.05
Change = Callable[[Event], Event | None]


class Stage:
    """A router, a musician, a band, and cables that bring back what leaves; the clock jumps to the next event."""

    def __init__(self, *delays_s: float, thru: bool = True, jitter_s: float = 0.0) -> None:
        self.now_s = 0.0
        self.delays_s: Sequence[float] = delays_s
        self.change: Change = lambda event: event
        self.left: list[Sent] = []
        self.heard: list[tuple[float, Event]] = []
        self._jitter_s, self._chance = jitter_s, random.Random(1)
        self._coming: list[tuple[float, int, Event]] = []
        self._count = 0
        band = Set(tempo_bpm=60 / BEAT_S, thru=thru)
        self.router = Router(Clock(60 / BEAT_S, 0.0), Scheduler(), self._leave, self._hear, LiveSet(band))

    def play(self, events: Iterable[tuple[float, Event]]) -> None:
        """The musician plays, at seconds from now on."""
        for at_s, event in events:
            self._come(self.now_s + at_s, event)

    def band(self, onsets_s: Iterable[float], channel: int = 1, length_s: float = 0.06) -> None:
        """The band plays a scale, at seconds from now on."""
        for i, onset_s in enumerate(onsets_s):
            beat = (self.now_s + onset_s) / BEAT_S
            self.router.obey(Play(Note(channel, 60 + i % 12, 80 + i % 5, beat, length_s / BEAT_S), 0), self.now_s)

    def run(self, seconds: float) -> None:
        until_s = self.now_s + seconds
        while self.now_s < until_s:
            next_s = min(self._coming[0][0] if self._coming else until_s, self.router.next_due() or until_s)
            self.now_s = min(max(next_s, self.now_s + SHORTEST_S), self.now_s + LONGEST_S, until_s)
            while self._coming and self._coming[0][0] <= self.now_s:
                self.router.handle(heapq.heappop(self._coming)[2], self.now_s)
            self.router.tick(self.now_s)

    def ons_left(self, since_s: float = 0.0) -> int:
        return sum(isinstance(sent.event, NoteOn) for sent in self.left if sent.at_s > since_s)

    @property
    def sounding(self) -> set[tuple[int, int]]:
        """Channels and pitches."""
        sounding: set[tuple[int, int]] = set()
        for sent in self.left:
            if isinstance(sent.event, NoteOn):
                sounding.add((sent.event.channel, sent.event.pitch))
            elif isinstance(sent.event, NoteOff):
                sounding.discard((sent.event.channel, sent.event.pitch))
        return sounding

    def _leave(self, messages: Sequence[Sent]) -> None:
        self.left.extend(messages)
        wait_s = self._chance.uniform(0, self._jitter_s)
        for sent in messages:
            for delay_s in self.delays_s:
                if (back := self.change(sent.event)) is not None:
                    self._come(sent.at_s + delay_s + wait_s, back)

    def _come(self, at_s: float, event: Event) -> None:
        self._count += 1
        heapq.heappush(self._coming, (at_s, self._count, event))

    def _hear(self, message: Heard | Anchor) -> None:
        if isinstance(message, Heard) and not isinstance(message.event, Anchor):
            self.heard.append((message.at_s, message.event))  # type: ignore[arg-type]


class Periods(Stage):
    """A stage whose cable takes what has left at the beginning of each audio period, as JACK does."""

    def __init__(self, period_s: float) -> None:
        super().__init__()
        self._period_s = period_s

    def _leave(self, messages: Sequence[Sent]) -> None:
        self.left.extend(messages)
        for sent in messages:
            self._come((sent.at_s // self._period_s + 1) * self._period_s + 1e-6, sent.event)


def steadily(count: int, every_s: float, first_s: float = 0.0) -> list[float]:
    return [first_s + i * every_s for i in range(count)]


def struck(pitch: int, onsets_s: Iterable[float], length_s: float | None = 0.03) -> list[tuple[float, Event]]:
    """Notes of channel 9 at one velocity, with note-offs if they have a length."""
    ons: list[tuple[float, Event]] = [(at_s, NoteOn(9, pitch, 127)) for at_s in onsets_s]
    return ons if length_s is None else ons + [(at_s + length_s, NoteOff(9, pitch)) for at_s, _ in ons]


@pytest.mark.parametrize("delay_s", [0.002, 0.01, 0.045, 0.06, 0.093, 0.15, 0.4, 0.9])
def test_a_loop_of_any_delay_is_told_once_and_quiet(delay_s: float) -> None:
    stage = Stage(delay_s)
    stage.band(steadily(40, 0.1))
    stage.run(2 + 2 * delay_s)
    problem = stage.router.take_problem()
    assert problem is not None
    assert "come back" in problem
    since_s, heard = stage.now_s, len(stage.heard)
    stage.run(5)
    assert stage.ons_left(since_s) <= 40
    assert stage.ons_left(stage.now_s - 2) == 0
    assert len(stage.heard) == heard
    assert stage.router.take_problem() is None


@pytest.mark.parametrize("delay_s", [0.003, 0.02, 0.045, 0.093, 0.15])
def test_a_note_goes_round_some_eight_times_and_no_more(delay_s: float) -> None:
    stage = Stage(delay_s)
    stage.band([0.0, 0.05])
    stage.run(8 * 0.15 + 1)
    assert 8 <= stage.ons_left() <= 2 + 10
    assert stage.ons_left(stage.now_s - 0.5) == 0


def test_nothing_of_a_loop_is_left_sounding() -> None:
    stage = Stage(0.05)
    stage.band(steadily(10, 0.1))
    stage.run(3)
    assert not stage.sounding


def test_a_loop_that_begins_in_mid_play_and_ends_is_told_and_then_everything_passes() -> None:
    stage = Stage()
    stage.band(steadily(80, 0.1))
    stage.run(2)
    assert stage.heard == []
    stage.delays_s = [0.08]
    stage.run(2)
    assert stage.router.take_problem() is not None
    stage.delays_s = []
    stage.run(2)
    stage.heard.clear()
    stage.play([(0.05, NoteOn(1, 60, 80)), (0.1, NoteOff(1, 60)), (0.15, NoteOn(1, 60, 80)), (0.2, NoteOff(1, 60))])
    stage.run(0.3)
    assert len(stage.heard) == 4
    assert stage.router.feedback_filter.echoes > 0


def test_two_loops_at_once_are_quiet() -> None:
    stage = Stage(0.02, 0.033)
    stage.band(steadily(60, 0.1))
    stage.run(10)
    assert stage.ons_left(5.0) <= 11
    assert stage.ons_left(8.0) == 0


@pytest.mark.parametrize("jitter_s", [0.005, 0.021])
def test_a_loop_through_long_audio_periods_is_told_and_quiet(jitter_s: float) -> None:
    stage = Stage(0.01, jitter_s=jitter_s)
    stage.band(steadily(60, 0.1))
    stage.run(10)
    assert stage.router.take_problem() is not None
    assert stage.ons_left(stage.now_s - 2) == 0


@pytest.mark.parametrize("period_s", [128 / 48000, 256 / 48000])
def test_a_short_loop_whose_first_round_takes_another_time_is_quiet_at_once(period_s: float) -> None:
    stage = Periods(period_s)
    stage.play([(0.1 * period_s, NoteOn(0, 69, 84)), (0.5, NoteOff(0, 69))])
    stage.band([0.9 * 128 / 48000], channel=9)
    stage.run(0.5)
    assert "come back" in str(stage.router.feedback_filter.take_problem())
    assert stage.ons_left(0.2) == 0
    assert stage.router.rate_limit.dropped == 0


@pytest.mark.parametrize(("later", "struck"), [(0.1, 0.9), (0.9, 0.1), (0.5, 0.5)])
def test_a_loop_of_a_long_period_is_quiet_although_nobody_plays_on(later: float, struck: float) -> None:
    period_s = 1024 / 48000
    stage = Periods(period_s)
    stage.play([(later * period_s, NoteOn(0, 69, 84)), (0.5, NoteOff(0, 69))])
    stage.band([struck * period_s], channel=9)
    stage.run(3.0)
    assert "come back" in str(stage.router.feedback_filter.take_problem())
    assert stage.ons_left(0.8) == 0


@pytest.mark.parametrize("channel", [0, 5])
def test_a_loop_that_changes_channel_and_velocity_is_quiet(channel: int) -> None:
    def change(event: Event) -> Event:
        match event:
            case NoteOn(_, pitch):
                return NoteOn(channel, pitch, 100)
            case NoteOff(_, pitch):
                return NoteOff(channel, pitch)
        return event

    stage = Stage(0.05)
    stage.change = change
    stage.band(steadily(60, 0.1))
    stage.run(10)
    assert stage.router.take_problem() is not None
    assert stage.ons_left(stage.now_s - 2) == 0


def test_without_thru_the_band_does_not_hear_itself() -> None:
    stage = Stage(0.07, thru=False)
    stage.band(steadily(40, 0.1))
    stage.run(2)
    heard = len(stage.heard)
    assert stage.router.take_problem() is not None
    stage.run(5)
    assert len(stage.heard) == heard


def test_a_band_that_waits_for_the_musician_has_its_loop_proved_by_the_musicians_notes() -> None:
    stage = Stage(0.093)
    stage.play(
        [pair for i in range(20) for pair in ((0.31 * i, NoteOn(0, 50 + i, 90)), (0.31 * i + 0.2, NoteOff(0, 50 + i)))]
    )
    stage.run(10)
    assert stage.router.take_problem() is not None
    assert stage.ons_left(stage.now_s - 2) == 0


def test_the_musician_is_heard_once_in_a_loop() -> None:
    stage = Stage(0.05)
    stage.band(steadily(10, 0.1))
    stage.run(2)
    stage.heard.clear()
    played = [
        (0.25 * i + at_s, event) for i in range(20) for at_s, event in ((0.0, NoteOn(1, 70, 9)), (0.1, NoteOff(1, 70)))
    ]
    wheel: list[tuple[float, Event]] = [(0.005 * i, Control(1, 1, 64 + i % 7)) for i in range(300)]
    stage.play([*played, *wheel])
    stage.run(8)
    assert sorted(map(repr, (event for _, event in stage.heard))) == sorted(
        repr(event) for _, event in [*played, *wheel]
    )


ENCODER: list[tuple[float, Event]] = [(0.02 * i, Control(0, 16, 65)) for i in range(20)]
BEND_RANGE: list[tuple[float, Event]] = [(0.0, Control(0, n, v)) for n, v in ((101, 0), (100, 0), (6, 0), (38, 0))]
PADS = struck(36, steadily(24, 0.04), None)
ROLL = struck(38, steadily(100, 0.021), 0.021)
SEQUENCE = struck(36, steadily(24, 0.5)) + struck(42, steadily(96, 0.125)) + struck(38, steadily(24, 0.5, 0.25))
DOUBLED = [(at_s + late_s, event) for at_s, event in struck(60, steadily(50, 0.2)) for late_s in (0.0, 0.003)]
TURNING: list[tuple[float, Event]] = [(0.004 * i, Raw(bytes([0xE0, 0, 64 + i % 2]))) for i in range(100)]


@pytest.mark.parametrize("thru", [True, False])
@pytest.mark.parametrize("playing", [ENCODER, BEND_RANGE, PADS, ROLL, SEQUENCE, DOUBLED, TURNING])
def test_a_musician_who_repeats_anything_at_any_rate_passes_whole(
    playing: list[tuple[float, Event]], thru: bool
) -> None:
    stage = Stage(thru=thru)
    stage.play(playing)
    stage.band(steadily(100, 0.125), channel=9)
    stage.run(13)
    notes_and_controls = [event for _, event in playing if not isinstance(event, Raw)]
    assert len([event for _, event in stage.heard]) == len(notes_and_controls)
    if thru:
        passed = [
            sent for sent in stage.left if sent.by == "musician" and isinstance(sent.event, NoteOn | Control | Raw)
        ]
        assert len(passed) == sum(isinstance(event, NoteOn | Control | Raw) for _, event in playing)
    assert stage.router.take_problem() is None


@pytest.mark.parametrize("thru", [True, False])
def test_a_drummer_who_doubles_the_bands_own_strokes_loses_none(thru: bool) -> None:
    stage, chance = Stage(thru=thru), random.Random(2)
    onsets_s = steadily(144, 0.25)
    for onset_s in onsets_s:
        stage.router.obey(Play(Note(9, 38, 127, onset_s / BEAT_S, 0.1), 0), 0.0)
    stage.play(struck(38, [onset_s + chance.uniform(0.0, 0.02) for onset_s in onsets_s], 0.04))
    stage.run(37)
    assert sum(isinstance(event, NoteOn) for _, event in stage.heard) == 144
    assert stage.router.take_problem() is None


def test_chance_prove_nothing() -> None:
    """The band plays eight notes a second in an octave, and so does the musician, on the same channel and as loud."""
    stage, chance = Stage(), random.Random(1)
    for i in range(200):
        onset_s = i * 0.125 + chance.uniform(0, 0.06)
        stage.router.obey(Play(Note(1, 60 + chance.randrange(12), 90, onset_s / BEAT_S, 0.1), 0), 0.0)
        pitch, at_s = 60 + chance.randrange(12), i * 0.125 + chance.uniform(0, 0.06)
        stage.play([(at_s, NoteOn(1, pitch, 90)), (at_s + 0.05, NoteOff(1, pitch))])
    stage.run(26)
    assert len(stage.heard) == 400
    assert stage.router.feedback_filter.echoes == 0


def transposer(semitones: int, channel: int | None = None) -> Change:
    """What a DAW sends back that transposes, perhaps on another channel; it leaves out what MIDI cannot say."""

    def change(event: Event) -> Event | None:
        if not isinstance(event, NoteOn | NoteOff):
            return event
        pitch = event.pitch + semitones
        on_channel = event.channel if channel is None else channel
        if not 0 <= pitch <= 127:
            return None
        return NoteOff(on_channel, pitch) if isinstance(event, NoteOff) else NoteOn(on_channel, pitch, event.velocity)

    return change


@pytest.mark.parametrize("thru", [True, False])
@pytest.mark.parametrize("delay_s", [0.003, 0.05, 0.4])
@pytest.mark.parametrize(
    ("semitones", "interval"), [(12, "12 semitones higher"), (-12, "12 semitones lower"), (7, "7"), (1, "1 semitone ")]
)
def test_a_loop_that_transposes_is_told_once_and_quiet(
    semitones: int, interval: str, delay_s: float, thru: bool
) -> None:
    stage = Stage(delay_s, thru=thru)
    stage.change = transposer(semitones)
    stage.band(steadily(60, 0.1))
    stage.run(6 + 2 * delay_s)
    problem = stage.router.take_problem()
    assert problem is not None
    assert f"after {1e3 * delay_s:.0f} ms and {interval}" in problem
    since_s, heard = stage.now_s, len(stage.heard)
    stage.band(steadily(40, 0.1))
    stage.run(5)
    assert stage.ons_left(since_s) == 40
    assert len(stage.heard) == heard
    assert stage.router.take_problem() is None


def test_a_loop_that_transposes_chords_to_one_channel_is_quiet_and_ends() -> None:
    stage = Stage(0.05)
    stage.change = transposer(12, channel=3)
    for channel in (1, 2, 5):
        stage.band(steadily(40, 0.1), channel)
    stage.run(5)
    problem = stage.router.take_problem()
    assert problem is not None
    assert "12 semitones" in problem
    assert stage.ons_left(stage.now_s - 0.5) == 0
    assert not stage.sounding
    stage.delays_s = []
    stage.band(steadily(10, 0.1))
    stage.run(2)
    stage.heard.clear()
    stage.play(struck(72, steadily(10, 0.1)))
    stage.run(2)
    assert len(stage.heard) == 20


def test_what_a_loop_that_transposes_had_begun_is_ended() -> None:
    stage = Stage(0.05)
    stage.change = transposer(-12)
    stage.band(steadily(30, 0.1))
    stage.run(5)
    problem = stage.router.take_problem()
    assert problem is not None
    assert "12 semitones" in problem
    assert not stage.sounding


@pytest.mark.parametrize("thru", [True, False])
@pytest.mark.parametrize("spread_s", [0.008, 0.02])
@pytest.mark.parametrize("semitones", [12, -12, 4])
def test_a_musician_who_doubles_the_bands_line_in_octaves_or_thirds_loses_no_note(
    semitones: int, spread_s: float, thru: bool
) -> None:
    """As loud as the band, and some 30 ms behind it."""
    stage, chance = Stage(thru=thru), random.Random(3)
    onsets_s = steadily(400, 0.125)
    stage.band(onsets_s, length_s=0.1)
    played: list[tuple[float, Event]] = []
    for i, onset_s in enumerate(onsets_s):
        pitch, at_s = 60 + i % 12 + semitones, onset_s + 0.03 + chance.uniform(0.0, spread_s)
        played += [(at_s, NoteOn(2, pitch, 80 + i % 5)), (at_s + 0.09, NoteOff(2, pitch))]
    stage.play(played)
    stage.run(52)
    assert len(stage.heard) == len(played)
    assert stage.router.take_problem() is None


@pytest.mark.parametrize("every_s", [0.008, 0.02, 0.1])
@pytest.mark.parametrize("step", [1, 2, -1])
def test_a_sequencers_even_run_is_no_loop_that_transposes_by_its_step(step: int, every_s: float) -> None:
    stage = Stage()
    run = [60 + step * i for i in range(24)] * 4
    stage.play([pair for i, pitch in enumerate(run) for pair in struck(pitch, [i * every_s], every_s / 2)])
    stage.band(steadily(40, 0.25))
    stage.run(11)
    assert len(stage.heard) == 2 * len(run)
    assert stage.router.take_problem() is None


@pytest.mark.parametrize("programs", [[5], [5, 6], [5, 6, 5]])
@pytest.mark.parametrize("delay_s", [0.004, 0.1, 0.9])
def test_a_program_that_comes_back_does_not_go_round(programs: list[int], delay_s: float) -> None:
    stage = Stage(delay_s)
    stage.play([(0.03 * i, Program(1, program)) for i, program in enumerate(programs)])
    stage.run(20)
    left = [sent.event for sent in stage.left if isinstance(sent.event, Program)]
    assert left[: len(programs)] == [Program(1, program) for program in programs] or delay_s < 0.03
    assert len(left) <= 2 * len(programs)
    assert stage.left[-1].at_s < 3.0


def test_a_program_of_the_bands_own_that_comes_back_on_another_channel_goes_round_once() -> None:
    stage = Stage(0.05)
    stage.change = lambda event: Program(0, event.program) if isinstance(event, Program) else event
    stage.router.program(4, 33, 0.0)
    stage.run(5)
    assert [sent.event for sent in stage.left] == [Program(4, 33), Program(0, 33)]


def test_every_program_of_a_musician_that_changes_something_passes() -> None:
    stage = Stage()
    changes = [Program(0, 1), Program(1, 1), Program(0, 2), Program(0, 1), Program(0, 2)]
    stage.play([(0.1 * i, change) for i, change in enumerate(changes)])
    stage.play([(3.0 * i, Program(2, 7)) for i in range(5)])  # a synthesizer may have been switched on meanwhile
    stage.run(20)
    left = [sent.event for sent in stage.left if isinstance(sent.event, Program)]
    assert [event for event in left if event.channel < 2] == changes
    assert left.count(Program(2, 7)) == 5


def test_while_nothing_comes_suspicions_cost_nothing() -> None:
    stage = Stage(0.05)
    stage.band(steadily(5, 0.01))
    stage.run(0.06)
    calls = 0

    def count(_frame: object, event: str, _: object) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        stage.router.feedback_filter.settle(stage.now_s)
    finally:
        sys.setprofile(before)
    assert calls <= 2


@pytest.mark.parametrize(("notes", "every_s"), [(10, 0.2), (16, 0.25)])
def test_a_sequencer_that_repeats_more_than_can_be_played_is_no_loop_and_a_loop_after_it_is(
    notes: int, every_s: float
) -> None:
    stage = Stage()
    chord = [NoteOn(channel, key * 7 % 128, 80) for channel in range(16) for key in range(notes)]
    for bar in range(12):
        ons = [(bar * every_s + i * 0.00025, note_on) for i, note_on in enumerate(chord)]
        stage.play(ons)
        stage.play((at_s + every_s / 2, NoteOff(note_on.channel, note_on.pitch)) for at_s, note_on in ons)
    stage.run(12 * every_s + LONGEST_DELAY_S + 0.1)
    assert stage.router.rate_limit.dropped > 0
    assert (stage.router.feedback_filter.echoes, stage.router.feedback_filter.take_problem()) == (0, None)
    stage.delays_s = (0.012,)
    stage.band(steadily(30, 0.1))
    stage.run(4.0)
    assert "after 12 ms" in str(stage.router.feedback_filter.take_problem())


def test_a_loop_that_is_proved_late_still_stands_a_moment_later() -> None:
    """What came back before the proof was worked out is back, too: it must not count as missing, and end the loop."""
    feedback = FeedbackFilter()
    for i, left_s in enumerate(steadily(12, 0.005)):
        feedback.passing.append((left_s, NoteOn(1, 60 + i, 80), "model"))
        assert not feedback.returns(NoteOn(1, 60 + i, 80), left_s + 0.003)
    feedback.settle(0.07)
    feedback.passing.append((0.2, NoteOn(1, 50, 80), "model"))
    assert feedback.returns(NoteOn(1, 50, 80), 0.203)


@pytest.mark.parametrize("later_s", [0.0, 0.003])
def test_a_short_loop_needs_eight_rounds_even_if_its_delay_varies(later_s: float) -> None:
    feedback = FeedbackFilter()
    for i in range(8):
        feedback.passing.append((i * 0.01, NoteOn(1, 60 + i, 80), "musician"))
        feedback.returns(NoteOn(1, 60 + i, 80), i * 0.01 + 0.005 + later_s * (i % 2))
    feedback.settle(0.09)
    assert feedback.take_problem() is not None
