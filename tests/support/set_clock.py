"""A system clock for tests, which one program sees instead of the machine's, and which can be set while it runs.

It is libfaketime, loaded into the program and all that it starts. As when a real clock is set, CLOCK_REALTIME jumps
and CLOCK_MONOTONIC does not; files keep the dates that the machine gives them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))

# libfaketime before 0.9.11 makes nonsense of a sleep to a moment of CLOCK_MONOTONIC, which is how Python sleeps.
SLEEP = "import select, time\ntime.sleep = lambda seconds: (select.select([], [], [], seconds), None)[1]\n"


class SetClock:
    """The clock of whatever is started while it is `worn`; see `set`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._offset = folder / "offset"
        (folder / "sitecustomize.py").write_text(SLEEP, encoding="ascii")
        self.set(0)

    def set(self, offset_s: int) -> None:
        """Let it show a number of seconds more than the machine's."""
        new = self._folder / "offset.new"
        new.write_text(f"{offset_s:+}", encoding="ascii")
        new.replace(self._offset)  # it is read at every look at the clock, and must be whole

    @contextmanager
    def worn(self) -> Iterator[None]:
        """What is started here sees this clock, and so does what that starts."""
        paths = (str(self._folder), str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH"))
        changes = {
            "LD_PRELOAD": str(LIBRARIES[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self._offset),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        }
        with pytest.MonkeyPatch.context() as patch:
            for key, value in changes.items():
                patch.setenv(key, value)
            yield
