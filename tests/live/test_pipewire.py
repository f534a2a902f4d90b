"""BollyLive under `pw-jack`: PipeWire's JACK, with a PipeWire of the test's own, which is killed and started again."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pipewire_server import PipeWire, link, links, private_pipewire
from stage import jam, until

pytestmark = [pytest.mark.ports, pytest.mark.slow]

LIMIT_S = 20.0
ON, OFF = "901446", "8014"  # a key so low that the band does not play it; PipeWire changes release velocities
UNDER = ("pw-jack",)
OUT, IN = "BollyLive Out:out", "BollyLive In:in"

# Plays what stands on its standard input, and prints what it hears.
DAW = """
import os, sys, time
from bollylive.io.port_set import PortSet
ports = PortSet("jack", name="Daw")
os.set_blocking(0, False)
print("open", flush=True)
while True:
    for word in (sys.stdin.buffer.read() or b"").split():
        ports.send(bytes.fromhex(word.decode()))
    for data in ports.receive():
        print(bytes(data).hex(), flush=True)
    time.sleep(0.002)
"""


class Daw:
    """A program with a port in each direction, `Daw In:in` and `Daw Out:out`."""

    def __init__(self) -> None:
        command = [*UNDER, sys.executable, "-c", DAW]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"open\n"
        os.set_blocking(self._process.stdout.fileno(), False)
        self._heard: list[str] = []

    def play(self, *messages: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("".join(f"{message}\n" for message in messages).encode())
        self._process.stdin.flush()

    def hears(self, message: str, limit_s: float = LIMIT_S) -> bool:
        """Whether a message that begins so comes within the limit; what came before it is forgotten."""

        def heard() -> bool:
            assert self._process.stdout is not None
            self._heard += (self._process.stdout.read() or b"").decode().split()
            return any(other.startswith(message) for other in self._heard)

        came = until(heard, limit_s)
        if came:
            del self._heard[: 1 + next(i for i, other in enumerate(self._heard) if other.startswith(message))]
        return came

    def hears_itself(self) -> bool:
        """Strike and lift a key until it is heard: a link is listed before anything passes."""
        for _ in range(40):
            self.play(ON, f"{OFF}00")
            if self.hears(ON, 0.5):
                return self.hears(OFF)
        return False

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def pipewire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PipeWire]:
    with private_pipewire(tmp_path_factory.mktemp("pw")) as server:
        yield server


@contextlib.contextmanager
def daw() -> Iterator[Daw]:
    daw = Daw()
    try:
        yield daw
    finally:
        daw.close()


def test_named_ports_are_joined_and_notes_pass(pipewire: PipeWire, tiny_model: Path) -> None:
    named = ("--in", "Daw Out", "--out", "Daw In")
    with daw() as other, jam(*named, "--model", str(tiny_model), prefix=UNDER) as process:
        assert links() >= {("Daw Out:out", IN), (OUT, "Daw In:in")}
        assert other.hears_itself()
        process.terminate()
        assert process.wait(LIMIT_S) == 128 + signal.SIGTERM


@pytest.mark.parametrize(
    ("number", "at_once"), [(signal.SIGTERM, True), (signal.SIGTERM, False), (signal.SIGKILL, False)]
)
def test_a_pipewire_that_ends_is_noticed_and_the_ports_are_there_again(
    pipewire: PipeWire, tiny_model: Path, number: signal.Signals, at_once: bool
) -> None:
    with jam("--model", str(tiny_model), prefix=UNDER) as process:
        assert process.stdout is not None
        pipewire.end(number)
        if at_once:
            pipewire.start()
        said = next(line for line in process.stdout if "has died" in line)
        assert said == (
            "The MIDI system (jack) has died; start JACK or PipeWire again. "
            "The band waits for it, and tries again every second.\n"
        )
        if not at_once:
            pipewire.start()
        assert any(line.startswith(f"in: {IN}   out: {OUT}") for line in process.stdout)
        assert next(process.stdout) == f"Connect {IN} and {OUT} again, unless something does so for you.\n"
        with daw() as other:
            assert until(lambda: link("Daw Out:out", IN) and link(OUT, "Daw In:in"), LIMIT_S)
            assert other.hears_itself()
            other.play(ON)
            assert other.hears(ON)
            process.terminate()
            assert other.hears(OFF)
            assert process.wait(LIMIT_S) == 128 + signal.SIGTERM
