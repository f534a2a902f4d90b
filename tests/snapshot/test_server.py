"""Snapshots for other programs: what they receive, and that none of them can disturb the band."""

from __future__ import annotations

import json
import os
import pickle
import signal
import socket
import stat
import subprocess
import sys
import threading
from multiprocessing.connection import Listener
from pathlib import Path

import pytest
from snapshot_band import Turns, playing
from stage import until

from bollylive.snapshot import server as snapshot_server
from bollylive.snapshot.address import Address, find_addresses, new_socket_name, write_address
from bollylive.snapshot.connecting import connect
from bollylive.snapshot.encoding import encode
from bollylive.snapshot.format import Snapshot, Vitals
from bollylive.snapshot.handshake import admit_reader, enter_band
from bollylive.snapshot.reader import SnapshotReader
from bollylive.snapshot.server import MOST_READERS, SnapshotServer

NOTHING = Snapshot("Nobody", 0.0, 96.0, True, False, (), 0, 0)
LIMIT_S = 5.0
DEAD = "dead" * 4  # a token, like any 16 hexadecimal digits


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
    path = new_socket_name(tmp_path, DEAD)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        write_address(tmp_path, DEAD, path, b"key")
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


@pytest.mark.skipif(sys.platform == "win32", reason="there, such a reader keeps its place")
def test_readers_that_ask_and_never_read_make_nobody_wait_and_lose_their_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot_server, "_READER_LIMIT_S", 0.02)
    monkeypatch.setattr(snapshot_server, "encode", lambda snapshot: encode(snapshot) + b" " * 500_000)
    with playing(tmp_path) as turns:
        (address,) = find_addresses(tmp_path)
        asking = [connection for _ in range(MOST_READERS) if (connection := connect(address)) is not None]
        for connection in asking:
            assert enter_band(connection, address.key)
            connection.send_bytes(b"?")
        shown = turns.shown
        assert until(lambda: name_read(SnapshotReader(tmp_path)) == "Trio", LIMIT_S)
        assert turns.shown > shown  # the engine went on
        for connection in asking:
            connection.close()


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
    for hours, token in enumerate(letter * 16 for letter in "bac"):
        path = new_socket_name(tmp_path, token)
        Path(path).touch()
        address: Address = write_address(tmp_path, token, path, b"key")
        os.utime(address.file, (1e9 - 3600 * hours, 1e9 - 3600 * hours))
    assert [address.file.stem for address in find_addresses(tmp_path)] == ["c" * 16, "a" * 16, "b" * 16]
    assert {address.process for address in find_addresses(tmp_path)} == {os.getpid()}


def write_entry(folder: Path, digit: str, entry: object) -> None:
    (folder / f"{digit * 16}.json").write_text(entry if isinstance(entry, str) else json.dumps(entry))


def entry_of(folder: Path, digit: str, **changes: object) -> dict[str, object]:
    """An address that is right, but for the changes."""
    name = new_socket_name(folder, digit * 16)
    return {"socket": name, "key": "00" * 32, "process": os.getpid(), "since_s": 1e9, **changes}


@pytest.mark.skipif(sys.platform == "win32", reason="pipes and links of Unix")
def test_nothing_that_lies_in_the_folder_disturbs_band_or_reader(tmp_path: Path) -> None:
    write_entry(tmp_path, "0", "[" * 100_000)
    write_entry(tmp_path, "1", entry_of(tmp_path, "1", socket=r"\\.\pipe\x"))
    write_entry(tmp_path, "2", entry_of(tmp_path, "2", socket="\ud800"))
    write_entry(tmp_path, "3", json.dumps(entry_of(tmp_path, "3")).replace(str(os.getpid()), "1e999"))
    write_entry(tmp_path, "4", json.dumps(entry_of(tmp_path, "4")).replace("1000000000.0", "1e999"))
    write_entry(tmp_path, "5", entry_of(tmp_path, "5", process=10**300))
    write_entry(tmp_path, "6", entry_of(tmp_path, "6", key="no key"))
    write_entry(tmp_path, "7", entry_of(tmp_path, "7", socket=str(tmp_path / "bl-7777777777777777.sock\0")))
    write_entry(tmp_path, "8", " " * 10_000_000 + json.dumps(entry_of(tmp_path, "8")))
    os.mkfifo(tmp_path / f"{'9' * 16}.json")
    (tmp_path / f"{'a' * 16}.json").mkdir()
    (tmp_path / f"{'b' * 16}.json").symlink_to("/dev/zero")
    before = {path.name for path in tmp_path.iterdir()}
    with playing(tmp_path):
        assert name_read(SnapshotReader(tmp_path)) == "Trio"
    assert {path.name for path in tmp_path.iterdir()} == before


def test_a_file_that_an_address_names_is_never_removed(tmp_path: Path) -> None:
    song = tmp_path / "bl-cccccccccccccccc.sock"
    song.write_text("not a socket, whatever its name")
    write_entry(tmp_path, "c", entry_of(tmp_path, "c", socket=str(song)))
    other = tmp_path / "song.mid"
    other.write_text("notes")
    write_entry(tmp_path, "d", entry_of(tmp_path, "d", socket=str(other)))
    with playing(tmp_path):
        assert name_read(SnapshotReader(tmp_path)) == "Trio"
    assert song.exists()
    assert other.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows removes a pipe with its process")
def test_sockets_whose_address_is_gone_are_removed_also_in_the_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running, temporary = tmp_path / "state" / "running", tmp_path / "temporary"
    running.mkdir(parents=True)
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    live = temporary / f"bl-{'e' * 16}.sock"
    names = [running / f"{DEAD}.sock", temporary / f"bl-{DEAD}.sock", temporary / f"bl-{DEAD}.sock.mine"]
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(live))
        listener.listen()
        for path in names:
            with socket.socket(socket.AF_UNIX) as dead:
                dead.bind(str(path))
        (running / f"{DEAD}.new").touch()
        with playing(running):
            assert [path.exists() for path in (live, *names)] == [True, False, False, True]
        assert list(running.iterdir()) == []


def test_a_deep_home_leaves_nothing_in_the_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep, temporary = tmp_path / ("very" * 20) / "running", tmp_path / "t"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    with playing(deep):
        assert len(list(temporary.iterdir())) == (0 if sys.platform == "win32" else 1)
        assert name_read(SnapshotReader(deep)) == "Trio"
    assert [*temporary.iterdir(), *deep.iterdir()] == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")
def test_a_folder_that_others_may_write_is_closed_to_them_before_it_is_used(tmp_path: Path) -> None:
    running = tmp_path / "state" / "running"
    running.mkdir(parents=True)
    running.chmod(0o777)
    write_entry(running, "f", entry_of(running, "f"))
    assert find_addresses(running) == []
    with playing(running):
        assert stat.S_IMODE(running.stat().st_mode) == 0o700


def test_nothing_that_a_band_sends_is_run_by_its_reader(tmp_path: Path) -> None:
    """A band that knows the key but sends a pickle, which would run code as it is loaded."""
    token, ran = "1" * 16, tmp_path / "ran"

    class Bomb:
        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (ran,)

    name = new_socket_name(tmp_path, token)
    with Listener(name) as listener:
        address = write_address(tmp_path, token, name, b"key")

        def answer() -> None:
            with listener.accept() as connection:
                admit_reader(connection, address.key)
                connection.recv_bytes()
                listener.close()
                connection.send_bytes(pickle.dumps(Bomb()))

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        assert SnapshotReader(tmp_path).read() is None
    assert not ran.exists()


def test_a_reader_whose_answer_fails_gives_its_place_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with playing(tmp_path):
        with monkeypatch.context() as patch:
            patch.setattr(snapshot_server, "encode", lambda _: 1 / 0)
            for _ in range(2 * MOST_READERS):
                assert SnapshotReader(tmp_path).read() is None
        assert until(lambda: name_read(SnapshotReader(tmp_path)) == "Trio", LIMIT_S)
