"""The loop of the engine process, with a fake model and without a process."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fakes import FakePredictor

from bollylive.clock.anchor import Anchor
from bollylive.engine.engine import Engine, Instructions
from bollylive.midi.messages import NoteOn
from bollylive.processes import engine_loop
from bollylive.processes.engine_loop import EngineLoop
from bollylive.processes.engine_recovery import EngineRecovery
from bollylive.processes.pipe import Bell, Pipe
from bollylive.processes.timer import Timer
from bollylive.processes.watchdog import HANG_S
from bollylive.protocol import EngineStatus, Heard, Heartbeat, Problem, Release, Restoring
from bollylive.sets.controls import Command
from bollylive.sets.settings import KNOBS, Set
from bollylive.snapshot.format import Snapshot, Vitals
from bollylive.snapshot.reader import SnapshotReader
from bollylive.snapshot.server import SnapshotServer


@pytest.fixture
def bell() -> Bell:
    return Bell()


@pytest.fixture
def server(tmp_path: Path, bell: Bell, monkeypatch: pytest.MonkeyPatch) -> Iterator[SnapshotServer]:
    monkeypatch.setattr(engine_loop, "_LONGEST_WAIT_S", 0.01)
    server = SnapshotServer(tmp_path, bell.ring)
    server.start()
    yield server
    server.close()


class Reading:
    """A reader that asks once, beside the turns."""

    def __init__(self, folder: Path) -> None:
        self.snapshot: Snapshot | None = None
        self._folder = folder
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def wait_through(self, loop: EngineLoop) -> Snapshot | None:
        while self._thread.is_alive():
            loop.turn()
        return self.snapshot

    def _read(self) -> None:
        self.snapshot = SnapshotReader(self._folder).read()


class Desk:
    """A loop, and the io process at the other end of its pipe, which has sent `messages`."""

    def __init__(
        self,
        engine: Engine,
        bell: Bell,
        server: SnapshotServer,
        *messages: object,
        now_s: Callable[[], float] = time.perf_counter,
    ) -> None:
        ours, theirs = (Pipe(end) for end in multiprocessing.Pipe())
        self.io = theirs
        self.slept_s: list[float] = []
        theirs.put(messages)
        theirs.flush()
        recovery = EngineRecovery(FakePredictor(), 2, None)
        self.loop = EngineLoop(engine, recovery, ours, bell, server, Timer(now_s, self.slept_s.append))


STOPPED = Anchor(8.0, 0.5, 0.0, running=False)


def test_a_turn_answers_a_reader_with_the_vitals_that_came(tmp_path: Path, bell: Bell, server: SnapshotServer) -> None:
    engine = Engine(Set(name="Trio"), FakePredictor(), 1)
    desk = Desk(engine, bell, server, STOPPED, Vitals(leader="midi", sounding=3))
    desk.loop.turn()
    snapshot = Reading(tmp_path).wait_through(desk.loop)
    assert snapshot is not None
    assert (snapshot.name, snapshot.beat, snapshot.running) == ("Trio", 8.0, False)
    assert snapshot.vitals == Vitals(leader="midi", sounding=3)


def test_a_band_that_cannot_be_shown_plays_on_unseen(
    tmp_path: Path, bell: Bell, server: SnapshotServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(now_s: float) -> Snapshot:
        raise RuntimeError("no picture")

    engine = Engine(Set(), FakePredictor(), 1)
    monkeypatch.setattr(engine, "snapshot", fail)
    desk = Desk(engine, bell, server, STOPPED)
    assert Reading(tmp_path).wait_through(desk.loop) is None
    assert not list(tmp_path.iterdir())
    assert desk.loop.engine is engine


def test_messages_after_one_that_an_engine_fails_over_reach_the_engine_that_takes_over(
    bell: Bell, server: SnapshotServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Engine(Set(temperature=1.0), FakePredictor(), 1)
    bad = Heard(NoteOn(0, 60, 90), 1.0, 2.0)
    handle = first.handle

    def fail(message: Heard | Anchor) -> Instructions:
        if message == bad:
            raise RuntimeError("no such note")
        return handle(message)

    monkeypatch.setattr(first, "handle", fail)
    knob = Heard(Command("temperature", None, 0.0), 1.0, 2.0)
    desk = Desk(first, bell, server, STOPPED, bad, Set("New"), knob)
    desk.loop.turn()
    second = desk.loop.engine
    assert second is not first
    assert (second.anchor, second.band) == (STOPPED, first.band)
    said = desk.io.receive()
    assert [message for message in said if isinstance(message, Release)] == [Release(channel) for channel in range(16)]
    assert [type(message) for message in said[said.index(Restoring()) + 1 :]] == [Problem, EngineStatus]
    assert len(desk.slept_s) == 1
    desk.loop.turn()
    assert desk.loop.engine is second
    assert second.band == Set("New", temperature=KNOBS["temperature"].lowest)


@pytest.mark.parametrize("backlog", [[Heard(NoteOn(0, 60 + key, 90), 1.0, 2.0) for key in range(10)], [STOPPED] * 10])
def test_an_engine_that_works_through_a_long_backlog_shows_life_meanwhile(
    backlog: list[Heard | Anchor], bell: Bell, server: SnapshotServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine(Set(), FakePredictor(), 1)
    now_s, silent_s, heard = [0.0], [0.0], [0.0]
    handle = engine.handle

    def take_half_a_second(message: Heard | Anchor) -> Instructions:
        now_s[0] += 0.5
        if any(isinstance(said, Heartbeat) for said in desk.io.receive()):
            heard[0] = now_s[0]
        silent_s.append(now_s[0] - heard[0])
        return handle(message)

    monkeypatch.setattr(engine, "handle", take_half_a_second)
    desk = Desk(engine, bell, server, *backlog, now_s=lambda: now_s[0])
    desk.loop.turn()
    assert now_s[0] >= 5.0
    assert max(silent_s) < HANG_S
