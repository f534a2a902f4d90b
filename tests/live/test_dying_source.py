"""What feeds our ports dies in the middle of a note, on a private JACK server."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from stage import until

from bollylive.io.port_set import PortSet
from bollylive.midi.messages import Event, LostSourceRelease, NoteOff, NoteOn, Tick

pytestmark = pytest.mark.ports

LIMIT_S = 10.0
STAYS_S = 3.0
ON, OFF = NoteOn(0, 60, 90), NoteOff(0, 60)

# Holds a note, with a clock, with active sensing, or with nothing besides, until it is told on its stdin to stop the
# clock as one does, or to be quiet.
SOURCE = """
import select, sys, time
from bollylive.io import rtmidi_backend
signs, every_s = {"clock": ([[0xF8]], 0.02), "sensing": ([[0xFE]], 0.25), "hand": ([], 1.0)}[sys.argv[1]]
out = rtmidi_backend.new_output("jack", "Source")
if sys.argv[2] == "virtual":
    out.open_virtual_port("out")
    print("there", flush=True)
    sys.stdin.readline()
else:
    out.open_port(next(i for i, name in enumerate(out.get_ports()) if name.startswith(sys.argv[2])), "out")
    time.sleep(0.3)  # until the connection is there, what is sent is heard by nobody
out.send_message([0x90, 60, 90])
while True:
    for sign in signs:
        out.send_message(sign)
    if select.select([sys.stdin], [], [], every_s)[0]:
        word = sys.stdin.readline()
        if word == "stop\\n":
            out.send_message([0xFC])
        signs = []
"""


class Source:
    """A process of its own, which can be killed."""

    def __init__(self, kind: str, joins: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", SOURCE, kind, joins], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def says(self, word: str) -> bool:
        assert self.process.stdout is not None
        return self.process.stdout.readline() == f"{word}\n"

    def tell(self, word: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


class Listener:
    """Looks at ports as the io process does, and keeps what came, but ticks, and what was said."""

    def __init__(self, ports: PortSet) -> None:
        self.ports = ports
        self.events: list[object] = []
        self.said: list[str] = []

    def listen(self) -> None:
        now_s = time.perf_counter()
        came = [event.event if isinstance(event, LostSourceRelease) else event for event in self._poll(now_s)]
        self.events += [event for event in came if not isinstance(event, Tick)]
        self.said += self.ports.check(now_s)

    def _poll(self, now_s: float) -> list[object]:
        return [timed.event for timed in self.ports.poll(now_s)]

    def hears(self, event: Event, limit_s: float = LIMIT_S) -> bool:
        def heard() -> bool:
            self.listen()
            return event in self.events

        return until(heard, limit_s)

    def is_told(self, words: str, limit_s: float = LIMIT_S) -> bool:
        def told() -> bool:
            self.listen()
            return any(words in sentence for sentence in self.said)

        return until(told, limit_s)


@contextmanager
def _source(kind: str) -> Iterator[tuple[Source, Listener]]:
    """A source that is connected to our own port, and holds a note there for a moment already."""
    ports, source = PortSet("jack"), None
    try:
        listener = Listener(ports)
        source = Source(kind, "BollyLive In")
        assert listener.hears(ON)
        assert not listener.hears(OFF, 0.5)
        yield source, listener
    finally:
        if source is not None:
            source.kill()


def killed(kind: str) -> None:
    """A source is killed."""
    with _source(kind) as (source, listener):
        source.kill()
        assert listener.hears(OFF, 2.0)
        listener.listen()
        assert listener.said == ["The source of 'BollyLive In:in' stopped while it held notes; they are ended."]
        assert not any(listener.ports.poll(time.perf_counter()) for _ in range(10))


def silent(kind: str, least_s: str, most_s: str) -> None:
    """A source is quiet all at once, and still connected; its note ends after so long."""
    with _source(kind) as (source, listener):
        source.tell("quiet")
        began_s = time.perf_counter()
        assert listener.hears(OFF, LIMIT_S)
        assert float(least_s) < time.perf_counter() - began_s < float(most_s)


def held(kind: str, word: str) -> None:
    """A source is told a word, and goes on holding its key."""
    with _source(kind) as (source, listener):
        source.tell(word)
        assert not listener.hears(OFF, STAYS_S)
        assert listener.said == []


def joined() -> None:
    """A source that we have joined is quiet, and is killed later."""
    source = Source("clock", "virtual")
    assert source.says("there")
    ports = PortSet("jack", "Source")
    listener = Listener(ports)
    try:
        source.tell("play")
        assert listener.hears(ON)
        assert not listener.hears(OFF, 0.5)
        source.tell("quiet")
        assert listener.hears(OFF)
        listener.listen()
        assert listener.said == ["The MIDI input 'Source:out' stopped while it held notes; they are ended."]
        source.kill()
        assert listener.is_told("'Source:out' is gone")
        assert listener.events.count(OFF) == 1
    finally:
        source.kill()


def apart(body: Callable[..., None], *arguments: str) -> None:
    """Run it in a process of its own, which ends with its ports open.

    libjack may crash where ports are closed in the moment in which the server gets over a client that was killed.
    """
    code = f"import os, {__name__} as here; here.{body.__name__}(*{arguments!r}); os._exit(0)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("mortal_jack_server")
@pytest.mark.parametrize("kind", ["clock", "sensing", "hand"])
def test_a_source_that_is_killed_with_a_held_note_leaves_none_hanging(kind: str) -> None:
    apart(killed, kind)


@pytest.mark.usefixtures("mortal_jack_server")
@pytest.mark.parametrize(("kind", "least_s", "most_s"), [("clock", "1.3", "2.0"), ("sensing", "0.3", "1.2")])
def test_a_source_that_falls_silent_while_it_is_connected_leaves_none_hanging(
    kind: str, least_s: str, most_s: str
) -> None:
    apart(silent, kind, least_s, most_s)


@pytest.mark.usefixtures("mortal_jack_server")
@pytest.mark.parametrize(("kind", "word"), [("clock", "stop"), ("hand", "quiet")])
def test_a_key_that_is_held_across_a_stop_or_without_any_clock_stays(kind: str, word: str) -> None:
    apart(held, kind, word)


@pytest.mark.usefixtures("mortal_jack_server")
def test_a_joined_source_that_falls_silent_leaves_none_hanging_and_stays_joined() -> None:
    apart(joined)
