"""A JACK server for tests, without a sound card, that can be killed and started again."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

JACK_WAIT_S = 10.0


_ANSWER_S = 5.0


class JackServer:
    """A server under a name of its own; `timeout_ms` is how long a cycle waits for a client that hangs."""

    def __init__(self, name: str, period_frames: int, timeout_ms: int = 1000) -> None:
        self.name = name
        self._command = f"jackd -n {name} -r -S -t {timeout_ms} -p 128 -d dummy -r 48000 -p {period_frames}"

    def start(self) -> None:
        """Start it and wait until it answers; the environment must name it."""
        self._server = subprocess.Popen(
            self._command.split(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline_s = time.monotonic() + JACK_WAIT_S
        while not self._answers():
            if self._server.poll() is not None or time.monotonic() > deadline_s:
                pytest.fail(f"jackd did not start within {JACK_WAIT_S:.0f} s (exit status {self._server.poll()}).")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            return subprocess.run(["jack_lsp"], capture_output=True, check=False, timeout=_ANSWER_S).returncode == 0
        except subprocess.TimeoutExpired:
            # A client that was killed while it opened JACK's metadata leaves them locked, and all later ones wait.
            shutil.rmtree(f"/dev/shm/jack_db-{os.getuid()}", ignore_errors=True)
            return False

    def kill(self) -> None:
        """Kill it without a word, and remove what it left in the shared memory."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._server.pid, signal.SIGKILL)
        self._server.wait()
        self._clear()

    def end(self) -> None:
        """End it, and make it if it does not.

        JACK has eight places, and a server that was killed keeps its own until one of its name has ended well.
        """
        for _ in range(3):
            if self._server.poll() is not None:
                self.start()
            for sign, patience_s in ((signal.SIGTERM, 3.0), (signal.SIGKILL, 3.0)):
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._server.pid, sign)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._server.wait(patience_s)
                    break
            self._clear()
            if self._server.returncode == 0:  # it dies of SIGPIPE where a client was killed just before
                break

    def _clear(self) -> None:
        for path in Path("/dev/shm").glob(f"jack_*{self.name}*"):
            with contextlib.suppress(OSError):
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def free_places() -> None:
    """End well, under their names, the servers of tests that were killed, since they keep JACK's places. Blocks."""
    registry = Path("/dev/shm/jack-shm-registry")
    names = re.findall(rb"bl(\d+)p(\d+)", registry.read_bytes()) if registry.exists() else []
    for owner, period in {(int(owner), int(period)) for owner, period in names}:
        if not Path(f"/proc/{owner}").exists():
            name = f"bl{owner}p{period}"
            server = JackServer(name, period)
            with contextlib.suppress(pytest.fail.Exception), pytest.MonkeyPatch.context() as patch:
                patch.setenv("JACK_DEFAULT_SERVER", name)
                server.start()
                server.end()


@contextlib.contextmanager
def private_jack(period_frames: int, timeout_ms: int = 1000) -> Iterator[JackServer]:
    """A JACK server of our own without a sound card, with so long a period; skips or fails where there is no jackd."""
    if shutil.which("jackd") is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have jackd (apt-get install jackd2).")
        pytest.skip("jackd is not installed.")
    server = JackServer(f"bl{os.getpid()}p{period_frames}", period_frames, timeout_ms)
    changes = {"JACK_DEFAULT_SERVER": server.name, "JACK_NO_START_SERVER": "1", "JACK_NO_AUDIO_RESERVATION": "1"}
    with pytest.MonkeyPatch.context() as patch:
        for key, value in changes.items():
            patch.setenv(key, value)
        try:
            server.start()
            yield server
        finally:
            server.end()
