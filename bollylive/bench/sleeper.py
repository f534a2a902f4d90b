"""The barest program that keeps time: it sleeps from deadline to deadline. `bench` measures BollyLive beside it."""

from __future__ import annotations

import json
import sys
import time

_BETWEEN_S = 0.01


def sleep_ms(seconds: float) -> list[float]:
    """How late a thread wakes that only sleeps from deadline to deadline, in ms."""
    times, due_s = [], time.perf_counter()
    for _ in range(int(seconds / _BETWEEN_S)):
        due_s += _BETWEEN_S
        time.sleep(max(0.0, due_s - time.perf_counter()))
        times.append(1e3 * (time.perf_counter() - due_s))
    return times


if __name__ == "__main__":
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdout.write(json.dumps(sleep_ms(float(sys.argv[1]))))
