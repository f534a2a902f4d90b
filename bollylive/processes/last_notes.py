"""The end of a performance: silence, and a few seconds in which somebody can receive the ends of hanging notes."""

from __future__ import annotations

from typing import Final

from bollylive.errors import PortError
from bollylive.io.router import Router
from bollylive.io.sources_and_sinks import Ports
from bollylive.processes.supervisor_link import SupervisorLink
from bollylive.processes.timer import Timer
from bollylive.processes.watchdog import LISTENER_LIMIT_S

_FLUSH_S: Final = 0.1  # the driver must send the last messages before its port closes; a long period is 43 ms
_POLL_S: Final = 0.005


def end_notes(
    router: Router, ports: Ports, supervisor_link: SupervisorLink, timer: Timer, *, wait_for_listener: bool
) -> None:
    """End every note, and wait until the driver has sent the note-offs.

    If an earlier process left notes hanging and nobody can have heard their end, it waits up to LISTENER_LIMIT_S for
    somebody to listen, if it is to `wait_for_listener`.
    """
    router.close(timer.now_s())
    if wait_for_listener:
        _wait_for_listener(router, ports, supervisor_link, timer)
    supervisor_link.attend(timer.now_s())
    timer.sleep(_FLUSH_S)


def _wait_for_listener(router: Router, ports: Ports, supervisor_link: SupervisorLink, timer: Timer) -> None:
    deadline_s = timer.now_s() + LISTENER_LIMIT_S
    if router.end_left(timer.now_s()):
        nobody = "nobody listens" if ports.listeners == 0 else "it cannot be seen who listens"
        supervisor_link.say(
            f"Notes may hang, and {nobody}; connect your synthesiser to {ports.output_name} within "
            f"{LISTENER_LIMIT_S:.0f} seconds, and they end."
        )
    while router.end_left(now_s := timer.now_s()) and now_s < deadline_s:
        try:
            ports.check(now_s)
        except PortError:  # the MIDI system is gone, and so is everything that listened
            return
        router.listen(ports.listeners, now_s)
        supervisor_link.attend(now_s)
        timer.sleep(_POLL_S)
