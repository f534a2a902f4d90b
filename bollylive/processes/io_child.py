"""The port process from its first line to its last: a duty comes, the ports open, it plays, and leaves silence.

It may be killed at any moment: the warden starts another, which ends its notes. Without a warden it ends by itself.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection

from bollylive.clock.anchor import Anchor
from bollylive.clock.link import LinkSession
from bollylive.errors import PortError
from bollylive.io.port_set import PortSet
from bollylive.processes.engine_link import EngineLink
from bollylive.processes.io_loop import IoLoop
from bollylive.processes.pipe import Pipe
from bollylive.processes.realtime import wake_first
from bollylive.processes.spawn import inherited
from bollylive.processes.supervisor_link import SupervisorLink
from bollylive.protocol import Crashed, Done, NoPorts, StartUp

_log = logging.getLogger(__name__)
_MOST_START_S = 60.0
_FORGETFUL = ("jack", "alsa")  # where a port that is gone has lost its connections


def serve(connection: Connection) -> None:
    """Receive a duty and do it, until the warden says that it is over or is gone itself."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # on Windows it goes to all; the warden decides when it is over
    logging.basicConfig(format="bollylive ports: %(message)s")
    try:
        duty: StartUp = connection.recv()
    except EOFError:
        return
    supervisor_link = SupervisorLink(Pipe(connection))
    wake_first()
    try:
        _play(_checked(duty), supervisor_link)
    except PortError as error:
        supervisor_link.tell(NoPorts(str(error)))
    except Exception as fault:  # noqa: BLE001  # on stage nothing is fatal: the warden starts another
        _log.exception("the port process stumbled")
        supervisor_link.tell(Crashed(f"{type(fault).__name__}: {fault}"))
    finally:
        supervisor_link.close()


def _play(duty: StartUp, supervisor_link: SupervisorLink) -> None:
    engine = EngineLink(duty.band, duty.seed, duty.journal, duty.model, resume=duty.anchor is not None)
    try:
        ports = PortSet(duty.api, duty.band.in_port, duty.band.out_port)  # meanwhile the engine loads its model
    except BaseException:
        engine.end()
        raise
    supervisor_link.say(f"in: {ports.input_name}   out: {ports.output_name}   ({ports.api})")
    if duty.anchor is not None and ports.api in _FORGETFUL:
        supervisor_link.say("Connect them again, unless something does so for you.")
    link = LinkSession(duty.band.tempo_bpm, duty.band.beats_per_bar) if duty.band.link else None
    process = IoLoop(ports, engine, duty.band, supervisor_link, duty.musician, duty.anchor, duty.left, link)
    for name in ("SIGTERM", "SIGHUP"):  # a system that shuts down tells everybody
        with suppress(AttributeError, ValueError):
            signal.signal(getattr(signal, name), lambda *_: process.stop())
    try:
        process.run()
    finally:
        process.close()
    if process.finished:  # who was only sent a signal is replaced
        supervisor_link.tell(Done(process.summary()))


def _checked(duty: StartUp) -> StartUp:
    """The beat goes on where it was if processes share one clock, as they do on Linux, macOS and Windows.

    Source: PEP 418: CLOCK_MONOTONIC, mach_absolute_time and QueryPerformanceCounter count since the machine started.
    """
    now_s = time.perf_counter()
    if duty.anchor is None or 0.0 <= now_s - duty.given_s < _MOST_START_S:
        return duty
    return replace(duty, journal=None, anchor=Anchor(0.0, 60.0 / duty.band.tempo_bpm, now_s))


if __name__ == "__main__":
    try:
        serve(inherited())
    finally:  # threads of libjack or CoreMIDI may still be about; tearing the interpreter down under them has crashed
        os._exit(0)
