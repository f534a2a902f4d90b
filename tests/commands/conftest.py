"""Fixtures for the tests of commands."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import Call
from music import write_song

from bollylive.cli import main


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    """Run a command; gives its status and what it wrote on both streams."""

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
    """Flute (1), harmonium (2), bass (3) and drums (10)."""
    return write_song(tmp_path / "song.mid", bars=4)
