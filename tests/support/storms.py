"""A program for tests: whatever dies, hangs, fills up or is pulled out, nothing hangs or is lost.

`python tests/support/storms.py --storms 60 --seconds 20 --seed 1` lets `bollylive jam` play through storms, one after
another, each on a JACK server of its own, with faults at random times, and tells what was wrong; exit status 1 if
anything was. A storm depends on the seed and its number alone, so `--only 17` has the same again; `--fault 3:port_kill`
chooses.

Who is left must be able to clear up: the last living process is never both stopped and killed, and where all are
killed at once, the next jam clears up. Linux only; a full disk is left out where nothing can be mounted.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import Final

import pytest
from jack_server import JackServer, free_places, private_jack
from journals import read_journal
from stage import eager_set, until
from synth import Cable, Listener, On

from bollylive.journal.folder import find_journals
from bollylive.midi.messages import NoteOn
from bollylive.midi.song_files import read_song
from bollylive.protocol import Sent

JACK_TRIES: Final = 12
JACK_REST_S: Final = 5.0
READY_S: Final = 40.0
END_S: Final = 30.0  # a process that is ended must be gone by then
TARGET_S: Final = 10.0  # so long a fault waits for what it is to hit
SILENT_S: Final = 2.0  # after the end, and after an heir was joined
SETTLE_S: Final = 3.0  # between the last fault and the end
KILLED_S: Final = 0.25  # what was heard in the last moment before a kill may be missing
LATE_S: Final = 4.0  # so long after it was written a note-on may be heard: JACK stands while a client of it is stopped
BPM: Final = 132.0
TRACEBACK: Final = b"Traceback (most recent call last)"

TAG: Final = "BOLLYLIVE_STORM"  # in the environment of all processes of a storm
ROOT: Final = Path(__file__).resolve().parents[2]
FINAL: Final = ("supervisor_kill", "all_kill", "quick_end")  # nothing can follow these
BLIND: Final = ("disk_full", "journal_removed")  # what is lost is told at the end, so there must be one


@dataclass
class Report:
    """What was seen of one storm; all times are seconds since the band was ready."""

    number: int
    seed: int
    options: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)  # none: all is well
    hung: list[str] = field(default_factory=list)
    heard: int = 0  # note-ons
    missing: list[str] = field(default_factory=list)
    excused: int = 0  # missing in the journal, but heard in the last moment before a kill
    band_in_last_5_s: int = 0
    exit: int | None = None
    said: list[str] = field(default_factory=list)
    disturbed: list[str] = field(default_factory=list)  # what befell the listener, other than by a fault


# ---- the musician


def music(rng: Random, seconds: float, clock: bool) -> list[tuple[float, bytes]]:
    """What a musician plays: phrases and chords, pedals, wheels and pressure all the while; perhaps a DAW's clock."""
    words: list[tuple[float, bytes]] = []
    free_s: dict[tuple[int, int], float] = {}

    def strike(at_s: float, channel: int, pitch: int, long_s: float) -> None:
        if at_s > free_s.get((channel, pitch), 0.0):
            free_s[channel, pitch] = at_s + long_s
            velocity = rng.randint(20, 120)
            words.extend(
                [
                    (at_s, bytes((0x90 | channel, pitch, velocity))),
                    (at_s + long_s, bytes((0x80 | channel, pitch, 0))),
                ]
            )

    at_s, pitch = 0.0, 64
    while at_s < seconds:
        channel = 3 if rng.random() < 0.2 else 0
        match rng.choices(("phrase", "chord", "rest"), (6, 4, 1))[0]:
            case "phrase":
                for _ in range(rng.randint(4, 12)):
                    step_s = rng.choice((0.12, 0.2, 0.3, 0.4))
                    pitch = min(84, max(48, pitch + rng.randint(-4, 4)))
                    strike(at_s, channel, pitch, step_s * rng.uniform(0.5, 1.5))
                    at_s += step_s
            case "chord":
                root, long_s = rng.randint(48, 62), rng.uniform(1.0, 4.0)
                for above in rng.choice(((0, 4, 7), (0, 3, 7, 12), (0, 5, 9))):
                    strike(at_s, channel, root + above, long_s)
                at_s += long_s * rng.uniform(0.2, 1.0)
            case _:
                at_s += rng.uniform(0.5, 2.5)
    for channel, number, down_s, up_s in (
        (0, 64, 2.5, 0.4),
        (3, 64, 2.0, 3.0),
        (0, 66, 1.0, 6.0),
        (0, 69, 1.0, 9.0),
        (0, 1, 1.0, 3.0),
    ):
        words += _sways(rng, seconds, (down_s, up_s), bytes((0xB0 | channel, number)), (rng.randint(1, 127),), (0,))
    words += _sways(rng, seconds, (0.8, 1.5), b"\xe0", (0, 80), (0, 64))
    words += _sways(rng, seconds, (0.8, 4.0), b"\xe3", (0, 30), (0, 64))
    words += _sways(rng, seconds, (0.5, 3.0), b"\xd0", (90,), (0,))
    words += _sways(rng, seconds, (0.5, 5.0), b"\xa0\x40", (70,), (0,))
    words += [(at_s, bytes((0xB0, 121, 0))) for at_s in (rng.uniform(0, seconds) for _ in range(int(seconds / 10)))]
    if clock:
        tick_s = 60 / BPM / 24
        words += [(0.0, b"\xfa"), *((i * tick_s, b"\xf8") for i in range(int(seconds / tick_s)))]
    return sorted(words, key=lambda word: word[0])


def _sways(
    rng: Random,
    seconds: float,
    longest_s: tuple[float, float],
    what: bytes,
    away: tuple[int, ...],
    rest: tuple[int, ...],
) -> Iterable[tuple[float, bytes]]:
    """A pedal or a wheel that goes away from its rest and back, over and over."""
    at_s = rng.uniform(0.0, 1.0)
    while at_s < seconds:
        yield at_s, what + bytes(away)
        at_s += longest_s[0] * rng.uniform(0.3, 1.0)
        yield at_s, what + bytes(rest)
        at_s += longest_s[1] * rng.uniform(0.3, 1.0)


class Musician:
    """Plays what is written, on a thread of its own and through a process of its own, until `stop`."""

    def __init__(self, words: Sequence[tuple[float, bytes]]) -> None:
        self.cable = Cable("Storm Musician", lambda _data, _at_s: None, hears="", feeds="BollyLive In")
        self._words = words
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._play, daemon=True)

    def play(self) -> None:
        """Begin now."""
        self._thread.start()

    def stop(self) -> None:
        """Play nothing more, and lift nothing."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _play(self) -> None:
        zero_s, place = time.monotonic(), 0
        times = [at_s for at_s, _ in self._words]
        while place < len(self._words) and not self._stop.wait(
            max(0.0005, min(0.05, zero_s + times[place] - time.monotonic()))
        ):
            due = bisect_left(times, time.monotonic() - zero_s)
            self.cable.send(data for _, data in self._words[place:due])
            place = max(place, due)


# ---- the processes of the band


@dataclass(frozen=True, slots=True)
class Process:
    """A process as /proc tells of it."""

    number: int
    command: str
    state: str
    begun: int


def family(tag: str) -> list[Process]:
    """All living processes that have the tag in their environment, the newest last."""
    found = []
    for path in Path("/proc").iterdir():
        with suppress(OSError, ValueError, IndexError):
            if path.name.isdigit() and f"{TAG}={tag}".encode() in (path / "environ").read_bytes().split(b"\0"):
                state, *fields = (path / "stat").read_text().rpartition(")")[2].split()
                command = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                if state not in "ZX":
                    found.append(Process(int(path.name), command, state, int(fields[18])))
    return sorted(found, key=lambda process: process.begun)


class Band:
    """`bollylive jam`, with all it says in a file."""

    def __init__(self, command: list[str], tag: str, log: Path) -> None:
        self.log, self.tag = log, tag
        environment = {**os.environ, TAG: tag, "PYTHONUNBUFFERED": "1", "XDG_STATE_HOME": str(log.parent / "state")}
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                env=environment,
                cwd=ROOT,
                start_new_session=True,  # a stopped process gets SIGHUP where our own group loses its shell
            )

    @property
    def said(self) -> list[str]:
        """All lines so far."""
        return self.log.read_text(encoding="utf-8", errors="replace").splitlines()

    def gets_ready(self) -> bool:
        """Wait until it is; False if it does not get so."""

        def known() -> bool:
            return self.process.poll() is not None or any(line.startswith("ready") for line in self.said)

        return _waits(known, READY_S) and self.process.poll() is None

    def find(self, room: str) -> Process | None:
        """The newest process of a room; "" is the command itself."""
        if not room:
            return next((one for one in family(self.tag) if one.number == self.process.pid), None)
        return next((one for one in reversed(family(self.tag)) if room in one.command), None)

    def end(self, number: signal.Signals) -> bool:
        """Tell it to end, and wait; False if it does not."""
        self.process.send_signal(number)
        return _waits(lambda: self.process.poll() is not None, END_S)

    def clear(self) -> list[str]:
        """Kill what is left of it; gives what that was."""
        left = family(self.tag)
        for one in left:
            with suppress(ProcessLookupError):
                os.kill(one.number, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(5.0)
        return [f"{one.number} ({one.state}): {one.command}" for one in left]


def _waits(condition: Callable[[], bool], limit_s: float) -> bool:
    """Like `stage.until`, but looks seldom: what is asked here reads files."""

    def rarely() -> bool:
        time.sleep(0.02)
        return condition()

    return until(rarely, limit_s)


# ---- one storm


class Storm:
    """One storm: `run` it. `faults` are pairs of a second and a kind; left out, they are drawn."""

    def __init__(
        self, number: int, seed: int, seconds: float, faults: Sequence[tuple[float, str]] | None = None
    ) -> None:
        self.rng = Random(f"{seed}-{number}")
        self.report = Report(number, seed)
        self.seconds = seconds
        self.faults = self._draw(number) if faults is None else list(faults)
        self.kinds = {kind for _, kind in self.faults}
        self.joins = "out_gone" in self.kinds  # BollyLive joins the listener's port, not the listener BollyLive's
        self.clocked = self.rng.random() < 0.4
        self.records = self.rng.random() < 0.4
        self.kills: list[tuple[float, str]] = []
        self.jack_s: list[float] = []  # when JACK was killed, and when it was back
        self.zero_s = 0.0
        self.over = False  # a fault has ended the band
        self.server: JackServer
        self.band: Band
        self.listener: Listener
        self.musician: Musician
        self.folder: Path
        self.journals: Path

    def _draw(self, number: int) -> list[tuple[float, str]]:
        kinds = [kind for kind in FAULTS if kind != "disk_full" or can_mount()]
        chosen = [kinds[number % len(kinds)]]
        while len(chosen) < 4 and self.rng.random() < 0.6:
            kind = self.rng.choice(kinds)
            pairs = [(FINAL, FINAL), (FINAL[:2], BLIND), (("out_gone",), ("out_disconnected",))]
            if not any(
                (kind in one and set(chosen) & set(other)) or (kind in other and set(chosen) & set(one))
                for one, other in pairs
            ):
                chosen.append(kind)
        self.rng.shuffle(chosen)
        chosen.sort(key=lambda kind: kind in FINAL)
        times = sorted(self.rng.uniform(0.15, 0.85) * self.seconds for _ in chosen)
        return list(zip(times, chosen, strict=True))

    def run(self) -> Report:
        """Let it come and go; blocks. Never raises for what the program does."""
        with ExitStack() as stack:
            self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="storm-")))
            self.journals = self.folder / "journal"
            if "disk_full" in self.kinds:
                disk = self.folder / "disk"
                disk.mkdir()
                subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], check=True)
                stack.callback(subprocess.run, ["umount", "-l", str(disk)], check=False)
                self.journals = disk / "journal"
            try:
                self.server = stack.enter_context(_patient_jack())
                self.listener = Listener(hears="" if self.joins else "BollyLive Out")
                stack.callback(self.listener.close)
                self.musician = Musician(music(self.rng, self.seconds + 60.0, self.clocked))
                stack.callback(self.musician.cable.close)
                stack.callback(self.musician.stop)
                self._perform()
            except pytest.fail.Exception as error:
                self.report.problems.append(f"JACK: {error}")
        return self.report

    @property
    def set_file(self) -> Path:
        """The set that the band plays."""
        return self.folder / "eager.toml"

    @property
    def model(self) -> Path:
        """The band's own copy of the model."""
        return self.folder / "model.onnx"

    @property
    def take(self) -> Path:
        """The recording."""
        return self.folder / "take.mid"

    def _command(self, heir: bool) -> list[str]:
        options = ["--set", str(self.set_file), "--journal", str(self.journals), "--seed", str(self.report.number)]
        if self.joins:
            options += ["--out", "Storm Synth:in"]
        if not self.clocked:
            options += ["--tempo", "160"]
        if self.records and not heir:
            options += ["--record", str(self.take)]
        if self.model.exists() or "model_removed" in self.kinds or "model_truncated" in self.kinds:
            options += ["--model", str(self.model)]
        return [sys.executable, "-m", "bollylive", "jam", "--api", "jack", *options]

    def _perform(self) -> None:
        report = self.report
        eager_set(self.folder)
        self.save(lambda text: text.replace("rest_after_beats = 32", "rest_after_beats = 0"))
        if {"model_removed", "model_truncated"} & self.kinds:
            for end in ("onnx", "json"):
                (found,) = ROOT.glob(f"models/bollywood-*.{end}")
                shutil.copy(found, self.model.with_suffix(f".{end}"))
        until(lambda: bool(self.listener.cable.made_s), 5.0)
        until(lambda: False, 0.5 if self.joins else 0.0)  # the port that is to be joined must be there
        tag = f"{os.getpid()}-{report.number}-{time.monotonic_ns()}"
        command = self._command(heir=False)
        report.options = command[4:] + ["(under clock)"] * self.clocked
        self.band = Band(command, tag, self.folder / "said.txt")
        try:
            if not self.band.gets_ready():
                report.problems.append(f"the band did not get ready (exit status {self.band.process.poll()})")
                report.said = self.band.said
                return
            until(lambda: self.listener.cable.joined_s is not None, 5.0)
            self.zero_s = time.monotonic()
            self.musician.play()
            self._rage()
            self._finish()
        finally:
            report.problems += [f"left over: {left}" for left in self.band.clear()]
        self._judge_notes()

    def _rage(self) -> None:
        for at_s, kind in self.faults:
            while self.now_s < at_s and self.alive:
                time.sleep(0.02)
            if not self.alive:
                break
            begun_s = self.now_s
            detail = FAULTS[kind](self)
            self.report.faults.append(f"{begun_s:.2f} s: {kind} {detail}".rstrip())
        if not self.over:
            end_s = max(self.seconds, self.now_s + SETTLE_S)
            while self.now_s < end_s and self.alive:
                time.sleep(0.02)

    @property
    def now_s(self) -> float:
        """Seconds since the band was ready."""
        return time.monotonic() - self.zero_s

    @property
    def alive(self) -> bool:
        """Whether the command runs."""
        return self.band.process.poll() is None

    @property
    def is_alone(self) -> bool:
        """Whether the supervisor was killed, and the others not."""
        return any(what == "supervisor" for _, what in self.kills)

    @property
    def inherits(self) -> bool:
        """Whether all were killed, and another band is to clear up."""
        return any(what == "all" for _, what in self.kills)

    def _finish(self) -> None:
        report, process = self.report, self.band.process
        report.band_in_last_5_s = sum(
            on.at_s > time.monotonic() - 5.0 and on.channel in (1, 2, 9) for on in self.listener.ons
        )
        if self.is_alone:
            expected = [-signal.SIGKILL]
            if not _waits(lambda: not family(self.band.tag), END_S):
                report.problems.append("what was left of the band did not end by itself")
        elif self.inherits:
            expected = [-signal.SIGKILL]
        elif not self.alive:
            expected = []
            report.problems.append("it ended by itself")
        else:
            number = self.rng.choice((signal.SIGINT, signal.SIGTERM))
            expected = [-number, 128 + number]
            report.faults.append(f"{self.now_s:.2f} s: ended by {number.name}")
            if not self.band.end(number):
                report.problems.append(f"it did not end within {END_S:.0f} s after {number.name}")
        ended_s = time.monotonic()
        report.faults.append(f"{self.now_s:.2f} s: it was gone")
        if self.inherits:
            self.musician.stop()
            self._inherit()
        else:
            until(lambda: time.monotonic() > ended_s + SILENT_S, SILENT_S + 1)
            self._judge_silence(self.listener.held(), f"{SILENT_S:.0f} s after the end")
        report.exit = process.poll()
        if expected and report.exit not in expected:
            report.problems.append(f"exit status {report.exit}, not {' or '.join(str(int(one)) for one in expected)}")
        self._judge_said(self.band)

    def _inherit(self) -> None:
        """After all were killed, the next band ends what the last one left."""
        report = self.report
        report.problems += [f"left over: {left}" for left in self.band.clear()]
        _waits(lambda: self.listener.cable.joined_s is None, 5.0)
        begun_s = time.monotonic()
        report.faults.append(f"{self.now_s:.2f} s: the next jam begins; {len(self.listener.held())} things are held")
        heir = Band(self._command(heir=True), self.band.tag + "-heir", self.folder / "heir.txt")
        try:
            if not _waits(lambda: (self.listener.cable.joined_s or 0.0) > begun_s, READY_S):
                report.problems.append("the next jam was never joined")
            joined_s = time.monotonic()
            until(lambda: time.monotonic() > joined_s + SILENT_S, SILENT_S + 1)
            self._judge_silence(self.listener.held(begun_s), "2 s after the next jam was joined")
            heir.gets_ready()
            if not heir.end(signal.SIGTERM):
                report.problems.append("the next jam did not end")
            ended_s = time.monotonic()
            until(lambda: time.monotonic() > ended_s + SILENT_S, SILENT_S + 1)
            self._judge_silence(self.listener.held(), "after the end of the next jam")
        finally:
            report.problems += [f"left over of the next jam: {left}" for left in heir.clear()]
        self._judge_said(heir)

    def _judge_silence(self, held: list[str], when: str) -> None:
        self.report.hung += [f"{when}: {thing}" for thing in held]
        if held:
            self.report.problems.append(f"{when} hung: {', '.join(held)}")

    def _judge_said(self, band: Band) -> None:
        self.report.said += band.said
        self.report.problems += [f"printed: {line}" for line in band.said if TRACEBACK.decode() in line]
        paths = find_journals(self.journals) if self.journals.is_dir() else []
        self.report.problems += [f"written in {path.name}: a traceback" for path in paths if TRACEBACK in _bytes(path)]

    def _judge_notes(self) -> None:
        report, listener = self.report, self.listener
        report.problems += [f"no MIDI message: {data}" for data in listener.synth.garbage]
        report.disturbed = [
            f"{at_s - self.zero_s:.2f} s: the listener was remade"
            for at_s in listener.cable.made_s
            if at_s > self.zero_s and not any(abs(at_s - jack_s) < 5.0 for jack_s in self.jack_s)
        ]
        heard = listener.ons
        report.heard = len(heard)
        lacking = missing(heard, written_in(self.journals))
        report.excused = len([on for on in lacking if self.excuses(on.at_s)])
        lacking = [on for on in lacking if not self.excuses(on.at_s)]
        recorded = self.records and self.take.exists()
        if self.records and not recorded and heard and not (self.is_alone or self.inherits) and report.exit is not None:
            report.problems.append("there is no recording")
        unrecorded = self._unrecorded(heard) if recorded else []
        if unrecorded:
            report.problems.append(f"the recording lacks {len(unrecorded)} of {len(heard)} note-ons")
        if lacking and (unrecorded or not recorded):
            report.missing = [f"{on.at_s - self.zero_s:.3f} s: {on.channel} {on.pitch} {on.velocity}" for on in lacking]
            named = max_named(report.said) if set(BLIND) & self.kinds and not recorded else 0
            if named < len(lacking):
                told = f", of which {named} were told of" if set(BLIND) & self.kinds else ""
                report.problems.append(f"the journal lacks {len(lacking)} of {len(heard)} note-ons{told}")

    def excuses(self, at_s: float) -> bool:
        """Whether what was heard then may be missing: a kill was near, or nobody was left to write."""
        return any(
            kill_s - KILLED_S <= at_s and (at_s <= kill_s + KILLED_S or what != "port") for kill_s, what in self.kills
        )

    def _unrecorded(self, heard: list[On]) -> list[tuple[int, int]]:
        taken = Counter((note.channel, note.pitch) for note in read_song(self.take).notes)
        wanted = Counter((on.channel, on.pitch) for on in heard if not self.excuses(on.at_s))
        return list((wanted - taken).elements())

    # ---- for the faults

    def save(self, change: Callable[[str], str]) -> None:
        """Save the set, changed."""
        self.set_file.write_text(change(self.set_file.read_text(encoding="utf-8")), encoding="utf-8")

    def save_for(self, seconds: float, change: Callable[[str], str]) -> None:
        """Save the set, changed, and save it back after so long."""
        before = self.set_file.read_text(encoding="utf-8")
        self.save(change)
        time.sleep(seconds)
        self.save(lambda _: before)

    def hit(self, room: str, number: signal.Signals) -> str:
        """Send a signal to the newest process of a room, when there is one; tells to whom."""
        found: list[Process] = []

        def finds() -> bool:
            process = self.band.find(room)
            if process is not None:
                found.append(process)
            return process is not None or not self.alive

        _waits(finds, TARGET_S)
        if not found:
            return "found nobody"
        if room != ENGINE:
            self.kills.append((time.monotonic(), "port" if room == PORT else "supervisor"))
        with suppress(ProcessLookupError):
            os.kill(found[0].number, number)
        return f"{number.name} to {found[0].number}"

    def is_calm(self) -> bool:
        """Whether the band is joined, and its port process neither stopped nor new: somebody is there to clear up."""
        port, joined_s = self.band.find(PORT), self.listener.cable.joined_s
        return (
            port is not None and port.state not in "tT" and joined_s is not None and time.monotonic() > joined_s + 1.0
        )


@contextmanager
def _patient_jack() -> Iterator[JackServer]:
    """A JACK server of our own; JACK has eight places on a machine, and others may hold them for a while."""
    with ExitStack() as stack:
        for _ in range(JACK_TRIES):
            with suppress(pytest.fail.Exception):
                server = stack.enter_context(private_jack(256, timeout_ms=100))
                break
            free_places()
            time.sleep(JACK_REST_S)
        else:
            server = stack.enter_context(private_jack(256, timeout_ms=100))
        yield server


# ---- the faults

PORT: Final = "io_child"
ENGINE: Final = "engine_loop"


def _hits(room: str, number: signal.Signals) -> Callable[[Storm], str]:
    return lambda storm: storm.hit(room, number)


def _supervisor_kill(storm: Storm) -> str:
    if not _waits(storm.is_calm, TARGET_S):
        return "left out: the io process is in trouble"
    storm.over = True
    return storm.hit("", signal.SIGKILL)


def _all_kill(storm: Storm) -> str:
    storm.over = True
    processes = family(storm.band.tag)
    storm.kills.append((time.monotonic(), "all"))
    for process in sorted(processes, key=lambda one: one.number != storm.band.process.pid):
        with suppress(ProcessLookupError):
            os.kill(process.number, signal.SIGKILL)
    storm.band.process.wait(5.0)
    return f"{len(processes)} processes"


def _all_stop(storm: Storm) -> str:
    seconds = storm.rng.uniform(1.0, 3.0)
    processes = [one for one in family(storm.band.tag) if one.state not in "tT"]  # some are stopped for good
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process.number, signal.SIGSTOP)
    time.sleep(seconds)
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process.number, signal.SIGCONT)
    return f"{len(processes)} processes for {seconds:.1f} s"


def _jack_restart(storm: Storm) -> str:
    seconds = storm.rng.uniform(0.0, 3.0)
    storm.jack_s.append(time.monotonic())
    storm.server.kill()
    time.sleep(seconds)
    storm.server.start()
    storm.jack_s.append(time.monotonic())
    return f"after {seconds:.1f} s"


def _set_off(storm: Storm) -> str:
    _waits(lambda: bool(storm.listener.synth.pedals), 3.0)
    who = storm.rng.choice(("continue", "continue|accompany"))
    storm.save_for(storm.rng.uniform(0.7, 2.0), lambda text: re.sub(f'(?m)^role = "({who})"', 'role = "off"', text))
    return who


def _set_thru(storm: Storm) -> str:
    _waits(lambda: bool(storm.listener.synth.pedals), 3.0)
    storm.save_for(storm.rng.uniform(0.7, 2.0), lambda text: text.replace("\nthru = true", "\nthru = false"))
    return ""


def _saves(old: str, new: str) -> Callable[[Storm], str]:
    def save(storm: Storm) -> str:
        storm.save_for(storm.rng.uniform(1.0, 2.0), lambda text: text.replace(old, new, 1))
        return ""

    return save


def _journal_removed(storm: Storm) -> str:
    shutil.rmtree(storm.journals, ignore_errors=True)
    return ""


def _disk_full(storm: Storm) -> str:
    filler = storm.journals.parent / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while file.write(bytes(1024)):
            pass
    if storm.rng.random() < 0.5:
        return "for good"
    seconds = storm.rng.uniform(1.0, 4.0)
    time.sleep(seconds)
    filler.unlink()
    return f"for {seconds:.1f} s"


def _spoils_model(spoil: Callable[[Path], None]) -> Callable[[Storm], str]:
    """Without its model the band goes on with what it has; then somebody dies who had read it."""

    def fault(storm: Storm) -> str:
        whole = storm.model.read_bytes()
        spoil(storm.model)
        time.sleep(0.5)
        detail = storm.hit(storm.rng.choice((PORT, ENGINE)), signal.SIGKILL)
        if storm.rng.random() < 0.5:
            return f"for good, {detail}"
        time.sleep(2.0)
        storm.model.write_bytes(whole)
        return f"for 2.5 s, {detail}"

    return fault


def _truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _unplugs(port: bool) -> Callable[[Storm], str]:
    def fault(storm: Storm) -> str:
        seconds = storm.rng.choice((0.05, 3.0))
        storm.listener.cable.unplug(seconds, port)
        time.sleep(seconds)
        return f"for {seconds} s"

    return fault


def _musician_killed(storm: Storm) -> str:
    _waits(lambda: any(channel == 0 for channel, _ in list(storm.listener.synth.keys)), 3.0)
    seconds = storm.rng.uniform(0.5, 1.5)
    storm.musician.cable.kill(seconds)
    time.sleep(seconds)
    return f"for {seconds:.1f} s"


def _quick_end(storm: Storm) -> str:
    storm.over = True
    detail = storm.hit(PORT, signal.SIGKILL)
    time.sleep(storm.rng.uniform(0.0, 2.0))
    return detail


def _loop(storm: Storm) -> str:
    ports = subprocess.run(["jack_lsp"], capture_output=True, text=True, check=False).stdout.splitlines()
    ends = [port for name in ("BollyLive Out", "BollyLive In") for port in ports if port.startswith(name)]
    seconds = storm.rng.uniform(1.0, 4.0)
    for tool in ("jack_connect", "jack_disconnect"):
        subprocess.run([tool, *ends[:2]], capture_output=True, check=False)
        time.sleep(seconds if tool == "jack_connect" else 0.0)
    return f"for {seconds:.1f} s"


def _flood(storm: Storm) -> str:
    for _ in range(20):
        pitches = [storm.rng.randint(36, 96) for _ in range(40)]
        words = [bytes((0x90, pitch, 60)) for pitch in pitches] + [bytes((0x80, pitch, 0)) for pitch in pitches]
        storm.musician.cable.send([*words, *(bytes((0xB0, 1, value)) for value in range(60, 0, -1))])
        time.sleep(0.05)
    return ""


FAULTS: Final[dict[str, Callable[[Storm], str]]] = {
    "engine_kill": _hits(ENGINE, signal.SIGKILL),
    "engine_segv": _hits(ENGINE, signal.SIGSEGV),
    "engine_stop": _hits(ENGINE, signal.SIGSTOP),
    "port_kill": _hits(PORT, signal.SIGKILL),
    "port_term": _hits(PORT, signal.SIGTERM),
    "port_abrt": _hits(PORT, signal.SIGABRT),
    "port_stop": _hits(PORT, signal.SIGSTOP),
    "supervisor_kill": _supervisor_kill,
    "all_kill": _all_kill,
    "all_stop": _all_stop,
    "jack_restart": _jack_restart,
    "set_off": _set_off,
    "set_thru": _set_thru,
    "set_tempo": _saves("tempo_bpm = 96", f"tempo_bpm = {'1' * 310}"),
    "set_brackets": _saves("tempo_bpm = 96", f"tempo_bpm = 96\na = {'[' * 2000}"),
    "set_seed": _saves("tempo_bpm = 96", f"tempo_bpm = 96\nseed = {'1' * 4301}"),
    "set_channel": _saves("\nchannel = 1\n", f"\nchannel = 0x{'f' * 5000}\n"),
    "journal_removed": _journal_removed,
    "disk_full": _disk_full,
    "model_removed": _spoils_model(Path.unlink),
    "model_truncated": _spoils_model(_truncate),
    "out_disconnected": _unplugs(port=False),
    "out_gone": _unplugs(port=True),
    "musician_killed": _musician_killed,
    "quick_end": _quick_end,
    "loop": _loop,
    "flood": _flood,
}


@cache
def can_mount() -> bool:
    """Whether a small disk can be made here."""
    with tempfile.TemporaryDirectory() as folder:
        mount = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], capture_output=True, check=False)
        return mount.returncode == 0 and subprocess.run(["umount", folder], check=False).returncode == 0


# ---- what was written


def written_in(folder: Path) -> list[On]:
    """The note-ons of all journals of a folder, in order."""
    ons = []
    paths = find_journals(folder) if folder.is_dir() else []
    for path in reversed(paths):
        with suppress(ValueError):  # it breaks off before its first line
            ons += [
                On(word.at_s, word.event.channel, word.event.pitch, word.event.velocity)
                for word in read_journal(path.read_bytes()).entries
                if isinstance(word, Sent) and isinstance(word.event, NoteOn)
            ]
    return ons


def _bytes(path: Path) -> bytes:
    with suppress(OSError):
        return path.read_bytes()
    return b""


def missing(heard: Iterable[On], written: Iterable[On]) -> list[On]:
    """Which note-ons were heard but are not written: each written one is for one that was heard within LATE_S after it.

    Both clocks must be one, as `perf_counter` and `monotonic` are on Linux; both are in order.
    """
    there: dict[tuple[int, int, int], list[float]] = defaultdict(list)
    for on in written:
        there[on.channel, on.pitch, on.velocity].append(on.at_s)
    for times in there.values():
        times.sort(reverse=True)
    lacking = []
    for on in heard:
        times = there[on.channel, on.pitch, on.velocity]
        while times and times[-1] < on.at_s - LATE_S:
            times.pop()
        if times and times[-1] <= on.at_s + 0.005:
            times.pop()
        else:
            lacking.append(on)
    return lacking


def max_named(said: Iterable[str]) -> int:
    """The largest number in a sentence that tells of a loss; 0 where there is none."""
    lines = (line for line in said if re.search(r"missing|lost|lack", line))
    counts = (re.findall(r"(?<![\w-])(\d+) (?:note-on|note|event|line|record|message)s?\b", line) for line in lines)
    return max((int(number) for numbers in counts for number in numbers), default=0)


def main() -> int:
    """Run storms and tell of them; gives the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--storms", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, action="append", help="the number of one storm; may be given several times")
    parser.add_argument("--fault", type=_fault, action="append", metavar="SECOND:KIND", help="this instead of chance")
    parser.add_argument("--out", type=Path, help="all of it as JSON")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))  # so that nothing is left of a storm
    reports = []
    for number in arguments.only or range(arguments.storms):
        report = Storm(number, arguments.seed, arguments.seconds, arguments.fault).run()
        reports.append(report)
        verdict = "FAILED" if report.problems else "well"
        _print(
            f"storm {number} (seed {arguments.seed}): {verdict}; {report.heard} note-ons; {'; '.join(report.faults)}"
        )
        silent = [] if report.band_in_last_5_s else ["(the band was silent in the last 5 s)"]
        for line in (*report.problems, *report.disturbed, *silent):
            _print(f"    {line}")
        if arguments.out is not None:
            arguments.out.write_text(json.dumps([asdict(one) for one in reports], indent=1), encoding="utf-8")
    failed = [report.number for report in reports if report.problems]
    heard, hung = sum(report.heard for report in reports), sum(bool(report.hung) for report in reports)
    lacking = sum(len(report.missing) for report in reports)
    _print(
        f"{len(reports)} storms of seed {arguments.seed}: {len(failed)} failed {failed or ''}; "
        f"{heard} note-ons, {lacking} missing; something hung in {hung}"
    )
    return 1 if failed else 0


def _fault(text: str) -> tuple[float, str]:
    at_s, _, kind = text.partition(":")
    if kind not in FAULTS:
        raise argparse.ArgumentTypeError(f"'{kind}' is none of {', '.join(FAULTS)}.")
    return float(at_s), kind


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    # Journals and sockets of a storm lie in its own folder; conftest guards those of the tests.
    sys.exit(main())
