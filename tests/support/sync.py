"""A program for tests: the band under a clock that nobody here wrote, through ramps, stops and a jump to bar 17.

`python tests/support/sync.py --minutes 5` starts a JACK server of its own and prints, as JSON, how far the onsets are
from the clock's ticks, and beside it how far a bare echo on the same ports is from its player, in the same run;
`--short` plays a short song. It is a program of its own because libjack may crash in a conductor whose server stalls.
Where the server missed a cycle, its frames skip against the time of day: the seconds after that are left out. The clock
is `jack_midi_clock`, the player `jack_midiseq`, the listeners `jack_midi_dump`; this program only leads JACK's
transport.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from bisect import bisect_right
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import jack
from jack_server import private_jack
from stage import eager_set, jam, until
from test_third_party import ACCOMPANYING, LOOP_FRAMES, Stamped, connect, end, midiseq_notes, read_dump

from bollylive.bench.probe import Probe
from bollylive.midi.messages import Continue, Event, NoteOn, Position, Start, Tick

PERIOD_FRAMES = 256
RATE = 48_000
LONGEST_TICK_S = 1 / 24
LEAST_DELAY_US = 500.0
EARLY_S = 0.004  # an onset may come by so much before the tick that it belongs to
SETTLE_S = 2.5  # after a cycle that the server missed its frames have skipped against the time of day
BAR_17_S = 64.0  # in the transport's seconds, of which each is told to be a beat

# The parts of a song: how long, from which tempo to which. Between its stretches the transport stops, and the last
# stretch begins at bar 17.
Part: TypeAlias = tuple[float, float, float]
Song: TypeAlias = tuple[tuple[Part, ...], ...]
SONG: Song = (
    ((40.0, 60, 60), (70.0, 60, 180), (30.0, 180, 180)),
    ((30.0, 180, 180), (70.0, 180, 60)),
    ((56.0, 100, 100),),
)
SHORT: Song = (((8.0, 100, 100),), ((5.0, 100, 100),), ((8.0, 100, 100),))
SONG_S = sum(part[0] for stretch in SONG for part in stretch)
STOPPED_S = 1.5


@dataclass(frozen=True)
class Sync:
    """What the listeners wrote down, in frames, and the cycles that the server missed."""

    stage: list[Stamped]  # the clock, and the band
    echo: list[Stamped]  # each of the player's notes, and its echo
    missed: list[int]

    def lags_ms(self) -> list[float]:
        """By how much the band's onsets lie behind the tick that they belong to, while the server kept time."""
        ticks = [s.frame for s in self.stage if isinstance(s.event, Tick)]
        lags = []
        for frame in self._onsets():
            index = bisect_right(ticks, frame + EARLY_S * RATE) - 1
            calm = not any(0 <= frame - missed < SETTLE_S * RATE for missed in self.missed)
            if index >= 0 and calm and frame - ticks[index] < LONGEST_TICK_S * RATE:
                lags.append(1e3 * (frame - ticks[index]) / RATE)
        return lags

    def echo_lags_ms(self) -> list[float]:
        """By how much the echo's notes lie behind the player's."""
        frames = [s.frame for s in self.echo if isinstance(s.event, NoteOn)]
        return [1e3 * (b - a) / RATE for a, b in zip(frames[::2], frames[1::2], strict=False)]

    def most_at_once(self, seconds: float) -> int:
        """How many of the band's notes began within so short a time, where they were densest."""
        frames = self._onsets()
        return max(bisect_right(frames, frame + seconds * RATE) - i for i, frame in enumerate(frames))

    def words(self) -> list[Event]:
        """What the clock said beside its ticks."""
        return [s.event for s in self.stage if isinstance(s.event, Start | Continue | Position)]

    def figures(self) -> dict[str, object]:
        """All of it in short."""
        lags, echoes = self.lags_ms(), self.echo_lags_ms()
        if not lags or not echoes:
            return {"onsets": 0, "missed_cycles": len(self.missed)}
        return {
            "onsets": len(lags),
            "lag_ms_p50": round(statistics.median(lags), 3),
            "off_ms_p75": round(off(lags, 0.75), 3),
            "off_ms_p95": round(off(lags, 0.95), 3),
            "echo_lag_ms_p50": round(statistics.median(echoes), 3),
            "echo_off_ms_p95": round(off(echoes, 0.95), 3),
            "most_in_100_ms": self.most_at_once(0.1),
            "missed_cycles": len(self.missed),
            "clock": [type(word).__name__ for word in self.words()],
        }

    def _onsets(self) -> list[int]:
        return [s.frame for s in self.stage if isinstance(s.event, NoteOn) and s.event.channel in ACCOMPANYING]


def off(lags_ms: list[float], part: float) -> float:
    """How far the lags are from their middle, but for the farthest."""
    middle = statistics.median(lags_ms)
    return sorted(abs(lag - middle) for lag in lags_ms)[int(part * len(lags_ms))]


class Conductor:
    """JACK's transport and its tempo, led from here."""

    def __init__(self, client: jack.Client) -> None:
        self.missed: list[int] = []
        self.first_frame = 0  # where the listeners begin to count, within a tenth of a second
        self._client = client
        self._part: Part = SONG[0][0]
        self._begin_frame = 0
        client.deactivate()
        client.set_xrun_callback(self._miss)
        client.set_timebase_callback(self._tell)
        client.activate()

    def conduct(self, song: Song, alive: Callable[[], bool]) -> None:
        """Lead through a song while somebody plays. Blocks."""
        self._client.transport_frame = 0
        for stretch in song:
            if stretch is song[-1]:
                self._client.transport_frame = round(BAR_17_S * RATE)
                time.sleep(STOPPED_S)
            for i, part in enumerate(stretch):
                self._part, self._begin_frame = part, self._client.frame_time
                if not i:
                    self._client.transport_start()
                until(lambda: not alive(), part[0])
            self._client.transport_stop()
            time.sleep(STOPPED_S)

    def _miss(self, delay_us: float) -> None:
        if delay_us > LEAST_DELAY_US:
            self.missed.append(self._client.frame_time - self.first_frame)

    def _tell(self, _state: int, _frames: int, position: Any, _is_new: bool) -> None:
        length_s, begin, end = self._part
        done = min(1.0, (self._client.last_frame_time - self._begin_frame) / RATE / length_s)
        beats = position.frame / RATE
        position.valid = jack._lib.JackPositionBBT
        position.beats_per_minute = begin + (end - begin) * max(0.0, done)
        position.beats_per_bar, position.beat_type, position.ticks_per_beat = 4.0, 4.0, 1920.0
        position.bar, position.beat = int(beats // 4) + 1, int(beats % 4) + 1
        position.tick, position.bar_start_tick = int(beats % 1 * 1920), (beats // 4) * 4 * 1920


def sync(song: Song, folder: Path) -> Sync:
    """Let everybody play together through a song; a JACK server must run. Blocks."""
    with (
        jack.Client("conductor", no_start_server=True) as client,
        jam("--set", eager_set(folder)) as process,
        ExitStack() as programs,
    ):
        conductor = Conductor(client)

        def start(*command: str, into: Path | None = None) -> None:
            output = subprocess.DEVNULL if into is None else programs.enter_context(into.open("w"))
            programs.callback(end, subprocess.Popen(command, stdout=output, stderr=subprocess.DEVNULL))

        for name in ("stage", "echo"):
            start("stdbuf", "-oL", "jack_midi_dump", "-a", name, into=folder / name)
        conductor.first_frame = client.frame_time
        programs.callback(Probe("bollylive.bench.references", "echo", "jack").end)
        start("jack_midi_clock", "-d", "1")
        start("jack_midiseq", "Player", str(LOOP_FRAMES), *midiseq_notes())
        for source, destination in (
            ("BollyLive Out:out", "stage:input"),  # one listener for both: each counts frames from its own beginning
            ("jack_midi_clock:mclk_out", "stage:input"),
            ("Bare Echo Out:out", "echo:input"),
            ("jack_midi_clock:mclk_out", "BollyLive In:in"),
            ("Player:out", "echo:input"),
            ("Player:out", "Bare Echo In:in"),
            ("Player:out", "BollyLive In:in"),
        ):
            connect(client, source, destination)
        conductor.conduct(song, lambda: process.poll() is None)
        client.disconnect("Player:out", "BollyLive In:in")
        process.terminate()
        assert until(lambda: process.poll() is not None, 5.0)
        return Sync(read_dump(folder / "stage"), read_dump(folder / "echo"), conductor.missed)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--short", action="store_true")
    arguments = parser.parse_args()
    share = 60 * arguments.minutes / SONG_S
    scaled = tuple(tuple((length_s * share, begin, target) for length_s, begin, target in stretch) for stretch in SONG)
    song = SHORT if arguments.short else scaled
    with private_jack(PERIOD_FRAMES), tempfile.TemporaryDirectory() as dumps:
        sys.stdout.write(json.dumps(sync(song, Path(dumps)).figures(), indent=1) + "\n")
