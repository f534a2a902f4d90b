"""A program for tests: a clock follows a real Ableton Link session with other peers; it must have its own network.

`python tests/support/link_meeting.py meet`, or `come_later`, writes what happened as one line of JSON: see `test_link`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bollylive.clock.clock import Clock
from bollylive.clock.link import LinkSession
from bollylive.clock.link_discovery import LinkDiscovery

LIMIT_S = 15.0
ALONE_S = 2.0  # far more than the half second by which a session must be older to lead


class Peer:
    """Somebody else, from now on in Link, in a program of their own."""

    def __init__(self, bpm: float) -> None:
        command = [sys.executable, str(Path(__file__).with_name("link_peer.py")), str(bpm)]
        self._program = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ask("beat")

    def ask(self, line: str) -> dict[str, Any]:
        """Let the peer do something; what it then sees."""
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        self._program.stdin.write(line + "\n")
        self._program.stdin.flush()
        seen: dict[str, Any] = json.loads(self._program.stdout.readline())
        return seen

    def bpm(self) -> float:
        """The tempo of its session."""
        return float(self.ask("beat")["tempo"])

    def end(self) -> None:
        """End the program without a word to the others."""
        self._program.kill()
        self._program.wait()


class Meeting:
    """Our clock and session; `least_step` is of our beat, from one look to the next."""

    def __init__(self, bpm: float) -> None:
        self.clock = Clock(bpm, time.perf_counter())
        self.link = LinkSession(bpm, 4)
        self.least_step = 0.0
        self.playing = False
        self._last_beat = 0.0

    def until(self, condition: Callable[[], bool], limit_s: float = LIMIT_S) -> bool:
        """Go on as the io process does until a condition holds; False if it does not in time."""
        deadline_s = time.monotonic() + limit_s
        while not condition():
            if time.monotonic() > deadline_s:
                return False
            if (beat := self.link.poll(time.perf_counter())) is not None:
                self.clock.follow_link(beat)
                self.playing = beat.playing
            now_s = time.perf_counter()
            self.clock.check(now_s)
            self.least_step = min(self.least_step, self.clock.beat_at(now_s) - self._last_beat)
            self._last_beat = self.clock.beat_at(now_s)
            time.sleep(0.001)
        return True

    def takes(self, bpm: float) -> bool:
        """Whether that tempo becomes ours."""
        return self.until(lambda: self.clock.source == "link" and abs(self.bpm() - bpm) < 0.1)

    def bpm(self) -> float:
        """Our tempo."""
        return 60 / self.clock.anchor.seconds_per_beat

    def is_with(self, peer: Peer) -> bool:
        """Whether our place in the bar becomes the peer's."""
        return self.until(lambda: self._off_s(peer) < 0.003)

    def _off_s(self, peer: Peer) -> float:
        seen = peer.ask("beat")
        ours = self.clock.beat_at(seen["at_s"]) - (self.clock.anchor.bar_beat or 0.0)
        return abs((ours - float(seen["beat"]) + 2) % 4 - 2) * self.clock.anchor.seconds_per_beat


def meet() -> dict[str, object]:
    """We are there first; one comes, changes tempo, plays and leaves; another comes and dies; a third comes at once."""
    meeting, other = Meeting(96), LinkDiscovery()
    told: dict[str, object] = {"nobody heard": not meeting.until(lambda: other.hears(time.perf_counter()), ALONE_S)}
    other.close()
    first = Peer(140)
    told["met"] = meeting.takes(140)
    told["same place"] = meeting.is_with(first)
    tempos = [first.bpm()]
    first.ask("tempo 100")
    told["tempo followed"] = meeting.takes(100)
    told["same place again"] = meeting.is_with(first)
    told["tempo kept"] = first.bpm()
    first.ask("play")
    told["start heard"] = meeting.until(lambda: meeting.playing)
    first.ask("stop")
    told["stopped"] = meeting.until(lambda: not meeting.clock.anchor.running)
    first.ask("play")
    told["plays again"] = meeting.until(lambda: meeting.clock.anchor.running)
    told["same place after a stop"] = meeting.is_with(first)
    first.ask("leave")
    told["free again"] = meeting.until(lambda: meeting.clock.source == "free")
    told["tempo stays"] = meeting.bpm()
    second = Peer(70)
    told["another met"] = meeting.takes(70)
    told["plays on"] = not meeting.until(lambda: not meeting.clock.anchor.running, 0.5)
    told["same place with another"] = meeting.is_with(second)
    tempos.append(second.bpm())
    second.end()
    told["missed"] = meeting.until(lambda: meeting.clock.source == "free")
    third = Peer(123)
    told["a third met"] = meeting.takes(123)
    told["their tempos"] = [*tempos, third.bpm()]
    told["least step"] = meeting.least_step
    meeting.link.close()
    first.end()
    third.end()
    return told


def come_later() -> dict[str, object]:
    """Somebody is there already."""
    peer = Peer(133)
    time.sleep(ALONE_S)
    meeting = Meeting(96)
    told: dict[str, object] = {"joined": meeting.takes(133), "same place": meeting.is_with(peer), "bpm": peer.bpm()}
    meeting.link.close()
    peer.end()
    return told


if __name__ == "__main__":
    sys.stdout.write(json.dumps({"meet": meet, "come_later": come_later}[sys.argv[1]]()))
