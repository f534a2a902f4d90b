"""One turn of the engine's process, with a fake model and without a process."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes import FakePredictor

from bollylive.clock.anchor import Anchor
from bollylive.engine.engine import Engine, Instructions
from bollylive.midi.messages import NoteOn
from bollylive.processes import engine_loop
from bollylive.processes.engine_loop import _turn
from bollylive.processes.inbox import Inbox
from bollylive.processes.pipe import Bell, Pipe
from bollylive.protocol import Heard
from bollylive.sets.band import KNOBS, Set
from bollylive.sets.controls import Command
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

    def wait_through(self, engine: Engine, pipe: Pipe, bell: Bell, server: SnapshotServer) -> Snapshot | None:
        while self._thread.is_alive():
            _turn(engine, pipe, bell, server, Inbox())
        return self.snapshot

    def _read(self) -> None:
        self.snapshot = SnapshotReader(self._folder).read()


def test_a_turn_answers_who_asks_with_the_vitals_that_came(tmp_path: Path, bell: Bell, server: SnapshotServer) -> None:
    ours, theirs = (Pipe(end) for end in multiprocessing.Pipe())
    theirs.put([Anchor(8.0, 0.5, 0.0, running=False), Vitals(leader="midi", sounding=3)])
    theirs.flush()
    engine = Engine(Set(name="Trio"), FakePredictor(), 1)
    _turn(engine, ours, bell, server, inbox := Inbox())
    assert inbox.anchor == Anchor(8.0, 0.5, 0.0, running=False)
    snapshot = Reading(tmp_path).wait_through(engine, ours, bell, server)
    assert snapshot is not None
    assert (snapshot.name, snapshot.beat, snapshot.running) == ("Trio", 8.0, False)
    assert snapshot.vitals == Vitals(leader="midi", sounding=3)


def test_a_band_that_cannot_be_shown_plays_on_unseen(
    tmp_path: Path, bell: Bell, server: SnapshotServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(now_s: float) -> Snapshot:
        raise RuntimeError("no picture")

    ours, theirs = (Pipe(end) for end in multiprocessing.Pipe())
    theirs.put([Anchor(8.0, 0.5, 0.0, running=False)])
    theirs.flush()
    engine = Engine(Set(), FakePredictor(), 1)
    monkeypatch.setattr(engine, "snapshot", fail)
    assert Reading(tmp_path).wait_through(engine, ours, bell, server) is None
    assert not list(tmp_path.iterdir())


def test_what_came_with_a_word_that_an_engine_stumbles_over_reaches_the_one_that_steps_in(
    bell: Bell, server: SnapshotServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (Engine(Set(temperature=1.0), FakePredictor(), seed) for seed in (1, 2))
    bad = Heard(NoteOn(0, 60, 90), 1.0, 2.0)
    hear = first.handle

    def stumble(word: Heard | Anchor) -> Instructions:
        if word == bad:
            raise RuntimeError("no such note")
        return hear(word)

    monkeypatch.setattr(first, "handle", stumble)
    ours, theirs = (Pipe(end) for end in multiprocessing.Pipe())
    anchor = Anchor(8.0, 0.5, 0.0, running=False)
    theirs.put([anchor, bad, Set("New"), Heard(Command("temperature", None, 0.0), 1.0, 2.0)])
    theirs.flush()
    inbox = Inbox()
    with pytest.raises(RuntimeError):
        _turn(first, ours, bell, server, inbox)
    assert (inbox.anchor, inbox.band) == (anchor, first.band)
    assert inbox.leave_out() is None
    _turn(second, ours, bell, server, inbox)
    assert second.band == Set("New", temperature=KNOBS["temperature"].lowest)
    assert not inbox
