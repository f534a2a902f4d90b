"""The io process from its first line to its last: it receives its start-up message, opens the ports, and plays.

It may be killed at any moment: the supervisor starts another one, which ends its notes. If the supervisor is gone it
ends its notes by itself.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection

from bollylive.clock.anchor import Anchor
from bollylive.clock.link import LinkSession
from bollylive.errors import PortError
from bollylive.io.link_source import LinkSource
from bollylive.io.listener_notice import ListenerNotice, how_to_hear
from bollylive.io.port_set import PortSet
from bollylive.io.scripted_source import ScriptedSource
from bollylive.io.sources_and_sinks import Source
from bollylive.plain_text import log_plainly
from bollylive.processes.engine_link import EngineLink
from bollylive.processes.io_loop import IoLoop
from bollylive.processes.pipe import Pipe
from bollylive.processes.realtime import wake_first
from bollylive.processes.spawn import inherited
from bollylive.processes.supervisor_link import SupervisorLink
from bollylive.processes.telemetry import tempo_sentence
from bollylive.processes.terminal_signals import leave_to_supervisor
from bollylive.processes.timer import fine_waits
from bollylive.protocol import Crashed, Done, NoPorts, StartUp
from bollylive.sets.live_set import LiveSet

_log = logging.getLogger(__name__)
_MOST_START_S = 60.0
_FORGETFUL = ("jack", "alsa")  # there, a new port does not get the connections of the old one


def serve(connection: Connection) -> None:
    """Receive a `StartUp` and play, until the supervisor says that it is over or is gone itself."""
    leave_to_supervisor()
    _on_shutdown(sys.exit)  # a JACK client that is killed while it opens would lock out all others, see `jack_metadata`
    log_plainly("bollylive ports")
    start_up: StartUp
    try:
        (start_up,) = connection.recv()
    except EOFError:
        return
    supervisor_link = SupervisorLink(Pipe(connection))
    wake_first()
    try:
        with fine_waits():
            _play(_checked(start_up), supervisor_link)
    except PortError as error:
        supervisor_link.tell(NoPorts(str(error)))
    except Exception as fault:  # noqa: BLE001 - on stage nothing is fatal: the supervisor starts another process
        _log.exception("the io process failed")
        supervisor_link.tell(Crashed(f"{type(fault).__name__}: {fault}"))
    finally:
        supervisor_link.close()


def _play(start_up: StartUp, supervisor_link: SupervisorLink) -> None:
    band = start_up.band
    live = LiveSet(band)
    engine = EngineLink(live, start_up.seed, start_up.journal, start_up.model, resume=start_up.anchor is not None)
    try:
        ports = PortSet(start_up.api, band.in_port, band.out_port, waits=True)  # meanwhile the engine loads its model
    except BaseException:
        engine.end()
        raise
    supervisor_link.say(f"in: {ports.input_name}   out: {ports.output_name}   ({ports.api})")
    if start_up.anchor is None:
        supervisor_link.say(tempo_sentence(band))
    if start_up.anchor is not None and ports.api in _FORGETFUL and ports.virtual_names:
        supervisor_link.say(f"Connect {' and '.join(ports.virtual_names)} again, unless something does so for you.")
    demo = ScriptedSource(start_up.musician)
    sources: list[Source] = [ports]
    if ports.own_output is not None:
        how = how_to_hear(ports.api, ports.other_inputs)
        sources.append(ListenerNotice(ports.own_output, lambda: ports.listeners, how))
    if start_up.musician:
        sources.append(demo)
    if band.link:
        sources.append(LinkSource(LinkSession(band.tempo_bpm, band.beats_per_bar)))
    loop = IoLoop(
        ports, engine, live, supervisor_link, sources, ports, start_up.anchor, start_up.left, when_ready=demo.begin
    )
    _on_shutdown(loop.stop)
    try:
        loop.run()
    finally:
        loop.close()
    if loop.finished:  # a process that only got a signal is replaced
        supervisor_link.tell(Done(loop.summary()))


def _on_shutdown(act: Callable[[], object]) -> None:
    """Call `act` at the signals that all processes get when the system shuts down, once no library is at work."""
    for name in ("SIGTERM", "SIGHUP"):
        with suppress(AttributeError, ValueError):
            signal.signal(getattr(signal, name), lambda *_: act())


def _checked(start_up: StartUp) -> StartUp:
    """Return the start-up message, without the earlier beat and journal if the processes do not share a clock.

    They do on Linux, macOS and Windows. Source: PEP 418: CLOCK_MONOTONIC, mach_absolute_time and
    QueryPerformanceCounter count since the machine started.
    """
    now_s = time.perf_counter()
    if start_up.anchor is None or 0.0 <= now_s - start_up.given_s < _MOST_START_S:
        return start_up
    return replace(start_up, journal=None, anchor=Anchor(0.0, 60.0 / start_up.band.tempo_bpm, now_s))


if __name__ == "__main__":
    try:
        serve(inherited())
    finally:  # threads of libjack or CoreMIDI may still run; tearing the interpreter down under them has crashed
        os._exit(0)
