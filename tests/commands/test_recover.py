"""`bollylive recover`: the recording that a journal holds, also when it breaks off."""

from __future__ import annotations

import gc
import os
import sys
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from journals import Journal, read_journal, replay

from bollylive.cli import main
from bollylive.clock.anchor import Anchor
from bollylive.errors import FileError
from bollylive.journal.folder import JournalFile
from bollylive.journal.lines import END, Header, anchor_line, header_line, lost_line, sent_line
from bollylive.journal.reader import EntryStream
from bollylive.journal.recording import RecordedMusic, Recording
from bollylive.journal.replay import cut_before, replay_entries
from bollylive.journal.window import find_window
from bollylive.journal.writer import JournalWriter
from bollylive.midi.messages import Control, Event, Note, NoteOff, NoteOn, Player, Program
from bollylive.midi.song import Track
from bollylive.progress import Progress
from bollylive.protocol import EngineStatus, Sent
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
    assert replay(Journal(HEADER, tuple(entries), ended=True)) == recording.music()


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
        "1 line is damaged and left out.",
        "5 events are missing: they could not be written.",
    ]


def test_the_last_minutes_begin_with_a_bar_and_what_sounds_there_begins_there() -> None:
    journal = Journal(HEADER, tuple(tune(40)), ended=True)
    # The last event is an off at beat 39.5; eleven and a quarter beats before it, beat 28 is under way.
    (flute, bass), tempos, _ = replay(journal, 11.25 * SECONDS_PER_BEAT / 60)
    assert len(flute.notes) == 12
    assert spans(flute)[0] == (60 + 28 % 12, 0.0, 0.5)
    assert spans(bass) == [(36, 0.0, 11.5)]
    assert bass.program == 32
    assert tempos == ((0.0, 120.0),)

    # A beat earlier the bar before it is.
    (flute, _), *_ = replay(journal, 12.25 * SECONDS_PER_BEAT / 60)
    assert spans(flute)[0] == (60 + 24 % 12, 0.0, 0.5)


def test_the_silence_at_the_end_is_not_among_the_last_minutes() -> None:
    entries = (*tune(40), sent(Control(0, 123, 0), 4000.0))
    (flute, _), *_ = replay(Journal(HEADER, entries, ended=True), 11.25 * SECONDS_PER_BEAT / 60)
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
    music = RecordedMusic(
        (track, gone), ((0.0, 100.0), (2.0, 110.0), (5.0, 120.0)), ((0.0, 2.0), (4.0, 3.0), (10.0, 3.5))
    )
    tracks, tempos, meters = cut_before(music, 4.0)
    assert tracks == (
        Track(
            *("x", 0, 40),
            (Note(0, 62, 90, 0.0, 2.0), Note(0, 64, 90, 1.0, 1.0)),
            ((0.0, Control(0, 7, 100)), (0.0, Control(0, 7, 50)), (2.0, Program(0, 41))),
        ),
    )
    assert tempos == ((0.0, 110.0), (1.0, 120.0))
    assert meters == ((0.0, 3.0), (6.0, 3.5))


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


HEAD = header_line(HEADER)
NOTE = b'["musician",100.0,0.0,"903c64"]\n["musician",100.5,1.0,"803c64"]\n'


def head_with_bars(beats: str) -> bytes:
    return HEAD.replace(b'"beats_per_bar": 4', b'"beats_per_bar": ' + beats.encode())


def test_bars_may_be_of_three_and_a_half_beats(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    path.write_bytes(head_with_bars("3.5") + NOTE + END)
    assert (recover(path).meters, recover(path).problems) == (((0.0, 3.5),), ())


@pytest.mark.parametrize("beats", ["300", "1" + "0" * 400, "17", "1e-300", "1e999"])
def test_bars_that_no_set_can_have_are_bars_of_four_and_counted(tmp_path: Path, beats: str) -> None:
    path = tmp_path / "j.jsonl"
    path.write_bytes(head_with_bars(beats) + NOTE + END)
    assert main(["recover", str(path), "--out", str(tmp_path / "out.mid")]) == 0
    assert recover(path).meters == ((0.0, 4.0),)
    assert "1 line is damaged" in recover(path).problems[0]


@pytest.mark.parametrize(
    "line",
    [
        *(b'["musician",101,1e308,"903c64"]', b'["musician",1e308,2.0,"903c64"]', b'["model",1,-1e12,"903c64"]'),
        *(b'["beat",1.0,16.8,101.0,1,0,1]', b'["beat",1.0,0.001,101.0,1,0,1]', b'["beat",1.0,1e-320,101.0,1,0,1]'),
        *(b'["beat",1e300,0.5,101.0,1,0,1]', b'["beat",1.0,0.5,101.0,1,0,1,1e300]', b'["bearing",1e300,1]'),
        *(b'["lost",-5]', b'["lost",1' + b"0" * 400 + b"]", b'["beat",true,0.5,101.0,1,0,1]'),
        *(b'["beat",1' + b"0" * 5000 + b",0.5,101.0,1,0,1]", b'["model",101.0,2.0,"' + b"90" * 50_000 + b'"]'),
    ],
    ids=lambda line: line[:32].decode(),
)
def test_a_number_that_no_performance_reaches_is_a_damaged_line(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "j.jsonl"
    path.write_bytes(HEAD + anchor_line(Anchor(0.0, 0.5, 100.0, followed=True)) + NOTE + line + b"\n" + END)
    assert main(["recover", str(path), "--out", str(tmp_path / "out.mid")]) == 0
    assert "1 line is damaged" in recover(path).problems[0]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["j.jsonl", "out.mid"]


def test_names_with_halves_of_characters_and_of_channels_that_do_not_exist_are_no_trouble(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    names = b'{"0": "a\\ud800", "99": "x", "y": 5, "1' + b"0" * 400 + b'": "z"}'
    path.write_bytes(HEAD.replace(b'{"0": "Flute", "1": "Bass"}', names).replace(b"2025-06", b"\\udc80") + NOTE + END)
    assert main(["recover", str(path), "--out", str(tmp_path / "out.mid")]) == 0
    assert recover(path).tracks[0].name == "1 a? (musician)"


def test_a_version_of_hundreds_of_digits_is_refused_in_a_short_sentence(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    path.write_bytes(HEAD.replace(b'"version": 1', b'"version": 1' + b"0" * 400))
    with pytest.raises(FileError, match="about 401 digits is newer") as error:
        recover(path)
    assert len(str(error.value)) < 300 + len(str(path))


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such pipes")
def test_a_pipe_is_no_journal_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "j.jsonl")
    with pytest.raises(FileError, match="not a file"):
        recover(tmp_path / "j.jsonl")


def written(path: Path, anchor: Anchor, beats: int) -> None:
    """A journal as a jam writes it: with a drone from its first beat on, and a moving wheel."""
    file = JournalFile(path, "20250601-201503", HEAD)
    writer = JournalWriter(file, None)
    writer.add(anchor)
    writer.add(EngineStatus(1.0, awake=True))
    writer.add(sent(Program(1, 32), 1.0, "model"))
    for eighth in range(2, 2 * beats):
        beat = eighth / 2
        pitch = 60 + eighth // 2 % 12
        writer.add(sent(NoteOff(0, pitch) if eighth % 2 else NoteOn(0, pitch, 90), beat))
        for step in range(8):
            writer.add(sent(Control(0, 1, step), beat + step / 16))
        if eighth == 2:
            writer.add(sent(NoteOn(1, 36, 80), beat, "model"))
    writer.close()


@pytest.mark.parametrize(
    "anchor",
    [Anchor(0.0, 0.5, 100.0, followed=True), Anchor(0.0, 0.5, 100.0), Anchor(0.0, 0.5, 100.0, bar_beat=3.0)],
    ids=["clock", "free", "link"],
)
def test_the_end_of_a_long_journal_read_alone_is_that_of_the_whole(tmp_path: Path, anchor: Anchor) -> None:
    written(tmp_path, anchor, 1100)
    (path,) = tmp_path.iterdir()
    with path.open("rb") as file:
        window = find_window(file, 0.2, block_bytes=20_000)
        assert window is not None
        assert window[0] > 100_000
        file.seek(0)
        stream = EntryStream(file)
        file.seek(window[0])
        alone = replay_entries(stream.header, stream, window[1], goes_on=True)
    whole = replay(read_journal(path.read_bytes()), 0.2)
    assert alone[1] == whole[1] == ((0.0, 120.0),)
    assert [(track.name, track.program) for track in alone[0]] == [(track.name, track.program) for track in whole[0]]
    for of_alone, of_whole in zip(alone[0], whole[0], strict=True):
        assert rounded(of_alone) == rounded(of_whole)
        assert [change for _, change in of_alone.changes] == [change for _, change in of_whole.changes]


def rounded(track: Track) -> list[tuple[int, float, float]]:
    return [(note.pitch, round(note.onset_beats, 6), round(note.duration_beats or 0, 6)) for note in track.notes]


def test_how_far_it_is_is_said_every_few_seconds_and_only_of_long_work(tmp_path: Path) -> None:
    said: list[str] = []
    seconds = iter([0.0, 4.9, 5.1, 8.0, 10.2])
    progress = Progress(said.append, "reading", lambda: next(seconds))
    for part in (0.1, 0.25, 0.5, 1.0):
        progress(part)
    assert said == ["reading: 25% done", "reading: 100% done"]
    path = tmp_path / "j.jsonl"
    path.write_bytes(bytes_of(tune(8000)))
    parts: list[float] = []
    recover(path, progress=parts.append)
    assert parts == sorted(parts)
    assert len(parts) == 2


def peak_bytes(path: Path, out: Path) -> int:
    """The memory at most that `recover` takes for a journal and its MIDI file."""
    gc.collect()
    tracemalloc.start()
    assert main(["recover", str(path), "--out", str(out)]) == 0
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def test_the_memory_for_a_journal_is_that_of_its_notes(tmp_path: Path) -> None:
    main(["recover", "--out", str(tmp_path / "no.mid"), str(tmp_path)])  # imports what it needs
    peaks = []
    for beats in (500, 2000, 3500):
        path = tmp_path / f"{beats}.jsonl"
        path.write_bytes(bytes_of(tune(beats)))
        peaks.append(peak_bytes(path, tmp_path / "out.mid"))
    first, second = (peaks[1] - peaks[0]) / 1500, (peaks[2] - peaks[1]) / 1500
    assert max(first, second) < 600  # bytes a note
    assert second < 1.5 * first
