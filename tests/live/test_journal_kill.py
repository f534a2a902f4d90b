"""The journal of a real performance: what is left when everything is killed at once, and when the disk is full."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import time
from pathlib import Path

import mido
import pytest
from journals import read_journal
from stage import Peer, jam, until

from bollylive.cli import main
from bollylive.journal.folder import find_journals
from bollylive.midi.messages import NoteOn
from bollylive.midi.song_files import read_song
from bollylive.protocol import Sent

ROOT = Path(__file__).parents[2]
NOTES = 100
BOUND_S = 0.25
LITTLE_DISK = 2000  # bytes
PLAYING_S, BETWEEN_S = 0.6, 0.02


def perform(peer: Peer, seconds: float) -> None:
    """Play a scale, and listen."""
    began_s = time.perf_counter()
    for pitch in itertools.cycle(range(48, 84)):
        if (now_s := time.perf_counter()) - began_s > seconds:
            return
        peer.play((0x90, pitch, 90), (0x80, pitch, 0))
        peer.hears(lambda due_s=now_s + BETWEEN_S: time.perf_counter() > due_s)  # type: ignore[misc]


@pytest.mark.skipif(sys.platform == "win32", reason="processes have clocks of their own there")
def test_killed_in_the_middle_of_a_phrase_it_loses_no_more_than_a_quarter_of_a_second(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    child = subprocess.Popen(
        [sys.executable, str(ROOT / "tests" / "support" / "scale.py"), str(tmp_path)],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    lines = list(itertools.islice(child.stdout, NOTES))
    killed_s = time.perf_counter()
    child.kill()
    lines += child.communicate()[0].splitlines()
    heard = [(float(second), (int(channel), int(pitch))) for second, channel, pitch in map(str.split, lines)]

    (journal_path,) = find_journals(tmp_path)
    journal = read_journal(journal_path.read_bytes())
    ons = [word.event for word in journal.entries if isinstance(word, Sent) and isinstance(word.event, NoteOn)]
    written = [(on.channel, on.pitch) for on in ons]
    assert not journal.ended
    assert written == [note for _, note in heard][: len(written)]
    due = [note for second, note in heard if second < killed_s - BOUND_S]
    assert len(due) > 0
    assert len(written) >= len(due)

    out = tmp_path / "recovered.mid"
    assert main(["recover", str(tmp_path), "--out", str(out)]) == 0
    assert "breaks off: the program was killed" in capsys.readouterr().err
    assert [track.name for track in mido.MidiFile(out).tracks[1:]] == ["1 (musician)", "2 (model)"]
    assert len(read_song(out).notes) == len(written)


@pytest.mark.ports
@pytest.mark.slow
def test_a_full_disk_does_not_stop_the_music_and_what_found_room_is_recovered(
    jack_server: dict[str, str], tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")  # Python before 3.12.8 leaves half a file in its cache
    with jam("--journal", str(tmp_path), "--model", str(tiny_model), largest_file=LITTLE_DISK) as process:
        peer = Peer()
        perform(peer, PLAYING_S)
        heard = len(peer.ons)
        (path,) = find_journals(tmp_path)
        assert until(lambda: path.stat().st_size == LITTLE_DISK, 1.0)
        perform(peer, 0.2)
        assert len(peer.ons) > heard + 5
        process.terminate()
        assert process.stdout is not None
        said = "".join(process.stdout)
        peer.listen()
        assert not peer.sounding
        peer.ports.close()
    assert said.count(f"The journal cannot be written in {tmp_path} (File too large); the music goes on") == 1
    assert "events are missing in the journal" in said
    assert len(read_journal(path.read_bytes()).entries) > 20
