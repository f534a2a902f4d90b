"""The terminal does not take text, or is not there: the band plays, what dies is replaced, and Ctrl-C ends it all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from jack_server import JackServer
from journals import read_journal
from stage import Peer, eager_set, port_process_of, until
from test_faults import LONG_S, OFF, ON, is_other, plays_on

from bollylive.errors import PortError
from bollylive.journal.folder import find_journals
from bollylive.processes.watchdog import START_LIMIT_S

pty, termios = pytest.importorskip("pty"), pytest.importorskip("termios")

pytestmark = [pytest.mark.ports, pytest.mark.slow]


@contextmanager
def program(*arguments: str, shell: str = "", **options: Any) -> Iterator[subprocess.Popen[str]]:
    """`bollylive jam`; `shell` are redirections for it."""
    jam = [sys.executable, "-m", "bollylive", "jam", "--api", "jack", "--seed", "1", *arguments]
    process = subprocess.Popen(["sh", "-c", f'exec "$@" {shell}', "sh", *jam], text=True, **options)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def lively_set(folder: Path) -> str:
    path = Path(eager_set(folder))
    path.write_text(path.read_text(encoding="utf-8").replace("rest_after_beats = 32", "rest_after_beats = 0"))
    return str(path)


def peer_of_a_band_that_says_nothing(journals: Path) -> Peer:
    """Join a band as soon as it has ports, also if its first port process hung while it opened them."""
    found: list[Peer] = []
    reasons: list[PortError] = []

    def joins() -> bool:
        try:
            found.append(Peer())
        except PortError as reason:
            reasons.append(reason)
        return bool(found)

    assert until(joins, START_LIMIT_S + LONG_S), (reasons[-1], [path.read_bytes() for path in find_journals(journals)])
    return found[0]


def wait_for(terminal: int, said: bytes) -> None:
    """Read what the band prints until it has said something."""
    read = b""
    while said not in read:
        read += os.read(terminal, 4096)


def peer_of_a_band_that_says(terminal: int) -> Peer:
    """Wait until the band is ready, and wake it."""
    wait_for(terminal, b"ready")
    peer = Peer()
    peer.play(ON, OFF)
    assert peer.hears(lambda: len(peer.ons) > 10, LONG_S)
    return peer


def test_behind_a_terminal_that_is_stopped_a_port_process_is_replaced_and_ctrl_c_ends_everything(
    mortal_jack_server: JackServer, tmp_path: Path
) -> None:
    ours, theirs = pty.openpty()
    options = ("--set", lively_set(tmp_path), "--journal", str(tmp_path), "--tempo", "160")
    with program(*options, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        peer = peer_of_a_band_that_says(ours)
        termios.tcflow(theirs, termios.TCOOFF)  # as Ctrl-S does
        peer.play(ON)
        assert peer.hears(lambda: (0, 64) in peer.sounding)
        first = port_process_of(process)
        os.kill(first, signal.SIGKILL)
        assert until(lambda: is_other(port_process_of, process, first), LONG_S)
        assert peer.rejoin()
        assert peer.hears(lambda: (0, 64) not in peer.sounding)
        assert plays_on(peer)
        peer.see_off(process, signal.SIGINT, LONG_S)
        assert process.returncode == 130
    os.close(ours)
    os.close(theirs)
    (path,) = find_journals(tmp_path)
    data = path.read_bytes()
    assert read_journal(data).ended
    assert b"The port process ended unexpectedly, by SIGKILL; another one is starting." in data


@pytest.mark.parametrize("closed", ["2>&-", ">&-", "<&-", "<&- >&- 2>&-"])
def test_without_a_terminal_the_band_plays_as_always_and_its_sentences_are_in_the_journal(
    mortal_jack_server: JackServer, tmp_path: Path, closed: str
) -> None:
    options = ("--set", lively_set(tmp_path), "--journal", str(tmp_path), "--tempo", "160")
    with program(*options, shell=closed, stdout=subprocess.DEVNULL) as process:
        peer = peer_of_a_band_that_says_nothing(tmp_path)
        assert until(lambda: any(b"ready: model" in path.read_bytes() for path in find_journals(tmp_path)), LONG_S)
        peer.play(ON, OFF)
        assert peer.hears(lambda: len(peer.ons) > 10, LONG_S)
        peer.see_off(process, signal.SIGINT, LONG_S)
        assert process.returncode == 130


def take_terminal() -> None:
    """Make standard input the terminal of this process, as a terminal's shell has it."""
    import fcntl

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_ctrl_z_stops_nothing_and_a_terminal_that_is_closed_ends_the_notes(
    mortal_jack_server: JackServer, tmp_path: Path
) -> None:
    ours, theirs = pty.openpty()
    options = ("--set", lively_set(tmp_path), "--journal", str(tmp_path), "--tempo", "160")
    files: dict[str, Any] = {"stdin": theirs, "stdout": theirs, "stderr": theirs}
    with program(*options, **files, start_new_session=True, preexec_fn=take_terminal) as process:
        os.close(theirs)
        peer = peer_of_a_band_that_says(ours)
        os.write(ours, b"\x1a")
        wait_for(ours, b"Ctrl-Z does not stop the band")
        assert plays_on(peer)
        peer.play(ON)
        assert peer.hears(lambda: (0, 64) in peer.sounding)
        os.close(ours)  # the kernel hangs up on whoever has this terminal
        assert peer.hears(lambda: process.poll() is not None, LONG_S)
        assert peer.hears(lambda: not peer.sounding)
        assert process.returncode == 128 + signal.SIGHUP
    (path,) = find_journals(tmp_path)
    assert read_journal(path.read_bytes()).ended
