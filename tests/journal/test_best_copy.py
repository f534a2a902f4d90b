"""What is left when a performance is over: a recording and a journal, though a disk was full or is gone."""

from __future__ import annotations

from pathlib import Path

import pytest
from disks import FakeDisk
from journals import read_journal

from bollylive.clock.anchor import Anchor
from bollylive.errors import FileError
from bollylive.journal import best_copy
from bollylive.journal.best_copy import BestCopy
from bollylive.journal.folder import JournalFile
from bollylive.journal.lines import Header, header_line
from bollylive.journal.writer import JournalWriter
from bollylive.midi.messages import NoteOff, NoteOn
from bollylive.protocol import Sent

HEAD, STAMP = header_line(Header()), "20250601-201503"


def play(writer: JournalWriter, first: int, last: int) -> None:
    for i in range(first, last):
        writer.add(Sent(NoteOn(0, 60 + i, 80), "musician", float(i), float(i)))
        writer.add(Sent(NoteOff(0, 60 + i), "musician", i + 0.5, i + 0.5))


def concluded(writer: JournalWriter) -> tuple[int, list[str], list[str]]:
    """How many notes the recording has, what is said of it, and what of the journal."""
    writer.close()
    copies = BestCopy(writer)
    tracks, *_ = copies.music()
    return sum(len(track.notes) for track in tracks), list(copies.shortcomings()), list(copies.complete_journal())


@pytest.fixture
def journal(tmp_path: Path) -> JournalFile:
    return JournalFile(tmp_path, STAMP, HEAD)


def test_two_whole_copies_are_no_matter_for_words(journal: JournalFile) -> None:
    writer = JournalWriter(journal, FakeDisk())
    play(writer, 0, 9)
    assert concluded(writer) == (9, [], [f"journal {journal.path}: `bollylive recover` makes a MIDI file of it"])


def test_a_recording_is_whole_though_the_disk_of_the_journal_was_full(tmp_path: Path) -> None:
    full = FakeDisk(room=200)
    writer = JournalWriter(full, FakeDisk(), most_lines=20)
    for i in range(0, 40, 5):
        play(writer, i, i + 5)
        writer.flush()
    assert writer.lost > 0
    notes, of_recording, of_journal = concluded(writer)
    assert (notes, of_recording) == (40, [])
    assert of_journal[-1] == f"{writer.lost} events are missing in the journal: they could not be written."
    assert "cannot be completed" in of_journal[0]
    assert "There is no journal" in of_journal[1]


def test_a_journal_that_lacks_something_is_completed_from_the_spool_where_there_is_room_by_now(
    journal: JournalFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = JournalWriter(journal, FakeDisk(), most_lines=20)
    play(writer, 0, 5)
    writer.flush()
    with monkeypatch.context() as patch:
        patch.setattr(journal, "append", FakeDisk(room=0).append)
        for i in range(5, 40, 5):
            play(writer, i, i + 5)
            writer.flush()
    assert writer.lost > 0
    assert concluded(writer) == (40, [], [f"journal {journal.path}: `bollylive recover` makes a MIDI file of it"])
    assert writer.lost == 0
    assert journal.path is not None
    assert len(read_journal(journal.path.read_bytes()).entries) == 80
    assert list(journal.folder.iterdir()) == [journal.path]


def test_a_recording_is_made_from_the_journal_where_the_spool_has_less(journal: JournalFile) -> None:
    writer = JournalWriter(journal, FakeDisk(room=0), most_lines=20)
    for i in range(0, 40, 5):
        play(writer, i, i + 5)
        writer.flush()
    notes, of_recording, _ = concluded(writer)
    assert notes == 40
    assert len(of_recording) == 1
    assert "made from the journal (it holds more" in of_recording[0]


def test_what_never_reached_a_disk_but_is_still_in_memory_is_recorded() -> None:
    writer = JournalWriter(None, FakeDisk(room=30))
    play(writer, 0, 9)
    assert concluded(writer) == (9, [], [])


def test_what_both_lack_is_counted_and_reported() -> None:
    disks = FakeDisk(room=0), FakeDisk(room=0)
    writer = JournalWriter(*disks, most_lines=10)
    writer.add_loss(1)
    play(writer, 0, 9)
    notes, of_recording, of_journal = concluded(writer)
    assert notes == 5
    assert of_recording == ["10 events are missing in the recording: they could not be written."]
    assert "events are missing in the journal" in of_journal[-1]


def test_a_spool_that_cannot_be_read_is_reported_and_the_journal_is_used(journal: JournalFile) -> None:
    class Gone(FakeDisk):
        def read(self) -> bytes:
            raise OSError(5, "Input/output error")

    writer = JournalWriter(journal, Gone())
    play(writer, 0, 3)
    assert concluded(writer)[:2] == (3, ["The recording is made from the journal (Input/output error)."])
    writer = JournalWriter(None, Gone())
    play(writer, 0, 3)
    notes, of_recording, _ = concluded(writer)
    assert notes == 0
    assert of_recording == ["What was played can no longer be read, so there is no recording (Input/output error)."]
    assert not BestCopy(writer).readable


def test_without_a_note_there_is_nothing_to_say(journal: JournalFile) -> None:
    writer = JournalWriter(journal, FakeDisk())
    writer.add(Anchor(0.0, 0.5, 0.0))
    writer.flush()
    assert concluded(writer) == (0, [], [])
    assert list(journal.folder.iterdir()) == []
    assert BestCopy(writer).readable


def test_a_journal_whose_file_is_gone_at_the_end_is_not_promised(
    journal: JournalFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = JournalWriter(journal)
    play(writer, 0, 3)
    writer.close()
    assert journal.path is not None
    journal.path.unlink()
    assert list(BestCopy(writer).complete_journal()) == ["There is no journal (No such file or directory)."]


def test_a_journal_that_the_disk_never_took_is_not_promised(
    journal: JournalFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = JournalWriter(journal)
    journal.open()
    monkeypatch.setattr(journal, "append", FakeDisk(room=0).append)
    monkeypatch.setattr(best_copy, "write_file", no_room)
    play(writer, 0, 3)
    said = concluded(writer)[2]
    assert [sentence for sentence in said if "recover" in sentence] == []
    assert "There is no journal (nothing could be written to its file)." in said


def test_a_journal_that_was_never_created_is_not_called_gone(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    writer = JournalWriter(JournalFile(tmp_path / "file", STAMP, HEAD))
    play(writer, 0, 3)
    assert "There is no journal (its file could not be created)." in concluded(writer)[2]


def no_room(path: Path, _: bytes) -> None:
    raise FileError(f"{path}: the file cannot be written: No space left on device; make room on the disk.")
