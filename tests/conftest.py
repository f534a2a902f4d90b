"""Fixtures that more than one test file uses."""

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

JACK_WAIT_S = 10.0


@pytest.fixture(scope="session", autouse=True)
def _journals_of_their_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What plays in tests, also as a program, must not journal among the musician's own performances."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("XDG_STATE_HOME", "LOCALAPPDATA"):
            patch.setenv(name, str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session")
def jack_server() -> Iterator[dict[str, str]]:
    """A private JACK server without a sound card; yields its environment, which is set in this process too."""
    with private_jack(128) as environment:
        yield environment


@pytest.fixture
def calm_jack_server() -> Iterator[dict[str, str]]:
    """The same with a period so long that no cycle is missed, even with many clients: its frames keep even time."""
    with private_jack(512) as environment:
        yield environment


@contextlib.contextmanager
def private_jack(period_frames: int) -> Iterator[dict[str, str]]:
    """A JACK server of our own without a sound card, with so long a period; skips or fails where there is no jackd."""
    if shutil.which("jackd") is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have jackd (apt-get install jackd2).")
        pytest.skip("jackd is not installed.")
    name = f"bl{os.getpid()}p{period_frames}"
    changes = {"JACK_DEFAULT_SERVER": name, "JACK_NO_START_SERVER": "1", "JACK_NO_AUDIO_RESERVATION": "1"}
    before = {key: os.environ.get(key) for key in changes}
    os.environ.update(changes)
    command = f"jackd -n {name} -r -S -t 1000 -p 128 -d dummy -r 48000 -p {period_frames}"
    server = subprocess.Popen(
        command.split(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_for_jack(server)
        yield dict(os.environ)
    finally:
        _end(server)
        for path in Path("/dev/shm").glob(f"jack_*{name}*"):
            with contextlib.suppress(OSError):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        for key, value in before.items():
            if value is None:
                del os.environ[key]
            else:
                os.environ[key] = value


def _wait_for_jack(server: subprocess.Popen[bytes]) -> None:
    deadline_s = time.monotonic() + JACK_WAIT_S
    while subprocess.run(["jack_lsp"], capture_output=True, check=False).returncode != 0:
        if server.poll() is not None or time.monotonic() > deadline_s:
            pytest.fail(f"jackd did not start within {JACK_WAIT_S:.0f} s (exit status {server.poll()}).")
        time.sleep(0.05)


def _end(server: subprocess.Popen[bytes]) -> None:
    for sign, patience_s in ((signal.SIGTERM, 3.0), (signal.SIGKILL, 3.0)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(patience_s)
            return


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `.onnx` of a real model with weights by chance, its sidecar beside it; copy it before you change it."""
    from tiny import tiny_onnx

    return tiny_onnx(tmp_path_factory, buffer_notes=8)
