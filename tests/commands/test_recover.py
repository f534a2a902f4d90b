"""`bollylive recover`: the recording that a journal holds, also when it breaks off."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bollylive.clock.anchor import Anchor
from bollylive.errors import FileError
from bollylive.journal.lines import END, Header, anchor_line, header_line, lost_line, sent_line
from bollylive.journal.reader import Journal
from bollylive.journal.recording import Recording
from bollylive.journal.replay import cut_before, replay
from bollylive.midi.messages import Control, Event, Note, NoteOff, NoteOn, Player, Program
from bollylive.midi.song import Track
from bollylive.protocol import Sent
from bollylive.recover import find_recording, recover

HEADER = Header("2025-06-01T20:15:03+0530", "Duo", {0: "Flute", 1: "Bass"}, 4)
SECONDS_PER_BEAT = 0.5


def sent(event: Event, beat: float, by: Player = "musician") -> Sent:
    return Sent(event, by, 100.0 + SECONDS_PER_BEAT * beat, beat)


def tune(beats: int) -> list[Sent | Anchor]:
    """A note on each beat by the musician, in a tempo that a DAW leads, and a drone of the model below."""
    entries: list[Sent | Anchor] = [Anchor(0.0, SECONDS_PER_BEAT, 100.0, followed=True)]
    entries += [sent(Program(1, 32), 0.0, "model"), sent(NoteOn(1, 36, 80), 0.0, "model")]
    for beat in range(beats):
        entries += [sent(NoteOn(0, 60 + beat % 12, 90), beat), sent(NoteOff(0, 60 + beat % 12), beat + 0.5)]
    return entries


def bytes_of(entries: list[Sent | Anchor], end: bytes = END) -> bytes:
    lines = [sent_line(entry) if isinstance(entry, Sent) else anchor_line(entry) for entry in entries]
    return header_line(HEADER) + b"".join(lines) + end


def spans(track: Track) -> list[tuple[int, float, float | None]]:
    return [(note.pitch, note.onset_beats, note.duration_beats) for note in track.notes]


@given(
    st.lists(
        st.builds(
            sent,
            st.builds(NoteOn, st.integers(0, 2), st.integers(58, 62), st.integers(1, 127))
            | st.builds(NoteOff, st.integers(0, 2), st.integers(58, 62)),
            st.integers(0, 64).map(lambda quarter: quarter / 4),
            st.sampled_from(["musician", "model"]),
        ),
        max_size=30,
    )
)
def test_it_is_what_a_recording_would_have_been(entries: list[Sent]) -> None:
    recording = Recording(HEADER.names)
    for entry in entries:
        recording.add(entry)
    assert replay(Journal(HEADER, tuple(entries), ended=True)) == (recording.tracks(), recording.tempos())


def test_a_whole_journal_has_no_problems_and_is_described(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    path.write_bytes(bytes_of(tune(16)))
    recording = recover(path)
    assert recording.problems == ()
    assert recording.meters == ((0.0, 4.0),)
    assert recording.tempos == ((0.0, 120.0),)
    assert recording.summary == (
        f"1 Flute (musician) 16 notes, 2 Bass (model) 1 notes (0:08 min, begun 2025-06-01T20:15:03+0530, from {path})"
    )


def test_in_a_journal_that_breaks_off_open_notes_end_at_the_last_known_moment(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    path.write_bytes(bytes_of(tune(4), b'["musician",10'))
    recording = recover(path)
    flute, bass = recording.tracks
    assert spans(flute)[-1] == (63, 3.0, 0.5)
    assert spans(bass) == [(36, 0.0, 3.5)]
    assert bass.program == 32
    assert [problem.partition(": ")[2] for problem in recording.problems] == [
        "breaks off: the program was killed, or is still playing.",
        "the last line is incomplete; its 14 bytes are left out.",
    ]


def test_what_is_damaged_or_missing_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    path.write_bytes(bytes_of(tune(4), lost_line(5) + b"\0\0\0\n" + END))
    assert [problem.partition(": ")[2] for problem in recover(path).problems] == [
        "1 lines are damaged and left out.",
        "5 events are missing: there was no room for them on the disk.",
    ]


def test_the_last_minutes_begin_with_a_bar_and_what_sounds_there_begins_there() -> None:
    journal = Journal(HEADER, tuple(tune(40)), ended=True)
    # The last event is an off at beat 39.5; eleven and a quarter beats before it, beat 28 is under way.
    (flute, bass), tempos = replay(journal, 11.25 * SECONDS_PER_BEAT / 60)
    assert len(flute.notes) == 12
    assert spans(flute)[0] == (60 + 28 % 12, 0.0, 0.5)
    assert spans(bass) == [(36, 0.0, 11.5)]
    assert bass.program == 32
    assert tempos == ((0.0, 120.0),)

    # A beat earlier the bar before it is.
    (flute, _), _ = replay(journal, 12.25 * SECONDS_PER_BEAT / 60)
    assert spans(flute)[0] == (60 + 24 % 12, 0.0, 0.5)


def test_the_silence_at_the_end_is_not_among_the_last_minutes() -> None:
    entries = (*tune(40), sent(Control(0, 123, 0), 4000.0))
    (flute, _), _ = replay(Journal(HEADER, entries, ended=True), 11.25 * SECONDS_PER_BEAT / 60)
    assert len(flute.notes) == 12


def test_more_minutes_than_there_are_give_everything() -> None:
    journal = Journal(HEADER, tuple(tune(8)), ended=True)
    assert replay(journal, 60.0) == replay(journal)


def test_a_cut_keeps_what_was_set_before_it() -> None:
    changes = (
        *((0.5, Control(0, 7, 90)), (1.0, Program(0, 40)), (1.5, Control(0, 7, 100)), (1.5, Control(0, 123, 0))),
        *((4.0, Control(0, 7, 50)), (6.0, Program(0, 41))),
    )
    track = Track(
        "x", 0, 73, (Note(0, 60, 90, 0.0, 1.0), Note(0, 62, 90, 3.0, 3.0), Note(0, 64, 90, 5.0, 1.0)), changes
    )
    gone = Track("gone", 1, 0, (Note(1, 60, 90, 0.0, 4.0),))
    tracks, tempos = cut_before((track, gone), ((0.0, 100.0), (2.0, 110.0), (5.0, 120.0)), 4.0)
    assert tracks == (
        Track(
            *("x", 0, 40),
            (Note(0, 62, 90, 0.0, 2.0), Note(0, 64, 90, 1.0, 1.0)),
            ((0.0, Control(0, 7, 100)), (0.0, Control(0, 7, 50)), (2.0, Program(0, 41))),
        ),
    )
    assert tempos == ((0.0, 110.0), (1.0, 120.0))


def write_journal(folder: Path, name: str, data: bytes, age: int) -> Path:
    path = folder / f"bollylive-20250601-{name}.jsonl"
    path.write_bytes(data)
    os.utime(path, (1e9 - age, 1e9 - age))
    return path


def test_of_a_folder_the_newest_journal_with_music_is_taken(tmp_path: Path) -> None:
    write_journal(tmp_path, "000001", bytes_of(tune(4)), 3)
    newest = write_journal(tmp_path, "000002", bytes_of(tune(4)), 2)
    write_journal(tmp_path, "000003", bytes_of(tune(0)[:1]), 1)
    write_journal(tmp_path, "000004", b"", 0)
    assert str(newest) in find_recording(tmp_path).summary


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (None, "there is no journal here"),
        (b"", "breaks off before anything was played"),
        (b"x\n", "it is no journal"),
        (bytes_of([]), "the journal holds no note"),
    ],
)
def test_a_folder_without_music_is_refused_with_the_reason(tmp_path: Path, data: bytes | None, complaint: str) -> None:
    if data is not None:
        write_journal(tmp_path, "000001", data, 0)
    with pytest.raises(FileError, match=complaint):
        find_recording(tmp_path)


def test_a_journal_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be read: No such file"):
        find_recording(tmp_path / "none.jsonl")
