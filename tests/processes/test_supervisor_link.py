"""The link between an io process and its supervisor, with both ends in one process."""

from __future__ import annotations

import multiprocessing

from bollylive.processes.pipe import Pipe
from bollylive.processes.supervisor_link import HEARTBEAT_S, SupervisorLink
from bollylive.protocol import Finish, Heartbeat, Notice
from bollylive.sets.settings import Set


def ends() -> tuple[SupervisorLink, Pipe]:
    ours, theirs = multiprocessing.Pipe()
    return SupervisorLink(Pipe(ours)), Pipe(theirs)


def test_the_heart_beats_four_times_a_second_however_often_it_is_attended() -> None:
    supervisor_link, supervisor = ends()
    for i in range(10_000):
        assert supervisor_link.attend(100.0 + i / 1000) == []
    assert supervisor.receive() == [Heartbeat()] * round(10.0 / HEARTBEAT_S)


def test_sentences_go_up_at_the_next_turn_and_orders_come_down_soon() -> None:
    supervisor_link, supervisor = ends()
    supervisor_link.say("Namaste.")
    supervisor_link.attend(1.0)
    assert supervisor.receive() == [Notice("Namaste."), Heartbeat()]
    supervisor.put([Set(name="other"), Finish()])
    supervisor.flush()
    assert [order for turn in range(100) for order in supervisor_link.attend(1.0 + turn / 1000)] == [
        Set(name="other"),
        Finish(),
    ]


def test_without_a_supervisor_it_is_time_to_finish() -> None:
    supervisor_link, supervisor = ends()
    supervisor.close()
    assert supervisor_link.attend(1.0) == [Finish()]


def test_the_last_words_leave_before_it_closes() -> None:
    supervisor_link, supervisor = ends()
    supervisor_link.say("Bye.")
    supervisor_link.close()
    assert supervisor.receive() == [Notice("Bye.")]
