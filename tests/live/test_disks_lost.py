"""A real performance whose journal loses its folder, or its disk its room: what was played is not lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from stage import Peer, eager_set, jam, until

from bollylive.journal.folder import find_journals
from bollylive.midi.song_files import read_song
from bollylive.recover import recover

pytestmark = [pytest.mark.ports, pytest.mark.slow]

ON, OFF = (0x90, 64, 90), (0x80, 64, 0)
LONG_S = 20.0
TINY_BYTES = 16 * 2**10


@contextmanager
def playing(folder: Path, model: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], Peer]]:
    """A band that the musician has woken with one note, and that is well under way."""
    path = Path(eager_set(folder))
    path.write_text(path.read_text(encoding="utf-8").replace("rest_after_beats = 32", "rest_after_beats = 0"))
    with jam("--set", str(path), "--model", str(model), "--tempo", "160", *arguments) as process:
        peer = Peer()
        try:
            peer.play(ON, OFF)
            assert peer.hears(lambda: len(peer.ons) > 20, LONG_S)
            yield process, peer
        finally:
            peer.ports.close()


def plays_on(peer: Peer, notes: int = 20) -> bool:
    heard = len(peer.ons)
    return peer.hears(lambda: len(peer.ons) > heard + notes, LONG_S)


def end(process: subprocess.Popen[str], peer: Peer) -> str:
    """Stop the program; gives what it has said since it was ready."""
    process.terminate()
    assert peer.hears(lambda: process.poll() is not None, LONG_S)
    peer.listen()
    assert process.stdout is not None
    return "".join(process.stdout)


def holds_all(pitches: Counter[tuple[int, int]], peer: Peer) -> bool:
    """Whether everything that the other side heard is there."""
    return pitches >= Counter((on.channel, on.pitch) for on in peer.ons)


def of_recording(path: Path) -> Counter[tuple[int, int]]:
    return Counter((note.channel, note.pitch) for note in read_song(path).notes)


def of_journal(path: Path) -> Counter[tuple[int, int]]:
    return Counter((note.channel, note.pitch) for track in recover(path).tracks for note in track.notes)


def test_a_journal_whose_folder_is_removed_is_begun_anew_and_the_recording_holds_all(
    jack_server: dict[str, str], tmp_path: Path, tiny_model: Path
) -> None:
    folder, take = tmp_path / "journal", tmp_path / "take.mid"
    with playing(tmp_path, tiny_model, "--journal", str(folder), "--record", str(take)) as (process, peer):
        shutil.rmtree(folder)
        assert until(lambda: folder.exists() and bool(find_journals(folder)), 1.5)
        assert plays_on(peer)
        said = end(process, peer)
    (path,) = find_journals(folder)
    assert f"The journal {path} was removed" in said
    assert f"journal {path}: `bollylive recover` makes a MIDI file of it" in said
    assert holds_all(of_recording(take), peer)
    assert of_journal(path) == of_recording(take)
    assert not list(tmp_path.glob(".take*"))


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root can mount a tiny disk")
def test_a_full_disk_under_the_journal_takes_nothing_from_a_recording_on_another(
    jack_server: dict[str, str], tmp_path: Path, tiny_model: Path
) -> None:
    folder, take = tmp_path / "tiny", tmp_path / "take.mid"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={TINY_BYTES}", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("nothing can be mounted here")
    try:
        with playing(tmp_path, tiny_model, "--journal", str(folder), "--record", str(take)) as (process, peer):
            (path,) = find_journals(folder)
            assert peer.hears(lambda: path.stat().st_size >= TINY_BYTES, 2 * LONG_S)
            assert plays_on(peer, 40)
            said = end(process, peer)
        assert "The journal cannot be written in" in said
        assert "events are missing in the journal" in said
        assert "missing in the recording" not in said
        assert holds_all(of_recording(take), peer)
        assert of_journal(path)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
