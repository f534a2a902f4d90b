"""What the io process reports of itself, on virtual time."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bollylive.clock.clock import Clock
from bollylive.clock.link import LinkSession
from bollylive.clock.midi_follower import COAST_BEATS, JOIN_TICKS, LOST_S
from bollylive.io.lateness import Punctuality
from bollylive.io.link_source import LinkSource
from bollylive.io.note_scheduler import Scheduler
from bollylive.io.port_set import PortSet
from bollylive.io.router import Router
from bollylive.midi.messages import Note, NoteOn, Start, Tick
from bollylive.processes.supervisor_link import Report, SupervisorLink
from bollylive.processes.telemetry import TELL_LOSSES_S, Telemetry, tempo_sentence
from bollylive.protocol import EngineStatus, Notice, Play, Sent
from bollylive.sets.live_set import LiveSet
from bollylive.sets.settings import Set
from bollylive.snapshot.format import Vitals

BPM = 120.0


class FakePorts(PortSet):
    """Ports to which a test lets things happen."""

    def __init__(self) -> None:
        self.sentences: list[str] = []
        self.calm: list[bool] = []

    @property
    def send_failures(self) -> int:
        return 7

    @property
    def bad_bytes(self) -> int:
        return 2

    def check(self, now_s: float, *, calm: bool = True) -> list[str]:  # noqa: ARG002
        self.calm.append(calm)
        told, self.sentences = self.sentences, []
        return told


class FakeSupervisorLink(SupervisorLink):
    """A link to a supervisor that keeps what is told."""

    def __init__(self) -> None:
        self.told: list[Report] = []

    def tell(self, message: Report) -> None:
        self.told.append(message)


class FakeLink(LinkSession):
    """A session that is in trouble once."""

    def __init__(self) -> None:
        self.trouble: str | None = "The network is gone."

    def take_problem(self) -> str | None:
        trouble, self.trouble = self.trouble, None
        return trouble


class Desk:
    """What the telemetry reads."""

    def __init__(self) -> None:
        self.clock, self.scheduler, self.punctuality = Clock(BPM, 0.0), Scheduler(), Punctuality()
        self.ports, self.supervisor_link = FakePorts(), FakeSupervisorLink()
        self.router = Router(self.clock, self.scheduler, self.punctual, lambda _: None, LiveSet(Set()))
        self.telemetry = Telemetry(
            self.supervisor_link,
            self.ports,
            [self.ports, LinkSource(FakeLink())],
            self.clock,
            self.router,
            self.scheduler,
            self.punctuality,
        )

    def punctual(self, messages: Sequence[Sent]) -> None:
        for sent in messages:
            self.punctuality.leave(sent, sent.at_s)

    def news(self, now_s: float, calm: bool = True) -> list[str]:
        self.telemetry.tell_news(now_s, calm=calm)
        told, self.supervisor_link.told = self.supervisor_link.told, []
        return [message.text for message in told if isinstance(message, Notice)]


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    assert desk.news(0.0) == ["The network is gone."]
    return desk


def test_a_musician_is_told_at_which_tempo_the_band_plays_and_what_changes_it() -> None:
    assert tempo_sentence(Set(tempo_bpm=70)) == (
        "tempo: 70 beats per minute, unless a MIDI clock, Link or a tap leads, or follow_tempo is set"
    )
    assert tempo_sentence(Set(tempo_bpm=96.5, follow_tempo=True)) == (
        "tempo: yours, from 96.5 beats per minute on, unless a MIDI clock or Link leads"
    )


def test_who_leads_the_beat_is_said_when_it_changes(desk: Desk) -> None:
    def lose_the_clock(since_s: float) -> float:
        now_s = since_s + LOST_S + 0.1
        desk.router.tick(now_s)
        return now_s

    desk.router.handle(Start(), 1.0)
    desk.router.handle(Tick(), 1.01)
    assert desk.news(1.02) == ["The MIDI clock leads."]
    assert desk.news(1.03) == []
    now_s = lose_the_clock(1.01)
    lost = "The MIDI clock is lost; the band plays on at 120.0 beats per minute until it is back."
    assert desk.news(now_s) == [lost]
    for _ in range(JOIN_TICKS):
        now_s += 0.02
        desk.router.handle(Tick(), now_s)
    assert desk.news(now_s) == ["The MIDI clock is back."]
    now_s = lose_the_clock(now_s)
    assert desk.news(now_s)[0].startswith("The MIDI clock is lost; the band plays on at ")
    desk.router.tick(now_s + 2 * COAST_BEATS)
    assert desk.news(now_s) == ["The MIDI clock stays away; the tempo is free, and the band rests when you do."]


def test_what_happens_to_the_ports_is_said_and_their_list_is_read_while_it_is_calm(desk: Desk) -> None:
    desk.ports.sentences = ["The MIDI input 'Keys' is gone."]
    assert desk.news(1.0, calm=False) == ["The MIDI input 'Keys' is gone."]
    assert desk.news(1.1, calm=True) == []
    assert desk.ports.calm[-2:] == [False, True]


def test_the_trouble_of_the_router_is_said(desk: Desk) -> None:
    for i in range(5000):
        desk.router.handle(NoteOn(0, i % 128, 90), 1.0)
    assert [text.partition(";")[0] for text in desk.news(1.0)] == [
        "More MIDI comes in than can be played, and some of it is dropped"
    ]


def test_silence_is_no_sentence(desk: Desk) -> None:
    desk.telemetry.say(None)
    assert desk.supervisor_link.told == []


def test_the_vitals_are_told_when_they_are_new_and_at_most_four_times_a_second(desk: Desk) -> None:
    told_s = []
    for step in range(100):
        desk.router.handle(NoteOn(0, step, 90), 1.0 + step / 100)
        if desk.telemetry.take_vitals(1.0 + step / 100) is not None:
            told_s.append(step / 100)
    assert told_s == pytest.approx([0.0, 0.25, 0.5, 0.75], abs=0.011)
    assert desk.telemetry.take_vitals(3.0) is not None
    assert desk.telemetry.take_vitals(4.0) is None


def test_the_vitals_have_the_newest_sentences_and_what_the_rooms_count(desk: Desk) -> None:
    for text in "abcde":
        desk.telemetry.say(text)
    desk.router.handle(NoteOn(0, 60, 90), 1.0)
    desk.router.obey(Play(Note(0, 60, 80, 2.0, 1.0), 0), 1.0)  # the musician holds it
    desk.router.obey(Play(Note(0, 61, 80, 1.0, 1.0), 0), 1.0)  # too late
    desk.router.obey(Play(Note(0, 62, 80, 2.0, 1.0), 9), 1.0)  # of another time
    desk.router.obey(Play(Note(0, 63, 80, 2.0, 1.0), 0), 1.0)
    desk.router.tick(1.01)
    vitals = desk.telemetry.take_vitals(1.01)
    assert vitals is not None
    assert vitals.latest_s == pytest.approx(0.01)
    expected = Vitals("free", planned=1, late=1, latest_s=vitals.latest_s, dropped=3, sounding=2, trouble=tuple("bcde"))
    assert vitals == expected


def test_another_engine_is_told_the_vitals_though_they_are_not_new(desk: Desk) -> None:
    vitals = desk.telemetry.take_vitals(1.0)
    assert vitals is not None
    desk.telemetry.forget_vitals()
    assert desk.telemetry.take_vitals(2.0) == vitals


def test_the_summary_counts_what_happened(desk: Desk) -> None:
    desk.router.obey(Play(Note(0, 63, 80, 2.0, 1.0), 0), 0.5)
    desk.router.obey(Play(Note(0, 62, 80, 2.0, 1.0), 9), 0.5)
    desk.router.tick(1.01)
    summary = desk.telemetry.summary()
    late_ms = [summary[f"late_ms_{name}"] for name in ("p50", "p99", "max")]
    assert late_ms == pytest.approx([10.0] * 3)
    counts = ("planned_notes", "dropped_stale", "dropped_late", "bad_bytes", "send_failures", "echoes", "dropped_flood")
    assert [summary[name] for name in counts] == [1, 1, 0, 2, 7, 0, 0]


def test_a_band_that_has_gone_to_rest_says_once_how_it_is_woken() -> None:
    desk = Desk()
    desk.news(0.0)
    desk.telemetry.hear(EngineStatus(0.0, awake=True), 1.0)
    assert desk.news(9.0) == []
    desk.telemetry.hear(EngineStatus(0.0, awake=False), 10.0)
    desk.telemetry.hear(EngineStatus(0.0, awake=True), 10.1)  # the song has jumped
    assert desk.news(20.0) == []
    desk.telemetry.hear(EngineStatus(0.0, awake=False), 30.0)
    assert desk.news(30.5) == []
    assert desk.news(31.1) == ["The band rests; your next note wakes it."]
    assert desk.news(32.0) == []


def test_what_the_midi_system_lost_is_told_at_once_and_then_not_too_often(desk: Desk) -> None:
    lost = "because more came than it can hold; what was held is ended."
    desk.telemetry.note_losses(4)
    assert desk.news(1.0) == [f"The MIDI system lost input at least 4 times, {lost}"]
    assert desk.news(2.0) == []
    for second in range(3, 9):
        desk.telemetry.note_losses(1)
        assert desk.news(second) == []
    assert desk.news(1.0 + TELL_LOSSES_S) == [f"The MIDI system lost input at least 6 times, {lost}"]
    desk.telemetry.note_losses(1)
    assert desk.news(1.0 + 2 * TELL_LOSSES_S) == [f"The MIDI system lost input once, {lost}"]
    assert desk.news(1.0 + 4 * TELL_LOSSES_S) == []
