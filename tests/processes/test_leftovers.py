"""What the journals of bands that were killed say of what still sounds."""

from __future__ import annotations

from pathlib import Path

import pytest
from disks import FakeDisk

from bollylive.clock.anchor import Anchor
from bollylive.io.hanging_notes import HangingNotes
from bollylive.io.held_state import HeldState
from bollylive.journal.folder import JournalFile
from bollylive.journal.lines import END, Header, anchor_line, header_line, sent_line
from bollylive.journal.writer import JournalWriter
from bollylive.midi.messages import Control, Event, NoteOff, NoteOn
from bollylive.processes.leftovers import find_left
from bollylive.protocol import InheritedState, Sent

HEAD = header_line(Header())
ALL = tuple(range(16))
DOWN, UP = Control(0, 64, 127), Control(0, 64, 0)


def journal(folder: Path, day: int, *events: Event, end: bytes = b"") -> Path:
    path = folder / f"bollylive-202611{day:02}-200000.jsonl"
    lines = [sent_line(Sent(event, "musician", 5.0 + place, 1.0)) for place, event in enumerate(events)]
    path.write_bytes(HEAD + anchor_line(Anchor(0.0, 0.5, 4.0)) + b"".join(lines) + end)
    return path


def test_what_a_killed_band_left_is_let_go_of_and_every_channel_is_reset(tmp_path: Path) -> None:
    journal(tmp_path, 1, NoteOn(3, 50, 90), end=END)
    journal(tmp_path, 2, DOWN, NoteOn(0, 60, 90), NoteOn(0, 62, 90), NoteOff(0, 62))
    left = find_left(tmp_path)
    assert left.releases == ((UP, "musician"), (NoteOff(0, 60), "musician"), (NoteOff(0, 62), "musician"))
    assert left.channels == ALL


def test_one_that_ended_well_left_nothing_and_neither_did_those_before_it(tmp_path: Path) -> None:
    journal(tmp_path, 1, NoteOn(3, 50, 90))
    journal(tmp_path, 2, NoteOn(0, 60, 90), end=END)
    assert find_left(tmp_path) == InheritedState()
    assert find_left(tmp_path / "none") == InheritedState()


@pytest.mark.parametrize("written", [b"", HEAD, anchor_line(Anchor(0.0, 0.5, 4.0)), HEAD[:9]])
def test_a_journal_that_breaks_off_before_the_first_note_may_lack_notes_that_sound(
    tmp_path: Path, written: bytes
) -> None:
    """The band was killed while its disk was full, or within a tenth of a second after its first note."""
    (tmp_path / "bollylive-20261102-200000.jsonl").write_bytes(written if HEAD.startswith(written) else HEAD + written)
    assert find_left(tmp_path) == InheritedState((), ALL)


def test_what_a_full_disk_did_not_take_is_ended_by_a_reset_of_its_channel_although_another_is_known(
    tmp_path: Path,
) -> None:
    disk = FakeDisk()
    writer = JournalWriter(disk)
    writer.add(Anchor(0.0, 0.5, 4.0))
    writer.add(Sent(NoteOn(0, 60, 90), "musician", 5.0, 1.0))
    assert writer.flush()
    disk.room = 30
    for event in (NoteOff(0, 60), NoteOn(0, 63, 90), NoteOn(0, 68, 90)):
        writer.add(Sent(event, "musician", 6.0, 2.0))
    assert not writer.flush()  # and then all processes are killed
    (tmp_path / "bollylive-20261102-200000.jsonl").write_bytes(disk.data)
    left = find_left(tmp_path)
    assert left == InheritedState(((NoteOff(0, 60), "musician"),), ALL)
    ends = HangingNotes(HeldState())
    ends.inherit(left, 0.0)
    sounding = {63, 68}
    for end, _ in ends.end(0.0):
        if end == Control(0, 123, 0):
            sounding.clear()
    assert not sounding


def test_those_of_bands_one_after_the_other_that_were_killed_add_up(tmp_path: Path) -> None:
    journal(tmp_path, 1, NoteOn(3, 50, 90))
    journal(tmp_path, 2)
    journal(tmp_path, 3, NoteOn(0, 60, 90))
    assert {word for word, _ in find_left(tmp_path).releases} == {NoteOff(3, 50), NoteOff(0, 60)}


def test_a_band_that_still_plays_is_let_alone_and_a_journal_that_is_none_tells_nothing(tmp_path: Path) -> None:
    (tmp_path / "bollylive-20261101-200000.jsonl").write_bytes(b"\xff\x00\n[[[\n")
    file = JournalFile(tmp_path, "20261102-200000", HEAD)
    file.append(sent_line(Sent(NoteOn(0, 60, 90), "musician", 5.0, 1.0)))
    assert find_left(tmp_path) == InheritedState()
    for day in range(3, 9):
        journal(tmp_path, day, NoteOn(day, 50, 90))
    left = find_left(tmp_path)  # those that are let alone take no place
    assert {word.channel for word, _ in left.releases if isinstance(word, NoteOff)} == {5, 6, 7, 8}
    file.close(keep=True)
