"""With programs that nobody here wrote: one plays, one sends MIDI clock, one listens to each (jackd2, jack-midi-clock)."""

from __future__ import annotations

import re
import shutil
import signal
import statistics
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import jack
import pytest

from bollylive.note import Event, NoteOff, NoteOn, Tick
from bollylive.wire import Reader
from tests.stage import jam, until

pytestmark = [pytest.mark.ports, pytest.mark.slow]

PROGRAMS = ("jack_midiseq", "jack_midi_clock", "jack_midi_dump")
PLAYING_S = 12.0
CLOCK_BPM = 120
ACCOMPANYING = {1, 2, 3, 9}  # channels of the default set, from 0
# A loop of one bar at 120 bpm in frames: a melody in eighths.
LOOP_FRAMES, EIGHTH_FRAMES = 96_000, 12_000
MELODY = (60, 62, 64, 67, 69, 67, 64, 62)


@dataclass(frozen=True)
class Stamped:
    frame: int
    event: Event


@pytest.fixture
def client(jack_server: dict[str, str]) -> Iterator[jack.Client]:
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    with jack.Client("conductor", no_start_server=True) as conductor:
        yield conductor


def read_dump(path: Path) -> list[Stamped]:
    """The events that `jack_midi_dump -a` wrote, with their frames."""
    reader, stamped = Reader(), []
    for line in path.read_text(errors="replace").splitlines():
        if match := re.match(r"\s*(\d+):((?:\s[0-9a-f]{2})+)", line):
            data = [int(byte, 16) for byte in match[2].split()]
            stamped += [Stamped(int(match[1]), event) for event in reader.feed(data)]
    return stamped


def connect(client: jack.Client, pairs: list[tuple[str, str]]) -> None:
    names = {name for pair in pairs for name in pair}
    assert until(lambda: names <= {port.name for port in client.get_ports()}, 10.0), names
    for source, destination in pairs:
        client.connect(source, destination)


def test_the_band_plays_on_the_grid_of_a_third_party_clock(client: jack.Client, tmp_path: Path) -> None:
    notes = [str(number) for i, pitch in enumerate(MELODY) for number in (i * EIGHTH_FRAMES, pitch, EIGHTH_FRAMES - 1000)]
    commands = [
        ["jack_midiseq", "Player", str(LOOP_FRAMES), *notes],
        ["jack_midi_clock", "-b", str(CLOCK_BPM)],
    ]
    with jam() as process, ExitStack() as programs:
        dumps = {}
        for name in ("band", "clock"):
            dumps[name] = tmp_path / name
            output = programs.enter_context(dumps[name].open("w"))
            command = ["stdbuf", "-oL", "jack_midi_dump", "-a", name]
            dump = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
            programs.callback(_end, dump)
        for command in commands:
            program = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            programs.callback(_end, program)
        connect(
            client,
            [
                ("BollyLive Out:out", "band:input"),
                ("jack_midi_clock:mclk_out", "clock:input"),
                ("jack_midi_clock:mclk_out", "BollyLive In:in"),
            ],
        )
        client.transport_locate(0)
        client.transport_start()
        assert until(lambda: sum(isinstance(s.event, Tick) for s in read_dump(dumps["clock"])) > 48, 10.0)
        connect(client, [("Player:out", "BollyLive In:in")])
        until(lambda: process.poll() is not None, PLAYING_S)
        client.disconnect("Player:out", "BollyLive In:in")
        process.terminate()
        assert until(lambda: process.poll() is not None, 5.0)
        client.transport_stop()

    ticks = [stamped.frame for stamped in read_dump(dumps["clock"]) if isinstance(stamped.event, Tick)]
    band = [s for s in read_dump(dumps["band"]) if getattr(s.event, "channel", None) in ACCOMPANYING]
    ons = [s for s in band if isinstance(s.event, NoteOn)]
    assert len(ons) >= 20
    assert_paired(band)
    assert_on_grid([on.frame for on in ons], ticks)


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
    tick_frames = statistics.median(b - a for a, b in zip(ticks, ticks[1:], strict=False))
    lags = sorted((onset - max((t for t in ticks if t <= onset), default=onset)) % tick_frames for onset in onsets)
    middle = _circular_median(lags, tick_frames)
    away = sorted(min(abs(lag - middle), tick_frames - abs(lag - middle)) for lag in lags)
    # A port's period is 128 frames, a tick 1000; notes without a grid would lie 250 frames away at the median.
    assert away[len(away) // 2] < tick_frames / 8, lags
    assert away[int(0.8 * len(away))] < tick_frames / 4, lags


def _circular_median(lags: list[float], period: float) -> float:
    def cost(candidate: float) -> float:
        return sum(min(abs(lag - candidate), period - abs(lag - candidate)) for lag in lags)

    return min(lags, key=cost)


def _end(program: subprocess.Popen[bytes]) -> None:
    program.send_signal(signal.SIGINT)
    try:
        program.wait(3.0)
    except subprocess.TimeoutExpired:
        program.kill()
        program.wait()
