"""The pipe between the processes, with both ends in one."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys

import pytest

from bollylive.clock.anchor import Anchor
from bollylive.midi.messages import NoteOn, Raw
from bollylive.processes.pipe import Bell, Pipe
from bollylive.protocol import Heard, Play, Release

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
