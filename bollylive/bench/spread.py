"""The figures of many times."""

from __future__ import annotations

import numpy as np


def spread(values: list[float]) -> dict[str, float]:
    """The median, the slowest hundredth and the worst of at least one time, in their unit, and how many they are."""
    p50, p99 = np.percentile(values, (50, 99))
    return {"p50": round(float(p50), 4), "p99": round(float(p99), 4), "max": round(max(values), 4), "n": len(values)}
