"""Whatever part dies, hangs, or is stopped while the band plays: it plays on, no note stays, and the journal knows."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from jack_server import JackServer
from journals import read_journal
from stage import Peer, eager_set, engine_of, jam, port_process_of, until

from bollylive.journal.folder import find_journals
from bollylive.midi.messages import NoteOn
from bollylive.midi.song_files import read_song
from bollylive.processes.io_link import IoLink
from bollylive.protocol import Done, Finish, Ready, Sent, StartUp
from bollylive.recover import recover
from bollylive.sets.setfile import load_set
from bollylive.sets.settings import Role

pytestmark = [pytest.mark.ports, pytest.mark.slow]

ON, OFF = (0x90, 64, 90), (0x80, 64, 0)
LONG_S = 20.0


@contextmanager
def playing(folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], Peer]]:
    """A band that the musician has woken with one note, and that is well under way."""
    path = Path(eager_set(folder))
    path.write_text(path.read_text(encoding="utf-8").replace("rest_after_beats = 32", "rest_after_beats = 0"))
    with jam("--set", str(path), "--journal", str(folder), "--tempo", "160", *arguments) as process:
        peer = Peer()
        peer.play(ON, OFF)
        assert peer.hears(lambda: len(peer.ons) > 20, LONG_S)
        try:
            yield process, peer
        finally:
            peer.ports.close()


def plays_on(peer: Peer) -> bool:
    """Whether the band plays some more, without the musician."""
    heard = len(peer.ons)
    return peer.hears(lambda: len(peer.ons) > heard + 8, LONG_S)


def end(process: subprocess.Popen[str], peer: Peer) -> str:
    """Stop the program; nothing may sound afterwards. Gives what it has said since it was ready."""
    process.terminate()
    assert peer.hears(lambda: process.poll() is not None, LONG_S)
    peer.listen()
    assert not peer.sounding
    assert process.stdout is not None
    return "".join(process.stdout)


def written_in(folder: Path) -> list[NoteOn]:
    """The note-ons of the one journal, which the program has closed; `recover` gives each of them."""
    (path,) = find_journals(folder)
    journal = read_journal(path.read_bytes())
    ons = [word.event for word in journal.entries if isinstance(word, Sent) and isinstance(word.event, NoteOn)]
    assert journal.ended
    assert sum(len(track.notes) for track in recover(path).tracks) == len(ons)
    return ons


def journal_holds(folder: Path, heard: list[NoteOn]) -> bool:
    """Whether the journal has all that the other side heard, in order; it has more while that one was cut off."""
    written = iter(written_in(folder))
    return all(any(on == note for note in written) for on in heard)


def is_other(find: object, process: subprocess.Popen[str], before: int) -> bool:
    try:
        return find(process) != before  # type: ignore[operator, no-any-return]
    except (StopIteration, FileNotFoundError):
        return False


def test_an_engine_that_is_killed_is_followed_by_one_that_remembers_and_plays_on(
    jack_server: dict[str, str], tmp_path: Path
) -> None:
    with playing(tmp_path) as (process, peer):
        engine = engine_of(process)
        os.kill(engine, signal.SIGKILL)
        assert peer.hears(lambda: is_other(engine_of, process, engine))
        assert peer.hears(lambda: not peer.sounding)
        assert plays_on(peer)
        said = end(process, peer)
        assert not peer.faults
    assert "The engine ended unexpectedly" in said
    assert written_in(tmp_path) == peer.ons


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_port_process_that_dies_or_hangs_is_followed_by_one_that_ends_its_notes_and_plays_on(
    mortal_jack_server: JackServer, tmp_path: Path, number: signal.Signals
) -> None:
    with playing(tmp_path) as (process, peer):
        peer.play(ON)
        assert peer.hears(lambda: (0, 64) in peer.sounding)
        first, engine = port_process_of(process), engine_of(process)
        os.kill(first, number)
        assert until(lambda: is_other(port_process_of, process, first), LONG_S)
        assert peer.rejoin()
        assert peer.hears(lambda: (0, 64) not in peer.sounding)
        assert plays_on(peer)
        assert not Path(f"/proc/{engine}").exists()
        said = end(process, peer)
    assert ("hangs" if number == signal.SIGSTOP else "ended unexpectedly") in said
    assert journal_holds(tmp_path, peer.ons)


def test_a_program_that_is_killed_leaves_no_note_and_no_process(mortal_jack_server: JackServer, tmp_path: Path) -> None:
    with playing(tmp_path) as (process, peer):
        peer.play(ON)
        assert peer.hears(lambda: (0, 64) in peer.sounding)
        others = [port_process_of(process), engine_of(process)]
        process.kill()
        assert peer.hears(lambda: not any(Path(f"/proc/{other}").exists() for other in others), LONG_S)
        peer.listen()
        assert not peer.sounding
        assert not peer.faults


def test_a_whole_program_that_was_stopped_for_three_seconds_goes_on_without_a_burst(
    mortal_jack_server: JackServer, tmp_path: Path
) -> None:
    with playing(tmp_path) as (process, peer):
        all_of_it = [process.pid, port_process_of(process), engine_of(process)]
        for number in all_of_it:
            os.kill(number, signal.SIGSTOP)
        until(lambda: False, 3.0)
        peer.listen()
        heard = len(peer.ons)
        for number in all_of_it:
            os.kill(number, signal.SIGCONT)
        peer.hears(lambda: False, 0.3)
        assert len(peer.ons) - heard < 25  # a third of a second of five voices, not three seconds
        if is_other(port_process_of, process, all_of_it[1]):
            assert peer.rejoin()
        assert plays_on(peer)
        end(process, peer)
    assert journal_holds(tmp_path, peer.ons)


def test_a_jack_server_that_dies_is_waited_for_and_the_band_plays_on_when_it_is_back(
    mortal_jack_server: JackServer, tmp_path: Path
) -> None:
    with playing(tmp_path) as (process, peer):
        assert process.stdout is not None
        first = port_process_of(process)
        peer.ports.close()
        mortal_jack_server.kill()
        os.kill(first, signal.SIGSTOP)  # as python-rtmidi hangs some two thousand messages later
        assert any("The band waits for it" in line for line in process.stdout)
        mortal_jack_server.start()
        assert peer.rejoin()
        assert plays_on(peer)
        said = end(process, peer)
    assert "The band waits for it" not in said
    assert journal_holds(tmp_path, peer.ons)


def test_a_set_that_changes_a_hundred_times_while_the_band_plays_leaves_no_note(
    mortal_jack_server: JackServer, tmp_path: Path
) -> None:
    band = load_set(eager_set(tmp_path))
    roles: dict[Role, Role] = {"accompany": "player", "continue": "off"}
    other = replace(band, channels=tuple(replace(c, role=roles.get(c.role, c.role)) for c in band.channels))
    link = IoLink(StartUp(band, seed=1, api="jack"))
    told: list[object] = []

    def hears(condition: Callable[[], bool], limit_s: float) -> bool:
        def heard() -> bool:
            told.extend(link.receive(0.0))
            peer.listen()
            return condition()

        return until(heard, limit_s)

    try:
        assert until(lambda: told.extend(link.receive(0.0)) or any(isinstance(w, Ready) for w in told), LONG_S)  # type: ignore[func-returns-value]
        peer = Peer()
        peer.play(ON)
        assert hears(lambda: len(peer.ons) > 10, LONG_S)
        for i in range(100):
            link.tell(band if i % 2 else other)
            peer.play(*((OFF, ON) if i % 10 == 0 else ()))
            hears(lambda: False, 0.05)
        peer.play(OFF)
        heard = len(peer.ons)
        assert hears(lambda: len(peer.ons) > heard + 8, LONG_S)
        link.tell(Finish())
        assert hears(lambda: any(isinstance(word, Done) for word in told), LONG_S)
        peer.listen()
    finally:
        link.end()
        peer.ports.close()
    assert not peer.sounding
    assert not peer.faults
    assert [w.event for w in told if isinstance(w, Sent) and isinstance(w.event, NoteOn)] == peer.ons


def test_a_saved_set_is_taken_while_the_band_plays(mortal_jack_server: JackServer, tmp_path: Path) -> None:
    with playing(tmp_path) as (process, peer):
        path = tmp_path / "eager.toml"
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace('"accompany"', '"player"'), encoding="utf-8")
        assert process.stdout is not None
        assert any(line == f"{path}: the saved set plays now.\n" for line in process.stdout)
        assert peer.hears(lambda: not {key for key in peer.sounding if key[0] in (1, 2, 3, 9)})
        heard = len(peer.ons)
        peer.hears(lambda: False, 1.0)
        assert {on.channel for on in peer.ons[heard:]} <= {0}
        path.write_text(text.replace("tempo_bpm = 96", "tempo_bpm = 9600"), encoding="utf-8")
        assert any("tempo_bpm must be from 20 to 300, not 9600" in line for line in process.stdout)
        end(process, peer)


def test_a_recording_needs_no_journal_of_its_own(mortal_jack_server: JackServer, tmp_path: Path) -> None:
    take = tmp_path / "take.mid"
    with jam("--no-journal", "--record", str(take), "--set", eager_set(tmp_path)) as process:
        peer = Peer()
        peer.play(ON, OFF)
        assert peer.hears(lambda: len(peer.ons) > 10, LONG_S)
        said = end(process, peer)
        peer.ports.close()
    assert "journal" not in said
    assert len(read_song(take).notes) == len(peer.ons)
