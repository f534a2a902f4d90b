"""The line between a port process and its warden, with both ends in one process."""

from __future__ import annotations

import multiprocessing

from bollylive.processes.pipe import Pipe
from bollylive.processes.supervisor_link import HEARTBEAT_S, Uplink
from bollylive.protocol import Alive, Finish, Said
from bollylive.sets.band import Set


def ends() -> tuple[Uplink, Pipe]:
    ours, theirs = multiprocessing.Pipe()
    return Uplink(Pipe(ours)), Pipe(theirs)


def test_the_heart_beats_four_times_a_second_however_often_it_is_attended() -> None:
    uplink, warden = ends()
    for i in range(10_000):
        assert uplink.attend(100.0 + i / 1000) == []
    assert warden.receive() == [Alive()] * round(10.0 / HEARTBEAT_S)


def test_sentences_go_up_at_the_next_turn_and_orders_come_down_soon() -> None:
    uplink, warden = ends()
    uplink.say("Namaste.")
    uplink.attend(1.0)
    assert warden.receive() == [Said("Namaste."), Alive()]
    warden.put([Set(name="other"), Finish()])
    warden.flush()
    assert [order for turn in range(100) for order in uplink.attend(1.0 + turn / 1000)] == [Set(name="other"), Finish()]


def test_without_a_warden_it_is_time_to_finish() -> None:
    uplink, warden = ends()
    warden.close()
    assert uplink.attend(1.0) == [Finish()]


def test_the_last_words_leave_before_it_closes() -> None:
    uplink, warden = ends()
    uplink.say("Bye.")
    uplink.close()
    assert warden.receive() == [Said("Bye.")]
