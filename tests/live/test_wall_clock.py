"""The system clock is set back an hour, and forward two, while the band plays: nobody hears it, and nothing is lost."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import pytest
from journals import read_journal
from set_clock import LIBRARIES, SetClock
from stage import engine_of, port_process_of
from test_faults import playing, written_in

from bollylive.journal.folder import find_journals, running_folder
from bollylive.recover import find_recording
from bollylive.snapshot.reader import SnapshotReader

HOUR_S, DAY_S = 3600, 86400
PLAYING_S = 12  # of which the musician's first note and the band's answer take one or two
MORE = 15  # notes after each setting of the clock, a second or so
BEAT_S = 60 / 160
NEAR_S = 0.1  # far more than the port's jitter, far less than any jump


@pytest.fixture
def set_clock(tmp_path: Path) -> SetClock:
    """Skips or fails where there is no libfaketime."""
    if not LIBRARIES:
        if os.environ.get("CI"):
            pytest.fail("CI must have libfaketime (apt-get install libfaketime).")
        pytest.skip("libfaketime is not installed.")
    folder = tmp_path / "clock"
    folder.mkdir()
    return SetClock(folder)


def test_the_clock_that_is_set_here_jumps_and_what_measures_time_does_not(set_clock: SetClock) -> None:
    code = "import sys, time\nfor _ in sys.stdin: print(time.time(), time.perf_counter(), time.monotonic(), flush=True)"
    looks = []
    with (
        set_clock.worn(),
        subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as child,
    ):
        assert child.stdin is not None
        assert child.stdout is not None
        for offset_s in (0, -HOUR_S, HOUR_S):
            set_clock.set(offset_s)
            child.stdin.write("\n")
            child.stdin.flush()
            looks.append([float(second) for second in child.stdout.readline().split()])
    wall, *measuring = zip(*looks, strict=True)
    assert wall[1] - wall[0] == pytest.approx(-HOUR_S, abs=60)
    assert wall[2] - wall[1] == pytest.approx(2 * HOUR_S, abs=60)
    assert all(0 <= later - earlier < 60 for clock in measuring for earlier, later in itertools.pairwise(clock))


@pytest.mark.ports
@pytest.mark.slow
def test_the_clock_is_set_while_the_band_plays_and_nothing_changes(
    jack_server: dict[str, str], tmp_path: Path, set_clock: SetClock
) -> None:
    figures = tmp_path / "figures.json"
    set_clock.set(-DAY_S)
    with (
        set_clock.worn(),
        playing(tmp_path, "--seconds", str(PLAYING_S), "--figures", str(figures)) as (process, peer),
    ):
        parts = [process.pid, port_process_of(process), engine_of(process)]
        assert all(LIBRARIES[0].name in Path(f"/proc/{part}/maps").read_text() for part in parts)
        reader = SnapshotReader(running_folder(), {parts[-1]})
        beats = [beat_shown(reader)]
        heard = [0]  # how many notes when the clock was set
        for offset_s in (-HOUR_S, HOUR_S):
            heard.append(len(peer.ons))
            set_clock.set(offset_s - DAY_S)
            if offset_s < 0:
                save_with_an_older_date(tmp_path / "eager.toml")
            assert peer.hears(lambda: len(peer.ons) > heard[-1] + MORE), f"silence after {offset_s} s"
            beats.append(beat_shown(reader))
        reader.close()
        assert beats == sorted(set(beats))
        assert parts == [process.pid, port_process_of(process), engine_of(process)]
        assert peer.hears(lambda: process.poll() is not None, PLAYING_S + 5.0)
        peer.listen()
        assert process.stdout is not None
        said = process.stdout.read()
    assert process.returncode == 0
    assert not peer.sounding
    assert not peer.faults
    assert said.count("eager.toml: the saved set plays now.") == 1
    told = json.loads(figures.read_text(encoding="utf-8"))
    assert (told["restarts"], told["journal_lost"]) == (0, 0)

    assert written_in(tmp_path) == peer.ons
    (path,) = find_journals(tmp_path)
    started = datetime.strptime(read_journal(path.read_bytes()).header.started, "%Y-%m-%dT%H:%M:%S%z")
    assert abs(datetime.now(UTC) - started - timedelta(days=1)) < timedelta(minutes=10)

    found = find_recording(tmp_path)
    notes = [(note.channel, note.pitch) for track in found.tracks for note in track.notes]
    assert sorted(notes) == sorted((on.channel, on.pitch) for on in peer.ons)
    assert [bpm for _, bpm in found.tempos] == pytest.approx([160])
    onsets = sorted(note.onset_beats for track in found.tracks for note in track.notes)
    behind_s = [at_s - BEAT_S * onset for at_s, onset in zip(peer.heard_s, onsets, strict=True)]
    before, back, forward = (median(behind_s[a:b]) for a, b in itertools.pairwise([*heard, len(peer.ons)]))
    assert (back, forward) == pytest.approx((before, before), abs=NEAR_S)


def beat_shown(reader: SnapshotReader) -> float:
    snapshot = reader.read()
    assert snapshot is not None
    return snapshot.beat


def save_with_an_older_date(path: Path) -> None:
    """Save a set as it is while the clock is set back an hour."""
    text, date_s = path.read_text(encoding="utf-8"), path.stat().st_mtime - HOUR_S
    path.write_text(text, encoding="utf-8")
    os.utime(path, (date_s, date_s))
