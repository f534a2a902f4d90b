"""Calls a function in a process of its own, because it may hang for ever in a library that holds the interpreter."""

from __future__ import annotations

import multiprocessing
import signal
import time
from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any, Final, Literal, TypeAlias

from bollylive.errors import PortError, PortsHangError
from bollylive.io.port_set import PortSet
from bollylive.processes.jack_metadata import cure_of_lock
from bollylive.processes.spawn import inherited, spawn
from bollylive.processes.watchdog import START_LIMIT_S
from bollylive.sets.settings import Set

_Answer: TypeAlias = tuple[Literal["value", "no ports"], Any]
_LAST_S: Final = 1.0  # how long a process that closed its pipe may take to end


def list_ports(api: str | None = None) -> tuple[list[str], list[str]]:
    """Return what `io.rtmidi_backend.list_ports` returns, in time; raises PortError."""
    inputs, outputs = call_apart("io.rtmidi_backend", "list_ports", api)
    return inputs, outputs


def refuse_hang(api: str | None) -> None:
    """Raise PortsHangError if a MIDI system hangs; one that is missing is no matter here. Blocks until it answers."""
    try:
        list_ports(api)
    except PortsHangError:
        raise
    except PortError:
        pass


def try_ports(api: str | None, band: Set) -> list[str]:
    """Return what `open_ports` returns, in time; raises PortError."""
    sentences: list[str] = call_apart("processes.apart", "open_ports", api, band)
    return sentences


def open_ports(api: str | None, band: Set) -> list[str]:
    """Open the ports of a set as `jam` does, which waits for those that are missing; return what it would say of them.

    Closes them again. Raises PortError; may hang.
    """
    ports = PortSet(api, band.in_port, band.out_port, waits=True)
    try:
        news = ports.check(time.perf_counter())
        return [
            f"ports: you play into {ports.input_name}, the band plays to {ports.output_name} ({ports.api})",
            *(f"ports: {sentence}" for sentence in news),
        ]
    finally:
        ports.close()


def call_apart(module: str, function: str, *arguments: Any, limit_s: float = START_LIMIT_S) -> Any:
    """Return what a function of `bollylive.MODULE` returns that works on ports; all values must be picklable.

    Raises the function's PortError, PortsHangError if it takes longer than `limit_s`, and PortError if its process
    cannot be started or crashes. Blocks until then. Ctrl-C does not kill the process: one that is killed while it opens
    a JACK client may lock out all others.
    """
    ours, theirs = multiprocessing.Pipe()
    try:
        child = spawn("processes.apart", theirs, leads=True)
    except OSError as error:
        raise PortError(f"No process can be started to look at the ports: {error.strerror or error}.") from error
    finally:
        theirs.close()
    with ours:
        try:
            ours.send((module, function, arguments))
            if not ours.poll(limit_s):
                child.end()
                cure = cure_of_lock() or "it may have died: restart it, and try again"
                raise PortsHangError(f"The MIDI system did not answer within {limit_s:.0f} seconds; {cure}.")
            kind, value = ours.recv()
        except (EOFError, ConnectionError):
            how = child.wait(_LAST_S) or "without a word"
            raise PortError(
                f"The MIDI system's library crashed ({how}); restart the MIDI system, and try again."
            ) from None
    child.end()  # before threads of libjack or CoreMIDI can crash while the interpreter shuts down
    if kind == "no ports":
        raise PortError(value)
    return value


def serve(connection: Connection) -> None:
    """Receive a call, and answer it."""
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the same holds when the terminal is closed
    with suppress(EOFError, OSError):  # who called is gone, as after Ctrl-C
        module, function, arguments = connection.recv()
        connection.send(_answer(module, function, arguments))


def _answer(module: str, function: str, arguments: tuple[Any, ...]) -> _Answer:
    try:
        return "value", getattr(import_module(f"bollylive.{module}"), function)(*arguments)
    except PortError as error:
        return "no ports", str(error)


if __name__ == "__main__":
    serve(inherited())
