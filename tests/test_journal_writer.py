"""The thread that writes the journal, with a disk that does as it is told."""

from __future__ import annotations

import threading
from errno import ENOSPC
from pathlib import Path

import pytest
from stage import until

from bollylive.journal import Header, Journal, header_line, read_journal
from bollylive.journal_writer import JournalWriter
from bollylive.note import Anchor, Control, NoteOff, NoteOn, Raw, Sent

ANCHOR = Anchor(0.0, 0.5, 1.0)


class FakeDisk:
    """A file with room for so many bytes, which takes at most so many at once."""

    def __init__(self, room: int = 1_000_000, at_once: int = 1_000_000) -> None:
        self.folder = Path("stage")
        self.room, self.at_once = room, at_once
        self.data = header_line(Header())
        self.kept: bool | None = None
        self.thread: threading.Thread | None = None

    def append(self, data: bytes) -> int:
        self.thread = threading.current_thread()
        size = min(len(data), self.room, self.at_once)
        if not size:
            raise OSError(ENOSPC, "No space left on device")
        self.data += data[:size]
        self.room -= size
        return size

    def close(self, *, keep: bool) -> None:
        self.kept = keep

    def journal(self) -> Journal:
        return read_journal(self.data)


def played(number: int) -> list[Sent]:
    return [Sent(NoteOn(0, i % 128, 100), "musician", float(i), float(i)) for i in range(number)]


def write(writer: JournalWriter, words: list[Sent]) -> None:
    for word in words:
        writer.add(word)


def test_what_was_added_is_written_at_the_next_turn_in_order() -> None:
    disk = FakeDisk()
    writer = JournalWriter(disk)
    writer.add_anchor(ANCHOR)
    write(writer, played(2500))
    assert disk.journal().words == ()
    assert writer.flush()
    assert disk.journal().words == (ANCHOR, *played(2500))
    assert not disk.journal().ended


def test_a_disk_that_takes_a_few_bytes_at_a_time_gets_them_all() -> None:
    disk = FakeDisk(at_once=7)
    writer = JournalWriter(disk)
    write(writer, played(5))
    assert writer.flush()
    assert disk.journal().words == tuple(played(5))


def test_closing_writes_what_is_left_and_that_it_ended() -> None:
    disk = FakeDisk()
    writer = JournalWriter(disk)
    write(writer, played(3))
    writer.close()
    assert disk.journal() == Journal(Header(), tuple(played(3)), ended=True)
    assert disk.kept
    assert writer.lost == 0
    assert writer.take_trouble() is None


def test_a_journal_without_a_note_is_not_kept() -> None:
    disk = FakeDisk()
    writer = JournalWriter(disk)
    writer.add_anchor(ANCHOR)
    writer.add(Sent(Control(0, 123, 0), "model", 1.0, 0.0))
    writer.add(Sent(NoteOff(0, 60), "model", 1.0, 0.0))
    writer.close()
    assert disk.kept is False


def test_only_the_writer_s_thread_touches_the_disk_and_closing_waits_for_it() -> None:
    disk = FakeDisk()
    writer = JournalWriter(disk)
    writer.start()
    write(writer, played(3))
    writer.close()
    assert disk.thread is not threading.current_thread()
    assert disk.journal().words == tuple(played(3))
    assert disk.journal().ended


def test_it_is_written_in_time_where_a_lock_waits_by_a_clock_that_was_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    wait = threading.Event.wait
    monkeypatch.setattr(threading.Event, "wait", lambda event, _timeout=None: wait(event))
    disk = FakeDisk()
    writer = JournalWriter(disk)
    writer.start()
    write(writer, played(3))
    assert until(lambda: disk.journal().words == tuple(played(3)), 2.0)
    writer.close()


def test_a_full_disk_is_told_of_once_and_written_on_where_it_stopped_when_there_is_room() -> None:
    disk = FakeDisk(room=100)
    writer = JournalWriter(disk)
    write(writer, played(10))
    assert not writer.flush()
    assert not writer.flush()
    trouble = writer.take_trouble()
    assert trouble is not None
    assert "stage (No space left on device); the music goes on" in trouble
    assert not writer.flush()
    assert writer.take_trouble() is None
    assert disk.journal().words == tuple(played(len(disk.journal().words)))

    disk.room = 1_000_000
    write(writer, [Sent(NoteOff(0, 9), "musician", 10.0, 10.0)])
    assert writer.flush()
    assert disk.journal().words == (*played(10), Sent(NoteOff(0, 9), "musician", 10.0, 10.0))
    assert disk.journal().damaged_lines == 0
    writer.close()
    assert writer.lost == 0


def test_what_never_reached_the_disk_is_counted_at_the_end() -> None:
    disk = FakeDisk(room=10)
    writer = JournalWriter(disk)
    write(writer, played(5))
    writer.flush()
    write(writer, played(4))
    writer.close()
    assert writer.lost == 9
    assert disk.journal().words == ()


def test_a_full_queue_drops_and_counts_and_the_journal_says_where_and_in_which_tempo_it_goes_on() -> None:
    disk = FakeDisk()
    writer = JournalWriter(disk, most_lines=3)
    write(writer, played(3))
    writer.add_anchor(ANCHOR)
    writer.add(played(1)[0])
    assert writer.lost == 2
    writer.flush()
    last = Sent(NoteOff(0, 60), "musician", 9.0, 9.0)
    writer.add(last)
    writer.flush()
    journal = disk.journal()
    assert journal.lost == 2
    assert journal.words == (*played(3), ANCHOR, last)


def test_sysex_costs_no_room() -> None:
    disk = FakeDisk(room=0)
    writer = JournalWriter(disk)
    writer.add(Sent(Raw(b"\xf0" + bytes(5000) + b"\xf7"), "musician", 1.0, 1.0))
    assert writer.flush()
