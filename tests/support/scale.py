"""A program for tests: ports and supervisor in one play without end, journal, and print each note as it leaves.

The musician plays a scale on channel 0, the model one note again and again on channel 1. `python tests/support/scale.py
FOLDER` journals into that folder; a line is the second (of `time.perf_counter`), the channel and the pitch. It opens no
port: a JACK server does not get over a client that was killed.
"""

from __future__ import annotations

import itertools
import multiprocessing
import sys
import time
from pathlib import Path

from bollylive.clock.anchor import Anchor
from bollylive.io.sources_and_sinks import TimedEvent
from bollylive.journal.folder import JournalFile
from bollylive.journal.lines import Header, header_line
from bollylive.journal.writer import JournalWriter
from bollylive.midi.messages import Event, Note, NoteOff, NoteOn
from bollylive.processes.engine_link import EngineLink
from bollylive.processes.io_loop import IoLoop
from bollylive.processes.pipe import Pipe
from bollylive.processes.supervisor_link import Order, Report, SupervisorLink
from bollylive.protocol import EngineStartUp, Play, Ready, Sent
from bollylive.sets.live_set import LiveSet
from bollylive.sets.settings import Set

BETWEEN_S = 0.005


class ScalePorts:
    """Ports whose musician plays a note every five milliseconds, and whose listener prints what it hears."""

    output_name = "Printer"
    listeners: int | None = None
    bad_bytes = 0
    send_failures = 0

    def __init__(self) -> None:
        self._pitches = itertools.cycle(range(128))
        self._next_s = time.perf_counter()

    def poll(self, now_s: float) -> list[TimedEvent]:
        if now_s < self._next_s:
            return []
        self._next_s += BETWEEN_S
        pitch = next(self._pitches)
        return [TimedEvent(NoteOn(0, pitch, 90), now_s), TimedEvent(NoteOff(0, pitch), now_s)]

    def check(self, now_s: float, *, calm: bool = True) -> list[str]:  # noqa: ARG002  # as `Source` has it
        return []

    def send_at(self, due_s: float, event: Event) -> None:  # noqa: ARG002  # as `Sink` has it
        if isinstance(event, NoteOn):
            sys.stdout.write(f"{time.perf_counter()} {event.channel} {event.pitch}\n")
            sys.stdout.flush()

    def end_held(self) -> None:
        pass

    def close(self) -> None:
        pass


class ReadyEngine:
    """An engine that has planned everything before it begins."""

    def __init__(self, _start_up: EngineStartUp) -> None:
        ours, self._theirs = multiprocessing.Pipe()
        self.pipe = Pipe(ours)
        # Neighbours differ, because those that are due before the first tick leave at once, and would be one note.
        notes = [Note(1, 40 + onset % 8, 80, onset / 16, 1 / 32) for onset in range(1000)]
        far = Pipe(self._theirs)
        far.put([Ready("ready-v1", 8), *(Play(note, 0) for note in notes)])
        far.flush()

    def ending(self) -> str | None:
        return None

    def leave(self, limit_s: float) -> None:
        pass

    def end(self) -> None:
        self.pipe.close()


class JournalLink(SupervisorLink):
    """A link to a supervisor that writes the journal, and is nobody else."""

    def __init__(self, journal: JournalWriter) -> None:
        self._journal = journal

    def tell(self, word: Report) -> None:
        if isinstance(word, Sent | Anchor):
            self._journal.add(word)

    def attend(self, now_s: float) -> list[Order]:  # noqa: ARG002
        return []


if __name__ == "__main__":
    journal = JournalWriter(JournalFile(Path(sys.argv[1]), "20250601-201503", header_line(Header())))
    journal.start()
    ports, engine = ScalePorts(), EngineLink(live := LiveSet(Set()), 1, start=ReadyEngine)
    IoLoop(ports, engine, live, JournalLink(journal), [ports], ports).run()
