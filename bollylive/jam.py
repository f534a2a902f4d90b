"""`bollylive jam`: play along on MIDI ports. Starts everything in order and ends it in reverse."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType

from bollylive.clock.link import link_library
from bollylive.demo_player import demo_seconds, demo_timeline
from bollylive.errors import CrashError, PortError
from bollylive.jam_files import keep_files
from bollylive.journal.folder import running_folder
from bollylive.journal.writer import JournalWriter
from bollylive.model.model_files import copy_model
from bollylive.processes.child_log import ChildLog
from bollylive.processes.io_link import IoLink
from bollylive.processes.leftovers import find_left
from bollylive.processes.set_file_thread import SetFileThread
from bollylive.processes.shortage import explain
from bollylive.processes.supervisor import Supervisor
from bollylive.processes.terminal_signals import signals
from bollylive.protocol import InheritedState, StartUp
from bollylive.sets.reload import SetWatch
from bollylive.sets.settings import Set
from bollylive.snapshot.connecting import clear_away


@dataclass(frozen=True)
class JamOptions:
    """The options of the command line that are not part of the set."""

    api: str | None = None
    demo: bool = False
    record: Path | None = None
    journal: Path | None = None  # the folder; None: no journal
    seconds: float | None = None
    seed: int = 0
    watch: SetWatch | None = None  # of the set file


def jam(band: Set, options: JamOptions, say: Callable[[str], None]) -> tuple[int, dict[str, float]]:
    """Play on MIDI ports until a signal, the end of the demo, or `seconds`; return the exit status and a summary.

    Blocks until then; for the main thread. `say` must not block, since nothing is replaced or ended meanwhile. What is
    said goes into the journal as well, and so does what libraries write on standard error.

    Raises LinkError if Link's library is missing and ModelError if a file of the model is, before anything begins, and
    PortError if there is no MIDI system or no such port. Whatever happens, all notes are ended, the ports are closed,
    and the recording and the journal are written.
    """
    received: list[int] = []
    supervisor: Supervisor | None = None

    def stop(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        if supervisor is not None:
            supervisor.finish()

    def note(text: str) -> None:
        if supervisor is not None:
            supervisor.note(text)

    if band.link:
        link_library()
    copy = copy_model(band.model)
    seconds = demo_seconds(band.tempo_bpm) if options.demo and options.seconds is None else options.seconds
    with (
        signals(stop, note),
        keep_files(options.journal, options.record, band, say) as journal,
        ExitStack() as resources,
    ):
        left = InheritedState() if options.journal is None else find_left(options.journal)
        if left.releases:
            say("An earlier band was killed; what it left sounding is ended as soon as something listens.")
        if copy is not None:
            resources.callback(copy.close)
        start_up = StartUp(
            band=band,
            seed=options.seed,
            api=options.api,
            journal=None if journal is None or journal.path is None else str(journal.path),
            model=None if copy is None else copy.number,
            left=left,
            musician=tuple(demo_timeline(band.tempo_bpm)) if options.demo else (),
        )
        set_file = None if options.watch is None else SetFileThread(options.watch)
        if set_file is not None:
            set_file.start()
            resources.callback(set_file.stop)
        resources.callback(_forget_addresses)
        log = ChildLog()
        start = partial(IoLink, log=log.number)
        supervisor = Supervisor(start_up, _also_log(say, journal), journal, set_file, seconds, start, log)
        resources.callback(_end_log, log, journal)
        if not received:
            try:
                supervisor.run()
            except (PortError, CrashError) as failure:
                raise explain(failure) from failure
    summary = {
        **supervisor.done.figures,
        "restarts": supervisor.restarts,
        "journal_lost": journal.lost if journal else 0,
    }
    if received:
        return 128 + received[0], summary
    return (0 if supervisor.ready else 1), summary


def _forget_addresses() -> None:
    """Remove the address that an engine leaves if it is killed at the very end."""
    with suppress(OSError):
        clear_away(running_folder())


def describe_summary(summary: dict[str, float]) -> str | None:
    """Return a jam's summary as a line of text; None if its last process could not report."""
    if "planned_notes" not in summary:
        return None
    return (
        "planned notes {planned_notes:.0f}, late {late_ms_p50:.2f} ms p50, {late_ms_p99:.2f} ms p99, "
        "{late_ms_max:.2f} ms at most; dropped late {dropped_late:.0f}".format(**summary)
    )


def _also_log(say: Callable[[str], None], journal: JournalWriter | None) -> Callable[[str], None]:
    """Return a `say` that writes into the journal as well: nobody may see the terminal, or there may be none."""
    if journal is None:
        return say

    def say_and_log(text: str) -> None:
        journal.add_log(text, time.perf_counter())
        say(text)

    return say_and_log


def _end_log(log: ChildLog, journal: JournalWriter | None) -> None:
    for line in log.end():
        if journal is not None:
            journal.add_log(line, time.perf_counter())
