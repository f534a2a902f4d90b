"""The barest program that waits for a note: it looks at the same ports as often as a band at rest, and does no more.

`bench` measures what BollyLive costs at rest beside it. Most of its share is the driver's, as it is of ours.
"""

from __future__ import annotations

import sys

from bollylive.bench.bare import serve
from bollylive.io.port_set import PortSet

NAME = "Bare Poller"
POLL_S = 0.005


if __name__ == "__main__":
    serve(sys.argv[1], NAME, POLL_S, PortSet.receive)
