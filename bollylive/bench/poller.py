"""The barest program that waits for a note: it looks at the same ports as often as a band at rest, and does no more.

`bench` measures what BollyLive costs at rest beside it. Most of its share is the driver's, as it is of ours.
"""

from __future__ import annotations

import signal
import sys
import time

from bollylive.ports import Ports

NAME = "Bare Poller"
POLL_S = 0.005


def poll(api: str) -> None:
    """Poll until SIGTERM comes, and close the ports, as `echo` does."""
    signals: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: signals.append(number))
    ports = Ports(api, name=NAME)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    try:
        while not signals:
            ports.poll()
            time.sleep(POLL_S)
    finally:
        ports.close()


if __name__ == "__main__":
    poll(sys.argv[1])
