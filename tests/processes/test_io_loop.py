"""The io loop, with ports and an engine that follow a script, on virtual time."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from virtual import FakeEngineProcess, VirtualTime

from bollylive.clock.anchor import Anchor, LinkBeat, PlayerBeat
from bollylive.clock.link import LinkSession
from bollylive.io.link_source import LinkSource
from bollylive.io.poll_interval import IDLE_AFTER_S, IDLE_POLL_S, REST_S
from bollylive.io.scripted_source import ScriptedSource
from bollylive.io.sources_and_sinks import Source, TimedEvent
from bollylive.midi.messages import Control, Event, Note, NoteOff, NoteOn, Program, Raw
from bollylive.midi.parser import Parser, to_bytes
from bollylive.processes.engine_link import EngineLink
from bollylive.processes.io_loop import IoLoop
from bollylive.processes.supervisor_link import Order, Report, SupervisorLink
from bollylive.processes.watchdog import HANG_S, LISTENER_LIMIT_S
from bollylive.protocol import (
    EngineStartUp,
    EngineStatus,
    Finish,
    Heard,
    Heartbeat,
    InheritedState,
    InputLost,
    Notice,
    Play,
    Problem,
    Ready,
    Release,
    Restoring,
    Sent,
)
from bollylive.sets.control_set import ControlSet
from bollylive.sets.controls import MPE, Command
from bollylive.sets.live_set import LiveSet
from bollylive.sets.settings import KNOBS, ChannelSet, Set
from bollylive.snapshot.format import Vitals

BAND = Set(
    tempo_bpm=300,
    channels=(ChannelSet(0, "Flute", "player", 73), ChannelSet(1, "Bass", "accompany", 32)),
)
MOST_POLLS = 50_000  # a script that waits in vain ends with them
READY = Ready("fake-v1", 8)
ON, OFF = (0x90, 64, 90), (0x80, 64, 0)

NOTHING = InheritedState()

Script = Callable[["Stage"], Iterator[list[tuple[int, ...]]]]


class FakePorts:
    """Ports that give what a script yields at each poll and keep what is sent; the script's end stops the loop."""

    def __init__(self, time: VirtualTime) -> None:
        self.send_failures = 0
        self.output_name = "BollyLive Out:out"
        self.listeners: int | None = None
        self.sentences: list[str] = []  # what the next check tells
        self.checks: list[tuple[float, bool]] = []
        self.when_checked: Callable[[], None] = lambda: None
        self.polls = 0
        self.held_ended = 0  # how often
        self.closed = False
        self.sent: list[Event] = []
        self.sent_s: list[float] = []
        self.due_s: list[float] = []
        self.script: Iterator[list[tuple[int, ...]]] = iter(())
        self.at_end: Callable[[], None] = lambda: None
        self._time, self._parser = time, Parser()

    @property
    def bad_bytes(self) -> int:
        return self._parser.dropped

    def poll(self, now_s: float) -> list[TimedEvent]:
        self.polls += 1
        assert self.polls < MOST_POLLS, "what the script waits for does not come"
        messages = next(self.script, None)
        if messages is None:
            self.at_end()
        return [TimedEvent(event, now_s) for data in messages or [] for event in self._parser.feed(data)]

    def check(self, now_s: float, *, calm: bool = True) -> list[str]:
        self.when_checked()
        self.checks.append((now_s, calm))
        told, self.sentences = self.sentences, []
        return told

    def end_held(self) -> None:
        self.held_ended += 1

    def send_at(self, due_s: float, event: Event) -> None:
        assert not self.closed
        self.sent.append(event)
        self.due_s.append(due_s)
        self.sent_s.append(self._time.now_s)

    def close(self) -> None:
        self.closed = True


class FakeSupervisorLink(SupervisorLink):
    """A link to a supervisor that keeps what is told, and whose orders a test gives."""

    def __init__(self) -> None:
        self.told: list[Report] = []
        self.orders: list[Order] = []

    def tell(self, message: Report) -> None:
        self.told.append(message)

    def attend(self, now_s: float) -> list[Order]:  # noqa: ARG002
        orders, self.orders = self.orders, []
        return orders


class Engines:
    """The engines of a performance, the newest of which a test speaks for. There can be `lives` after the first."""

    def __init__(self, time: VirtualTime, lives: int) -> None:
        self.lives = lives
        self.started: list[FakeEngineProcess] = []
        self._time = time

    @property
    def revivals(self) -> int:
        return len(self.started) - 1

    @property
    def band(self) -> Set:
        """The set with which the newest was started."""
        return self.started[-1].start_up.band

    @property
    def ended(self) -> bool:
        return all(process.ended for process in self.started)

    def start(self, start_up: EngineStartUp) -> FakeEngineProcess:
        if len(self.started) > self.lives:
            raise OSError("no memory")
        self.started.append(FakeEngineProcess(start_up, self._time))
        return self.started[-1]

    def say(self, *messages: Any) -> None:
        self.started[-1].say(*messages)

    def heard(self) -> list[Any]:
        return self.started[-1].heard()

    def die(self) -> None:
        self.started[-1].die()


class Stage:
    """An io loop and all that it touches, on virtual time."""

    def __init__(
        self,
        script: Script,
        musician: Iterable[tuple[float, Event]] = (),
        lives: int = 3,
        band: Set = BAND,
        anchor: Anchor | None = None,
        left: InheritedState = NOTHING,
        link: LinkSession | None = None,
        grid_s: float = 0.0,
    ) -> None:
        self.time = VirtualTime(grid_s=grid_s)
        self.ports, self.engine, self.supervisor_link = (
            FakePorts(self.time),
            Engines(self.time, lives),
            FakeSupervisorLink(),
        )
        timer = self.time.timer
        live = LiveSet(band)
        engine = EngineLink(live, 7, start=self.engine.start, timer=timer)
        demo = ScriptedSource(musician)
        self.sources: list[Source] = [self.ports, demo, *([] if link is None else [LinkSource(link)])]
        self.process = IoLoop(
            self.ports, engine, live, self.supervisor_link, self.sources, self.ports, anchor, left, demo.begin, timer
        )
        self.ports.script = script(self)
        self.ports.at_end = self.process.stop

    def run(self) -> Stage:
        try:
            self.process.run()
        finally:
            self.process.close()
        return self

    @property
    def beat(self) -> float:
        """The beat now, while nobody changes the tempo of 300."""
        return (self.time.now_s - 100.0) * 5

    def until_rested(self) -> Iterator[list[tuple[int, ...]]]:
        """Polls at which nothing comes, until the loop rests."""
        yield from self.pass_time(IDLE_AFTER_S + REST_S)

    @property
    def said(self) -> list[str]:
        return [message.text for message in self.supervisor_link.told if isinstance(message, Notice)]

    @property
    def notes(self) -> list[Event]:
        return [event for event in self.ports.sent if isinstance(event, NoteOn | NoteOff)]

    def pass_time(self, seconds: float) -> Iterator[list[tuple[int, ...]]]:
        """Polls at which nothing comes, for a while."""
        until_s = self.time.now_s + seconds
        yield from self.until(lambda: self.time.now_s >= until_s)

    def until(self, condition: Callable[[], bool]) -> Iterator[list[tuple[int, ...]]]:
        """Polls at which nothing comes, until a condition holds."""
        while not condition():
            yield []


@pytest.fixture(autouse=True)
def _collector() -> Iterator[None]:
    """The loop switches the garbage collector off; other tests want it back."""
    yield
    gc.enable()
    gc.unfreeze()


def test_the_musicians_notes_pass_and_the_engine_hears_of_them() -> None:
    heard: list[Any] = []

    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        yield [ON, OFF]
        yield []
        heard.extend(stage.engine.heard())

    stage = Stage(script).run()
    assert stage.notes == [NoteOn(0, 64, 90), NoteOff(0, 64, 0)]
    assert isinstance(heard[0], Anchor)
    assert [message.event for message in heard[1:] if isinstance(message, Heard)] == stage.notes


def test_a_knob_that_is_turned_is_known_to_the_engine_to_those_after_it_and_to_the_supervisor() -> None:
    heard: list[Any] = []

    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        yield [(0xB0, 20, 127), (0xB0, 21, 127)]
        yield []
        heard.extend(message.event for message in stage.engine.heard() if isinstance(message, Heard))
        stage.engine.die()
        yield from stage.until(lambda: stage.engine.revivals == 1)

    controls = (ControlSet("cc", 20, "temperature"), ControlSet("cc", 21, "again"))
    stage = Stage(script, band=replace(BAND, controls=controls)).run()
    knob = Command("temperature")
    assert heard == [knob, Command("again")]
    assert stage.engine.band.temperature == KNOBS["temperature"].highest
    assert [message for message in stage.supervisor_link.told if isinstance(message, Command)] == [knob]


def test_the_zone_of_an_mpe_keyboard_is_known_to_a_new_engine_and_to_the_supervisor() -> None:
    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        yield [(0xB0, 101, 0), (0xB0, 100, 6), (0xB0, 6, 5)]
        yield [(0x93, 60, 90), (0x83, 60, 0)]
        stage.engine.die()
        yield from stage.until(lambda: stage.engine.revivals == 1)

    stage = Stage(script).run()
    assert stage.engine.band.mpe == (5, 0)
    told = stage.supervisor_link.told
    assert [message for message in told if isinstance(message, Command)] == [Command(MPE, 0, 5)]
    notes = [message for message in told if isinstance(message, Sent) and isinstance(message.event, NoteOn | NoteOff)]
    assert [(sent.event, sent.part) for sent in notes] == [(NoteOn(3, 60, 90), 0), (NoteOff(3, 60, 0), 0)]


def test_a_message_in_pieces_is_one_message() -> None:
    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        yield [(0x90, 64)]
        yield [(90,)]

    assert NoteOn(0, 64, 90) in Stage(script).run().notes


def test_at_rest_only_the_ports_and_the_engine_are_looked_at() -> None:
    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        began_s = stage.time.now_s
        yield from stage.until(lambda: stage.time.now_s >= began_s + 10 * REST_S)
        polls, checks = stage.ports.polls, len(stage.ports.checks)
        assert polls == pytest.approx(10 * REST_S / IDLE_POLL_S, rel=0.05)
        assert checks == pytest.approx(10, abs=1)
        yield [(0xFE,)] * 3  # active sensing only shows that the cable is there
        assert len(stage.ports.checks) - checks <= 1

    Stage(script).run()


def test_whatever_comes_ends_a_rest_at_once() -> None:
    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        yield from [[], []]
        yield [ON]
        assert stage.notes == [NoteOn(0, 64, 90)]
        yield from stage.until_rested()
        stage.engine.say(Play(Note(1, 40, 80, stage.beat, None), 0))
        yield from [[], []]
        assert NoteOn(1, 40, 80) in stage.notes
        for messages in (0, 1):
            yield from stage.until_rested()
            stage.engine.die()
            yield [OFF] * messages
            yield []
            assert Anchor in [type(message) for message in stage.engine.heard()]

    assert Stage(script).run().engine.revivals == 2


def test_a_rest_does_not_last_beyond_a_planned_note() -> None:
    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        yield from stage.until_rested()
        stage.engine.say(Play(Note(1, 40, 80, stage.beat + 20.0, None), 0))
        yield from stage.until(lambda: NoteOn(1, 40, 80) in stage.notes)

    summary = Stage(script).run().process.summary()
    assert summary["planned_notes"] == 1
    assert summary["late_ms_max"] == pytest.approx(0.0, abs=0.001)


def test_another_set_reaches_the_engine_at_once_also_at_rest() -> None:
    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        stage.supervisor_link.orders.append(BAND)
        yield from [[], []]
        assert stage.time.now_s < 100.0 + REST_S
        assert BAND in stage.engine.heard()

    Stage(script).run()


def test_a_planned_note_leaves_when_it_is_due_and_not_before() -> None:
    planned_s: list[float] = []

    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        stage.engine.say(READY)
        yield from stage.until(lambda: stage.process.ready)
        anchor = next(message for message in stage.engine.heard() if isinstance(message, Anchor))
        onset_beats = anchor.beat_at(stage.time.now_s) + 1.0
        planned_s.append(anchor.seconds_at(onset_beats))
        stage.engine.say(Play(Note(1, 40, 80, onset_beats, 0.05), anchor.epoch))
        yield from stage.until(lambda: len(stage.notes) == 2)

    stage = Stage(script).run()
    assert stage.notes == [NoteOn(1, 40, 80), NoteOff(1, 40)]
    at = stage.ports.sent.index(NoteOn(1, 40, 80))
    assert stage.ports.sent_s[at] == pytest.approx(planned_s[0], abs=1e-6)
    summary = stage.process.summary()
    assert summary["planned_notes"] == 1
    assert summary["late_ms_p50"] == summary["late_ms_p99"] == summary["late_ms_max"] == pytest.approx(0.0, abs=1e-3)


COARSE_S = 1 / 64  # how long a wait lasts on Windows, at least, if nobody asks for a finer clock


def test_where_waits_are_coarse_every_note_leaves_within_one_of_them_in_order_and_none_is_lost() -> None:
    planned: list[tuple[float, Event]] = []

    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        stage.engine.say(READY)
        yield from stage.until(lambda: stage.process.ready)
        anchor = next(message for message in stage.engine.heard() if isinstance(message, Anchor))
        first_beats = anchor.beat_at(stage.time.now_s) + 1.0
        for i in range(60):  # every 7.4 ms, so that several are due at one turn
            onset_beats = first_beats + i * 0.037
            stage.engine.say(Play(Note(1, 40 + i, 80, onset_beats, 0.11), anchor.epoch))
            planned.append((anchor.seconds_at(onset_beats), NoteOn(1, 40 + i, 80)))
            planned.append((anchor.seconds_at(onset_beats + 0.11), NoteOff(1, 40 + i)))
        yield from stage.until(lambda: len(stage.notes) == 120)

    stage = Stage(script, grid_s=COARSE_S).run()
    left: dict[Event, float] = {event: at_s for event, at_s in _sent(stage) if isinstance(event, NoteOn | NoteOff)}
    late_s = [left[event] - due_s for due_s, event in planned]
    assert min(late_s) > -1e-6
    assert COARSE_S / 2 < max(late_s) <= COARSE_S + 1e-6
    assert [note for note in stage.notes if isinstance(note, NoteOn)] == [note for _, note in planned[::2]]
    assert stage.process.summary()["dropped_late"] == 0
    assert stage.process.summary()["late_ms_max"] == pytest.approx(1e3 * max(late_s[::2]), abs=0.01)


def test_a_reply_is_not_counted_among_the_planned_notes() -> None:
    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        stage.engine.say(READY)
        yield from stage.until(lambda: stage.process.ready)
        anchor = next(message for message in stage.engine.heard() if isinstance(message, Anchor))
        now_beat = anchor.beat_at(stage.time.now_s)
        stage.engine.say(Play(Note(1, 40, 80, now_beat, 0.01), anchor.epoch))
        yield from stage.until(lambda: NoteOn(1, 40, 80) in stage.notes)

    assert Stage(script).run().process.summary()["planned_notes"] == 0


def test_the_summary_counts_what_was_dropped() -> None:
    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        stage.ports.send_failures = 7
        stage.engine.say(READY)
        yield [
            (0x91, 40, 80),
            (60,) * 3,
        ]  # the musician holds what the model wants; the stray bytes go on in its status
        yield [(0xF4,)]
        yield from stage.until(lambda: stage.process.ready)
        anchor = next(message for message in stage.engine.heard() if isinstance(message, Anchor))
        now_beat = anchor.beat_at(stage.time.now_s)
        stage.engine.say(
            Play(Note(1, 40, 80, now_beat, 1.0), anchor.epoch),
            Play(Note(1, 41, 80, now_beat - 1000.0, 1.0), anchor.epoch),
            Play(Note(1, 42, 80, now_beat, 1.0), anchor.epoch + 1),
            Play(Note(1, 43, 80, now_beat, 1.0), anchor.epoch),
        )
        yield from stage.until(lambda: NoteOn(1, 43, 80) in stage.notes)

    summary = Stage(script).run().process.summary()
    dropped = ("dropped_held", "dropped_late", "dropped_stale", "bad_bytes", "send_failures")
    assert [summary[name] for name in dropped] == [1, 1, 1, 2, 7]


def test_a_summary_of_nothing_has_figures_all_the_same() -> None:
    assert set(Stage(lambda _: iter(())).run().process.summary().values()) == {0}


def test_programs_are_sent_once_the_band_is_ready_and_not_again_by_the_next_engine() -> None:
    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        yield []
        assert stage.ports.sent == []
        stage.engine.say(READY)
        yield from stage.until(lambda: stage.process.ready)
        stage.engine.die()
        yield from stage.until(lambda: stage.engine.revivals == 1)
        stage.engine.say(READY)
        yield from stage.until(lambda: stage.supervisor_link.told.count(READY) == 2)

    stage = Stage(script).run()
    assert [event for event in stage.ports.sent if isinstance(event, Program)] == [Program(1, 32)]


def test_an_engine_that_dies_has_its_notes_ended_and_the_next_one_is_told_the_time() -> None:
    messages: list[Any] = []

    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        stage.engine.say(READY, Play(Note(1, 40, 80, 0.0, None), 0), Play(Note(1, 41, 80, 1e6, 1.0), 0))
        yield from stage.until(lambda: NoteOn(1, 40, 80) in stage.notes)
        yield [ON]
        stage.engine.die()
        yield from stage.until(lambda: NoteOff(1, 40) in stage.notes)
        yield []
        messages.extend(stage.engine.heard())
        assert stage.engine.revivals == 1
        assert NoteOff(0, 64) not in stage.notes  # the musician's own note goes on

    stage = Stage(script).run()
    assert Anchor in [type(message) for message in messages]
    assert sum("another one is starting" in text for text in stage.said) == 1


def test_after_too_many_failures_it_goes_on_alone_says_so_once_and_rests_between_polls() -> None:
    counted: list[tuple[int, float]] = []

    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        for failures in (1, 2, 3):
            stage.engine.die()
            yield from stage.until(lambda failures=failures: len(stage.said) == failures)  # type: ignore[misc]
        yield [ON, OFF]
        for _ in range(20):
            counted.append((stage.ports.polls, stage.time.now_s))
            yield []

    stage = Stage(script, lives=2).run()
    assert stage.engine.revivals == 2
    assert [("starting" in text, "check" in text) for text in stage.said] == [
        (True, False),
        (True, False),
        (False, True),
    ]
    assert stage.notes == [NoteOn(0, 64, 90), NoteOff(0, 64, 0)]
    polls, seconds = (last - first for first, last in zip(counted[0], counted[-1], strict=True))
    assert seconds > 0.0009 * polls


def test_where_engines_fail_since_something_is_short_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    short = "BollyLive may use only 300 MB of memory, which is too little; raise that limit."
    monkeypatch.setattr("bollylive.processes.dispatcher.shortage", lambda: short)

    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        stage.engine.die()
        yield from stage.until(lambda: bool(stage.said))

    assert Stage(script, lives=0).run().said == [
        f"The engine keeps failing; your own notes still pass. It is tried again in a minute. {short}"
    ]


def test_where_engines_are_killed_by_the_system_that_is_said() -> None:
    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        stage.engine.started[-1].how = "by SIGKILL"
        stage.engine.die()
        yield from stage.until(lambda: bool(stage.said))

    assert Stage(script, lives=0).run().said == [
        "The engine keeps failing; your own notes still pass. It is tried again in a minute. The system killed it, as "
        "it does when memory runs out: end other programs."
    ]


def test_an_engine_that_has_failed_again_and_again_is_tried_again_after_a_while() -> None:
    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        stage.engine.die()
        yield from stage.until(lambda: len(stage.said) == 1)
        assert "keeps failing" in stage.said[0]
        stage.engine.lives = 1
        yield from stage.until(lambda: stage.engine.revivals == 1)
        assert stage.time.now_s == pytest.approx(160.0, abs=0.2)
        stage.engine.say(READY)
        yield from stage.until(lambda: stage.process.ready)

    stage = Stage(script, lives=0).run()
    assert READY in stage.supervisor_link.told


def test_trouble_is_said_and_a_fatal_one_stops_without_another_engine() -> None:
    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        stage.engine.say(Problem("A little trouble."))
        yield from stage.until(lambda: bool(stage.said))
        stage.engine.say(Problem("There is no model.", fatal=True))
        stage.engine.die()  # at once, as the engine does
        while True:
            yield []

    stage = Stage(script).run()
    assert stage.said == ["A little trouble.", "There is no model."]
    assert stage.engine.revivals == 0
    assert not stage.process.ready


class FakeLink(LinkSession):
    """A session at 90 beats per minute, with as many others in it as the test says."""

    def __init__(self) -> None:
        self.peers = 1
        self.trouble: str | None = None
        self.closed = False

    def poll(self, now_s: float) -> LinkBeat | None:
        return LinkBeat(1.5 * now_s, 90.0, now_s, self.peers)

    def take_problem(self) -> str | None:
        trouble, self.trouble = self.trouble, None
        return trouble

    def close(self) -> None:
        self.closed = True


def test_a_link_session_leads_while_others_are_in_it_and_is_left_at_the_end() -> None:
    link = FakeLink()
    heard: list[Any] = []

    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        yield []
        yield from stage.until(lambda: len(stage.said) == 1)
        heard.extend(message for message in stage.engine.heard() if isinstance(message, Anchor))
        link.peers = 0
        yield from stage.until(lambda: len(stage.said) == 2)
        link.trouble = "The network is gone."
        yield from stage.until(lambda: len(stage.said) == 3)

    stage = Stage(script, link=link).run()
    assert stage.said == [
        "Ableton Link leads, at 90.0 beats per minute.",
        "Nobody else is in the Link session; the tempo is free, and stays at 90.0.",
        "The network is gone.",
    ]
    assert heard[-1].seconds_per_beat == pytest.approx(60 / 90)
    assert heard[-1].bar_beat is not None
    assert link.closed


def test_the_musicians_own_beat_leads_when_the_engine_hears_it() -> None:
    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        stage.engine.say(PlayerBeat(0.0, 0.21, stage.time.now_s, 0))
        yield from stage.until(lambda: len(stage.said) == 1)

    assert Stage(script).run().said == ["Your playing leads the tempo."]


def test_the_engine_is_told_what_only_the_ports_know_when_it_is_new_and_not_otherwise() -> None:
    told: list[Vitals] = []

    def news(stage: Stage) -> list[Vitals]:
        told.extend(message for message in stage.engine.heard() if isinstance(message, Vitals))
        return told

    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        stage.engine.say(READY, Problem("no such chord"), Play(Note(1, 40, 80, 0.0, None), 7))
        yield [ON]
        yield from stage.until(lambda: bool(news(stage)) and told[-1].dropped == 1)
        for _ in range(500):
            yield []
        news(stage)

    Stage(script).run()
    assert told[-1] == Vitals(sounding=1, dropped=1, trouble=("no such chord",))
    assert len(told) == len(set(told)) <= 3


def test_release_ends_the_models_note_and_leaves_the_musicians() -> None:
    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        yield [(0x91, 50, 70)]
        stage.engine.say(READY, Play(Note(1, 40, 80, 0.0, None), 0))
        yield from stage.until(lambda: NoteOn(1, 40, 80) in stage.notes)
        stage.engine.say(Release(1))
        yield from stage.until(lambda: NoteOff(1, 40) in stage.notes)
        assert NoteOff(1, 50) not in stage.notes

    Stage(script).run()


def test_the_demo_begins_with_the_band_and_plays_in_order() -> None:
    phrase: list[tuple[float, Event]] = [
        (0.0, NoteOn(0, 60, 90)),
        (0.004, NoteOff(0, 60)),
        (0.004, NoteOn(0, 62, 90)),
        (0.008, NoteOff(0, 62)),
    ]
    began_s: list[float] = []

    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        for _ in range(5):
            yield []
        assert stage.notes == []
        began_s.append(stage.time.now_s)
        stage.engine.say(READY)
        yield from stage.until(lambda: len(stage.notes) == 4)

    stage = Stage(script, phrase).run()
    assert stage.notes == [event for _, event in phrase]
    left_s = [at for at, event in zip(stage.ports.sent_s, stage.ports.sent, strict=True) if event in stage.notes]
    assert left_s[-1] - began_s[0] >= 0.008


def test_it_finishes_when_it_is_told_to() -> None:
    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        stage.engine.say(READY)
        yield from stage.until(lambda: stage.process.ready)
        stage.supervisor_link.orders.append(Finish())
        while True:
            yield []

    assert Stage(script).run().process.ready


def test_what_the_midi_system_lost_ends_what_is_held_at_once_and_is_told() -> None:
    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        stage.engine.say(READY)
        yield from stage.until(lambda: stage.process.ready)
        stage.supervisor_link.orders.append(InputLost(2))
        yield from stage.until(lambda: stage.ports.held_ended == 1)
        yield from stage.pass_time(0.1)
        stage.supervisor_link.orders.append(InputLost(1))
        yield from stage.until(lambda: stage.ports.held_ended == 2)

    stage = Stage(script).run()
    assert [text for text in stage.said if "lost input" in text] == [
        "The MIDI system lost input at least 2 times, because more came than it can hold; what was held is ended."
    ]


def test_closing_leaves_silence_on_every_channel_that_was_used_and_nothing_open() -> None:
    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        stage.engine.say(READY, Play(Note(1, 40, 80, 0.0, None), 0))
        yield [ON]
        yield from stage.until(lambda: NoteOn(1, 40, 80) in stage.notes)

    assert_silent(Stage(script).run())


def test_closing_leaves_silence_also_after_an_exception_in_the_loop() -> None:
    stages: list[Stage] = []

    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        stages.append(stage)
        stage.engine.say(READY, Play(Note(1, 40, 80, 0.0, None), 0))
        yield [ON]
        yield from stage.until(lambda: NoteOn(1, 40, 80) in stage.notes)
        raise RuntimeError("the driver is gone")

    with pytest.raises(RuntimeError, match="driver"):
        Stage(script).run()
    assert_silent(stages[0])


def assert_silent(stage: Stage) -> None:
    assert {NoteOff(0, 64), NoteOff(1, 40)} <= set(stage.notes)
    controls = [event for event in stage.ports.sent if not isinstance(event, NoteOn | NoteOff | Program)]
    assert [(c.channel, c.number) for c in controls] == [(0, 123), (0, 120), (1, 123), (1, 120)]  # type: ignore[union-attr]
    assert stage.ports.closed
    assert stage.engine.ended


def test_ports_and_engine_are_closed_even_if_the_last_notes_cannot_be_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(lambda _: iter([[ON]]))

    def fail(due_s: float, event: Event) -> None:
        raise RuntimeError("the driver is gone")

    stage.process.run()
    monkeypatch.setattr(stage.ports, "send_at", fail)
    with pytest.raises(RuntimeError, match="driver"):
        stage.process.close()
    assert stage.ports.closed
    assert stage.engine.ended


def test_the_supervisor_is_told_what_the_other_side_of_the_port_heard() -> None:
    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        stage.engine.say(READY, EngineStatus(2.0, True), Play(Note(1, 40, 80, 0.0, 0.01), 0))
        yield [ON, (0xE0, 0, 80)]
        yield [OFF]
        yield from stage.until(lambda: NoteOff(1, 40) in stage.notes)

    stage = Stage(script).run()
    messages = [message for message in stage.supervisor_link.told if isinstance(message, Sent)]
    assert [message.event for message in messages] == stage.ports.sent
    assert {(message.event, message.by) for message in messages} >= {
        (NoteOn(0, 64, 90), "musician"),
        (NoteOn(1, 40, 80), "model"),
    }
    assert isinstance(stage.supervisor_link.told[0], Anchor)
    assert EngineStatus(2.0, True) in stage.supervisor_link.told


def test_of_a_musician_who_sounds_elsewhere_the_supervisor_is_told_once_all_the_same() -> None:
    channels = (ChannelSet(0, "Flute", "player", thru=False), ChannelSet(2, "Tabla", "off"), ChannelSet(3, "Bass"))

    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        for channel in (0, 2, 3):
            yield [(0x90 + channel, 64, 90), (0x80 + channel, 64, 0)]

    stage = Stage(script, band=Set(channels=channels)).run()
    assert NoteOn(0, 64, 90) not in stage.ports.sent
    told = [message.event for message in stage.supervisor_link.told if isinstance(message, Sent)]
    assert [event for event in told if isinstance(event, NoteOn)] == [NoteOn(0, 64, 90), NoteOn(3, 64, 90)]


def test_what_an_earlier_process_left_sounding_is_ended_and_its_beat_goes_on() -> None:
    anchor = Anchor(7.0, 0.5, 0.0, epoch=3)
    left = InheritedState(
        ((Control(0, 64, 0), "musician"), (NoteOff(0, 64), "musician"), (NoteOff(1, 40), "model")), (0, 1)
    )
    resets = [Control(channel, number, 0) for channel in (0, 1) for number in (64, 66, 69, 121, 123)]
    messages: list[Any] = []

    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        assert stage.ports.sent == [*(message for message, _ in left.releases), *resets]
        yield [ON]
        yield from stage.until(lambda: stage.notes.count(NoteOff(1, 40)) == 2)
        again = stage.ports.sent[len(left.releases) + len(resets) :]
        assert NoteOff(0, 64) not in again  # the musician plays it anew
        assert [event for event in again if isinstance(event, Control)] == [Control(0, 64, 0), *resets[5:]]
        messages.extend(stage.engine.heard())

    Stage(script, anchor=anchor, left=left).run()
    assert messages[0] == anchor
    assert isinstance(messages[1], Heard)
    assert messages[1].beat >= 207.0


def test_another_set_ends_the_right_notes_and_the_rest_goes_on() -> None:
    bass, tabla = BAND.channels[1], ChannelSet(2, "Tabla", "accompany")
    before = replace(BAND, channels=(*BAND.channels, tabla))
    changed = (replace(BAND.channels[0], thru=False), replace(bass, role="player"), replace(tabla, program=117))
    after = replace(before, tempo_bpm=150, channels=changed)
    messages: list[Any] = []

    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        stage.engine.say(READY, *(Play(Note(channel, 40, 80, 0.0, None), 0) for channel in (1, 2)))
        yield [ON]
        yield from stage.until(lambda: NoteOn(2, 40, 80) in stage.notes)
        stage.supervisor_link.orders.append(after)
        yield from stage.until(lambda: not stage.supervisor_link.orders)
        yield [OFF]
        yield [ON]
        assert [note for note in stage.notes if isinstance(note, NoteOff)] == [NoteOff(0, 64), NoteOff(1, 40)]
        assert Program(2, 117) in stage.ports.sent
        assert Program(1, 32) not in stage.ports.sent[-3:]
        messages.extend(stage.engine.heard())

    stage = Stage(script, band=before).run()
    assert stage.notes.count(NoteOn(0, 64, 90)) == 1
    assert after in messages
    assert [message.seconds_per_beat for message in messages if isinstance(message, Anchor)] == [60 / 300, 60 / 150]


def test_a_new_tempo_of_the_set_waits_while_a_midi_clock_leads() -> None:
    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        yield [(0xFA,), (0xF8,)]
        stage.supervisor_link.orders.append(replace(BAND, tempo_bpm=150))
        yield from stage.until(lambda: len(stage.said) == 2)

    assert "counts when jam is started without one" in Stage(script).run().said[1]


def test_what_is_due_does_not_wait_for_all_that_has_come() -> None:
    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        stage.engine.say(READY, Play(Note(1, 40, 90, 0.0, 1.0), 0))
        yield []
        yield [(0xB0, 1, 1 + i % 100) for i in range(200)]

    sent = Stage(script).run().ports.sent
    wheel = [isinstance(event, Control) and event.number == 1 for event in sent]
    assert sum(wheel[: sent.index(NoteOn(1, 40, 90))]) == 64
    assert sum(wheel) == 200 + 1  # at the end it is brought to rest


def test_a_flood_is_told_once_and_passes_by() -> None:
    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        stage.engine.say(READY)
        yield from stage.until(lambda: stage.process.ready)
        yield [ON]
        for batch in range(3):  # no note twice, which could be a loop, and never that of the key
            numbers = range(batch * 4000, (batch + 1) * 4000)
            yield [(0x90, i % 60 + 66 * (i // 60 % 2), 1 + i // 120) for i in numbers]
        yield [OFF]
        yield from stage.pass_time(0.1)

    stage = Stage(script).run()
    assert [text.partition(";")[0] for text in stage.said] == [
        "More MIDI comes in than can be played, and some of it is dropped"
    ]
    assert stage.process.summary()["dropped_flood"] > 8000
    assert stage.notes.count(NoteOff(0, 64, 0)) == 1


def test_a_loop_is_told_once() -> None:
    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        stage.engine.say(READY)
        yield from stage.until(lambda: stage.process.ready)
        seen = len(stage.notes)
        for turn in range(200):
            back = [tuple(to_bytes(event)) for event in stage.notes[seen:]]
            seen = len(stage.notes)
            yield [*back, (0x90 - 0x10 * (turn % 2), 40 + turn // 2 % 60, 90)]

    stage = Stage(script).run()
    assert [text.partition(" through")[0] for text in stage.said] == ["The band's notes come back to it"]
    assert stage.process.summary()["echoes"] > 80
    assert len(stage.notes) < 300


def test_a_reply_on_mapped_keys_is_not_counted_as_planned_ahead() -> None:
    drums = ChannelSet(9, role="accompany", percussion=((60, 36),), delay_ms=1.0)

    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        stage.engine.say(READY, Play(Note(9, 60, 90, stage.beat - 0.1, 1.0), 0))
        yield from stage.until(lambda: NoteOn(9, 36, 90) in stage.notes)

    stage = Stage(script, band=Set(tempo_bpm=300, channels=(drums,))).run()
    assert stage.process.summary()["planned_notes"] == 0


def test_what_happens_to_ports_is_told() -> None:
    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        stage.ports.sentences = ["The MIDI input 'Keys' is gone."]
        yield []

    assert Stage(script).run().said == ["The MIDI input 'Keys' is gone."]


def test_the_list_of_ports_is_read_only_while_nothing_is_due() -> None:
    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        stage.engine.say(READY)
        yield from stage.until(lambda: stage.process.ready)
        assert all(calm for _, calm in stage.ports.checks)
        anchor = next(message for message in stage.engine.heard() if isinstance(message, Anchor))
        begin_s = stage.ports.checks[-1][0]
        dues_s = [begin_s + 0.0617 * i for i in range(1, 40)]  # a check comes some milliseconds before one of them
        stage.engine.say(*(Play(Note(1, 40, 80, anchor.beat_at(due_s), 0.01), anchor.epoch) for due_s in dues_s))
        yield from stage.until(lambda: not stage.ports.checks[-1][1])
        looked_s = stage.ports.checks[-1][0]
        assert min(abs(due_s - looked_s) for due_s in dues_s) < 0.01 * anchor.seconds_per_beat + 0.005

    Stage(script).run()


def test_a_pedal_that_an_earlier_process_knew_of_may_still_be_lifted_by_the_musician() -> None:
    left = InheritedState(((Control(0, 64, 0), "musician"),), ())

    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        yield []
        yield [(0xB0, 64, 0)]
        yield [(0xB0, 64, 0)]

    assert Stage(script, left=left).run().ports.sent[:3].count(Control(0, 64, 0)) == 2


def test_who_begins_to_listen_hears_what_an_earlier_process_left_though_it_was_struck_anew() -> None:
    left = InheritedState(((NoteOff(0, 64), "musician"),), ())

    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        stage.ports.listeners = 0
        yield [ON, OFF]
        yield []
        heard = stage.notes.count(NoteOff(0, 64))
        stage.ports.listeners = 1
        yield from stage.until(lambda: stage.notes.count(NoteOff(0, 64)) > heard)

    Stage(script, left=left).run()


def finishing(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
    """The supervisor says that it is over."""
    stage.supervisor_link.orders.append(Finish())
    yield []
    yield []


def test_the_end_waits_until_somebody_hears_that_what_hangs_is_ended() -> None:
    left = InheritedState(((NoteOff(0, 64), "musician"),), ())
    stage = Stage(finishing, left=left)
    stage.ports.listeners = 0
    joined_s: list[float] = []

    def join() -> None:
        if stage.process.finished and stage.time.now_s > 102.0 and not joined_s:
            joined_s.append(stage.time.now_s)
            stage.ports.listeners = 1

    stage.ports.when_checked = join
    stage.run()
    assert stage.time.now_s < 103.0
    assert any(event == NoteOff(0, 64) and at_s > joined_s[0] for event, at_s in _sent(stage))
    assert any("Notes may hang" in text for text in stage.said)
    assert stage.ports.closed


def test_but_not_for_ever_and_not_where_another_process_follows() -> None:
    left = InheritedState(((NoteOff(0, 64), "musician"),), ())
    stage = Stage(finishing, left=left)
    stage.ports.listeners = 0
    stage.run()
    assert stage.process.finished
    assert stage.ports.closed
    assert stage.time.now_s == pytest.approx(100.0 + LISTENER_LIMIT_S, abs=0.2)
    followed = Stage(lambda _: iter([[]]), left=left)  # only stopped, as by a signal
    followed.ports.listeners = 0
    followed.run()
    assert not followed.process.finished
    assert not any("Notes may hang" in text for text in followed.said)


def _sent(stage: Stage) -> list[tuple[Event, float]]:
    return list(zip(stage.ports.sent, stage.ports.sent_s, strict=True))


def test_an_engine_that_gives_no_sign_of_life_is_replaced_and_its_notes_are_ended() -> None:
    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        stage.engine.say(READY, Heartbeat(), Play(Note(1, 40, 80, 0.0, None), 0))
        yield from stage.until(lambda: NoteOn(1, 40, 80) in stage.ports.sent)
        yield from stage.until(lambda: stage.engine.revivals == 1)
        assert stage.ports.sent[-1] == NoteOff(1, 40)

    stage = Stage(script).run()
    assert any(text.startswith("The engine hangs; its notes are ended") for text in stage.said)


def test_an_engine_whose_heart_beats_is_let_alone_and_one_that_still_loads_has_longer() -> None:
    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        yield from stage.pass_time(2 * HANG_S)
        stage.engine.say(READY)
        for _ in range(10):
            stage.engine.say(Heartbeat())
            yield from stage.pass_time(HANG_S / 2)
        stage.engine.say(Restoring())
        yield from stage.pass_time(2 * HANG_S)
        assert stage.engine.revivals == 0

    Stage(script).run()


def test_a_supervisor_that_stands_still_is_shown_to_whoever_watches() -> None:
    hung: list[str | None] = []

    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        def until_shown(name: str | None) -> Iterator[list[tuple[int, ...]]]:
            while not hung or hung[-1] != name:
                stage.engine.say(Heartbeat())
                yield from stage.pass_time(0.1)
                hung.extend(message.hung for message in stage.engine.heard() if isinstance(message, Vitals))

        stage.engine.say(READY)
        stage.supervisor_link.orders.append(Heartbeat())
        yield from until_shown("supervisor")
        stage.supervisor_link.orders.append(Heartbeat())
        yield from until_shown(None)
        assert stage.engine.revivals == 0

    Stage(script).run()


def test_a_model_that_is_gone_ends_a_performance_only_if_it_never_played() -> None:
    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        stage.engine.say(Problem("there is no such model file.", fatal=True))
        yield from stage.until(lambda: bool(stage.said))
        yield [ON]
        yield []

    first = Stage(script).run()
    assert first.process.finished
    assert NoteOn(0, 64, 90) not in first.ports.sent
    next_one = Stage(script, anchor=Anchor(7.0, 0.5, 99.0)).run()
    assert not next_one.process.finished
    assert NoteOn(0, 64, 90) in next_one.ports.sent


def test_a_saved_set_lets_go_of_pedals_and_wheels_where_the_musician_is_heard_no_more() -> None:
    after = replace(BAND, channels=(replace(BAND.channels[0], thru=False), BAND.channels[1]))

    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        yield [(0xB0, 64, 127), (0xE0, 0, 96), (0xD0, 50), ON]
        stage.supervisor_link.orders.append(after)
        yield from stage.until(lambda: NoteOff(0, 64) in stage.ports.sent)
        assert stage.ports.sent[-4:] == [Control(0, 64, 0), Raw(b"\xd0\x00"), Raw(b"\xe0\x00\x40"), NoteOff(0, 64)]
        sent = len(stage.ports.sent)
        yield [(0xB0, 64, 0), (0xE0, 0, 64)]
        yield []
        assert len(stage.ports.sent) == sent

    Stage(script).run()


def test_events_are_taken_in_by_their_own_times() -> None:
    """A source may say what happened before the poll; what two sources say is put in order."""

    class Late:
        def __init__(self, stage: Stage) -> None:
            self.stage = stage

        def poll(self, now_s: float) -> list[TimedEvent]:
            came = now_s > 100.5 and NoteOn(0, 60, 90) not in self.stage.notes
            return [TimedEvent(NoteOn(0, 60, 90), now_s - 0.003)] if came else []

        def check(self, now_s: float, *, calm: bool = True) -> list[str]:  # noqa: ARG002
            return []

        def close(self) -> None:
            self.closed = True

    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        stage.sources.append(late := Late(stage))
        yield from stage.until(lambda: stage.time.now_s > 100.5)
        yield [ON]
        assert stage.notes == [NoteOn(0, 60, 90), NoteOn(0, 64, 90)]
        first, second = (message for message in stage.engine.heard() if isinstance(message, Heard))
        assert second.at_s - first.at_s == pytest.approx(0.003)
        assert second.beat - first.beat == pytest.approx(0.015)
        late.closed = False

    stage = Stage(script).run()
    assert stage.sources[-1].closed  # type: ignore[attr-defined]


def test_a_sink_is_told_when_a_late_note_was_due_and_that_a_key_of_the_musicians_is_due_at_once() -> None:
    due_s: list[float] = []

    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        yield from stage.until_rested()
        due_s.append(stage.time.now_s - 0.02)
        stage.engine.say(Play(Note(1, 40, 80, stage.beat - 0.1, None), 0))
        yield from [[], []]
        due_s.append(stage.time.now_s)
        yield [ON]

    stage = Stage(script).run()
    assert stage.ports.sent[:2] == [NoteOn(1, 40, 80), NoteOn(0, 64, 90)]
    assert stage.ports.due_s[:2] == pytest.approx(due_s)
    assert stage.ports.sent_s[0] > stage.ports.due_s[0] + 0.0199


class LateSource:
    """A source that gives one event with a time of its own."""

    def __init__(self, at_s: float) -> None:
        self._events = [TimedEvent(NoteOn(0, 60, 90), at_s)]

    def poll(self, now_s: float) -> list[TimedEvent]:  # noqa: ARG002
        events, self._events = self._events, []
        return events

    def check(self, now_s: float, *, calm: bool = True) -> list[str]:  # noqa: ARG002
        return []

    def close(self) -> None:
        pass


def test_an_event_that_comes_late_does_not_count_as_earlier_than_the_last_turn() -> None:
    began_s = 0.0

    def script(stage: Stage) -> Iterator[list[tuple[int, ...]]]:
        nonlocal began_s
        began_s = stage.time.now_s
        yield from stage.pass_time(0.1)
        stage.sources.append(LateSource(began_s - 1.0))
        yield from stage.pass_time(0.1)

    stage = Stage(script).run()
    (heard,) = [message for message in stage.engine.heard() if isinstance(message, Heard)]
    assert heard.at_s >= began_s
