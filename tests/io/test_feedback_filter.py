"""What comes back through a loop is no music; what the musician plays is, however like it. On invented time."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterable, Sequence

import pytest

from bollylive.clock.anchor import Anchor
from bollylive.clock.clock import Clock
from bollylive.io.note_scheduler import Scheduler
from bollylive.io.router import Router
from bollylive.midi.messages import Control, Event, Note, NoteOff, NoteOn, Raw
from bollylive.protocol import Heard, Play, Sent
from bollylive.sets.live_set import LiveSet
from bollylive.sets.settings import Set

BEAT_S, SHORTEST_S, LONGEST_S = 0.5, 0.0005, 0.05
Change = Callable[[Event], Event]


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

    def _leave(self, messages: Sequence[Sent]) -> None:
        self.left.extend(messages)
        wait_s = self._chance.uniform(0, self._jitter_s)
        for sent in messages:
            for delay_s in self.delays_s:
                self._come(sent.at_s + delay_s + wait_s, self.change(sent.event))

    def _come(self, at_s: float, event: Event) -> None:
        self._count += 1
        heapq.heappush(self._coming, (at_s, self._count, event))

    def _hear(self, message: Heard | Anchor) -> None:
        if isinstance(message, Heard) and not isinstance(message.event, Anchor):
            self.heard.append((message.at_s, message.event))  # type: ignore[arg-type]


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
    sounding: set[int] = set()
    for sent in stage.left:
        if isinstance(sent.event, NoteOn):
            sounding.add(sent.event.pitch)
        elif isinstance(sent.event, NoteOff):
            sounding.discard(sent.event.pitch)
    assert not sounding


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
