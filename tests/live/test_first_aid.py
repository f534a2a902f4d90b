"""Whatever ends, no note, no pedal and no bend stays at the other side, which a synthesizer of its own hears."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from jack_server import JackServer
from stage import eager_set, engine_of, jam, port_process_of, until
from synth import Cable, Listener

from bollylive.journal.folder import running_folder
from bollylive.model.model_files import find_model
from bollylive.snapshot.reader import SnapshotReader
from bollylive.watch import describe_snapshot

pytestmark = [pytest.mark.ports, pytest.mark.slow]

LONG_S = 20.0
SILENCE_S = 2.0
PEDAL, BEND, PRESSURE, WHEEL = bytes((0xB0, 64, 127)), bytes((0xE0, 0, 96)), bytes((0xD0, 90)), bytes((0xB0, 1, 70))
ON, OFF = bytes((0x90, 64, 90)), bytes((0x80, 64, 0))
HELD = [PEDAL, BEND, PRESSURE, WHEEL, ON]


class Hall:
    """A band that plays, a musician who holds a chord with the pedal down and the wheel bent, and who listens."""

    def __init__(self, process: subprocess.Popen[str], listener: Listener, hands: Cable, folder: Path) -> None:
        self.process, self.listener, self.hands, self.folder = process, listener, hands, folder

    def hold(self) -> None:
        """The musician begins, the band comes in, and they hold on."""
        self.hands.send([ON, OFF])
        assert self.plays_on()
        self.hands.send(HELD)
        assert until(lambda: len(self.own) >= len(HELD), LONG_S), self.held

    def plays_on(self) -> bool:
        """Whether the model plays some more."""
        heard = len(self.listener.ons)
        return until(lambda: sum(on.channel > 0 for on in self.listener.ons[heard:]) > 4, LONG_S)

    @property
    def held(self) -> list[str]:
        """All that is not at rest at the synthesizer."""
        return self.listener.held()

    @property
    def own(self) -> list[str]:
        """What of it is the musician's."""
        return [what for what in self.held if re.fullmatch(r"\w+ \(?0\b.*", what)]

    def end(self, number: signal.Signals = signal.SIGTERM) -> str:
        """End the program; two seconds later nothing is held. Gives what it said."""
        with suppress(ProcessLookupError):
            self.process.send_signal(number)
        assert until(lambda: self.process.poll() is not None, LONG_S)
        assert until(lambda: not self.held, SILENCE_S), self.held
        assert self.process.stdout is not None
        return "".join(self.process.stdout)


@contextmanager
def hall(folder: Path, *arguments: str, listens: bool = True) -> Iterator[Hall]:
    """A band in a hall; ended at the end."""
    path = Path(eager_set(folder))
    path.write_text(path.read_text(encoding="utf-8").replace("rest_after_beats = 32", "rest_after_beats = 0"))
    listener, hands = Listener(), Cable("Storm Hands", lambda *_: None, hears="", feeds="BollyLive In")
    try:
        with jam("--set", str(path), "--journal", str(folder), "--tempo", "160", *arguments) as process:
            assert until(lambda: bool(hands.joined) and (not listens or bool(listener.cable.joined)), LONG_S)
            yield Hall(process, listener, hands, folder)
    finally:
        listener.close()
        hands.close()


def is_another(find: Callable[[subprocess.Popen[str]], int], process: subprocess.Popen[str], before: int) -> bool:
    with suppress(StopIteration, FileNotFoundError):
        return find(process) != before
    return False


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP, signal.SIGABRT])
def test_a_port_process_that_goes_leaves_no_pedal_down_and_no_wheel_bent_and_is_replaced(
    mortal_jack_server: JackServer, tmp_path: Path, number: signal.Signals
) -> None:
    with hall(tmp_path) as place:
        place.hold()
        first = port_process_of(place.process)
        os.kill(first, number)
        assert until(lambda: is_another(port_process_of, place.process, first), LONG_S)
        assert until(lambda: not place.own, LONG_S), place.own
        assert place.plays_on()
        said = place.end()
    assert place.process.returncode == 128 + signal.SIGTERM
    assert ("hangs" if number == signal.SIGSTOP else "ended unexpectedly") in said


def test_a_jack_server_that_dies_leaves_no_pedal_down_and_no_wheel_bent_once_it_is_back(
    mortal_jack_server: JackServer, tmp_path: Path
) -> None:
    with hall(tmp_path) as place:
        place.hold()
        mortal_jack_server.kill()
        assert place.own
        mortal_jack_server.start()
        assert until(lambda: not place.own, LONG_S), place.own
        assert place.plays_on()
        place.end()


def test_the_end_waits_for_who_joins_the_new_ports(mortal_jack_server: JackServer, tmp_path: Path) -> None:
    with hall(tmp_path) as place:
        place.hold()
        place.listener.cable.kill(rest_s=2.0)  # nobody is there for two seconds
        os.kill(port_process_of(place.process), signal.SIGKILL)
        until(lambda: False, 0.3)
        place.process.send_signal(signal.SIGINT)
        said = place.end(signal.SIGINT)
    assert "Notes may hang, and nobody listens" in said


def test_notes_that_the_supervisor_had_not_heard_of_are_ended_too(
    mortal_jack_server: JackServer, tmp_path: Path
) -> None:
    with hall(tmp_path) as place:
        place.hands.send([ON, OFF])
        assert place.plays_on()
        place.process.send_signal(signal.SIGSTOP)
        until(lambda: False, 0.5)
        place.hands.send([*HELD, bytes((0x9C, 50, 90))])
        assert until(lambda: "note (12, 50)" in place.held, LONG_S)
        os.kill(port_process_of(place.process), signal.SIGKILL)
        place.process.send_signal(signal.SIGCONT)
        assert until(lambda: not place.own and "note (12, 50)" not in place.held, LONG_S), place.held
        place.end()


def test_a_synthesizer_whose_cable_was_pulled_hears_afterwards_what_ended_meanwhile(
    mortal_jack_server: JackServer, tmp_path: Path
) -> None:
    with hall(tmp_path) as place:
        place.hold()
        place.listener.cable.unplug(1.0, port=False)
        assert until(lambda: not place.listener.cable.joined, LONG_S)
        place.hands.send([OFF, bytes((0xB0, 64, 0)), bytes((0xE0, 0, 64)), bytes((0xD0, 0)), bytes((0xB0, 1, 0))])
        assert place.own
        assert until(lambda: bool(place.listener.cable.joined), LONG_S)
        assert until(lambda: not place.own, LONG_S), place.own  # the model goes on there, note by note
        place.end()


def test_a_supervisor_that_is_killed_leaves_nothing(mortal_jack_server: JackServer, tmp_path: Path) -> None:
    with hall(tmp_path) as place:
        place.hold()
        place.process.kill()
        assert until(lambda: not place.held, SILENCE_S), place.held


def test_what_three_killed_processes_left_is_ended_by_the_next_band_at_its_first_listener(
    mortal_jack_server: JackServer, tmp_path: Path
) -> None:
    with hall(tmp_path) as place:
        place.hold()
        until(lambda: False, 0.3)  # the journal is written ten times a second
        place.listener.cable.kill(rest_s=6.0)
        for process in (place.process.pid, port_process_of(place.process), engine_of(place.process)):
            os.kill(process, signal.SIGKILL)
        assert place.held
        synth = place.listener.synth
        with jam("--journal", str(tmp_path)) as heir:
            assert until(lambda: bool(place.listener.cable.joined), LONG_S)
            assert until(lambda: not place.held, SILENCE_S), place.held
            heir.send_signal(signal.SIGINT)
            assert until(lambda: heir.poll() is not None, LONG_S)
        assert synth is place.listener.synth


def test_an_engine_that_hangs_is_shown_as_hung_and_replaced_within_three_seconds(
    mortal_jack_server: JackServer, tmp_path: Path
) -> None:
    with hall(tmp_path) as place:
        place.hands.send([ON, OFF])
        assert place.plays_on()
        engine = engine_of(place.process)
        os.kill(engine, signal.SIGSTOP)
        reader = SnapshotReader(running_folder(), [engine])
        assert reader.read() is None
        assert reader.hung
        assert until(lambda: is_another(engine_of, place.process, engine), LONG_S)
        assert place.plays_on()
        assert "The engine hangs; its notes are ended and another one is starting." in place.end()


def test_a_supervisor_that_stands_still_is_shown_as_hung_and_plays_on(
    mortal_jack_server: JackServer, tmp_path: Path
) -> None:
    with hall(tmp_path) as place:
        place.hands.send([ON, OFF])
        assert place.plays_on()
        reader = SnapshotReader(running_folder(), [engine_of(place.process)])
        place.process.send_signal(signal.SIGSTOP)

        def shown() -> bool:
            snapshot = reader.read()
            return snapshot is not None and "The supervisor does not answer." in describe_snapshot(snapshot)

        assert until(shown, LONG_S)
        assert place.plays_on()
        place.process.send_signal(signal.SIGCONT)
        assert until(lambda: not shown(), LONG_S)
        place.end()


@pytest.mark.parametrize("cut", [False, True])
def test_a_model_that_is_gone_or_cut_is_in_memory_when_another_process_is_needed(
    mortal_jack_server: JackServer, tmp_path: Path, cut: bool
) -> None:
    model = tmp_path / "mine.onnx"
    for suffix in (".onnx", ".json"):
        shutil.copy(find_model("bollywood").with_suffix(suffix), model.with_suffix(suffix))
    with hall(tmp_path, "--model", str(model)) as place:
        place.hands.send([ON, OFF])
        assert place.plays_on()
        if cut:
            os.truncate(model, 1000)
        else:
            model.unlink()
            model.with_suffix(".json").unlink()
        for find in (port_process_of, engine_of):
            before = find(place.process)
            os.kill(before, signal.SIGKILL)
            assert until(lambda find=find, before=before: is_another(find, place.process, before), LONG_S)  # type: ignore[misc]
            assert until(lambda: bool(place.listener.cable.joined), LONG_S)
            assert place.plays_on()
        place.end()


@pytest.mark.parametrize(
    ("old", "new"),
    [('role = "continue"', 'role = "off"'), ("thru = true", "thru = false")],
)
def test_a_saved_set_that_closes_a_channel_lifts_its_pedal_and_its_wheel(
    mortal_jack_server: JackServer, tmp_path: Path, old: str, new: str
) -> None:
    with hall(tmp_path) as place:
        place.hold()
        path = tmp_path / "eager.toml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
        assert until(lambda: not place.own, LONG_S), place.own
        place.end()


HOSTILE = {
    "digits": "tempo_bpm = 1" + "0" * 310,
    "seed": "seed = " + "9" * 4301,
    "brackets": "a = " + "[" * 2000,
    "hexadecimal": "[[channel]]\nchannel = 0x" + "f" * 5000,
}


def test_a_saved_set_that_cannot_be_read_ends_nothing_and_is_told_in_a_sentence(
    mortal_jack_server: JackServer, tmp_path: Path
) -> None:
    with hall(tmp_path) as place:
        place.hold()
        path = tmp_path / "eager.toml"
        assert place.process.stdout is not None
        for text in HOSTILE.values():
            path.write_text(text, encoding="utf-8")
            said = [next(place.process.stdout), next(place.process.stdout)]
            assert str(path) in said[0]
            assert len(said[0]) < 500
            assert said[1] == "The band plays on as it was.\n"
        assert place.plays_on()
        place.end()


def test_a_port_process_that_crashes_again_and_again_ends_with_a_status_of_its_own_and_no_demo(
    jack_server: dict[str, str], tmp_path: Path
) -> None:
    site = tmp_path / "sitecustomize.py"  # as if it were broken, in the io process alone
    site.write_text("import sys\nif 'io_child' in ' '.join(sys.orig_argv): import os; os._exit(3)\n", encoding="utf-8")
    command = [sys.executable, "-m", "bollylive", "jam", "--api", "jack", "--no-journal"]
    path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 70
    assert "with status 3 before its ports were open, twice" in done.stderr
    assert "demo" not in done.stdout
