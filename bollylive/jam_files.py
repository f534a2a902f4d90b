"""The files of a jam: its journal, and the recording that is made from a spool at the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from bollylive.errors import FileError, PortError
from bollylive.files.append_file import temporary_folder
from bollylive.files.file_names import free_name
from bollylive.files.whole_file import write_elsewhere, write_numbered
from bollylive.journal.folder import JournalFile, SpoolFile, default_folder, find_spools
from bollylive.journal.lines import Header, header_line
from bollylive.journal.writer import JournalWriter
from bollylive.midi.song import describe
from bollylive.sets.settings import Set

if TYPE_CHECKING:
    from bollylive.journal.best_copy import BestCopy
    from bollylive.journal.recording import RecordedMusic

Say = Callable[[str], None]


@contextmanager
def keep_files(folder: Path | None, record: Path | None, band: Set, say: Say) -> Iterator[JournalWriter | None]:
    """Write a journal into `folder`, and make the recording `record` when the block ends, however it ends.

    Either may be None; if both are, there is no writer. Prints what went wrong, and where the files are.
    """
    if folder is None and record is None:
        yield None
        return
    now = time.localtime()
    head = header_line(Header(time.strftime("%Y-%m-%dT%H:%M:%S%z", now), band.name, band.names(), band.beats_per_bar))
    file = None
    if folder is not None:
        file = JournalFile(_absolute(folder), time.strftime("%Y%m%d-%H%M%S", now), head)
        with suppress(OSError):  # reported at the first flush
            file.open()
    spool = None if record is None else _open_spool(_absolute(record), head, say)
    writer = JournalWriter(file, spool)
    writer.start()
    had_ports = True
    try:
        yield writer
    except PortError:
        had_ports = False
        raise
    finally:
        writer.close()
        if had_ports or writer.holds_music:
            _conclude(writer, spool, record, say)


def announce_number(record: Path, say: Say) -> None:
    """Tell the musician if the recording will get a number because its file exists already."""
    if (name := free_name(record)) != record:
        say(f"{record} exists already; the recording goes to {name}.")


def write_recording(music: RecordedMusic, path: Path, say: Say) -> None:
    """Write a recording, one track for each channel and player, and print where it is and what it contains.

    It never replaces a file: if the path is taken, it gets a number. If nothing was played, no file is made. Raises
    FileError if it cannot be written anywhere. Blocks.
    """
    from bollylive.midi.song_files import song_bytes  # imported late: nothing but the music may load while it plays

    if not any(track.notes for track in music.tracks):
        say("Nothing was played, so there is no recording.")
        return
    data = song_bytes(*music)
    try:
        written = write_numbered(path, data)
    except FileError as error:  # the music matters more than its place
        written = write_elsewhere(path, data, default_folder().parent / "recordings")
        say(f"{error} The recording goes to {written} instead.")
    say(f"recorded {written}: {describe(music.tracks)}")


def _conclude(writer: JournalWriter, spool: SpoolFile | None, record: Path | None, say: Say) -> None:
    """Make the recording from what was written, and report on it and on the journal."""
    from bollylive.journal.best_copy import BestCopy  # imported late, as above

    while (trouble := writer.take_trouble()) is not None:
        say(trouble)
    copies = BestCopy(writer)
    try:
        if spool is not None and record is not None:
            _record(copies, spool, record, say)
    finally:
        for sentence in copies.complete_journal():
            say(sentence)


def _record(copies: BestCopy, spool: SpoolFile, path: Path, say: Say) -> None:
    """Write the recording, and only then remove its spool."""
    for sentence in copies.shortcomings():
        say(sentence)
    try:
        if copies.readable:
            write_recording(copies.music(), path, say)
            spool.remove()
    finally:
        if spool.path is not None and spool.path.is_file():
            say(f"{spool.path}: what was played is kept here; `bollylive recover` makes a MIDI file of it")


def _open_spool(record: Path, head: bytes, say: Say) -> SpoolFile:
    """Open the spool beside the recording, or else in a temporary folder."""
    with suppress(OSError):
        for left in find_spools(record):
            say(f"{left}: an earlier recording that was not finished; `bollylive recover` makes a MIDI file of it")
    spool = SpoolFile(record, head)
    try:
        spool.open()
    except OSError as error:
        with suppress(OSError):
            elsewhere = SpoolFile(temporary_folder() / "recording", head)
            elsewhere.open()
            say(f"The recording in progress is in {elsewhere.folder} ({error.strerror or error}).")
            return elsewhere
    return spool


def _absolute(path: Path) -> Path:
    """The absolute path, since the processes may have other working folders."""
    try:
        return path.absolute()
    except OSError:  # the working folder was removed
        return path
