"""The kinds of number that options take, each with its range."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable


def at_least(least: int) -> Callable[[str], int]:
    """A reader of whole numbers from `least` on."""

    def whole_number(text: str) -> int:
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"it must be at least {least}, not {value}")
        return value

    return whole_number


def positive(most: float) -> Callable[[str], float]:
    """A reader of numbers above 0, at most `most`."""

    def number(text: str) -> float:
        value = float(text)
        if not 0 < value <= most or math.isinf(value):
            bound = "" if math.isinf(most) else f" and at most {most:g}"
            raise argparse.ArgumentTypeError(f"it must be more than 0{bound}, not {text}")
        return value

    return number
