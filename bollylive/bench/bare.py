"""A program on the same ports that does one bare thing; `bench` measures BollyLive beside such."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable

from bollylive.io.port_set import PortSet


def serve(api: str, name: str, poll_s: float, turn: Callable[[PortSet], object]) -> None:
    """Take a turn every so often until SIGTERM comes, and close the ports.

    A client that just vanishes would keep the next one waiting for JACK, for 20 s.
    """
    signals: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: signals.append(number))
    ports = PortSet(api, name=name)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    try:
        while not signals:
            turn(ports)
            time.sleep(poll_s)
    finally:
        ports.close()
