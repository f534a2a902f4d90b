"""How far a note-on goes through the io half: a reader must be able to follow it, and the musician hears it later."""

from __future__ import annotations

import sys
from collections import Counter
from itertools import groupby
from pathlib import Path
from types import FrameType

from bollylive.clock.clock import Clock
from bollylive.io import router
from bollylive.io.router import Router
from bollylive.io.scheduler import Scheduler
from bollylive.midi.messages import NoteOff, NoteOn
from bollylive.protocol import Heard, Sent
from bollylive.sets.band import Set
from bollylive.sets.live_set import LiveSet

MOST_CALLS = 28
MOST_MODULES = 12
PACKAGE = Path(router.__file__).parents[1]


def test_a_note_on_reaches_the_output_and_the_engine_in_few_steps() -> None:
    sent: list[Sent] = []
    heard: list[object] = []
    musician = Router(Clock(120, 0.0), Scheduler(), sent.append, heard.append, LiveSet(Set()))
    for i in range(8):  # so that there is something to remember, as in the middle of a song
        for event, at_s in ((NoteOn(0, 60 + i, 90), 1 + i / 100), (NoteOff(0, 60 + i), 1.005 + i / 100)):
            musician.handle(event, at_s)
            musician.tick(at_s)
    note = NoteOn(0, 70, 90)
    frames: list[tuple[str, str]] = []

    def count(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            frames.append((frame.f_code.co_filename, frame.f_code.co_name))

    sys.setprofile(count)
    try:
        musician.handle(note, 1.1)
    finally:
        sys.setprofile(None)
    assert sent[-1] == Sent(note, "musician", 1.1, 2.2)
    assert heard[-1] == Heard(note, 1.1, 2.2)
    files = [file for file, _ in frames if file.startswith(str(PACKAGE))]  # not the constructors of plain messages
    assert len(frames) <= MOST_CALLS, frames
    assert len(set(files)) <= MOST_MODULES, sorted(set(files))
    visits = Counter(Path(file).stem for file, _ in groupby(files))
    # The subject is asked for once of what comes and once of what leaves.
    assert {module for module, times in visits.items() if times > 1} <= {"router", "parser"}, visits
