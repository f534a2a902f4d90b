"""Whether the port process is woken first, where the system grants it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from bollylive.priority import wake_first

PROGRAM = """
import os, subprocess, sys
from bollylive.priority import wake_first
granted = wake_first()
child = subprocess.run([sys.executable, "-c", "import os; print(os.sched_getscheduler(0))"], capture_output=True)
print(granted, os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK, int(child.stdout))
"""


@pytest.mark.skipif(not hasattr(os, "sched_setscheduler"), reason="This system knows no such wish.")
def test_it_is_granted_or_not_and_never_inherited() -> None:
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    granted, own, childs = run.stdout.split()
    assert int(own) == (os.SCHED_RR if granted == "True" else os.SCHED_OTHER)
    assert int(childs) == os.SCHED_OTHER


@pytest.mark.parametrize("trouble", [PermissionError, AttributeError])
def test_where_it_is_not_granted_nothing_happens(monkeypatch: pytest.MonkeyPatch, trouble: type[Exception]) -> None:
    def refuse(*_: object) -> None:
        raise trouble

    monkeypatch.setattr(os, "sched_setscheduler", refuse, raising=False)
    assert not wake_first()
