"""`bollylive jam`, put together: journal, warden and recording, begun in order and ended in reverse."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from bollylive.clock.link import link_library
from bollylive.demo_player import demo_seconds, demo_timeline
from bollylive.errors import FileError, PortError
from bollylive.files.lasting_file import temporary_folder
from bollylive.files.whole_file import write_elsewhere, write_numbered
from bollylive.journal.folder import JournalFile, SpoolFile, default_folder, find_spools
from bollylive.journal.lines import Header, header_line
from bollylive.journal.writer import JournalWriter
from bollylive.midi.song import Tempos, Track, describe
from bollylive.model.model_files import copy_model
from bollylive.processes.leftovers import find_left
from bollylive.processes.supervisor import Supervisor
from bollylive.protocol import InheritedState, StartUp
from bollylive.sets.band import Set
from bollylive.sets.reload import SetWatch

if TYPE_CHECKING:
    from bollylive.journal.copies import Copies

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT")


@dataclass(frozen=True)
class JamOptions:
    """What the command line says beside the set."""

    api: str | None = None
    demo: bool = False
    record: Path | None = None
    journal: Path | None = None  # the folder; None: no journal
    seconds: float | None = None
    seed: int = 0
    watch: SetWatch | None = None  # of the set file


def jam(band: Set, options: JamOptions, say: Callable[[str], None]) -> tuple[int, dict[str, float]]:
    """Play on MIDI ports until a signal, the end of the demo, or `seconds`; gives the exit status and a summary.

    Raises PortError where there is no MIDI system or no such port, LinkError where Link's library is missing. Whatever
    else happens, every note is ended, the ports are closed, and the recording and the journal are written.
    """
    received: list[int] = []
    supervisor: Supervisor | None = None

    def stop(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        if supervisor is not None:
            supervisor.finish()

    if band.link:
        link_library()
    seconds = demo_seconds(band.tempo_bpm) if options.demo and options.seconds is None else options.seconds
    with _signals(stop), _journal(options, band, say) as journal, ExitStack() as held:
        left = InheritedState() if options.journal is None else find_left(options.journal)
        if left.releases:
            say("An earlier band was cut off; what it left sounding is ended as soon as somebody listens.")
        if (copy := copy_model(band.model)) is not None:
            held.callback(copy.close)
        duty = StartUp(
            band=band,
            seed=options.seed,
            api=options.api,
            journal=None if journal is None or journal.path is None else str(journal.path),
            model=None if copy is None else copy.number,
            left=left,
            musician=tuple(demo_timeline(band.tempo_bpm)) if options.demo else (),
        )
        supervisor = Supervisor(duty, say, journal, options.watch, seconds)
        if not received:
            supervisor.run()
    summary = {
        **supervisor.done.figures,
        "restarts": supervisor.restarts,
        "journal_lost": journal.lost if journal else 0,
    }
    if received:
        return 128 + received[0], summary
    return (0 if supervisor.ready else 1), summary


@contextmanager
def _journal(options: JamOptions, band: Set, say: Callable[[str], None]) -> Iterator[JournalWriter | None]:
    """The journal of a performance, which is closed whatever happens, made into the recording, and told of."""
    if options.journal is None and options.record is None:
        yield None
        return
    now = time.localtime()
    head = header_line(Header(time.strftime("%Y-%m-%dT%H:%M:%S%z", now), band.name, band.names(), band.beats_per_bar))
    file = None
    if options.journal is not None:
        file = JournalFile(_absolute(options.journal), time.strftime("%Y%m%d-%H%M%S", now), head)
        with suppress(OSError):  # told of at the first flush
            file.open()
    spool = None if options.record is None else _open_spool(_absolute(options.record), head, say)
    journal = JournalWriter(file, spool)
    journal.start()
    played = True
    try:
        yield journal
    except PortError:
        played = False
        raise
    finally:
        journal.close()
        if played or journal.holds_music:
            _conclude(journal, spool, options, band, say)


def _conclude(
    journal: JournalWriter, spool: SpoolFile | None, options: JamOptions, band: Set, say: Callable[[str], None]
) -> None:
    """Make the recording of what was written, which is closed, and tell of it and of the journal."""
    from bollylive.journal.copies import Copies  # here, since nothing but music is needed until the work is done

    while (trouble := journal.take_trouble()) is not None:
        say(trouble)
    copies = Copies(journal)
    try:
        if spool is not None and options.record is not None:
            _record(copies, spool, options.record, band, say)
    finally:
        for sentence in copies.complete_journal():
            say(sentence)


def _record(copies: Copies, spool: SpoolFile, path: Path, band: Set, say: Callable[[str], None]) -> None:
    """Write the recording; what it is made of goes when it is there, and no sooner."""
    for sentence in copies.shortcomings():
        say(sentence)
    try:
        if copies.readable:
            write_recording(*copies.music(), path, band, say)
            spool.remove()
    finally:
        if spool.path is not None and spool.path.is_file():
            say(f"{spool.path}: what was played is kept here; `bollylive recover` makes a MIDI file of it")


def _open_spool(record: Path, head: bytes, say: Callable[[str], None]) -> SpoolFile:
    """The file of which the recording will be made: beside it, or else in a folder that passes."""
    with suppress(OSError):
        for left in find_spools(record):
            say(f"{left}: what was played before, and not recorded; `bollylive recover` makes a MIDI file of it")
    spool = SpoolFile(record, head)
    try:
        spool.open()
    except OSError as error:
        with suppress(OSError):
            elsewhere = SpoolFile(temporary_folder() / "recording", head)
            elsewhere.open()
            say(f"What the recording is to be made of lies in {elsewhere.folder} ({error.strerror or error}).")
            return elsewhere
    return spool


def _absolute(path: Path) -> Path:
    """The processes may work in other folders than this one."""
    try:
        return path.absolute()
    except OSError:  # there is no folder to work in any more
        return path


@contextmanager
def _signals(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Handle what ends a program, and leave the signals as they were."""
    numbers = [getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)]  # Windows has only two of them
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def write_recording(
    tracks: tuple[Track, ...], tempos: Tempos, path: Path, band: Set, say: Callable[[str], None]
) -> None:
    """Write a recording, one track for each channel and player, and say where it went and what it holds.

    It never replaces a file: where one is there, it gets a number. Where nothing was played, no file is made. Raises
    FileError where there is no place for it at all. May block.
    """
    from bollylive.midi.song_files import song_bytes  # here, since nothing but music is needed until the work is done

    if not any(track.notes for track in tracks):
        say("Nothing was played, so there is no recording.")
        return
    data = song_bytes(tracks, tempos, ((0.0, float(band.beats_per_bar)),))
    try:
        written = write_numbered(path, data)
    except FileError as error:  # the music is worth more than its place
        written = write_elsewhere(path, data, default_folder().parent / "recordings")
        say(f"{error} The recording goes to {written} instead.")
    say(f"recorded {written}: {describe(tracks)}")
