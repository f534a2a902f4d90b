"""The barest program on the same ports: it sends back what comes. `bench` measures BollyLive beside it."""

from __future__ import annotations

import signal
import sys
import time

from bollylive.ports import Ports

NAME = "Bare Echo"
_POLL_S = 0.001


def echo(api: str) -> None:
    """Echo until SIGTERM comes. A client that just vanishes would keep the next one waiting for JACK, for 20 s."""
    signals: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: signals.append(number))
    ports = Ports(api, name=NAME)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    try:
        while not signals:
            for data in ports.poll():
                ports.send(bytes(data))
            time.sleep(_POLL_S)
    finally:
        ports.close()


if __name__ == "__main__":
    echo(sys.argv[1])
