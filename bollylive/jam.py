"""`bollylive jam`, put together: ports, set, engine and recording, begun in order and ended in reverse."""

from __future__ import annotations

import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from bollylive.band import Set
from bollylive.demo import demo_seconds, demo_timeline
from bollylive.engine_link import EngineLink
from bollylive.errors import FileError
from bollylive.journal import Header, header_line
from bollylive.journal_file import JournalFile
from bollylive.journal_writer import JournalWriter
from bollylive.link import LinkSession
from bollylive.port_process import PortProcess
from bollylive.ports import Ports
from bollylive.song import describe
from bollylive.take import Take

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


def jam(band: Set, options: JamOptions, say: Callable[[str], None]) -> tuple[int, dict[str, float]]:
    """Play on MIDI ports until a signal, the end of the demo, or `seconds`; gives the exit status and a summary.

    Raises PortError where there is no MIDI system or no such port, LinkError where Link's library is missing. Whatever
    else happens, every note is ended, the ports are closed, and the recording and the journal are written.
    """
    process: PortProcess | None = None
    received: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        if process is not None:
            process.stop()

    link = LinkSession(band.tempo_bpm, band.beats_per_bar) if band.link else None
    with _signals(stop):
        ports = Ports(options.api, band.in_port, band.out_port)
        say(f"in: {ports.input_name}   out: {ports.output_name}   ({ports.api})")
        take = Take(band.names(), band.beats_per_bar) if options.record else None
        musician = demo_timeline(band.tempo_bpm) if options.demo else []
        seconds = demo_seconds(band.tempo_bpm) if options.demo and options.seconds is None else options.seconds
        with _journal(options.journal, band, say) as journal:
            process = PortProcess(ports, EngineLink(band, options.seed), band, say, take, musician, journal, link)
            try:
                if not received:
                    process.run(seconds)
            finally:
                try:
                    process.close()
                finally:
                    if take is not None and options.record is not None:
                        write_take(take, options.record, band, say)
    summary = {**process.summary(), "journal_lost": journal.lost if journal else 0}
    if received:
        return 128 + received[0], summary
    return (0 if process.ready else 1), summary


@contextmanager
def _journal(folder: Path | None, band: Set, say: Callable[[str], None]) -> Iterator[JournalWriter | None]:
    """The journal of a performance, which is closed whatever happens, and told of."""
    if folder is None:
        yield None
        return
    now = time.localtime()
    header = Header(time.strftime("%Y-%m-%dT%H:%M:%S%z", now), band.name, band.names(), band.beats_per_bar)
    file = JournalFile(folder, time.strftime("%Y%m%d-%H%M%S", now), header_line(header))
    journal = JournalWriter(file)
    journal.start()
    try:
        yield journal
    finally:
        journal.close()
        if (trouble := journal.take_trouble()) is not None:
            say(trouble)
        if journal.holds_music and file.path is not None:
            say(f"journal {file.path}: `bollylive recover` makes a MIDI file of it")
        if journal.lost and journal.holds_music:
            say(f"{journal.lost} events are missing in the journal: the disk had no room for them.")


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


def write_take(take: Take, path: Path, band: Set, say: Callable[[str], None]) -> None:
    """Write a recording, one track for each channel and player, and say what it holds."""
    from bollylive.midifile import write_song  # here, since the port process is small until its work is done

    tracks = take.tracks()
    meters = ((0.0, float(band.beats_per_bar)),)
    try:
        write_song(path, tracks, take.tempos(), meters)
    except FileError as error:  # the music is worth more than its place
        elsewhere = Path(tempfile.gettempdir()) / path.name
        say(f"{error} It goes to {elsewhere} instead.")
        write_song(elsewhere, tracks, take.tempos(), meters)
        path = elsewhere
    say(f"recorded {path}: {describe(tracks)}")
