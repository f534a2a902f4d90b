"""The bare programs with which `bench` compares BollyLive: each does one thing and nothing else.

    python -m bollylive.bench.references echo API        send back every message that comes in
    python -m bollylive.bench.references poll API        look for messages as often as a band at rest does
    python -m bollylive.bench.references sleep SECONDS   sleep from deadline to deadline; print how late it woke, in ms
    python -m bollylive.bench.references spin            keep one core busy while the parent process lives

Each prints `ready` once it runs. `echo` and `poll` open ports of their own and run until SIGTERM. None imports numpy.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Final

from bollylive.io.port_set import PortSet

ECHO_NAME: Final = "Bare Echo"
POLLER_NAME: Final = "Bare Poller"
IDLE_POLL_S: Final = 0.005

_ECHO_POLL_S: Final = 0.001
_SLEEP_S: Final = 0.01
_PARENT_CHECK_TURNS: Final = 100_000


def run(*arguments: str) -> None:
    """Run the program that the arguments name; blocks until it ends. Raises ValueError if there is no such program."""
    match arguments:
        case ("echo", api):
            _serve(api, ECHO_NAME, _ECHO_POLL_S, echo)
        case ("poll", api):
            _serve(api, POLLER_NAME, IDLE_POLL_S, PortSet.receive)
        case ("sleep", seconds):
            _say_ready()
            sys.stdout.write(json.dumps(wake_delays_ms(float(seconds))))
        case ("spin",):
            _say_ready()
            spin()
        case _:
            raise ValueError(f"There is no reference program {' '.join(arguments)!r}.")


def echo(ports: PortSet) -> None:
    """Send back every message that has come in."""
    for data in ports.receive():
        ports.send(bytes(data))


def wake_delays_ms(seconds: float) -> list[float]:
    """Sleep to a deadline every 10 ms for a time; return how late the thread woke after each, in ms."""
    delays, due_s = [], time.perf_counter()
    for _ in range(int(seconds / _SLEEP_S)):
        due_s += _SLEEP_S
        time.sleep(max(0.0, due_s - time.perf_counter()))
        delays.append(1e3 * (time.perf_counter() - due_s))
    return delays


def spin() -> None:
    """Count as fast as possible until the parent process has ended."""
    parent, turns = os.getppid(), 0
    while turns % _PARENT_CHECK_TURNS or os.getppid() == parent:
        turns += 1


def _serve(api: str, name: str, poll_s: float, turn: Callable[[PortSet], object]) -> None:
    # The ports must be closed: JACK makes the next client wait up to 20 s for one that just vanished.
    signals: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: signals.append(number))
    ports = PortSet(api, name=name)
    _say_ready()
    try:
        while not signals:
            turn(ports)
            time.sleep(poll_s)
    finally:
        ports.close()


def _say_ready() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()


if __name__ == "__main__":
    run(*sys.argv[1:])
