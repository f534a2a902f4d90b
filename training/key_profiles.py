"""How well what sounds fits each key: Krumhansl and Kessler's profiles.

Source: "Tracing the dynamic changes in perceived tonal organization", Psychological Review 89 (1982).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

# How well each pitch class above the tonic fits a major and a minor key.
KEY_PROFILES: Final = np.array(
    [
        [6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88],
        [6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17],
    ]
)


def profile_fits(sound: NDArray[np.float64], profiles: NDArray[np.float64] = KEY_PROFILES) -> NDArray[np.float64]:
    """How well profiles [P, 12] on each tonic correlate with how long each pitch class sounds [12]: [P, 12]."""
    return np.array([[np.corrcoef(np.roll(row, tonic), sound)[0, 1] for tonic in range(12)] for row in profiles])
