"""How far a note-on goes from the ports to the buffers: a reader must be able to follow it, and it costs time."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest
from fakes import FakePredictor

import bollylive
from bollylive.clock.anchor import Anchor
from bollylive.clock.clock import Clock
from bollylive.engine.engine import Engine
from bollylive.io.note_scheduler import Scheduler
from bollylive.io.router import Router
from bollylive.midi.messages import NoteOff, NoteOn
from bollylive.protocol import Heard, Play, Sent
from bollylive.sets.live_set import LiveSet
from bollylive.sets.setfile import default_set
from bollylive.sets.settings import ChannelSet, Role, Set

PACKAGE = str(Path(bollylive.__file__).parent)
MOST_CALLS, MOST_MODULES = 60, 20
MOST_CALLS_TO_THE_NEXT_NOTE = 1500
GENERATED = "<string>"  # the constructors of dataclasses; they count as calls, and are in no module
STEP_S, BEAT_S = 0.25, 0.5


def calls_of(act: Callable[[], None]) -> tuple[int, list[str]]:
    """How many of our functions something calls, and each module that one is entered in from another, in order."""
    calls, entered = 0, []

    def count(frame: FrameType, event: str, _: object) -> None:
        nonlocal calls
        if event != "call" or not str(frame.f_globals.get("__name__", "")).startswith("bollylive."):
            return
        calls += 1
        here, caller = frame.f_code.co_filename, frame.f_back
        assert caller is not None
        if here not in (GENERATED, caller.f_code.co_filename):
            entered.append(here.removeprefix(PACKAGE))

    sys.setprofile(count)
    try:
        act()
    finally:
        sys.setprofile(None)
    return calls, entered


class Way:
    """From a router to an engine whose band is in the middle of the musician's phrase, with full buffers."""

    def __init__(self, role: Role) -> None:
        channels = (ChannelSet(0, role=role), ChannelSet(1, role="accompany"), ChannelSet(9, role="accompany"))
        band = Set(tempo_bpm=60 / BEAT_S, channels=channels)
        self.sent: list[Sent] = []
        self.engine = Engine(band, FakePredictor(buffer_notes=8), seed=1)
        self.router = Router(Clock(60 / BEAT_S, 0.0), Scheduler(), self.sent.extend, self._report, LiveSet(band))
        self.engine.handle(Anchor(0.0, BEAT_S, 0.0))
        for i in range(24):
            at_s, pitch = STEP_S * i, 60 + i % 12
            self.router.handle(NoteOn(0, pitch, 90), at_s)
            for part_of_step in (0.2, 0.4, 0.6, 0.8):
                self.engine.tick(at_s + part_of_step * STEP_S)
                self.router.tick(at_s + part_of_step * STEP_S)
            self.router.handle(NoteOff(0, pitch), at_s + 0.8 * STEP_S)
            self.router.tick(at_s + 0.9 * STEP_S)
        self.now_s = STEP_S * 24

    def _report(self, message: Heard | Anchor) -> None:
        self.engine.handle(message)


@pytest.mark.parametrize("role", ["continue", "respond", "player"])
def test_a_note_reaches_output_and_buffers_by_a_short_way_on_which_no_module_is_entered_twice(role: Role) -> None:
    way, note = Way(role), NoteOn(0, 64, 90)
    calls, entered = calls_of(lambda: way.router.handle(note, way.now_s))
    assert way.sent[-1] == Sent(note, "musician", way.now_s, way.now_s / BEAT_S)
    assert calls <= MOST_CALLS
    assert len(set(entered)) <= MOST_MODULES
    assert sorted(set(entered)) == sorted(entered)
    remembered = {"/engine/energy.py", "/engine/band_notes.py"}
    if role != "player":
        remembered |= {"/engine/history.py", "/engine/motif_memory.py"}
    assert remembered | {"/midi/assembler.py", "/engine/grid.py"} <= set(entered)


def test_the_models_next_note_after_one_of_the_musicians_takes_few_calls() -> None:
    engine, now_s = Engine(default_set(), FakePredictor(buffer_notes=16), seed=1), 0.0
    engine.handle(Anchor(0.0, BEAT_S, 0.0))

    def play_on(until_s: float) -> None:
        nonlocal now_s
        while (due_s := engine.next_due(now_s)) is not None and due_s <= until_s:
            now_s = max(now_s, due_s)
            engine.tick(now_s)
        now_s = until_s

    def next_note() -> None:
        nonlocal now_s
        engine.handle(Heard(NoteOn(0, 64, 90), now_s, now_s / BEAT_S))
        while not any(isinstance(instruction, Play) for instruction in engine.tick(now_s)):
            due_s = engine.next_due(now_s)
            assert due_s is not None
            now_s = max(now_s, due_s)

    for i in range(32):
        play_on(STEP_S * i)
        engine.handle(Heard(NoteOn(0, 60 + i % 12, 90), now_s, now_s / BEAT_S))
        play_on(STEP_S * (i + 0.8))
        engine.handle(Heard(NoteOff(0, 60 + i % 12), now_s, now_s / BEAT_S))
    play_on(STEP_S * 32)
    calls, _ = calls_of(next_note)
    assert calls <= MOST_CALLS_TO_THE_NEXT_NOTE
