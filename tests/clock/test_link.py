"""Ableton Link: real peers in a network of their own, that is only a loopback, so nobody else ever hears of them."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import pytest

from bollylive.clock.anchor import LinkBeat
from bollylive.clock.link import MEET_S, POLL_S, LinkSession, link_library
from bollylive.clock.link_discovery import LinkDiscovery
from bollylive.errors import LinkError

HERE = Path(__file__).parents[1] / "support"
LOOPBACK = "ip link set lo up multicast on && ip route add 224.0.0.0/4 dev lo"


def unavailable(reason: str) -> NoReturn:
    (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)


@pytest.fixture(scope="module")
def alone() -> list[str]:
    """What stands before a command so that it runs in a network of its own."""
    if importlib.util.find_spec("link") is None:
        unavailable("LinkPython-extern is not installed.")
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        unavailable("unshare (util-linux) and ip (iproute2) are not installed.")
    # Who is not root may have a network of their own only together with a user of their own.
    for unshare in (["unshare", "--net"], ["unshare", "--map-root-user", "--net"]):
        inside = [*unshare, "sh", "-c", f'{LOOPBACK} && exec "$@"', "sh"]
        if subprocess.run([*inside, "true"], capture_output=True, check=False).returncode == 0:
            return inside
    unavailable("This system gives nobody a network of their own.")


def meeting(alone: list[str], name: str) -> dict[str, Any]:
    command = [*alone, sys.executable, str(HERE / "link_meeting.py"), name]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE.parents[1]), *filter(None, sys.path)])}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@pytest.mark.slow
def test_whoever_comes_sets_the_tempo_and_we_never_do(alone: list[str]) -> None:
    told = meeting(alone, "meet")
    numbers = {name: told.pop(name) for name in ("their tempos", "tempo kept", "tempo stays", "least step")}
    assert told == dict.fromkeys(told, True)
    assert numbers["their tempos"] == pytest.approx([140, 70, 123], abs=0.01)
    assert numbers["tempo kept"] == numbers["tempo stays"] == pytest.approx(100, abs=0.01)
    assert numbers["least step"] >= 0


@pytest.mark.slow
def test_a_session_that_is_there_already_is_joined(alone: list[str]) -> None:
    told = meeting(alone, "come_later")
    assert told.pop("bpm") == pytest.approx(133, abs=0.01)
    assert told == dict.fromkeys(told, True)


class FakeDiscovery(LinkDiscovery):
    """Hears somebody when the test says so."""

    def __init__(self) -> None:
        self.somebody = False
        self.closed = 0

    def hears(self, _now_s: float) -> bool:
        return self.somebody

    def close(self) -> None:
        self.closed += 1


class FakeLibrary(ModuleType):
    """The library, and the one session that it knows."""

    def __init__(self) -> None:
        super().__init__("link")
        self.peers, self.enabled, self.startStopSyncEnabled = 0, False, False
        self.isPlaying = bool

    def Link(self, _bpm: float) -> FakeLibrary:  # noqa: N802
        return self

    def clock(self) -> FakeLibrary:
        return self

    def micros(self) -> int:
        return 0

    def captureAppSessionState(self) -> FakeLibrary:  # noqa: N802
        return self

    def beatAtTime(self, _micros: int, _quantum: float) -> float:  # noqa: N802
        return 2.5

    def tempo(self) -> float:
        return 111.0

    def numPeers(self) -> int:  # noqa: N802
        return self.peers


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> FakeLibrary:
    library = FakeLibrary()
    monkeypatch.setitem(sys.modules, "link", library)
    return library


def polled(session: LinkSession, from_s: float, to_s: float) -> list[LinkBeat]:
    """Polls as the io process does, but seldom; a poll that was interrupted tells nothing and is done again."""
    seconds = [from_s + i * POLL_S for i in range(round((to_s - from_s) / POLL_S))]
    beats = [session.poll(now_s) or session.poll(now_s) for now_s in seconds]
    return [beat for beat in beats if beat is not None]


def test_alone_we_are_not_in_link(library: FakeLibrary) -> None:
    session = LinkSession(96, 4, FakeDiscovery())
    assert polled(session, 0.0, 10.0) == []
    assert not library.enabled


def test_a_session_is_joined_when_somebody_is_heard_and_left_with_the_last_of_them(library: FakeLibrary) -> None:
    discovery = FakeDiscovery()
    session = LinkSession(96, 4, discovery)
    discovery.somebody = True
    assert session.poll(1.0) is None
    assert (library.enabled, discovery.closed) == (True, 1)
    discovery.somebody = False
    assert {beat.peers for beat in polled(session, 1.1, 2.0)} == {0}  # not met yet
    library.peers = 2
    (beat, *_) = polled(session, 2.0, 10.0)
    assert (beat.beat, beat.bpm, beat.peers) == (2.5, 111.0, 2)
    library.peers = 0
    assert [beat.peers for beat in polled(session, 10.0, 11.0)] == [0]
    assert not library.enabled
    discovery.somebody = True
    session.poll(12.0)
    assert library.enabled


def test_whoever_is_heard_and_cannot_be_met_is_not_waited_for(library: FakeLibrary) -> None:
    discovery = FakeDiscovery()
    session = LinkSession(96, 4, discovery)
    discovery.somebody = True
    session.poll(1.0)
    discovery.somebody = False
    polled(session, 1.1, 1.0 + MEET_S)
    assert library.enabled
    polled(session, 1.1 + MEET_S, 2.0 + MEET_S)
    assert not library.enabled


def test_at_the_end_the_session_is_left_and_nobody_listens(library: FakeLibrary) -> None:
    discovery = FakeDiscovery()
    session = LinkSession(96, 4, discovery)
    discovery.somebody = True
    session.poll(1.0)
    session.close()
    assert (library.enabled, discovery.closed) == (False, 2)


def test_without_its_library_link_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "link", None)
    with pytest.raises(LinkError, match=r"pip install 'bollylive\[link\]'"):
        link_library()
