"""Whether the io process is woken first, where the system grants it."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys

import pytest

from bollylive.processes import realtime

PROGRAM = """
import os, subprocess, sys
from bollylive.processes.realtime import wake_first
granted = wake_first()
child = subprocess.run([sys.executable, "-c", "import os; print(os.sched_getscheduler(0))"], capture_output=True)
print(granted, os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK, int(child.stdout), sep=",")
"""

REFUSED = """
import os
from bollylive.processes.realtime import wake_first
def refuse(*_):
    raise PermissionError
os.sched_setscheduler = refuse
print(wake_first())
print([line for line in open("/proc/self/sched") if "slice" in line])
"""

LINUX = tuple(map(int, re.findall(r"\d+", platform.release())[:2]))

linux_alone = pytest.mark.skipif(platform.system() != "Linux", reason="Only Linux knows such a wish.")


@linux_alone
def test_it_is_granted_or_not_and_never_inherited() -> None:
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    granted, own, childs = run.stdout.split(",")
    assert int(own) == (os.SCHED_RR if granted == "realtime" else os.SCHED_OTHER)
    assert int(childs) == os.SCHED_OTHER


@linux_alone
def test_who_may_not_play_in_real_time_is_granted_a_short_slice() -> None:
    run = subprocess.run([sys.executable, "-c", REFUSED], capture_output=True, text=True, check=True)
    granted, shown = run.stdout.splitlines()
    if LINUX >= (6, 12) and "slice" in shown:
        assert granted == "short slice"
        assert "100000" in shown


@pytest.mark.parametrize("trouble", [PermissionError, AttributeError])
def test_where_nothing_is_granted_nothing_happens(monkeypatch: pytest.MonkeyPatch, trouble: type[Exception]) -> None:
    def refuse(*_: object) -> None:
        raise trouble

    monkeypatch.setattr(os, "sched_setscheduler", refuse, raising=False)
    monkeypatch.setattr(realtime, "_SCHED_SETATTR", {})
    assert realtime.wake_first() is None
