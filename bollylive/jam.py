"""`bollylive jam`, put together: journal, warden and recording, begun in order and ended in reverse."""

from __future__ import annotations

import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from bollylive.band import Set
from bollylive.demo import demo_seconds, demo_timeline
from bollylive.duty import Duty
from bollylive.errors import FileError, PortError
from bollylive.journal import Header, header_line, read_journal
from bollylive.journal_file import JournalFile
from bollylive.journal_writer import JournalWriter
from bollylive.link import link_library
from bollylive.set_watch import SetWatch
from bollylive.song import Tempos, Track, describe
from bollylive.warden import Warden

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
    warden: Warden | None = None

    def stop(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        if warden is not None:
            warden.finish()

    if band.link:
        link_library()
    seconds = demo_seconds(band.tempo_bpm) if options.demo and options.seconds is None else options.seconds
    with _signals(stop), _journal(options, band, say) as (file, journal):
        duty = Duty(
            band=band,
            seed=options.seed,
            api=options.api,
            journal=None if file is None or file.path is None else str(file.path),
            musician=tuple(demo_timeline(band.tempo_bpm)) if options.demo else (),
        )
        warden = Warden(duty, say, journal, options.watch, seconds)
        if not received:
            warden.run()
    summary = {**warden.done.figures, "restarts": warden.restarts, "journal_lost": journal.lost if journal else 0}
    if received:
        return 128 + received[0], summary
    return (0 if warden.ready else 1), summary


@contextmanager
def _journal(
    options: JamOptions, band: Set, say: Callable[[str], None]
) -> Iterator[tuple[JournalFile | None, JournalWriter | None]]:
    """The journal of a performance, which is closed whatever happens, made into the recording, and told of."""
    if options.journal is None and options.record is None:
        yield None, None
        return
    with ExitStack() as passing:
        file = _open(options, band, passing)
        journal = JournalWriter(file)
        journal.start()
        played = True
        try:
            yield file, journal
        except PortError:
            played = False
            raise
        finally:
            journal.close()
            if played:
                _conclude(file, journal, options, band, say)


def _conclude(
    file: JournalFile, journal: JournalWriter, options: JamOptions, band: Set, say: Callable[[str], None]
) -> None:
    """Make the recording of a journal that is closed, and tell of both."""
    if (trouble := journal.take_trouble()) is not None:
        say(trouble)
    if options.record is not None:
        tracks, tempos = _played(file.path)
        write_recording(tracks, tempos, options.record, band, say)
    if journal.holds_music and file.path is not None and file.folder == options.journal:
        say(f"journal {file.path}: `bollylive recover` makes a MIDI file of it")
    if journal.lost and journal.holds_music:
        say(f"{journal.lost} events are missing in the journal: the disk had no room for them.")


def _open(options: JamOptions, band: Set, passing: ExitStack) -> JournalFile:
    """The journal in its folder; where there is none, and a recording is to be made of it, one that passes."""
    now = time.localtime()
    head = header_line(Header(time.strftime("%Y-%m-%dT%H:%M:%S%z", now), band.name, band.names(), band.beats_per_bar))
    stamp = time.strftime("%Y%m%d-%H%M%S", now)
    if options.journal is not None:
        file = JournalFile(options.journal, stamp, head)
        with suppress(OSError):  # told of at the first flush
            file.open()
        if file.path is not None or options.record is None:
            return file
    folder = passing.enter_context(tempfile.TemporaryDirectory(prefix="bollylive-"))
    file = JournalFile(Path(folder), stamp, head)
    file.open()
    return file


def _played(path: Path | None) -> tuple[tuple[Track, ...], Tempos]:
    """What a journal holds; nothing, if there was no music, and so no journal is left."""
    from bollylive.recover import replay

    try:
        return replay(read_journal(b"" if path is None else path.read_bytes()))
    except (OSError, ValueError):
        return (), ()


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
    """Write a recording, one track for each channel and player, and say what it holds."""
    from bollylive.midifile import write_song  # here, since nothing but music is needed until the work is done

    meters = ((0.0, float(band.beats_per_bar)),)
    try:
        write_song(path, tracks, tempos, meters)
    except FileError as error:  # the music is worth more than its place
        elsewhere = Path(tempfile.gettempdir()) / path.name
        say(f"{error} It goes to {elsewhere} instead.")
        write_song(elsewhere, tracks, tempos, meters)
        path = elsewhere
    say(f"recorded {path}: {describe(tracks)}")
