"""The engine as the io process has it: started, watched and replaced, on virtual time."""

from __future__ import annotations

from typing import Any

import pytest
from virtual import FakeEngineProcess, VirtualTime

from bollylive.processes.engine_link import EngineLink
from bollylive.processes.watchdog import HANG_S, START_LIMIT_S
from bollylive.protocol import EngineStartUp, Heartbeat, Ready, ReplayRequest, Restoring
from bollylive.sets.live_set import LiveSet
from bollylive.sets.settings import Set

BAND = Set(name="Trio", temperature=1.0)
LONG_S = 10.0  # after so long a death is no failure of the start


class Engines:
    """The engines that were started, as long as there is memory for another `left`."""

    def __init__(self) -> None:
        self.time = VirtualTime()
        self.live = LiveSet(BAND)
        self.started: list[FakeEngineProcess] = []
        self.left = 99

    def start(self, start_up: EngineStartUp) -> FakeEngineProcess:
        if not self.left:
            raise OSError("no memory")
        self.left -= 1
        self.started.append(FakeEngineProcess(start_up, self.time))
        return self.started[-1]

    def link(self, **options: Any) -> EngineLink:
        return EngineLink(self.live, 7, "night.jsonl", 9, start=self.start, timer=self.time.timer, **options)

    @property
    def newest(self) -> EngineStartUp:
        return self.started[-1].start_up


@pytest.fixture
def engines() -> Engines:
    return Engines()


def received(link: EngineLink, timeout_s: float) -> list[object]:
    """What the engine says first, within a time."""
    return list(link.receive()) if link.wait(timeout_s) else []


def live(link: EngineLink, engines: Engines, seconds: float = LONG_S) -> None:
    """Let the engine give signs of life for a while."""
    until_s = engines.time.now_s + seconds
    while engines.time.now_s < until_s:
        engines.started[-1].say(Heartbeat())
        assert received(link, 0.1) == []
        assert link.loss(engines.time.now_s) is None
        engines.time.sleep(0.1)


def test_the_first_engine_begins_and_the_next_one_replays_the_journal_up_to_now(engines: Engines) -> None:
    link = engines.link()
    assert engines.newest == EngineStartUp(BAND, 7, "night.jsonl", None, 9)
    live(link, engines)
    assert link.replace()
    assert engines.newest.replay == ReplayRequest("night.jsonl", engines.time.now_s, keys_held=True)
    assert engines.started[0].ended


def test_an_io_process_that_takes_over_lets_its_first_engine_replay_the_journal(engines: Engines) -> None:
    engines.link(resume=True)
    assert engines.newest.replay == ReplayRequest("night.jsonl", engines.time.now_s, keys_held=False)


def test_the_journal_may_be_what_kills_it_so_it_is_replayed_once(engines: Engines) -> None:
    link = engines.link()
    replays = []
    while link.replace():
        replays.append(engines.newest.replay is not None)
    assert replays == [True, False, False]
    assert link.alone


def test_an_engine_that_is_never_heard_of_counts_as_a_failure_however_late(engines: Engines) -> None:
    link = engines.link()
    for replays in (True, False, False):
        engines.time.sleep(LONG_S)
        assert link.replace()
        assert (engines.newest.replay is not None) == replays
    engines.time.sleep(LONG_S)
    assert not link.replace()


def test_after_a_minute_without_an_engine_another_one_is_tried_without_the_journal(engines: Engines) -> None:
    link = engines.link()
    while link.replace():
        pass
    for _ in range(2):
        began_s = engines.time.now_s
        assert link.loss(began_s) is None
        assert received(link, 59.9) == []  # it sleeps
        assert engines.time.now_s == pytest.approx(began_s + 59.9)
        assert link.loss(engines.time.now_s) is None
        engines.time.sleep(0.2)
        assert link.loss(engines.time.now_s) == "is gone"
        assert link.replace()
        assert not link.alone
        assert engines.newest.replay is None
        assert not link.replace()


def test_where_no_process_can_be_had_it_is_tried_again_too(engines: Engines) -> None:
    link = engines.link()
    live(link, engines)
    engines.left = 0
    assert not link.replace()
    engines.left = 1
    engines.time.sleep(61.0)
    assert link.loss(engines.time.now_s) == "is gone"
    assert link.replace()


def test_an_engine_whose_pipe_closes_has_ended(engines: Engines) -> None:
    link = engines.link()
    engines.started[-1].say(Ready("fake", 8))
    engines.started[-1].die()
    assert received(link, 1.0) == [Ready("fake", 8)]
    assert link.loss(engines.time.now_s) == "ended unexpectedly"


def test_an_engine_without_a_heartbeat_hangs(engines: Engines) -> None:
    link = engines.link()
    live(link, engines, HANG_S)
    assert silent_until_lost_s(link, engines) == pytest.approx(HANG_S, abs=0.2)


def test_one_that_still_loads_or_replays_has_longer(engines: Engines) -> None:
    link = engines.link()
    assert silent_until_lost_s(link, engines) == pytest.approx(START_LIMIT_S, abs=0.2)
    link = engines.link()
    live(link, engines, HANG_S)
    engines.started[-1].say(Restoring())
    assert received(link, 0.0) == []
    assert silent_until_lost_s(link, engines) == pytest.approx(START_LIMIT_S, abs=0.2)


def silent_until_lost_s(link: EngineLink, engines: Engines) -> float:
    began_s = engines.time.now_s
    while (loss := link.loss(engines.time.now_s)) is None:
        engines.time.sleep(0.1)
    assert loss == "hangs"
    return engines.time.now_s - began_s


def test_another_engine_has_the_present_set(engines: Engines) -> None:
    link = engines.link()
    engines.live.band = Set(name="Duo")
    link.replace()
    assert engines.newest.band == Set(name="Duo")
    link.send(Set(name="Solo"))
    link.flush()
    assert engines.started[-1].heard() == [Set(name="Solo")]


def test_each_engine_inherits_the_copy_of_the_model(engines: Engines) -> None:
    link = engines.link()
    link.replace()
    assert [process.start_up.model for process in engines.started] == [9, 9]


def test_at_the_end_an_engine_may_tidy_up_but_one_that_is_replaced_is_gone_at_once(engines: Engines) -> None:
    link = engines.link()
    live(link, engines)
    link.replace()
    link.end()
    assert [engine.may_leave for engine in engines.started] == [False, True]
    assert [engine.ended for engine in engines.started] == [True, True]
