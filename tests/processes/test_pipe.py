"""The pipe between the processes, with both ends in one."""

from __future__ import annotations

import multiprocessing
import pickle
import socket
import subprocess
import sys
import threading
from collections import deque
from multiprocessing.connection import Connection
from typing import Any

import pytest

from bollylive.clock.anchor import Anchor
from bollylive.midi.messages import NoteOn, Raw
from bollylive.processes.pipe import Bell, Pipe
from bollylive.processes.stream import WindowsStream
from bollylive.protocol import EngineStartUp, Heard, Play, Release, ReplayRequest
from bollylive.sets.settings import ChannelSet, Set

WORDS = [Heard(NoteOn(0, 60, 90), 1.5, 3.0), Anchor(0.0, 0.5, 1.0), Release(3)]


def ends() -> tuple[Pipe, Pipe]:
    ours, theirs = multiprocessing.Pipe()
    return Pipe(ours), Pipe(theirs)


def test_words_arrive_equal_and_in_order() -> None:
    ours, theirs = ends()
    ours.put(WORDS)
    ours.flush()
    assert theirs.wait(1.0)
    assert theirs.receive() == WORDS
    assert theirs.receive() == []


def test_nothing_is_sent_before_it_is_flushed() -> None:
    ours, theirs = ends()
    ours.put(WORDS)
    assert not theirs.wait(0.0)


def test_a_side_that_does_not_listen_never_blocks_the_other() -> None:
    ours, theirs = ends()
    many = [Release(i % 16) for i in range(20_000)]
    ours.put(many)
    ours.flush()
    received = theirs.receive()
    assert 0 < len(received) < len(many)
    while len(received) < len(many):
        ours.flush()
        received += theirs.receive()
    assert received == many


def test_the_oldest_words_are_lost_where_nobody_listens_for_ever() -> None:
    ours, _ = ends()
    ours.put(Release(i % 16) for i in range(60_000))
    assert ours.lost == 10_000


def test_an_end_that_is_gone_is_noticed_by_both_directions() -> None:
    ours, theirs = ends()
    theirs.close()
    assert ours.receive() == []
    assert ours.closed
    assert not ours.wait(0.0)

    ours, theirs = ends()
    theirs.close()
    ours.put(WORDS)
    ours.flush()
    ours.put(WORDS)
    ours.flush()
    assert ours.closed


def test_what_was_sent_before_the_end_is_still_received() -> None:
    ours, theirs = ends()
    theirs.put(WORDS)
    theirs.flush()
    theirs.close()
    assert ours.receive() == WORDS
    assert ours.closed


def test_a_play_keeps_its_exact_beats() -> None:
    from bollylive.midi.messages import Note

    ours, theirs = ends()
    word = Play(Note(2, 60, 80, 1 / 3, 1 / 7), 5)
    ours.put([word])
    ours.flush()
    assert theirs.receive() == [word]


def test_a_bell_ends_a_wait_for_words_that_do_not_come() -> None:
    ours, theirs = ends()
    bell = Bell()
    assert not ours.wait(0.001, bell)
    bell.ring()
    assert ours.wait(60.0, bell)
    assert ours.receive() == []
    bell.quieten()
    assert not ours.wait(0.001, bell)
    theirs.close()


def test_a_bundle_larger_than_any_buffer_neither_blocks_its_sender_nor_its_receiver() -> None:
    ours, theirs = ends()
    long = [Heard(Raw(bytes((0xF0, *bytes(65_000), i, 0xF7))), 1.0, 2.0) for i in range(64)]
    ours.put(long)
    assert not ours.flush()
    assert theirs.receive() == []  # the bundle is not whole yet
    received: list[object] = []
    while not received:
        ours.flush()
        received += theirs.receive()
    assert received == long
    assert ours.flush()


def test_what_an_end_that_died_in_the_middle_of_a_bundle_has_sent_before_is_still_received() -> None:
    ours, theirs = ends()
    ours.put(WORDS)
    ours.flush()
    ours.put([bytes(2**20)])
    assert not ours.flush()
    ours.close()
    received = theirs.receive()
    while not theirs.closed:
        received += theirs.receive()
    assert received == WORDS


def test_what_an_end_that_is_gone_has_sent_before_is_received_though_a_send_noticed_it() -> None:
    ours, theirs = ends()
    theirs.put(WORDS)
    theirs.flush()
    theirs.close()
    ours.put([Release(0)])
    ours.flush()
    assert ours.closed
    assert ours.wait(60.0)
    assert ours.receive() == WORDS
    assert not ours.wait(0.0)
    assert ours.receive() == []


posix_alone = pytest.mark.skipif(sys.platform == "win32", reason="Windows has pipes of another kind")
SMALL_BYTES = 8192  # what macOS gives to a pair of sockets

BAND = Set(channels=tuple(ChannelSet(channel, "a long name " * 5) for channel in range(16)))
FIRST = [EngineStartUp(BAND, 1, "j" * 60_000, ReplayRequest("j" * 60_000, 1.0, keys_held=True)), BAND]


def small_ends() -> tuple[Connection, Connection]:
    """Both ends of a pipe that holds about as much as that of macOS."""
    pair = socket.socketpair()
    for end in pair:
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            end.setsockopt(socket.SOL_SOCKET, option, SMALL_BYTES // 2)  # Linux doubles it
    return Connection(pair[0].detach()), Connection(pair[1].detach())


@posix_alone
def test_a_first_message_larger_than_a_small_buffer_leaves_in_pieces_and_nothing_waits_for_a_reader_that_stalls() -> (
    None
):
    ours, theirs = map(Pipe, small_ends())
    ours.put(FIRST)
    sent: list[object] = [*FIRST]
    for i in range(500):  # a stalled reader: each of these calls returns
        assert not ours.flush()
        ours.put([Release(i % 16)])
        sent.append(Release(i % 16))
    received = theirs.receive()
    assert received == []
    while not ours.flush():
        received += theirs.receive()
    received += theirs.receive()
    assert received == sent


@posix_alone
def test_who_waits_for_an_answer_sends_the_rest_of_its_question_meanwhile() -> None:
    connection, theirs = small_ends()
    ours = Pipe(connection)
    ours.put(FIRST)
    assert not ours.flush()
    asked: list[Any] = []

    def answer() -> None:  # as a process does that begins: it waits for its first message
        asked.extend(theirs.recv())
        theirs.send(["begun"])

    process = threading.Thread(target=answer, daemon=True)
    process.start()
    assert ours.wait(60.0)
    assert ours.receive() == ["begun"]
    process.join()
    assert asked == FIRST


@posix_alone
def test_who_waits_in_vain_for_room_and_an_answer_waits_no_longer_than_asked_for() -> None:
    ours, theirs = map(Pipe, small_ends())
    ours.put(FIRST)
    assert not ours.flush()
    assert not ours.wait(0.003)
    assert not ours.wait(0.0)
    theirs.put(["begun"])
    theirs.flush()
    assert ours.wait(0.0)


class FakeWinapi:
    """A Windows pipe: a message that finds no room is taken as soon as what came before has been read."""

    def __init__(self, room_bytes: int) -> None:
        self.room_bytes = room_bytes
        self.taken: deque[bytes] = deque()
        self.waiting: deque[FakeWrite] = deque()
        self.closed = False

    def WriteFile(self, _handle: int, data: bytes, *, overlapped: bool) -> tuple[FakeWrite, int]:  # noqa: N802
        assert overlapped, "this would wait for the reader"
        if self.closed:
            raise BrokenPipeError
        assert not self.waiting, "multiprocessing allows one at a time"
        write = FakeWrite(data)
        self.waiting.append(write)
        self._take()
        return write, 0 if write.error == 0 else 997  # ERROR_IO_PENDING

    def read(self) -> bytes | None:
        """The next whole message; a message for which there is no room is handed over as it waits."""
        if self.taken:
            data = self.taken.popleft()
        elif self.waiting:
            write = self.waiting.popleft()
            data, write.error = write.data, 0
        else:
            return None
        self._take()
        return data

    def close(self) -> None:
        self.closed = True
        for write in self.waiting:
            write.error = 995  # ERROR_OPERATION_ABORTED

    def _take(self) -> None:
        while self.waiting and sum(map(len, self.taken)) + len(self.waiting[0].data) <= self.room_bytes:
            write = self.waiting.popleft()
            write.error = 0
            self.taken.append(write.data)


class FakeWrite:
    def __init__(self, data: bytes) -> None:
        self.data, self.error = data, 996  # ERROR_IO_INCOMPLETE

    def GetOverlappedResult(self, wait: bool) -> tuple[int, int]:  # noqa: N802
        assert not wait, "this would wait for the reader"
        return len(self.data), self.error


def test_on_windows_nothing_waits_for_a_reader_that_stalls_and_everything_arrives_in_order() -> None:
    system = FakeWinapi(room_bytes=SMALL_BYTES)
    stream = WindowsStream(Connection(socket.socketpair()[0].detach()), system)
    bundles: list[list[Any]] = [[*FIRST], [Release(1)], [Release(2)] * 64, [*FIRST], [Release(3)]]
    left = deque(bundles)
    read: list[Any] = []
    for _ in range(1000):
        if stream.flush() and left:
            stream.put(left.popleft())
        assert len(left) >= 4  # the reader stalls
    while len(read) < len(bundles):
        if (data := system.read()) is not None:
            read.append(pickle.loads(data))
        if stream.flush() and left:
            stream.put(left.popleft())
    assert read == bundles
    assert stream.flush()


def test_on_windows_an_end_that_is_gone_is_noticed_before_and_during_a_send() -> None:
    for stalls in (False, True):
        system = FakeWinapi(room_bytes=10)
        stream = WindowsStream(Connection(socket.socketpair()[0].detach()), system)
        stream.put([Release(1)])
        if stalls:
            assert not stream.flush()
        system.close()
        with pytest.raises(BrokenPipeError):
            stream.flush()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows waits for pipes in another way")
def test_a_pipe_whose_number_is_too_large_for_select_works_as_any_other() -> None:
    code = """if True:
        import multiprocessing, os, resource
        from bollylive.processes.pipe import Bell, Pipe
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
        files = [os.dup(0) for _ in range(1100)]
        ours, theirs = multiprocessing.Pipe()
        assert ours.fileno() > 1023
        ours, theirs, bell = Pipe(ours), Pipe(theirs), Bell()
        assert not ours.wait(0.001)
        theirs.put([7])
        theirs.flush()
        assert ours.wait(60.0) and ours.receive() == [7]
        bell.ring()
        assert ours.wait(60.0, bell)
        print("well")
    """
    ended = subprocess.run(
        [sys.executable, "-c", code], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert (ended.stdout, ended.stderr) == ("well\n", "")
