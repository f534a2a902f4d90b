"""`bollylive watch`: the lines, and how it follows a real band from one engine to the next."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
from contextlib import ExitStack, suppress
from dataclasses import replace
from multiprocessing.connection import Listener
from pathlib import Path

import pytest
from snapshot_band import playing
from stage import engine_of, jam, until

from bollylive import watch as watch_module
from bollylive.cli import main
from bollylive.errors import BollyLiveError
from bollylive.journal.folder import running_folder
from bollylive.snapshot.address import new_socket_name, write_address
from bollylive.snapshot.format import PartSnapshot, Snapshot, Vitals
from bollylive.snapshot.reader import SnapshotReader
from bollylive.watch import describe_snapshot, watch

PARTS = (
    PartSnapshot(0, "Flute", "continue", 73, "musician", 0, ()),
    PartSnapshot(1, "", "accompany", 33, "model", 4, ()),
    PartSnapshot(2, "Harp", "continue", 46, None, 0, ()),
)
VITALS = Vitals("midi", planned=120, late=2, dropped=3)
SNAPSHOT = Snapshot("Trio", 17.25, 96.0, True, True, PARTS, failures=1, skipped=5, vitals=VITALS)


def test_a_line_says_how_the_band_is_doing() -> None:
    assert describe_snapshot(SNAPSHOT).split("   ") == [
        "Trio plays, beat 17.2, 96.0 bpm (midi)",
        "Flute you, 2 +4",
        "late 2 of 120, dropped 3, failures 1, skipped 5",
    ]


@pytest.mark.parametrize(("running", "awake", "state"), [(True, False, "waits"), (False, False, "is stopped")])
def test_a_line_says_why_nobody_plays(running: bool, awake: bool, state: str) -> None:
    silent = replace(SNAPSHOT, running=running, awake=awake, parts=())
    assert describe_snapshot(silent).startswith(f"Trio {state}, beat")
    assert "nobody is playing" in describe_snapshot(silent)


def test_a_line_ends_with_the_newest_trouble() -> None:
    troubled = replace(SNAPSHOT, vitals=replace(VITALS, trouble=("The first.", "The clock is lost.")))
    assert describe_snapshot(troubled).endswith("   The clock is lost.")
    assert "The first." not in describe_snapshot(troubled)


def test_without_a_band_there_is_nothing_to_watch(tmp_path: Path) -> None:
    with pytest.raises(BollyLiveError, match="bollylive jam"):
        watch(tmp_path, 1.0, False, lambda _: None)


def test_it_watches_until_the_band_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch_module, "_ABSENCE_S", 0.05)
    lines: list[str] = []
    with playing(tmp_path):
        watcher = threading.Thread(target=watch, args=(tmp_path, 60.0, True, lines.append))
        watcher.start()
        assert until(lambda: len(lines) > 2, 5.0)
    watcher.join()
    assert [json.loads(line)["name"] for line in lines[:-1]] == ["Trio"] * (len(lines) - 1)
    assert lines[-1] == "The band is gone."


def test_it_ends_after_the_seconds_that_were_asked_for(tmp_path: Path) -> None:
    lines: list[str] = []
    with playing(tmp_path):
        watch(tmp_path, 50.0, False, lines.append, seconds=0.1)
    assert 1 <= len(lines) <= 6
    assert lines[0].startswith("Trio plays")


def test_the_command_says_that_nobody_plays(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["watch"]) == 1
    assert "start one with `bollylive jam`" in capsys.readouterr().err


@pytest.mark.ports
def test_a_reader_survives_the_engine_that_it_reads(jack_server: dict[str, str]) -> None:
    with jam() as process:
        reader = SnapshotReader(running_folder())
        before = reader.read()
        assert before is not None
        assert [part.name for part in before.parts][:2] == ["Melody", "Bass"]
        os.kill(engine_of(process), signal.SIGKILL)
        assert until(lambda: reader.read() is not None, 10.0)

        def says_why() -> bool:
            after = reader.read()
            return after is not None and any("another one is starting" in text for text in after.vitals.trouble)

        assert until(says_why, 5.0)
        reader.close()
        process.terminate()
        process.wait(10)


def test_a_supervisor_that_hangs_is_shown() -> None:
    hung = replace(SNAPSHOT, vitals=replace(VITALS, hung="supervisor"))
    assert describe_snapshot(hung).endswith("   hung: the supervisor does not answer")


@pytest.mark.parametrize("calls", [0, 40])
def test_a_band_that_does_not_answer_is_hung_and_not_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: int
) -> None:
    monkeypatch.setattr("bollylive.snapshot.reader._ANSWER_LIMIT_S", 0.02)
    monkeypatch.setattr("bollylive.snapshot.connecting._CONNECT_LIMIT_S", 0.02)
    monkeypatch.setattr(watch_module, "_ABSENCE_S", 0.0)
    path = new_socket_name(tmp_path, "5" * 16)
    lines: list[str] = []
    with Listener(path), ExitStack() as clients:  # it listens but never accepts
        write_address(tmp_path, "5" * 16, path, b"key")
        for _ in range(calls):  # of whom only a few find room in the queue
            client = clients.enter_context(socket.socket(socket.AF_UNIX))
            client.setblocking(False)
            with suppress(BlockingIOError):
                client.connect(path)
        watch(tmp_path, 50.0, False, lines.append, seconds=0.1)
    assert set(lines) == {"hung: the engine does not answer"}
