"""The set file is read on a thread of its own, so that a disk which never answers holds up nobody."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest

from bollylive.processes.set_file_thread import SetFileThread
from bollylive.sets.reload import POLL_S, SetWatch
from bollylive.sets.setfile import load_set
from bollylive.sets.settings import Set


def looks(file: SetFileThread, begin_s: float = 1.0) -> None:
    """A change is seen at the second look that finds the same."""
    for i in range(3):
        file.look(begin_s + POLL_S * i)


def test_a_saved_set_is_handed_over_once(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_text("")
    file = SetFileThread(SetWatch(path, lambda: load_set(path)))
    looks(file)
    assert file.take() is None
    path.write_text("tempo_bpm = 99")
    looks(file, 2.0)
    saved = file.take()
    assert isinstance(saved, Set)
    assert saved.tempo_bpm == 99
    assert file.take() is None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such pipes in folders")
def test_a_set_file_that_becomes_a_pipe_is_refused_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_text("")
    file = SetFileThread(SetWatch(path, lambda: load_set(path)))
    path.unlink()
    os.mkfifo(path)
    looks(file)
    assert file.take() == (f"{path}: this is a folder, a pipe or a device; give the name of a file.",)


def test_a_disk_that_does_not_answer_holds_up_only_the_thread(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_text("")
    answers, asked = threading.Event(), threading.Event()

    def read() -> Set:
        asked.set()
        answers.wait()
        return Set("late")

    file = SetFileThread(SetWatch(path, read))
    path.write_text("another")
    thread = threading.Thread(target=looks, args=(file,), daemon=True)
    thread.start()
    asked.wait()
    assert file.take() is None
    assert file.trouble(1.0) is None
    said = [file.trouble(7.0 + i) for i in range(3)]
    assert said == [f"{path}: its disk does not answer; what you save counts as soon as it does.", None, None]
    answers.set()
    thread.join()
    assert file.take() == Set("late")
    assert file.trouble(20.0) is None
