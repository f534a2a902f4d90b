"""A program for tests: one long evening in which something dies, hangs, fills up or goes away every few seconds.

`python tests/support/chaos.py --minutes 20 --seed 1` lets `bollylive jam` play on a JACK server of its own, with the
faults of `storms` and some more. When the supervisor is killed, another jam begins and has to clear up. Now and then
the musician lifts everything and waits: then nothing may sound, no pedal or wheel may be held, and the processes, their
memory and their open files are counted. Prints what was wrong; exit status 1 if anything was. Linux only.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from statistics import median
from typing import Final, cast

from journals import read_journal
from stage import eager_set, until
from storms import (
    BPM,
    END_S,
    FAULTS,
    KILLED_S,
    SILENT_S,
    TRACEBACK,
    Band,
    Musician,
    Storm,
    _patient_jack,
    _waits,
    can_mount,
    family,
    missing,
    music,
)
from synth import Cable, Listener, On, Synth

from bollylive.journal.folder import find_journals
from bollylive.midi.messages import NoteOn
from bollylive.protocol import Sent

GAP_S: Final = (2.0, 6.0)  # between two faults
QUIET_EVERY_S: Final = 25.0
QUIET_LIMIT_S: Final = 12.0  # a band that rests after four beats is silent by then, and so is what a new process ends
LONGEST_S: Final = 6.0  # what sounds for longer hangs; the model's longest notes are sixteen beats
CALM_LIMIT_S: Final = 20.0  # so long after the last fault all is running and joined again
DISK_BYTES: Final = 48 * 2**20
MOST_PROCESSES: Final = 3
GROWTH_MB: Final = 12.0  # of all processes together, from the first third of the quiet points to the last
GROWTH_FILES: Final = 4
FEWEST_SAMPLES: Final = 9  # growth is not judged by fewer
CLOCK_S: Final = (20.0, 15.0)  # a DAW's clock runs for so long, and then stands still
MUSICIANS: Final = (0, 3)  # channels


@dataclass
class Quiet:
    """What was seen when the musician waited."""

    at_s: float
    pss_mb: float
    files: int
    processes: int


@dataclass
class Evening:
    """What was seen; times are seconds since the first band was ready."""

    seed: int
    seconds: float
    faults: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)  # none: all is well
    quiet: list[Quiet] = field(default_factory=list)
    bands: int = 0
    heard: int = 0  # note-ons
    band_heard: int = 0  # of these, on channels that the musician does not play
    excused: int = 0  # missing in the journals, but heard in the last moment before a kill, or until the next jam
    named: int = 0  # missing, and told of by the program

    @property
    def counts(self) -> dict[str, int]:
        """How often each fault came."""
        return dict(Counter(fault.split()[2] for fault in self.faults))

    def growth(self, of: Callable[[Quiet], float]) -> float:
        """By how much something grew, from the first third of the quiet points to the last."""
        third = max(1, len(self.quiet) // 3)
        return median(map(of, self.quiet[-third:])) - median(map(of, self.quiet[:third]))


class Player:
    """The musician: plays without end, waits when told to, and lets the DAW's clock run for a while now and then."""

    def __init__(self, rng: Random, seconds: float) -> None:
        self.cable = Cable("Chaos Musician", lambda _data, _at_s: None, hears="", feeds="BollyLive In")
        ticks = self._ticks(seconds)
        self._words = sorted([*music(rng, seconds, clock=False), *ticks], key=lambda word: word[0])
        self._keyboard = Synth()  # what is held
        self._lock = threading.Lock()
        self._go, self._over = threading.Event(), threading.Event()
        self._held_up_until_s = 0.0
        self._thread = threading.Thread(target=self._play, daemon=True)
        self._thread.start()

    @staticmethod
    def _ticks(seconds: float) -> Iterator[tuple[float, bytes]]:
        tick_s, at_s = 60 / BPM / 24, 5.0
        while at_s < seconds:
            yield at_s, b"\xfa"
            yield from ((at_s + i * tick_s, b"\xf8") for i in range(int(CLOCK_S[0] / tick_s)))
            yield at_s + CLOCK_S[0], b"\xfc"
            at_s += sum(CLOCK_S)

    def go(self) -> None:
        """Play, or play on."""
        self._go.set()

    def wait(self) -> None:
        """Play nothing more for now, and lift everything."""
        self._go.clear()
        with self._lock:
            offs = [bytes((0x80 | channel, pitch, 0)) for channel, pitch in self._keyboard.keys]
            for channel in MUSICIANS:
                offs += [bytes((0xB0 | channel, number, 0)) for number in (1, 64, 66, 69)]
                offs += [bytes((0xE0 | channel, 0, 64)), bytes((0xD0 | channel, 0)), bytes((0xA0 | channel, 64, 0))]
            self._keyboard = Synth()
            self.cable.send([b"\xfc", *offs])

    def hold_up(self, seconds: float) -> None:
        """Let everything of the next seconds, also the clock, arrive at once."""
        self._held_up_until_s = time.monotonic() + seconds

    def close(self) -> None:
        """Stop for good."""
        self._over.set()
        self._go.set()
        self._thread.join()
        self.cable.close()

    def _play(self) -> None:
        place, now_s, looked_s = 0, 0.0, time.monotonic()
        while not self._over.wait(0.002) and place < len(self._words):
            if not self._go.is_set():
                self._go.wait()
                looked_s = time.monotonic()
            before_s, looked_s = looked_s, time.monotonic()
            now_s += looked_s - before_s
            if looked_s < self._held_up_until_s:
                continue
            due = place
            while due < len(self._words) and self._words[due][0] <= now_s:
                due += 1
            with self._lock:
                if self._go.is_set() and due > place:
                    words = [data for _, data in self._words[place:due]]
                    for data in words:
                        self._keyboard.hear(data, now_s)
                    self.cable.send(words)
                    place = due


class Chaos(Storm):
    """The evening: `spend` it."""

    def __init__(self, seconds: float, seed: int, only: Sequence[str] = ()) -> None:
        super().__init__(seed, seed, seconds, [])
        self._chosen = list(only or KINDS)
        self.evening = Evening(seed, seconds)
        self.player: Player
        self._revived: list[tuple[float, float]] = []  # when a supervisor was killed, and when the next was ready
        self._written: dict[Path, list[On]] = {}  # by journal, also of those that were removed
        self._said: list[str] = []
        self._bag: list[str] = []

    def spend(self) -> Evening:
        """Let it come and go; blocks. Never raises for what the program does."""
        with ExitStack() as stack:
            self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-")))
            disk = self.folder / "disk"
            disk.mkdir()
            if can_mount():
                size = f"size={DISK_BYTES}"
                subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(disk)], check=True)
                stack.callback(subprocess.run, ["umount", "-l", str(disk)], check=False)
            self.journals = disk / "journal"
            eager_set(self.folder)
            self.save(lambda text: text.replace("rest_after_beats = 32", "rest_after_beats = 4"))
            self.server = stack.enter_context(_patient_jack())
            self.listener = Listener()
            stack.callback(self.listener.close)
            self.player = Player(self.rng, self.seconds + 600.0)
            self.musician = cast(Musician, self.player)  # as faults call it
            stack.callback(self.player.close)
            until(lambda: bool(self.listener.cable.made_s), 5.0)
            try:
                if self._begin():
                    self.zero_s = time.monotonic()
                    self._go_through()
                    self._end()
            finally:
                self.evening.problems += [f"left over: {left}" for left in self.band.clear()]
            self._judge()
        return self.evening

    def _begin(self) -> bool:
        """Start a band, and wait until it is ready and joined."""
        self.evening.bands += 1
        tag = f"{os.getpid()}-{self.evening.bands}-{time.monotonic_ns()}"
        self.band = Band(self._command(heir=True), tag, self.folder / f"said-{self.evening.bands}.txt")
        if not self.band.gets_ready():
            self._wrong(f"band {self.evening.bands} did not get ready (status {self.band.process.poll()})")
            self._said += self.band.said
            return False
        _waits(lambda: self.listener.cable.joined_s is not None, CALM_LIMIT_S)
        return True

    def _go_through(self) -> None:
        self.player.go()
        quiet_s = self.now_s + QUIET_EVERY_S
        while self.now_s < self.seconds:
            self._rest_for(self.rng.uniform(*GAP_S))
            if self.now_s > quiet_s:
                self._wait_in_quiet()
                quiet_s = self.now_s + QUIET_EVERY_S
            begun_s, kind = self.now_s, self._draw_one()
            detail = KINDS[kind](self)
            self.evening.faults.append(f"{begun_s:.2f} s: {kind} {detail}".rstrip())
            if not self.alive and not self._follow():
                return
        self._rest_for(1.0)  # a supervisor that has just been killed may still seem to be alive
        if self.alive or self._follow():
            self._wait_in_quiet()

    def _draw_one(self) -> str:
        if not self._bag:
            self._bag = [kind for kind in self._chosen if kind != "disk_full" or can_mount()]
            self.rng.shuffle(self._bag)
        return self._bag.pop()

    def _rest_for(self, seconds: float) -> None:
        end_s = self.now_s + seconds
        while self.now_s < end_s and self.alive:
            time.sleep(0.02)

    def _follow(self) -> bool:
        """After a supervisor is gone: its processes end, and the next band begins."""
        killed_s = self.kills[-1][0] if self.kills else time.monotonic()
        if not self.over:
            self._wrong(f"the band ended by itself with status {self.band.process.poll()}")
        for process in family(self.band.tag):  # one that was stopped just then has nobody to replace it
            with suppress(ProcessLookupError):
                os.kill(process.number, signal.SIGCONT)
        if not _waits(lambda: not family(self.band.tag), END_S):
            self._wrong("what was left of a killed band did not end by itself")
        self.over = False
        self._said += self.band.said
        self.band.clear()
        self.harvest()
        begun = self._begin()
        self._revived.append((killed_s, time.monotonic()))
        return begun

    def _wait_in_quiet(self) -> None:
        """The musician lifts everything and waits: nothing may hang, and what runs is counted."""
        if not _waits(lambda: self.is_calm() or not self.alive, CALM_LIMIT_S):
            self._wrong(f"not running and joined {CALM_LIMIT_S:.0f} s after the last fault")
        self.player.wait()
        waits_since_s = time.monotonic()
        if not _waits(lambda: not self.listener.held() or not self.alive, QUIET_LIMIT_S):
            hanging = self.listener.held(waits_since_s + QUIET_LIMIT_S - LONGEST_S)
            ons = [on for on in self.listener.ons if on.at_s > waits_since_s]
            after = f"{len(ons)} note-ons since then" if ons else "no note-on since then"
            self._wrong(f"{QUIET_LIMIT_S:.0f} s after the musician lifted everything, with {after}: {hanging}")
            self.evening.problems += [f"    {line}" for line in self._told_of(waits_since_s)]
        processes = family(self.band.tag)
        if len(processes) > MOST_PROCESSES:
            self._wrong(f"too many processes: {[process.command for process in processes]}")
        if len(processes) == MOST_PROCESSES:
            numbers = [process.number for process in processes]
            with suppress(OSError):  # one that is just being replaced
                pss_mb, files = sum(map(pss_mb_of, numbers)), sum(map(files_of, numbers))
                self.evening.quiet.append(Quiet(round(self.now_s, 1), round(pss_mb, 2), files, len(processes)))
        self.harvest()
        self.player.go()

    def _told_of(self, since_s: float) -> list[str]:
        """The last lines of the newest journal before that second and after it, and what the newest band said."""
        paths = find_journals(self.journals) if self.journals.is_dir() else []
        lines = paths[0].read_text(encoding="utf-8").splitlines() if paths else []
        near = [line for line in lines if line.startswith(('["m', '["l')) and float(line.split(",")[1]) > since_s - 4.0]
        return [*near[:300], *self.band.said[-5:]]

    def _end(self) -> None:
        number = self.rng.choice((signal.SIGINT, signal.SIGTERM))
        self.player.wait()
        if not self.alive or not self.band.end(number):
            self._wrong(f"it did not end by {number.name}")
        status = self.band.process.poll()
        if status != 128 + number:
            self._wrong(f"exit status {status} after {number.name}")
        until(lambda: False, SILENT_S)
        if held := self.listener.held():
            self._wrong(f"hanging after the end: {', '.join(held)}")
        if left := family(self.band.tag):
            self._wrong(f"processes left: {left}")
        running = self.folder / "state" / "bollylive" / "running"
        if running.is_dir() and (files := [path.name for path in running.iterdir()]):
            self._wrong(f"left in {running.name}/: {files}")
        self._said += self.band.said
        self.harvest()

    def harvest(self) -> None:
        """Read all journals that there are, since they may be removed."""
        for path in find_journals(self.journals) if self.journals.is_dir() else ():
            with suppress(OSError, ValueError):  # just removed, or it breaks off before its first line
                data = path.read_bytes()
                self._written[path] = [
                    On(entry.at_s, entry.event.channel, entry.event.pitch, entry.event.velocity)
                    for entry in read_journal(data).entries
                    if isinstance(entry, Sent) and isinstance(entry.event, NoteOn)
                ]
                if TRACEBACK in data:
                    line = data[data.index(TRACEBACK) :][:1000]
                    self._wrong(f"{path.name}: {line.decode('utf-8', 'replace')}")

    def excuses(self, at_s: float) -> bool:
        """Whether what was heard then may be missing in the journals."""
        return any(abs(at_s - kill_s) <= KILLED_S for kill_s, _ in self.kills) or any(
            kill_s - KILLED_S <= at_s <= ready_s for kill_s, ready_s in self._revived
        )

    def _judge(self) -> None:
        evening = self.evening
        heard = self.listener.ons
        evening.heard = len(heard)
        evening.band_heard = sum(on.channel not in MUSICIANS for on in heard)
        written = sorted((on for ons in self._written.values() for on in ons), key=lambda on: on.at_s)
        lacking = missing(heard, written)
        evening.excused = sum(self.excuses(on.at_s) for on in lacking)
        lacking = [on for on in lacking if not self.excuses(on.at_s)]
        evening.named = sum(int(line.split()[0]) for line in self._said if line.endswith("they could not be written."))
        if len(lacking) > evening.named:
            times = ", ".join(f"{on.at_s - self.zero_s:.2f}" for on in lacking[:20])
            self._wrong(f"the journals lack {len(lacking)} of {len(heard)} note-ons, heard at {times} s")
        for data in self.listener.synth.garbage:
            self._wrong(f"no MIDI message: {data}")
        for line in self._said:
            if TRACEBACK.decode() in line or "socket" in line or "RtMidi" in line or "MidiInAlsa" in line:
                self._wrong(f"printed: {line}")
        if len(evening.quiet) >= FEWEST_SAMPLES:
            if (grown_mb := evening.growth(lambda quiet: quiet.pss_mb)) > GROWTH_MB:
                self._wrong(f"memory grew by {grown_mb:.1f} MB")
            if (grown := evening.growth(lambda quiet: quiet.files)) > GROWTH_FILES:
                self._wrong(f"{grown:.0f} more files are open than at the beginning")

    def _wrong(self, what: str) -> None:
        text = f"{self.now_s:.1f} s: {what}"
        if what not in [problem.partition(": ")[2] for problem in self.evening.problems]:
            self.evening.problems.append(text)


def pss_mb_of(process: int) -> float:
    """The memory of a process in MB, its share of what it shares; raises OSError where it is gone."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024 / 1e6


def files_of(process: int) -> int:
    """How many files a process has open; raises OSError where it is gone."""
    return len(list(Path(f"/proc/{process}/fd").iterdir()))


# ---- the faults


def _clumps(storm: Storm) -> str:
    assert isinstance(storm, Chaos)
    seconds = storm.rng.uniform(0.2, 1.5)
    storm.player.hold_up(seconds)
    time.sleep(seconds)
    return f"of {seconds:.1f} s"


def _with_pedal(kill: str) -> Callable[[Storm], str]:
    def fault(storm: Storm) -> str:
        _waits(lambda: any(pedal[1] == 64 for pedal in list(storm.listener.synth.pedals)), 3.0)
        return FAULTS[kill](storm)

    return fault


def _away(port: bool) -> Callable[[Storm], str]:
    def fault(storm: Storm) -> str:
        assert isinstance(storm, Chaos)
        seconds = storm.rng.uniform(0.1, 3.0)
        who = storm.rng.choice(("listener", "musician"))
        (storm.listener if who == "listener" else storm.player).cable.unplug(seconds, port)
        time.sleep(seconds)
        return f"{who} for {seconds:.1f} s"

    return fault


def _all_kill(storm: Storm) -> str:
    return FAULTS["all_kill"](storm) if _waits(storm.is_calm, 5.0) else "left out: the io process is in trouble"


def _disk_full(storm: Storm) -> str:
    filler, seconds = storm.journals.parent / "filler", storm.rng.uniform(0.5, 3.0)
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while file.write(bytes(1024)):
            pass
    time.sleep(seconds)
    filler.unlink()
    time.sleep(2.5)  # a supervisor that is killed before it has tried again loses what it had to write
    return f"for {seconds:.1f} s"


def _journal_removed(storm: Storm) -> str:
    assert isinstance(storm, Chaos)
    storm.harvest()
    shutil.rmtree(storm.journals, ignore_errors=True)
    time.sleep(1.5)  # as above
    return ""


_SAME: Final = """
    engine_kill engine_segv engine_stop port_kill port_term port_abrt port_stop supervisor_kill all_stop jack_restart
    set_off set_thru set_tempo set_brackets set_seed set_channel flood
"""
KINDS: Final[dict[str, Callable[[Storm], str]]] = {kind: FAULTS[kind] for kind in _SAME.split()} | {
    "all_kill": _all_kill,
    "clumps": _clumps,
    "pedal_port_kill": _with_pedal("port_kill"),
    "pedal_engine_kill": _with_pedal("engine_kill"),
    "wire_away": _away(port=False),
    "port_away": _away(port=True),
    "disk_full": _disk_full,
    "journal_removed": _journal_removed,
}


def main() -> int:
    """Spend the evening and tell of it; gives the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=KINDS, action="append", help="a kind of fault; may be given several times")
    parser.add_argument("--out", type=Path, help="all of it as JSON")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))  # so that nothing is left of it
    evening = Chaos(60 * arguments.minutes, arguments.seed, arguments.only or ()).spend()
    if arguments.out is not None:
        arguments.out.write_text(json.dumps(asdict(evening), indent=1), encoding="utf-8")
    verdict = "FAILED" if evening.problems else "well"
    lines = [
        *evening.faults,
        f"{evening.seconds / 60:.1f} minutes of seed {evening.seed}: {verdict}; {evening.bands} jams, "
        f"{len(evening.faults)} faults {evening.counts}, {len(evening.quiet)} quiet points",
        f"{evening.heard} note-ons heard, {evening.band_heard} of them the band's; {evening.excused} of them excused, "
        f"{evening.named} named as lost",
    ]
    if evening.quiet:
        first, last = evening.quiet[0], evening.quiet[-1]
        lines.append(
            f"memory {first.pss_mb:.1f} to {last.pss_mb:.1f} MB, grown by {evening.growth(lambda q: q.pss_mb):.1f} MB; "
            f"open files {first.files} to {last.files}"
        )
    sys.stdout.write("\n".join([*lines, *(f"    {problem}" for problem in evening.problems)]) + "\n")
    return 1 if evening.problems else 0


if __name__ == "__main__":
    sys.exit(main())
