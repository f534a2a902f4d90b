"""How far a note goes from the engine's door to all that remembers it: a reader, and the processor, go this way too."""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType

import pytest
from fakes import FakePredictor

import bollylive
from bollylive.clock.anchor import Anchor
from bollylive.engine.engine import Engine
from bollylive.midi.messages import NoteOff, NoteOn
from bollylive.protocol import Heard
from bollylive.sets.band import ChannelSet, Role, Set

PACKAGE = str(Path(bollylive.__file__).parent)
MOST_CALLS, MOST_MODULES = 30, 10
GENERATED = "<string>"  # the constructors of dataclasses; they count as calls, and are in no module
STEP_S, BEAT_S = 0.25, 0.5


def calls_of(engine: Engine, heard: Heard) -> tuple[int, list[str]]:
    """How many of our functions a message calls, and each module that one is entered in from another, in order."""
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
        engine.handle(heard)
    finally:
        sys.setprofile(None)
    return calls, entered


def awake_engine(role: Role) -> tuple[Engine, float]:
    """A band in the middle of the musician's phrase, whose buffers are full; gives also the time of the next note."""
    channels = (ChannelSet(0, role=role), ChannelSet(1, role="accompany"), ChannelSet(9, role="accompany"))
    engine = Engine(Set(tempo_bpm=60 / BEAT_S, channels=channels), FakePredictor(buffer_notes=8), seed=1)
    engine.handle(Anchor(0.0, BEAT_S, 0.0))
    for i in range(24):
        at_s = STEP_S * i
        engine.handle(Heard(NoteOn(0, 60 + i % 12, 90), at_s, at_s / BEAT_S))
        for part_of_step in (0.2, 0.4, 0.6, 0.8):
            engine.tick(at_s + part_of_step * STEP_S)
        engine.handle(Heard(NoteOff(0, 60 + i % 12), at_s + 0.8 * STEP_S, (at_s + 0.8 * STEP_S) / BEAT_S))
    return engine, STEP_S * 24


@pytest.mark.parametrize("role", ["continue", "respond", "player"])
def test_a_note_reaches_all_that_remembers_it_by_a_short_way_on_which_no_module_is_entered_twice(role: Role) -> None:
    engine, at_s = awake_engine(role)
    calls, entered = calls_of(engine, Heard(NoteOn(0, 64, 90), at_s, at_s / BEAT_S))
    assert calls <= MOST_CALLS
    assert len(set(entered)) <= MOST_MODULES
    assert sorted(set(entered)) == sorted(entered)
    remembered = {"/engine/energy.py", "/engine/band_notes.py"}
    if role != "player":
        remembered |= {"/engine/history.py", "/engine/motif_memory.py"}
    assert remembered | {"/midi/assembler.py", "/engine/grid.py"} <= set(entered)
