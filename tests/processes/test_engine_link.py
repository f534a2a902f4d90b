"""The engine as the port process has it, with engines that only take what they are given."""

from __future__ import annotations

import os
import time
from multiprocessing.connection import Connection
from typing import Any

import pytest

from bollylive.processes import engine_link
from bollylive.processes.engine_link import EngineLink
from bollylive.sets.band import Set
from bollylive.sets.controls import Command

BAND = Set(name="Trio", temperature=1.0)


class Engines:
    """Those that were started: what each was given first."""

    def __init__(self) -> None:
        self._ends: list[Connection] = []

    def spawn(self, _room: str, connection: Connection, files: list[int]) -> Engines:
        self.files = files
        self._ends.append(Connection(os.dup(connection.fileno())))
        return self

    def end(self) -> None:
        """Nothing runs here."""

    def listen(self) -> Any:
        return self._ends[-1].recv()


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> Engines:
    engines = Engines()
    monkeypatch.setattr(engine_link, "spawn", engines.spawn)
    return engines


def test_the_first_engine_begins_and_the_next_one_remembers(engines: Engines) -> None:
    link = EngineLink(BAND, 7, "night.jsonl")
    assert engines.listen() == (BAND, 7, "night.jsonl", None, None)
    assert link.revive()
    band, seed, journal, replay_request, _ = engines.listen()
    assert (band, seed, journal, replay_request.journal, replay_request.keys_held) == (
        BAND,
        7,
        "night.jsonl",
        "night.jsonl",
        True,
    )
    assert replay_request.until_s <= time.perf_counter()


def test_what_it_remembers_may_be_what_kills_it_and_after_three_no_more_come(engines: Engines) -> None:
    link = EngineLink(BAND, 7, "night.jsonl")
    memoirs = []
    while link.revive():
        memoirs.append(engines.listen()[3])
    assert [replay_request is not None for replay_request in memoirs] == [True, False, False]


def test_another_engine_has_the_set_of_now_with_the_knobs_as_they_stand(engines: Engines) -> None:
    link = EngineLink(BAND, 7)
    link.turn(Command("nucleus", value=1.0))
    link.revive()
    assert engines.listen()[0] == Set(name="Trio", temperature=1.0, nucleus=1.0)
    link.use(Set(name="Duo"))
    link.pipe.flush()
    assert engines.listen() == [Set(name="Duo")]
    link.turn(Command("temperature", value=1.0))
    link.revive()
    assert engines.listen()[0] == Set(name="Duo", temperature=3.0)


def test_each_engine_inherits_the_copy_of_the_model(engines: Engines) -> None:
    link = EngineLink(BAND, 7, model=9)
    assert (engines.files, engines.listen()[-1]) == ([9], 9)
    link.revive()
    assert (engines.files, engines.listen()[-1]) == ([9], 9)


def test_one_that_never_gave_a_sign_of_life_counts_as_ailing_however_long_it_was_waited_for(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_link, "_AILING_S", 0.0)
    link = EngineLink(BAND, 7, "night.jsonl", resume=True)
    assert engines.listen()[3] is not None
    link.revive()
    assert engines.listen()[3] is not None
    link.revive()
    assert engines.listen()[3] is None
    link.hear()
    link.revive()
    assert engines.listen()[3] is not None
