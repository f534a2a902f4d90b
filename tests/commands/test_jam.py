"""The files of a jam, with a fake supervisor that plays a scale and opens no port."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bollylive import jam as jam_module
from bollylive.clock.anchor import Anchor
from bollylive.errors import FileError, ModelError, PortError
from bollylive.jam import JamOptions, jam
from bollylive.journal.folder import find_journals
from bollylive.journal.writer import JournalWriter
from bollylive.midi.messages import NoteOff, NoteOn
from bollylive.midi.song_files import read_song
from bollylive.protocol import Done, Sent, StartUp
from bollylive.recover import recover
from bollylive.sets.settings import Set

NOTES = 20


class FakeSupervisor:
    """Plays a scale; `breaks` is called in the middle of it."""

    breaks: Callable[[StartUp], None]
    restarts, ready = 0, True
    notes = NOTES

    def __init__(self, start_up: StartUp, _say: object, journal: JournalWriter | None, *_: object) -> None:
        self.done = Done()
        self._start_up, self._journal = start_up, journal

    def finish(self) -> None:
        pass

    def run(self) -> None:
        assert self._journal is not None
        self._journal.add(Anchor(0.0, 0.5, 0.0))
        for i in range(self.notes):
            if i == self.notes // 2:
                type(self).breaks(self._start_up)
            self._journal.add(Sent(NoteOn(0, 40 + i, 80), "musician", i / 2, float(i)))
            self._journal.add(Sent(NoteOff(0, 40 + i), "musician", i / 2 + 0.25, i + 0.5))
        if not self.notes:
            type(self).breaks(self._start_up)


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(jam_module, "Supervisor", FakeSupervisor)
    monkeypatch.setattr(FakeSupervisor, "notes", NOTES)
    return []


def played(
    said: list[str], breaks: Callable[[StartUp], None] = lambda _: None, **options: Path | None
) -> dict[str, float]:
    FakeSupervisor.breaks = staticmethod(breaks)
    status, summary = jam(Set(), JamOptions(**options), said.append)  # type: ignore[arg-type]
    assert status == 0
    return summary


def test_a_recording_and_a_journal_hold_the_same_and_nothing_else_is_left(tmp_path: Path, said: list[str]) -> None:
    seen: list[StartUp] = []
    played(said, seen.append, record=tmp_path / "take.mid", journal=tmp_path / "journal")
    assert len(read_song(tmp_path / "take.mid").notes) == NOTES
    (path,) = find_journals(tmp_path / "journal")
    assert len(recover(path).tracks[0].notes) == NOTES
    assert seen[0].journal == str(path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["journal", "take.mid"]
    assert [line.split()[0] for line in said] == ["recorded", "journal"]


def test_without_a_journal_a_new_engine_reads_the_spool_which_goes(tmp_path: Path, said: list[str]) -> None:
    seen: list[StartUp] = []
    played(said, seen.append, record=tmp_path / "take.mid")
    assert seen[0].journal == str(tmp_path / ".take.mid.spool.jsonl")
    assert len(read_song(tmp_path / "take.mid").notes) == NOTES
    assert [p.name for p in tmp_path.iterdir()] == ["take.mid"]


def test_a_journal_whose_folder_is_removed_while_it_is_played_is_there_at_the_end(
    tmp_path: Path, said: list[str]
) -> None:
    folder = tmp_path / "journal"
    played(said, lambda _: shutil.rmtree(folder), record=tmp_path / "take.mid", journal=folder)
    assert len(read_song(tmp_path / "take.mid").notes) == NOTES
    (path,) = find_journals(folder)
    assert len(recover(path).tracks[0].notes) == NOTES
    assert "it was started again in the same place, with everything it held" in said[0]


def test_a_crash_leaves_the_spool_and_the_next_jam_says_so(tmp_path: Path, said: list[str]) -> None:
    left = tmp_path / "left.jsonl"

    def crash(start_up: StartUp) -> None:
        assert start_up.journal is not None
        shutil.copy(start_up.journal, left)

    played(said, crash, record=tmp_path / "take.mid")
    spool = left.rename(tmp_path / ".take.mid.spool.jsonl")
    said.clear()
    played(said, record=tmp_path / "take.mid")
    assert said[0].startswith(f"{spool}: an earlier recording that was not finished")
    assert spool.exists()


def test_where_the_recording_cannot_be_written_what_was_played_is_kept_and_named(
    tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise FileError("no room at all")

    monkeypatch.setattr("bollylive.jam_files.write_recording", fail)
    with pytest.raises(FileError, match="no room at all"):
        played(said, record=tmp_path / "take.mid", journal=tmp_path / "journal")
    spool = tmp_path / ".take.mid.spool.jsonl"
    assert said[0].startswith(f"{spool}: what was played is kept here")
    assert said[1].startswith("journal ")
    assert len(recover(spool).tracks[0].notes) == NOTES


def test_a_name_too_long_for_a_spool_beside_it_leaves_one_elsewhere(tmp_path: Path, said: list[str]) -> None:
    played(said, record=tmp_path / f"{'a' * 245}.mid")
    assert "The recording in progress is in" in said[0]
    assert len(read_song(tmp_path / f"{'a' * 245}.mid").notes) == NOTES


def test_without_ports_nothing_is_left(tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: StartUp) -> None:
        raise PortError("no MIDI system")

    monkeypatch.setattr(FakeSupervisor, "notes", 0)
    with pytest.raises(PortError):
        played(said, fail, record=tmp_path / "take.mid", journal=tmp_path / "journal")
    assert list(tmp_path.glob("**/*.*")) == []
    assert said == []


@pytest.mark.parametrize("lacks", [".onnx", ".json"])
def test_a_model_that_lacks_a_file_is_told_before_anything_begins(
    lacks: str, tmp_path: Path, said: list[str], tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tmp_path / "own-v1.onnx"
    for ending in {".onnx", ".json"} - {lacks}:
        shutil.copyfile(tiny_model.with_suffix(ending), model.with_suffix(ending))
    before = set(tmp_path.iterdir())
    monkeypatch.setattr(jam_module, "Supervisor", None)
    with pytest.raises(ModelError, match="own-v1"):
        jam(Set(model=str(model)), JamOptions(record=tmp_path / "take.mid", journal=tmp_path / "journal"), said.append)
    assert said == []
    assert set(tmp_path.iterdir()) == before
