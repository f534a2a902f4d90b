"""A synthesizer for tests: it hears BollyLive on real JACK ports, and knows what an audience would still hear.

It shares no code with the program. `Synth` is the instrument: it reads complete messages and keeps what sounds, also
when the port that a note came from is gone. `Cable` is its plug: a process of its own on JACK, which joins the
program's ports whenever they appear, and is made anew when it or JACK dies; the instrument stays. Run as a program,
this file is that process.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import select
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

JOIN_S = 0.05  # how often the cable looks for ports to join
_TURN_S = 0.003
_BEAT_S = 0.5  # how often the process says that it lives
_HANGS_S = 4.0  # after so long without a word it is made anew
_BEGIN_S = 10.0  # but so long may it take to begin

_HOLDERS = (64, 69)  # pedals that hold whatever sounds; 66 holds what is down when it goes down
_PEDALS = (64, 66, 69)
_RESET = (64, 65, 66, 67)  # of the pedals, what CC 121 lifts: RP-015
_CENTRE = 0x2000


@dataclass(frozen=True, slots=True)
class On:
    """A note-on; `at_s` is of `time.monotonic`."""

    at_s: float
    channel: int
    pitch: int
    velocity: int


@dataclass
class Synth:
    """What a synthesizer knows after the messages so far; what is held has the second since when. Not thread-safe.

    A note whose key is up, but which a pedal holds, sounds on in `ringing`.
    """

    ons: list[On] = field(default_factory=list)
    keys: dict[tuple[int, int], float] = field(default_factory=dict)
    ringing: dict[tuple[int, int], float] = field(default_factory=dict)
    pedals: dict[tuple[int, int], float] = field(default_factory=dict)
    bent: dict[int, float] = field(default_factory=dict)
    modulated: dict[int, float] = field(default_factory=dict)
    pressed: dict[tuple[int, ...], float] = field(default_factory=dict)
    garbage: list[str] = field(default_factory=list)
    _caught: set[tuple[int, int]] = field(default_factory=set)  # by sostenuto

    def held(self, before_s: float = float("inf")) -> list[str]:
        """All that is not at rest since earlier than that second, in words; channels are 0-15."""
        kinds: dict[str, dict[Any, float]] = {
            "note": {**self.ringing, **self.keys},
            "pedal": self.pedals,
            "bend": self.bent,
            "modulation": self.modulated,
            "pressure": self.pressed,
        }
        return [
            f"{kind} {about}" for kind, those in kinds.items() for about, s in sorted(those.items()) if s < before_s
        ]

    def hear(self, data: bytes, at_s: float) -> None:
        """Take in one complete message; what is none is garbage."""
        lengths = {0x80: 3, 0x90: 3, 0xA0: 3, 0xB0: 3, 0xC0: 2, 0xD0: 2, 0xE0: 3}
        status = data[0] if data else 0
        if status >= 0xF0:
            return
        if len(data) != lengths.get(status & 0xF0) or any(byte > 0x7F for byte in data[1:]):
            self.garbage.append(data.hex())
            return
        channel, first, last = status & 0x0F, data[1], data[-1]
        match status & 0xF0:
            case 0x90 if last:
                self._strike(On(at_s, channel, first, last))
            case 0x80 | 0x90:
                self._lift(channel, first)
            case 0xA0:
                _keep(self.pressed, (channel, first), bool(last), at_s)
            case 0xB0:
                self._control(channel, first, last, at_s)
            case 0xD0:
                _keep(self.pressed, (channel,), bool(first), at_s)
            case 0xE0:
                _keep(self.bent, channel, (last << 7 | first) != _CENTRE, at_s)

    def _strike(self, on: On) -> None:
        self.ons.append(on)
        self.ringing.pop((on.channel, on.pitch), None)
        self.keys[on.channel, on.pitch] = on.at_s

    def _lift(self, channel: int, pitch: int) -> None:
        since_s = self.keys.pop((channel, pitch), None)
        if since_s is not None and self._rings((channel, pitch)):
            self.ringing[channel, pitch] = since_s

    def _rings(self, note: tuple[int, int]) -> bool:
        return note in self._caught or any((note[0], pedal) in self.pedals for pedal in _HOLDERS)

    def _control(self, channel: int, number: int, value: int, at_s: float) -> None:
        if number in _PEDALS:
            self._tread(channel, number, value > 0, at_s)
        elif number == 1:
            _keep(self.modulated, channel, value > 0, at_s)
        elif number == 120:
            for notes in (self.keys, self.ringing):
                for note in [note for note in notes if note[0] == channel]:
                    del notes[note]
            self._caught = {note for note in self._caught if note[0] != channel}
        elif number == 121:
            for pedal in _RESET:
                self._tread(channel, pedal, False, at_s)
            self.bent.pop(channel, None)
            self.modulated.pop(channel, None)
            for about in [about for about in self.pressed if about[0] == channel]:
                del self.pressed[about]
        elif number >= 123:  # also a change of mode ends all notes, as far as no pedal holds them
            for note in [note for note in self.keys if note[0] == channel]:
                self._lift(*note)

    def _tread(self, channel: int, number: int, down: bool, at_s: float) -> None:
        if number == 66 and down and (channel, 66) not in self.pedals:
            self._caught |= {note for note in self.keys if note[0] == channel}
        elif number == 66 and not down:
            self._caught = {note for note in self._caught if note[0] != channel}
        _keep(self.pedals, (channel, number), down, at_s)
        for note in [note for note in self.ringing if note[0] == channel and not self._rings(note)]:
            del self.ringing[note]


def _keep(those: dict[Any, float], about: Any, is_so: bool, at_s: float) -> None:
    """Note since when something is so."""
    if is_so:
        those.setdefault(about, at_s)
    else:
        those.pop(about, None)


class Cable:
    """A process on JACK with a MIDI input and a MIDI output, made anew when it ends. Its methods do not block long.

    It joins its input to all outputs whose client's name is `hears` (or that with a number), and its output to all
    inputs of `feeds`; "" joins none, for a device that is joined by the other side. What comes goes to `take`, on a
    thread of its own, with its second of `time.monotonic`.
    """

    def __init__(
        self, name: str, take: Callable[[bytes, float], None], hears: str = "BollyLive Out", feeds: str = ""
    ) -> None:
        self.joined: list[str] = []  # the ports at the other ends
        self.joined_s: float | None = None  # since when there has been one
        self.made_s: list[float] = []  # when the process was begun
        self._command = [sys.executable, __file__, "--name", name, "--hears", hears, "--feeds", feeds]
        self._take = take
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._rest_s = 0.0
        self._open = True
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def send(self, messages: Iterable[bytes]) -> None:
        """Play complete messages, at once; nobody hears them while there is no process."""
        self._tell("".join(f"{message.hex()}\n" for message in messages))

    def unplug(self, seconds: float, port: bool) -> None:
        """Leave the other side for so long: its connections, or with `port` the ports themselves."""
        self._tell(f"{'port' if port else 'wire'} {seconds}\n")

    def kill(self, rest_s: float) -> None:
        """Kill the process; another one begins after so long."""
        with self._lock:
            self._rest_s = rest_s
            if self._process is not None:
                self._process.kill()

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._open = False
            process = self._process
        if process is not None and process.stdin is not None:
            with suppress(OSError):
                process.stdin.close()
            with suppress(subprocess.TimeoutExpired):
                process.wait(2.0)
            process.kill()
        self._thread.join(5.0)

    def _tell(self, text: str) -> None:
        with self._lock, suppress(OSError):
            if self._process is not None and self._process.stdin is not None:
                self._process.stdin.write(text.encode("ascii"))
                self._process.stdin.flush()

    def _serve(self) -> None:
        while True:
            time.sleep(self._rest_s)
            with self._lock:
                if not self._open:
                    return
                self._rest_s = 0.0
                self._process = subprocess.Popen(
                    self._command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
            self.made_s.append(time.monotonic())
            self._listen(self._process)
            self._process.kill()
            self._process.wait()
            self.joined, self.joined_s = [], None

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        number, rest, patience_s = process.stdout.fileno(), b"", _BEGIN_S
        while select.select([number], [], [], patience_s)[0] and (data := os.read(number, 1 << 16)):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                self._read(json.loads(line))
            patience_s = _HANGS_S

    def _read(self, word: list[Any]) -> None:
        match word:
            case ["heard", at_s, message]:
                self._take(bytes.fromhex(message), at_s)
            case ["joined", at_s, [*names]]:
                if not names:
                    self.joined_s = None
                elif names != self.joined:
                    self.joined_s = at_s
                self.joined = names


class Listener:
    """A synthesizer with its cable, for a test to ask."""

    def __init__(self, name: str = "Storm Synth", hears: str = "BollyLive Out") -> None:
        self.synth = Synth()
        self._lock = threading.Lock()
        self.cable = Cable(name, self._take, hears)

    def held(self, before_s: float = float("inf")) -> list[str]:
        """What is not at rest now, since earlier than that second."""
        with self._lock:
            return self.synth.held(before_s)

    @property
    def ons(self) -> list[On]:
        """All note-ons so far, in order."""
        with self._lock:
            return list(self.synth.ons)

    def close(self) -> None:
        """Pull the cable."""
        self.cable.close()

    def _take(self, data: bytes, at_s: float) -> None:
        with self._lock:
            self.synth.hear(data, at_s)


class _Client:
    """The process on JACK. The callback of JACK's thread only moves messages between its ports and two queues."""

    def __init__(self, name: str, hears: str, feeds: str) -> None:
        self._down = threading.Event()
        self._heard: deque[tuple[float, bytes]] = deque()
        self._waiting: deque[bytes] = deque()
        self._names = hears, feeds
        self._unplugged: tuple[float, bool] | None = None
        self._joined: list[str] | None = None
        self._client = self._open(name)
        self._register()
        self._client.set_shutdown_callback(lambda *_: self._down.set())
        self._client.set_process_callback(self._process)
        self._client.activate()

    @staticmethod
    def _open(name: str) -> Any:
        import jack

        parent = os.getppid()
        while os.getppid() == parent:
            with suppress(jack.JackError):
                return jack.Client(name, no_start_server=True)
            time.sleep(JOIN_S)
        os._exit(0)

    def _register(self) -> None:
        source, drain = self._client.midi_inports.register("in"), self._client.midi_outports.register("out")
        self._ports: tuple[Any, Any] | None = (source, drain)

    def _process(self, _frames: int) -> None:
        ports, now_s = self._ports, time.monotonic()
        if ports is None:
            return
        try:
            for _, data in ports[0].incoming_midi_events():
                self._heard.append((now_s, bytes(data)))
            ports[1].clear_buffer()
            while self._waiting:
                ports[1].write_midi_event(0, self._waiting[0])
                self._waiting.popleft()
        except Exception:  # noqa: BLE001 - no room in this cycle, or a port that goes; the thread must not die of it
            return

    def run(self) -> None:
        """Serve until JACK or the other end of the pipe is gone; blocks."""
        threading.Thread(target=self._obey, daemon=True).start()
        look_s = beat_s = 0.0
        while not self._down.is_set():
            self._tell()
            now_s = time.monotonic()
            if now_s >= look_s:
                look_s = now_s + JOIN_S
                with suppress(Exception):  # a port that goes in this moment, or JACK
                    if (joined := self._join()) != self._joined:
                        self._joined = joined
                        self._say([["joined", now_s, joined]])
            if now_s >= beat_s:
                beat_s = now_s + _BEAT_S
                self._say([["alive"]])
            time.sleep(_TURN_S)
        self._tell()

    def _tell(self) -> None:
        words: list[list[object]] = []
        while self._heard:
            at_s, data = self._heard.popleft()
            words.append(["heard", at_s, data.hex()])
        self._say(words)

    def _say(self, words: list[list[object]]) -> None:
        if words:
            sys.stdout.write("".join(json.dumps(word) + "\n" for word in words))
            sys.stdout.flush()

    def _obey(self) -> None:
        for line in sys.stdin:
            match line.split():
                case ["port" | "wire" as what, seconds]:
                    self._unplugged = float(seconds), what == "port"
                case [message]:
                    self._waiting.append(bytes.fromhex(message))
        self._client.close()  # a server that ends while it has a client that was killed may die of it
        os._exit(0)

    def _join(self) -> list[str]:
        """Join what is there to be joined; gives what is joined now."""
        assert self._ports is not None
        if self._unplugged is not None:
            (seconds, port), self._unplugged = self._unplugged, None
            self._leave(seconds, port)
        joined = []
        for mine, theirs in zip(self._ports, self._names, strict=True):
            there = {port.name for port in self._client.get_all_connections(mine)}
            if theirs:
                pattern = f"^{re.escape(theirs)}(-[0-9]+)?:"
                for port in self._client.get_ports(
                    pattern, is_midi=True, is_output=mine.is_input, is_input=mine.is_output
                ):
                    if port.name not in there:
                        ends = (port, mine) if mine.is_input else (mine, port)
                        self._client.connect(*ends)
                        there.add(port.name)
            joined += sorted(there)
        return joined

    def _leave(self, seconds: float, port: bool) -> None:
        self._say([["joined", time.monotonic(), []]])
        self._joined = []
        assert self._ports is not None
        if port:
            ports, self._ports = self._ports, None
            time.sleep(0.03)  # the callback is done with them
            for one in ports:
                one.unregister()
        else:
            for one in self._ports:
                one.disconnect()
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            time.sleep(min(_BEAT_S, max(0.0, end_s - time.monotonic())))
            self._tell()
            self._say([["alive"]])
        if port:
            self._register()


def main() -> None:
    """Be the process of a cable; ends without asking JACK, which may be dead."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--name", "--hears", "--feeds"):
        parser.add_argument(name, required=True)
    arguments = parser.parse_args()
    with suppress(Exception):  # JACK died while the ports were made; the parent starts again
        _Client(arguments.name, arguments.hears, arguments.feeds).run()
    os._exit(0)


if __name__ == "__main__":
    main()
