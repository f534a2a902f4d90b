"""With programs that nobody here wrote (of jackd2 and jack-midi-clock): players, a clock, listeners."""

from __future__ import annotations

import os
import re
import shutil
import signal
import statistics
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import IO

import jack
import pytest
from stage import jam, until

from bollylive.midi.messages import Event, NoteOff, NoteOn, Tick
from bollylive.midi.parser import Parser

pytestmark = [pytest.mark.ports, pytest.mark.slow]

PROGRAMS = ("jack_midiseq", "jack_midi_clock", "jack_midi_dump")
PLAYING_S = 14.0
CLOCK_BPM = 60  # a tick is 2000 frames, four periods of the port
ATTEMPTS = 3
ACCOMPANYING = {1, 2, 3, 9}  # channels of the default set, from 0
# A loop of one bar in frames: a melody in eighths.
LOOP_FRAMES, EIGHTH_FRAMES = 192_000, 24_000
MELODY = (60, 62, 64, 67, 69, 67, 64, 62)


@dataclass(frozen=True)
class Stamped:
    frame: int
    event: Event


@pytest.fixture
def client(calm_jack_server: dict[str, str]) -> Iterator[jack.Client]:
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"not installed: {', '.join(missing)}")
    with jack.Client("conductor", no_start_server=True) as conductor:
        yield conductor


def read_dump(path: Path) -> list[Stamped]:
    """The events that `jack_midi_dump -a` wrote, with their frames."""
    reader, stamped = Parser(), []
    for line in path.read_text(errors="replace").splitlines():
        if match := re.match(r"\s*(\d+):((?:\s[0-9a-f]{2})+)", line):
            data = [int(byte, 16) for byte in match[2].split()]
            stamped += [Stamped(int(match[1]), event) for event in reader.feed(data)]
    return stamped


def midiseq_notes() -> list[str]:
    """The melody as `jack_midiseq` takes it: for each note its frame, pitch and length."""
    return [
        str(number) for i, pitch in enumerate(MELODY) for number in (i * EIGHTH_FRAMES, pitch, EIGHTH_FRAMES - 1000)
    ]


def connect(client: jack.Client, source: str, destination: str) -> None:
    """Connect two ports as soon as both are there and their clients run."""

    def connected() -> bool:
        with suppress(jack.JackError):
            client.connect(source, destination)
        return any(port.name == destination for port in client.get_all_connections(source))

    def there() -> bool:
        return {source, destination} <= {port.name for port in client.get_ports()}

    assert until(there, 10.0), f"{source} or {destination} is missing"
    assert until(connected, 10.0), f"{source} does not connect to {destination}"


@dataclass
class Misses:
    """The cycles that the server missed: each one makes its frames, and so the clock, skip against the time of day."""

    count: int = 0

    def __call__(self, _delay_us: float) -> None:
        self.count += 1


@pytest.fixture
def misses(client: jack.Client) -> Misses:
    counter = Misses()
    client.deactivate()
    client.set_xrun_callback(counter)
    client.activate()
    return counter


def test_the_band_plays_on_the_grid_of_a_third_party_clock(client: jack.Client, misses: Misses, tmp_path: Path) -> None:
    for attempt in range(ATTEMPTS):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        misses.count = 0
        play_together(client, folder)
        ticks = [stamped.frame for stamped in read_dump(folder / "clock") if isinstance(stamped.event, Tick)]
        band = [s for s in read_dump(folder / "band") if getattr(s.event, "channel", None) in ACCOMPANYING]
        ons = [s for s in band if isinstance(s.event, NoteOn)]
        assert len(ons) >= 12
        assert_paired(band)
        if not misses.count:  # the reference of this run: only a clock that keeps time has a grid
            break
    assert_on_grid([on.frame for on in ons], ticks)


def play_together(client: jack.Client, folder: Path) -> None:
    """Let the band accompany a looping player under a clock for a while; both are written down in `folder`."""
    with jam() as process, ExitStack() as programs:

        def start(*command: str, output: IO[str] | int = subprocess.DEVNULL) -> None:
            programs.callback(end, subprocess.Popen(command, stdout=output, stderr=subprocess.DEVNULL))

        for name in ("band", "clock"):
            output = programs.enter_context((folder / name).open("w"))
            start("stdbuf", "-oL", "jack_midi_dump", "-a", name, output=output)
        start("jack_midiseq", "Player", str(LOOP_FRAMES), *midiseq_notes())
        start("jack_midi_clock", "-b", str(CLOCK_BPM))
        connect(client, "BollyLive Out:out", "band:input")
        connect(client, "jack_midi_clock:mclk_out", "clock:input")
        connect(client, "jack_midi_clock:mclk_out", "BollyLive In:in")
        client.transport_frame = 0
        client.transport_start()
        assert until(lambda: sum(isinstance(s.event, Tick) for s in read_dump(folder / "clock")) > 48, 10.0)
        connect(client, "Player:out", "BollyLive In:in")
        until(lambda: process.poll() is not None, PLAYING_S)
        client.disconnect("Player:out", "BollyLive In:in")
        process.terminate()
        assert until(lambda: process.poll() is not None, 5.0)
        client.transport_stop()


def assert_paired(stamped: list[Stamped]) -> None:
    sounding: set[tuple[int, int]] = set()
    for event in (s.event for s in stamped):
        if isinstance(event, NoteOn):
            assert (event.channel, event.pitch) not in sounding
            sounding.add((event.channel, event.pitch))
        elif isinstance(event, NoteOff):
            assert (event.channel, event.pitch) in sounding
            sounding.remove((event.channel, event.pitch))
    assert not sounding


def assert_on_grid(onsets: list[int], ticks: list[int]) -> None:
    """All onsets lag behind a tick by the same few milliseconds, which the ports cost, and do not drift."""
    tick_frames = statistics.median(b - a for a, b in pairwise(ticks))
    lags = sorted((onset - max((t for t in ticks if t <= onset), default=onset)) % tick_frames for onset in onsets)
    middle = _circular_median(lags, tick_frames)
    away = sorted(min(abs(lag - middle), tick_frames - abs(lag - middle)) for lag in lags)
    # The port alone spreads them over a quarter of a tick. Without a grid, half would lie more than a quarter of a tick
    # away, and a quarter of them more than three eighths.
    assert away[len(away) // 2] < tick_frames / 8, lags
    assert away[3 * len(away) // 4] < tick_frames / 5, lags


def _circular_median(lags: list[float], period: float) -> float:
    def cost(candidate: float) -> float:
        return sum(min(abs(lag - candidate), period - abs(lag - candidate)) for lag in lags)

    return min(lags, key=cost)


def end(program: subprocess.Popen[bytes]) -> None:
    """End a program as a terminal does, and by force if it stays."""
    program.send_signal(signal.SIGINT)
    try:
        program.wait(3.0)
    except subprocess.TimeoutExpired:
        program.kill()
        program.wait()
