"""A PipeWire of a test's own, that can be killed and started again."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

START_LIMIT_S = 15.0
PROGRAMS = ("pipewire", "wireplumber", "pw-jack", "pw-link")


class PipeWire:
    """PipeWire and its session manager, with sockets and settings in a folder; the environment must name that."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Start both and wait until they answer."""
        with (self._folder / "log").open("ab") as log:
            self._processes = [
                subprocess.Popen([program], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
                for program in ("pipewire", "wireplumber")
            ]
        deadline_s = time.monotonic() + START_LIMIT_S
        while subprocess.run(["pw-link", "-o"], capture_output=True, check=False).returncode != 0:
            if time.monotonic() > deadline_s:
                pytest.fail(
                    f"PipeWire did not start within {START_LIMIT_S:.0f} s: {(self._folder / 'log').read_text()}"
                )
            time.sleep(0.05)

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End both with a signal, and wait until they are gone."""
        for process in reversed(self._processes):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)
        for process in self._processes:
            try:
                process.wait(START_LIMIT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes = []


def links() -> set[tuple[str, str]]:
    """Return who is linked to whom: (output, input), as a third-party program tells it."""
    told = subprocess.run(["pw-link", "-l", "-o"], capture_output=True, text=True, check=False).stdout
    pairs, output = set(), ""
    for line in told.splitlines():
        words = line.strip()
        if words.startswith("|->"):
            pairs.add((output, words.removeprefix("|->").strip()))
        else:
            output = words
    return pairs


def link(output: str, input_: str) -> bool:
    """Link two ports; return whether they are linked now."""
    subprocess.run(["pw-link", output, input_], capture_output=True, check=False)
    return (output, input_) in links()


@contextlib.contextmanager
def private_pipewire(folder: Path) -> Iterator[PipeWire]:
    """A PipeWire of our own, to be used from programs under `pw-jack`; skips where there is none, but fails in CI."""
    if missing := [program for program in PROGRAMS if shutil.which(program) is None]:
        if os.environ.get("CI"):
            pytest.fail(f"CI must have {', '.join(missing)} (apt-get install pipewire-jack wireplumber).")
        pytest.skip(f"{', '.join(missing)} is not installed.")
    with pytest.MonkeyPatch.context() as patch:
        folder.chmod(0o700)
        for name in ("XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "HOME"):
            patch.setenv(name, str(folder))
        patch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)  # no other session manager is to be found there
        server = PipeWire(folder)
        try:
            server.start()
            yield server
        finally:
            server.end(signal.SIGKILL)
