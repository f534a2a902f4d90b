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
from bollylive.journal.folder import running_folder
from bollylive.sets.controls import Command
from bollylive.snapshot.address import new_socket_name, write_address
from bollylive.snapshot.format import KnobSnapshot, PartSnapshot, Snapshot, Vitals
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
        "Trio plays, beat 17.2, 96.0 bpm (follows the MIDI clock)",
        "Flute: you, channel 2: the band, 4 notes ahead",
        "2 of 120 notes were late, 8 notes were left out, because they would have been too late or their key was held, "
        "the model failed 1 time",
    ]


def test_a_line_counts_notes_ahead_only_where_there_are_some() -> None:
    parts = tuple(replace(part, ahead=ahead) for part, ahead in zip(PARTS[1:2] * 3, (0, 1, 2), strict=True))
    line = describe_snapshot(replace(SNAPSHOT, parts=parts))
    assert "channel 2: the band, channel 2: the band, 1 note ahead, channel 2: the band, 2 notes ahead" in line


def test_what_went_well_is_not_mentioned() -> None:
    well = replace(SNAPSHOT, failures=0, skipped=0, vitals=Vitals())
    assert describe_snapshot(well).endswith("channel 2: the band, 4 notes ahead")


def test_a_line_answers_every_control_with_the_command_or_the_knob() -> None:
    asked = replace(VITALS, asked=Command("hand over", 0), commands=7)
    knobs = KnobSnapshot("temperature", 1.25), KnobSnapshot("density", -0.5, 1)
    answered = replace(SNAPSHOT, vitals=asked, knobs=knobs)
    assert describe_snapshot(answered).split("   ")[2:4] == [
        "temperature 1.25, density on channel 2 -0.50",
        "you asked: hand over on Flute (no. 7)",
    ]
    assert "you asked: tap (no. 8)" in describe_snapshot(
        replace(answered, vitals=replace(asked, asked=Command("tap"), commands=8))
    )


@pytest.mark.parametrize(("running", "awake", "state"), [(True, False, "waits"), (False, False, "is stopped")])
def test_a_line_says_why_nobody_plays(running: bool, awake: bool, state: str) -> None:
    silent = replace(SNAPSHOT, running=running, awake=awake, parts=())
    assert describe_snapshot(silent).startswith(f"Trio {state}, beat")
    assert "nobody is playing" in describe_snapshot(silent)


def test_a_line_ends_with_the_newest_trouble() -> None:
    troubled = replace(SNAPSHOT, vitals=replace(VITALS, trouble=("The first.", "The clock is lost.")))
    assert describe_snapshot(troubled).endswith("   The clock is lost.")
    assert "The first." not in describe_snapshot(troubled)
    told = troubled.vitals.trouble
    assert "lost." not in describe_snapshot(troubled, told)
    again = replace(troubled, vitals=replace(troubled.vitals, trouble=(*told[1:], "The clock is back.")))
    assert describe_snapshot(again, told).endswith("   The clock is back.")


def test_without_a_band_it_says_so_once_and_waits_for_one(tmp_path: Path) -> None:
    lines: list[str] = []
    watcher = threading.Thread(target=watch, args=(tmp_path, 60.0, False, lines.append, 5.0), daemon=True)
    watcher.start()
    assert until(lambda: bool(lines), 5.0)
    with playing(tmp_path):
        assert until(lambda: len(lines) > 1, 5.0)
    assert "`bollylive jam` starts it, Ctrl-C ends this" in lines[0]
    assert lines[1].startswith("Trio plays")


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


def test_the_command_waits_for_as_long_as_it_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["watch", "--seconds", "0.05"]) == 0
    assert capsys.readouterr().out.count("waiting for one") == 1
    assert main(["watch", "--seconds", "0.05", "--json"]) == 0
    assert capsys.readouterr().out == ""


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
    assert describe_snapshot(hung).endswith("   The supervisor does not answer.")


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
    assert set(lines) == {"The engine does not answer."}
