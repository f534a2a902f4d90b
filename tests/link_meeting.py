"""A program for tests: a clock follows a real Ableton Link session with one other peer; it must have its own network.

`python tests/link_meeting.py` writes what happened as one line of JSON: see `test_link`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bollylive.clock import Clock
from bollylive.link import LinkSession

LIMIT_S = 15.0
OLDER_S = 1.0  # of two that meet, the session leads that is older by half a second and more


class Meeting:
    """Our clock and session, and the other peer."""

    def __init__(self, our_bpm: float, their_bpm: float) -> None:
        command = [sys.executable, str(Path(__file__).with_name("link_peer.py")), str(their_bpm)]
        self.peer = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ask("beat")
        time.sleep(OLDER_S)
        self.clock = Clock(our_bpm, time.perf_counter())
        self.link = LinkSession(our_bpm, 4)
        self.least_step = 0.0  # of our beat, from one look to the next
        self.playing = False
        self._last_beat = 0.0

    def ask(self, line: str) -> dict[str, Any]:
        """Let the peer do something; what it then sees."""
        assert self.peer.stdin is not None
        assert self.peer.stdout is not None
        self.peer.stdin.write(line + "\n")
        self.peer.stdin.flush()
        seen: dict[str, Any] = json.loads(self.peer.stdout.readline())
        return seen

    def until(self, condition: Callable[[], bool]) -> bool:
        """Go on as the port process does until a condition holds; False if it does not in time."""
        deadline_s = time.monotonic() + LIMIT_S
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

    def bpm(self) -> float:
        """Our tempo."""
        return 60 / self.clock.anchor.seconds_per_beat

    def off_s(self) -> float:
        """How far our place in the bar is from the peer's, in seconds."""
        seen = self.ask("beat")
        ours = self.clock.beat_at(seen["at_s"]) - (self.clock.anchor.bar_beat or 0.0)
        return abs((ours - float(seen["beat"]) + 2) % 4 - 2) * self.clock.anchor.seconds_per_beat


if __name__ == "__main__":
    meeting = Meeting(our_bpm=96, their_bpm=140)
    told: dict[str, object] = {"met": meeting.until(lambda: meeting.clock.source == "link")}
    told["their tempo is ours"] = meeting.until(lambda: abs(meeting.bpm() - 140) < 0.1)
    told["their tempo is theirs"] = meeting.ask("beat")["tempo"]
    told["same place"] = meeting.until(lambda: meeting.off_s() < 0.003)
    meeting.ask("tempo 100")
    told["tempo followed"] = meeting.until(lambda: abs(meeting.bpm() - 100) < 0.1)
    told["same place again"] = meeting.until(lambda: meeting.off_s() < 0.003)
    told["tempo kept"] = meeting.ask("beat")["tempo"]
    meeting.ask("play")
    told["start heard"] = meeting.until(lambda: meeting.playing)
    meeting.ask("stop")
    told["stopped"] = meeting.until(lambda: not meeting.clock.anchor.running)
    meeting.ask("play")
    told["plays again"] = meeting.until(lambda: meeting.clock.anchor.running)
    told["same place after a stop"] = meeting.until(lambda: meeting.off_s() < 0.003)
    meeting.ask("leave")
    told["free again"] = meeting.until(lambda: meeting.clock.source == "free")
    told["tempo stays"] = meeting.bpm()
    told["least step"] = meeting.least_step
    meeting.link.close()
    meeting.peer.kill()
    sys.stdout.write(json.dumps(told))
