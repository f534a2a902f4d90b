"""The barest program on the same ports: it sends back what comes. `bench` measures BollyLive beside it."""

from __future__ import annotations

import sys
import time

from bollylive.ports import Ports

NAME = "Bare Echo"
_POLL_S = 0.001


def echo(api: str) -> None:
    """Echo until standard input ends, which it does with the process that measures."""
    ports = Ports(api, name=NAME)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    try:
        while True:
            for data in ports.poll():
                ports.send(bytes(data))
            time.sleep(_POLL_S)
    finally:
        ports.close()


if __name__ == "__main__":
    echo(sys.argv[1])
