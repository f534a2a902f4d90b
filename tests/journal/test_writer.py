"""The journal writer, with fake disks."""

from __future__ import annotations

import threading

import pytest
from disks import FakeDisk
from journals import Journal
from stage import until

from bollylive.clock.anchor import Anchor
from bollylive.journal.lines import Header, anchor_line, sent_line, status_line
from bollylive.journal.writer import REPEAT_BYTES, JournalWriter
from bollylive.midi.messages import Control, NoteOff, NoteOn, Program, Raw
from bollylive.protocol import EngineStatus, Sent

ANCHOR = Anchor(0.0, 0.5, 1.0)


def played(number: int) -> list[Sent]:
    return [Sent(NoteOn(0, i % 128, 100), "musician", float(i), float(i)) for i in range(number)]


def write(writer: JournalWriter, entries: list[Sent]) -> None:
    for entry in entries:
        writer.add(entry)


def test_what_was_added_is_written_at_the_next_turn_in_order() -> None:
    disk = FakeDisk()
    writer = JournalWriter(disk)
    writer.add(ANCHOR)
    write(writer, played(2500))
    assert disk.journal().entries == ()
    assert writer.flush()
    assert disk.journal().entries == (ANCHOR, *played(2500))
    assert not disk.journal().ended


def test_a_disk_that_takes_a_few_bytes_at_a_time_gets_them_all() -> None:
    disk = FakeDisk(at_once=7)
    writer = JournalWriter(disk)
    write(writer, played(5))
    assert writer.flush()
    assert disk.journal().entries == tuple(played(5))


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
    writer.add(ANCHOR)
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
    assert disk.journal().entries == tuple(played(3))
    assert disk.journal().ended


def test_it_is_written_in_time_where_a_lock_waits_by_a_clock_that_was_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    wait = threading.Event.wait
    monkeypatch.setattr(threading.Event, "wait", lambda event, _timeout=None: wait(event))
    disk = FakeDisk()
    writer = JournalWriter(disk)
    writer.start()
    write(writer, played(3))
    assert until(lambda: disk.journal().entries == tuple(played(3)), 2.0)
    writer.close()


def test_a_full_disk_is_reported_once_and_writing_goes_on_where_it_stopped_when_there_is_room() -> None:
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
    assert disk.journal().entries == tuple(played(len(disk.journal().entries)))

    disk.room = 1_000_000
    write(writer, [Sent(NoteOff(0, 9), "musician", 10.0, 10.0)])
    assert writer.flush()
    assert disk.journal().entries == (*played(10), Sent(NoteOff(0, 9), "musician", 10.0, 10.0))
    assert disk.journal().damaged_lines == 0
    writer.close()
    assert writer.lost == 0


def test_what_never_reached_the_disk_is_counted_at_the_end() -> None:
    disk = FakeDisk(room=10)
    writer = JournalWriter(disk)
    write(writer, played(5))
    writer.flush()
    write(writer, played(9)[5:])
    writer.close()
    assert writer.lost == 9
    assert disk.journal().entries == ()
    assert writer.journal is not None
    disk.data += writer.journal.unwritten
    assert disk.journal().entries == tuple(played(9))


def test_a_full_queue_drops_and_counts_and_the_journal_says_where_and_in_which_tempo_it_goes_on() -> None:
    disk = FakeDisk()
    writer = JournalWriter(disk, most_lines=3)
    write(writer, played(3))
    writer.add(ANCHOR)
    writer.add(played(1)[0])
    assert writer.lost == 2
    writer.flush()
    last = Sent(NoteOff(0, 60), "musician", 9.0, 9.0)
    writer.add(last)
    writer.flush()
    journal = disk.journal()
    assert journal.lost == 2
    assert journal.entries == (*played(3), ANCHOR, last)


def test_sysex_costs_no_room() -> None:
    disk = FakeDisk(room=0)
    writer = JournalWriter(disk)
    writer.add(Sent(Raw(b"\xf0" + bytes(5000) + b"\xf7"), "musician", 1.0, 1.0))
    assert writer.flush()


def test_a_checkpoint_is_written_after_every_64_kib() -> None:
    disk = FakeDisk()
    writer = JournalWriter(disk)
    writer.add(ANCHOR)
    writer.add(EngineStatus(1.0, True))
    held = [
        Sent(Program(0, 73), "musician", 0.0, 0.0),
        Sent(Control(0, 64, 127), "musician", 0.1, 0.0),
        Sent(NoteOn(0, 50, 90), "musician", 0.2, 0.0),
    ]
    write(writer, [*held, *wheel(1, 6000)])
    writer.flush()
    again = anchor_line(ANCHOR) + status_line(EngineStatus(1.0, True)) + b"".join(map(sent_line, held))
    assert disk.data.count(again) == 1 + len(disk.data) // REPEAT_BYTES
    gaps = [len(gap) for gap in disk.data.split(again)]
    assert max(gaps) < REPEAT_BYTES + 100
    assert disk.journal().entries == (ANCHOR, EngineStatus(1.0, True), *held, *wheel(1, 6000))


def wheel(first_s: int, number: int) -> list[Sent]:
    return [
        Sent(Raw(bytes((0xE0, i % 128, 64))), "musician", round(first_s + i / 100, 6), i / 50) for i in range(number)
    ]


def test_two_files_get_the_same_lines_and_neither_waits_for_the_other() -> None:
    full, healthy = FakeDisk(room=100), FakeDisk(folder="recordings")
    writer = JournalWriter(full, healthy)
    write(writer, played(9))
    assert not writer.flush()
    assert healthy.journal().entries == tuple(played(9))
    assert len(full.journal().entries) < 9
    assert "The journal cannot be written in stage" in str(writer.take_trouble())
    healthy.room = 0
    write(writer, played(10)[9:])
    writer.flush()
    assert "The recording in progress cannot be written in recordings" in str(writer.take_trouble())
    full.room = 1000
    writer.close()
    assert full.journal() == Journal(Header(), tuple(played(10)), ended=True)
    assert (writer.lost, writer.spool and writer.spool.lost) == (0, 1)


def test_a_new_engine_reads_where_the_disk_takes_what_comes() -> None:
    full, healthy = FakeDisk(room=0), FakeDisk(folder="recordings")
    writer = JournalWriter(full, healthy)
    assert writer.path == full.path
    write(writer, played(1))
    writer.flush()
    assert writer.path == healthy.path
    full.room = 1000
    writer.flush()
    assert writer.path == full.path
    full.path = None
    assert writer.path == healthy.path
    assert JournalWriter(None, healthy).path == healthy.path


def test_words_that_never_came_are_missing_in_both() -> None:
    disks = FakeDisk(), FakeDisk()
    writer = JournalWriter(*disks)
    writer.add_loss(3)
    write(writer, played(1))
    writer.add_loss(2)
    writer.close()
    assert [disk.journal().lost for disk in disks] == [5, 5]
    assert writer.lost == 5


def test_each_trouble_is_reported_once_and_several_one_after_another() -> None:
    disk = FakeDisk(room=0)
    writer = JournalWriter(disk)
    assert writer.journal is not None
    write(writer, played(1))
    writer.flush()
    assert "No space left" in str(writer.take_trouble())
    disk.lost = disk.nowhere = True
    writer.journal.check()
    writer.journal.check()
    assert "lost its place in stage, and no other was found" in str(writer.take_trouble())
    disk.nowhere = False
    writer.journal.check()
    assert writer.take_trouble() == "The journal stage/journal.jsonl was removed"
    writer.flush()
    assert writer.take_trouble() is None


def test_a_file_that_was_started_again_begins_with_a_checkpoint() -> None:
    disk = FakeDisk()
    writer = JournalWriter(disk)
    assert writer.journal is not None
    writer.add(ANCHOR)
    writer.flush()
    disk.lost = disk.torn = True
    writer.journal.check()
    write(writer, played(1))
    writer.flush()
    assert disk.journal().entries == (ANCHOR, *played(1))


def test_its_thread_notices_within_a_second_that_the_name_is_lost() -> None:
    disk = FakeDisk()
    writer = JournalWriter(disk)
    writer.start()
    disk.lost = True
    assert until(lambda: not disk.lost, 1.0)
    writer.close()


def test_a_disk_that_hangs_does_not_hold_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bollylive.journal.file_thread._CLOSE_LIMIT_S", 0.05)
    released = threading.Event()

    class Hanging(FakeDisk):
        def append(self, data: bytes) -> int:
            released.wait()
            return super().append(data)

    hangs, healthy = Hanging(), FakeDisk()
    writer = JournalWriter(hangs, healthy)
    writer.start()
    write(writer, played(3))
    writer.close()
    assert writer.journal is not None
    assert writer.spool is not None
    assert (writer.journal.hangs, writer.spool.hangs) == (True, False)
    assert healthy.journal().ended
    released.set()
