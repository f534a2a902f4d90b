"""Fixtures that more than one test file uses."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import Call
from jack_server import JackServer, private_jack
from music import write_song
from write_tiny import TINY

from bollylive.cli import main


@pytest.fixture(scope="session", autouse=True)
def _signals_as_in_a_terminal() -> None:
    """Programs inherit what is ignored, and under `nohup` a hang-up is."""
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session", autouse=True)
def _journals_of_their_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What plays in tests, also as a program, must not journal among the musician's own performances."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("XDG_STATE_HOME", "LOCALAPPDATA"):
            patch.setenv(name, str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(autouse=True)
def _bands_of_their_own(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """On ports, a band that a test killed must not be cleared up after by the band of the next test."""
    if request.node.get_closest_marker("ports"):
        for name in ("XDG_STATE_HOME", "LOCALAPPDATA"):
            monkeypatch.setenv(name, str(tmp_path_factory.mktemp("state")))


@pytest.fixture(scope="session")
def jack_server() -> Iterator[dict[str, str]]:
    """A private JACK server without a sound card; yields its environment, which is set in this process too."""
    with private_jack(128):
        yield dict(os.environ)


@pytest.fixture
def calm_jack_server() -> Iterator[dict[str, str]]:
    """The same with a period so long that no cycle is missed, even with many clients: its frames keep even time."""
    with private_jack(512):
        yield dict(os.environ)


@pytest.fixture
def mortal_jack_server() -> Iterator[JackServer]:
    """One to be killed, which also gets over a client that was killed within a second or so."""
    with private_jack(256, timeout_ms=100) as server:
        yield server


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `.onnx` of a real model with random weights, its `.json` beside it; copy it before you change it."""
    folder = tmp_path_factory.mktemp("models")
    for ending in (".onnx", ".json"):
        shutil.copyfile(TINY.with_suffix(ending), folder / f"tiny-v1{ending}")
    return folder / "tiny-v1.onnx"


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    """Runs a command; returns its status, its output and its complaints."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        capsys.readouterr()
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as end:
            status = int(end.code or 0)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """A file with notes on the channels 1, 2, 3 and 10."""
    return write_song(tmp_path / "song.mid", bars=4)
