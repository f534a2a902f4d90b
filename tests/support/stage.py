"""A real performance for tests: the program in a process of its own, and a peer at the other side of its ports."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import resources
from pathlib import Path

from bollylive.errors import PortError
from bollylive.io.port_set import PortSet
from bollylive.midi.messages import NoteOff, NoteOn
from bollylive.midi.parser import Parser

POLL_S = 0.002
CALM_S = 0.3
READY_LIMIT_S = 20.0


def until(condition: Callable[[], bool], limit_s: float) -> bool:
    """Poll a condition; False if it is still not so when the limit is over."""
    deadline_s = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > deadline_s:
            return False
        time.sleep(POLL_S)
    return True


class CalmPorts(PortSet):
    """Ports that are closed once the server has got over whoever has just died: RtMidi may crash while it has not.

    It unregisters a port that JACK's own thread still reads, and such a server lets that one wait in mid-cycle.
    """

    def close(self) -> None:
        time.sleep(CALM_S)
        super().close()


class Peer:
    """Whoever is at the other side: plays into `BollyLive In`, hears `BollyLive Out`, and counts notes.

    With "virtual" for both it is a device that BollyLive joins by the peer's own name.
    """

    def __init__(self, inputs: str = "BollyLive Out", outputs: str = "BollyLive In", name: str = "Peer") -> None:
        self._names = inputs, outputs, name
        self.join()
        self.sounding: set[tuple[int, int]] = set()
        self.ons: list[NoteOn] = []
        self.heard_s: list[float] = []  # when each of them was heard
        self.faults: list[str] = []
        self._reader = Parser()

    def join(self) -> None:
        """Join the ports of the program, also anew when it has made others."""
        self.ports: PortSet = CalmPorts("jack", *self._names)

    def rejoin(self, limit_s: float = 15.0) -> bool:
        """Join the ports again once they are back; False if they are not within the limit."""

        def joined() -> bool:
            with suppress(PortError):
                self.join()
                return True
            return False

        self.leave()
        return until(joined, limit_s)

    def leave(self) -> None:
        """Close the ports, as `CalmPorts` does; what comes until then is heard.

        What hears is closed first: closing takes a while, in which a message would reach a port that nobody reads.
        """
        self.hears(lambda: False, CALM_S)
        for port in self.ports._inputs:
            port.close()
        PortSet.close(self.ports)

    def play(self, *messages: tuple[int, ...]) -> None:
        """Send messages, one after another."""
        for message in messages:
            self.ports.send(bytes(message))

    def listen(self) -> None:
        """Take in what has come; a second on without an off, or an off without an on, is a fault."""
        for data in self.ports.receive():
            for event in self._reader.feed(data):
                if isinstance(event, NoteOn):
                    self.ons.append(event)
                    self.heard_s.append(time.perf_counter())
                    if (event.channel, event.pitch) in self.sounding:
                        self.faults.append(f"struck twice: {event}")
                    self.sounding.add((event.channel, event.pitch))
                elif isinstance(event, NoteOff):
                    if (event.channel, event.pitch) not in self.sounding:
                        self.faults.append(f"ended without sounding: {event}")
                    self.sounding.discard((event.channel, event.pitch))

    def hears(self, condition: Callable[[], bool], limit_s: float = 5.0) -> bool:
        """Listen until a condition holds; False if it does not within the limit."""

        def heard() -> bool:
            self.listen()
            return condition()

        return until(heard, limit_s)

    def see_off(self, process: subprocess.Popen[str], number: int = signal.SIGTERM, limit_s: float = 5.0) -> None:
        """End the program by a signal, and leave; nothing may sound afterwards."""
        process.send_signal(number)
        assert self.hears(lambda: process.poll() is not None, limit_s)
        self.listen()
        assert not self.sounding
        self.ports.close()


def eager_set(folder: Path) -> str:
    """The default set, but everybody comes in with the musician's first note."""
    text = (resources.files("bollylive") / "sets" / "default.toml").read_text(encoding="utf-8")
    path = folder / "eager.toml"
    path.write_text("".join(line for line in text.splitlines(keepends=True) if not line.startswith("entry_bars")))
    return str(path)


@contextmanager
def jam(
    *arguments: str, largest_file: int | None = None, prefix: Sequence[str] = ()
) -> Iterator[subprocess.Popen[str]]:
    """`bollylive jam` with its ports open and its band ready; killed at the end if it still runs.

    With `largest_file` it can write no file of more than so many bytes, as on a full disk. `prefix` is a command that
    runs it.
    """
    command = [*prefix, sys.executable, "-m", "bollylive", "jam", "--api", "jack", "--seed", "1", *arguments]
    if largest_file is not None:
        command = ["prlimit", f"--fsize={largest_file}", *command]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert any(line.startswith("ready") for line in process.stdout), "the band did not get ready"
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def port_process_of(process: subprocess.Popen[str]) -> int:
    """The number of the io process, a child of the program."""
    return _child(process.pid, b"io_child")


def engine_of(process: subprocess.Popen[str]) -> int:
    """The number of the engine's process, a child of the io process."""
    return _child(port_process_of(process), b"engine_loop")


def _child(parent: int, room: bytes) -> int:
    """Raises StopIteration or FileNotFoundError where there is none."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return next(int(child) for child in children if room in Path(f"/proc/{child}/cmdline").read_bytes())
