"""The program that keeps one core busy while `bench` measures."""

from __future__ import annotations

import os
import sys

_LOOK_EVERY = 100_000


def spin() -> None:
    """Count for as long as the program that started this one lives."""
    parent, turns = os.getppid(), 0
    while turns % _LOOK_EVERY or os.getppid() == parent:
        turns += 1


if __name__ == "__main__":
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    spin()
