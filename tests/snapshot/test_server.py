"""Snapshots for other programs: what they receive, and that none of them can disturb the band."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from snapshot_band import Turns, playing
from stage import until

from bollylive.snapshot import server as snapshot_server
from bollylive.snapshot.address import Address, connect, find_addresses, new_socket_name, write_address
from bollylive.snapshot.format import Snapshot, Vitals
from bollylive.snapshot.reader import SnapshotReader
from bollylive.snapshot.server import MOST_READERS, SnapshotServer

NOTHING = Snapshot("Nobody", 0.0, 96.0, True, False, (), 0, 0)
LIMIT_S = 5.0


def name_read(reader: SnapshotReader) -> str | None:
    snapshot = reader.read()
    return snapshot.name if snapshot else None


def ask_and_go(folder: Path) -> bool:
    """A whole handshake and a question, and gone before the answer; False if there was no place."""
    reader = SnapshotReader(folder)
    reader.read()
    if reader._connection is None:
        return False
    reader._connection.send_bytes(b"?")
    reader.close()
    return True


def test_a_reader_gets_what_the_engine_shows_with_the_vitals(tmp_path: Path) -> None:
    asked = threading.Event()
    server = SnapshotServer(tmp_path, asked.set)
    server.start()
    server.vitals = Vitals(leader="midi", late=3)
    turns, reader = Turns(server, asked, "Trio"), SnapshotReader(tmp_path)
    snapshot = reader.read()
    turns.end()
    assert snapshot is not None
    assert (snapshot.name, snapshot.vitals) == ("Trio", Vitals(leader="midi", late=3))
    reader.close()
    server.close()
    assert not list(tmp_path.iterdir())


def test_nothing_is_asked_of_the_engine_while_nobody_reads(tmp_path: Path) -> None:
    with playing(tmp_path) as turns:
        reader = SnapshotReader(tmp_path)
        assert turns.shown == 0
        reader.read()
        assert turns.shown == 1
        reader.close()
        assert not until(lambda: turns.shown > 1, 0.05)


def test_each_answer_is_a_new_one_but_no_more_often_than_sixty_times_a_second(tmp_path: Path) -> None:
    with playing(tmp_path) as turns:
        readers = [SnapshotReader(tmp_path) for _ in range(3)]
        beats = [snapshot.beat for _ in range(4) for reader in readers if (snapshot := reader.read())]
        assert beats == sorted(beats)
        assert beats[-1] == turns.shown > 1
        assert turns.shown < len(beats)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")
def test_only_the_user_can_read_the_address_and_call_it(tmp_path: Path) -> None:
    with playing(tmp_path / "running"):
        modes = {path.suffix: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "running").iterdir()}
        assert modes == {".json": 0o600, ".sock": 0o600}
        assert stat.S_IMODE((tmp_path / "running").stat().st_mode) == 0o700


def test_a_reader_without_the_key_reads_nothing(tmp_path: Path) -> None:
    with playing(tmp_path):
        (address,) = find_addresses(tmp_path)
        address.file.write_text(address.file.read_text().replace(address.key.hex(), "00" * 32))
        assert SnapshotReader(tmp_path).read() is None


def test_without_a_band_there_is_no_snapshot() -> None:
    assert SnapshotReader(Path("nowhere")).read() is None


def test_the_newest_band_is_read_and_the_others_do_not_disturb(tmp_path: Path) -> None:
    with playing(tmp_path, "first"):
        with playing(tmp_path, "second"):
            reader = SnapshotReader(tmp_path)
            assert name_read(reader) == "second"
        assert name_read(reader) == "first"


def test_only_the_wanted_processes_are_read(tmp_path: Path) -> None:
    with playing(tmp_path):
        assert name_read(SnapshotReader(tmp_path, {os.getpid()})) == "Trio"
        assert SnapshotReader(tmp_path, {os.getpid() + 1}).read() is None


def test_a_reader_goes_from_one_engine_to_the_next(tmp_path: Path) -> None:
    reader = SnapshotReader(tmp_path)
    with playing(tmp_path, "first"):
        assert name_read(reader) == "first"
    assert reader.read() is None
    with playing(tmp_path, "second"):
        assert name_read(reader) == "second"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows removes a pipe with its process")
@pytest.mark.parametrize("is_bound", [False, True], ids=["without a socket", "with a socket"])
def test_what_a_killed_program_left_is_removed(tmp_path: Path, is_bound: bool) -> None:
    path = new_socket_name(tmp_path, "dead")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        write_address(tmp_path, "dead", path, b"key")
    if not is_bound:
        Path(path).unlink()
    assert len(find_addresses(tmp_path)) == 1
    with playing(tmp_path):
        assert len(find_addresses(tmp_path)) == 1
        assert name_read(SnapshotReader(tmp_path)) == "Trio"
    assert not list(tmp_path.iterdir())


def test_files_that_are_no_addresses_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.json").write_text("[]")
    (tmp_path / "half.json").write_text('{"socket": ')
    with playing(tmp_path):
        assert name_read(SnapshotReader(tmp_path)) == "Trio"
    assert {path.name for path in tmp_path.iterdir()} == {"notes.json", "half.json"}


def test_readers_that_go_in_mid_read_leave_the_others_their_place(tmp_path: Path) -> None:
    with playing(tmp_path):
        for _ in range(3 * MOST_READERS):
            assert until(lambda: ask_and_go(tmp_path), LIMIT_S)
        assert until(lambda: name_read(SnapshotReader(tmp_path)) == "Trio", LIMIT_S)


def test_a_reader_that_is_killed_leaves_the_others_their_place(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from bollylive.snapshot.reader import SnapshotReader\n"
        "reader = SnapshotReader(Path(sys.argv[1]))\n"
        "while reader.read(): print(flush=True)"
    )
    with playing(tmp_path):
        process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert name_read(SnapshotReader(tmp_path)) == "Trio"


def test_a_reader_that_connects_and_sends_nothing_does_not_block_the_others(tmp_path: Path) -> None:
    with playing(tmp_path):
        (address,) = find_addresses(tmp_path)
        mute = [connect(address) for _ in range(MOST_READERS - 1)]
        assert until(lambda: name_read(SnapshotReader(tmp_path)) == "Trio", LIMIT_S)
        for connection in filter(None, mute):
            connection.close()


@pytest.mark.skipif(sys.platform == "win32", reason="there, a mute reader keeps its place")
def test_a_reader_that_sends_nothing_for_long_loses_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot_server, "_READER_LIMIT_S", 0.02)
    with playing(tmp_path):
        (address,) = find_addresses(tmp_path)
        mute = [connect(address) for _ in range(3 * MOST_READERS)]
        assert until(lambda: name_read(SnapshotReader(tmp_path)) == "Trio", LIMIT_S)
        assert all(mute)


def test_of_a_hundred_readers_some_are_served_without_more_work_for_the_engine(tmp_path: Path) -> None:
    with playing(tmp_path) as turns:
        readers = [SnapshotReader(tmp_path) for _ in range(100)]
        served = [reader for reader in readers if reader.read() is not None]
        assert 1 <= len(served) <= MOST_READERS
        shown = turns.shown
        assert all(reader.read() is not None for reader in served)
        assert turns.shown <= shown + MOST_READERS
        for reader in readers:
            reader.close()
        assert until(lambda: name_read(SnapshotReader(tmp_path)) == "Trio", LIMIT_S)


def test_an_engine_that_has_no_time_is_shown_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot_server, "_ENGINE_LIMIT_S", 0.01)
    server = SnapshotServer(tmp_path, lambda: None)
    server.start()
    reader = SnapshotReader(tmp_path)
    assert reader.read() is None
    server.publish(NOTHING)
    assert name_read(reader) == "Nobody"
    assert server.is_wanted()
    server.close()


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        SnapshotServer(tmp_path / "file" / "running", lambda: None).start()


def test_a_socket_whose_path_would_be_too_long_lies_elsewhere() -> None:
    deep = Path("/home") / ("very" * 30)
    assert Path(new_socket_name(Path("/run"), "abc", "linux")) == Path("/run/abc.sock")
    assert len(new_socket_name(deep, "abc", "linux")) < 104
    assert new_socket_name(deep, "abc", "win32") == r"\\.\pipe\bollylive-abc"


def test_addresses_are_found_newest_first_also_when_the_clock_is_set_back_between_them(tmp_path: Path) -> None:
    for hours, token in enumerate("bac"):
        (tmp_path / token).touch()
        address: Address = write_address(tmp_path, token, str(tmp_path / token), b"key")
        os.utime(address.file, (1e9 - 3600 * hours, 1e9 - 3600 * hours))
    assert [address.file.stem for address in find_addresses(tmp_path)] == ["c", "a", "b"]
    assert {address.process for address in find_addresses(tmp_path)} == {os.getpid()}
