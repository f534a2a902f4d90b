"""The barest program on the same ports: it sends back what comes. `bench` measures BollyLive beside it."""

from __future__ import annotations

import sys

from bollylive.bench.bare import serve
from bollylive.io.port_set import PortSet

NAME = "Bare Echo"
_POLL_S = 0.001


def echo(ports: PortSet) -> None:
    """Send back what has come."""
    for data in ports.receive():
        ports.send(bytes(data))


if __name__ == "__main__":
    serve(sys.argv[1], NAME, _POLL_S, echo)
