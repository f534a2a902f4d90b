"""What the supervisor decides, with io processes that follow a script, on virtual time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from journals import read_journal

from bollylive.clock.anchor import Anchor
from bollylive.errors import CrashError, PortError, SetError
from bollylive.journal.lines import Header, header_line
from bollylive.journal.reader import read_end
from bollylive.journal.writer import JournalWriter
from bollylive.midi.messages import Control, NoteOff, NoteOn
from bollylive.processes.set_file_thread import SLOW_S, SavedSet, SetFileThread
from bollylive.processes.supervisor import TURN_S, Supervisor
from bollylive.processes.supervisor_link import HEARTBEAT_S, Order
from bollylive.processes.watchdog import CLOSE_LIMIT_S, HANG_S, HEALTHY_S, LISTENER_LIMIT_S, RETRY_S, START_LIMIT_S
from bollylive.protocol import (
    Crashed,
    Done,
    EngineStatus,
    Finish,
    Heartbeat,
    InheritedState,
    InputLost,
    NoPorts,
    Notice,
    Ready,
    Sent,
    StartUp,
)
from bollylive.sets.controls import MPE, Command
from bollylive.sets.reload import SetWatch
from bollylive.sets.settings import KNOBS, ChannelSet, Set

BAND = Set(tempo_bpm=120, channels=(ChannelSet(0, "Flute"), ChannelSet(1, "Bass", "accompany")))
ANCHOR = Anchor(0.0, 0.5, 10.0)
ON, HELD = Sent(NoteOn(1, 40, 80), "model", 11.0, 2.0), Sent(NoteOn(0, 64, 90), "musician", 11.5, 3.0)


class FakeLink:
    """An io process that says what a test gives it."""

    def __init__(self, start_up: StartUp) -> None:
        self.start_up = start_up
        self.messages: list[Any] = []
        self.orders: list[Order] = []
        self.closed = self.ended = False
        self.beats = 0
        self.left_s: list[float] = []  # how long it was given to end by itself

    def tell(self, order: Order) -> None:
        if isinstance(order, Heartbeat):
            self.beats += 1
        else:
            self.orders.append(order)

    def receive(self, timeout_s: float) -> list[Any]:
        assert timeout_s <= TURN_S
        messages, self.messages = self.messages, []
        return messages

    def leave(self, limit_s: float) -> str | None:
        self.left_s.append(limit_s)
        return "by SIGSEGV"

    def end(self) -> None:
        self.ended = True


class FakeLog:
    """What the io processes write on standard error."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.losses = 0

    def take(self) -> list[str]:
        lines, self.lines = self.lines, []
        return lines

    def take_losses(self) -> int:
        losses, self.losses = self.losses, 0
        return losses


class Disk:
    """A disk for a journal."""

    folder = Path("stage")
    path = folder / "journal.jsonl"

    def __init__(self) -> None:
        self.data = header_line(Header())

    def read(self) -> bytes:
        return self.data

    def renew(self) -> str | None:
        return None

    def append(self, data: bytes) -> int:
        self.data += data
        return len(data)

    def close(self, *, keep: bool) -> None:
        assert keep


class NoThread(SetFileThread):
    """A set file that is looked at in every turn."""

    def trouble(self, now_s: float) -> str | None:
        self.look(now_s)
        return super().trouble(now_s)


class Watchtower:
    """A supervisor, its clock, and all io processes that it has started; `refuse` starts none.

    `log` is what they write on standard error, `cure` what is known to help one that hangs while it opens its ports.
    """

    def __init__(self, watch: SetWatch | None = None, seconds: float | None = None) -> None:
        self.now_s = 100.0
        self.links: list[FakeLink] = []
        self.said: list[str] = []
        self.refuse = False
        self.disk = Disk()
        self.journal = JournalWriter(self.disk)
        self.log = FakeLog()
        self.cure: str | None = None
        set_file = None if watch is None else NoThread(watch)
        self.supervisor = Supervisor(
            StartUp(BAND, 1),
            self.said.append,
            self.journal,
            set_file,
            seconds,
            self._start,
            self.log,
            lambda: self.cure,
        )

    @property
    def link(self) -> FakeLink:
        return self.links[-1]

    def turn(self, *messages: Any) -> None:
        if messages:
            self.link.messages.extend(messages)
        self.supervisor.turn(lambda: self.now_s)

    def pass_time(self, seconds: float, *, alive: bool = False) -> None:
        for _ in range(round(seconds / TURN_S)):
            self.now_s += TURN_S
            if alive:
                self.link.messages.append(Heartbeat())
            self.turn()

    def begin(self, *messages: Any) -> None:
        self.turn()
        self.turn(Heartbeat(), Ready("fake-v1", 8), ANCHOR, *messages)

    def _start(self, start_up: StartUp) -> FakeLink:
        if self.refuse:
            raise OSError("no process to be had")
        self.links.append(FakeLink(start_up))
        return self.links[-1]


def test_a_port_process_that_gives_signs_of_life_is_let_alone() -> None:
    tower = Watchtower()
    tower.begin()
    tower.pass_time(60.0, alive=True)
    assert len(tower.links) == 1
    assert tower.said == ["ready: model fake-v1, 8 notes remembered on each channel"]


def test_one_whose_heartbeat_stops_is_ended_and_the_next_inherits_what_it_left() -> None:
    tower = Watchtower()
    tower.begin(ON, HELD, Sent(NoteOff(0, 64), "musician", 12.0, 4.0))
    tower.pass_time(HEALTHY_S + TURN_S, alive=True)
    tower.pass_time(HANG_S - 2 * TURN_S)
    assert len(tower.links) == 1
    tower.pass_time(4 * TURN_S)
    assert tower.links[0].ended
    assert len(tower.links) == 2
    assert tower.link.start_up.anchor == ANCHOR
    assert tower.link.start_up.left == InheritedState(
        ((NoteOff(0, 64), "musician"), (NoteOff(1, 40), "model")), tuple(range(16))
    )
    assert (tower.links[0].start_up.anchor, tower.links[0].start_up.left) == (None, InheritedState())
    assert "hangs" in tower.said[-1]
    assert tower.supervisor.restarts == 1


def test_a_pause_of_our_own_is_no_silence_of_theirs() -> None:
    tower = Watchtower()
    tower.begin()
    tower.now_s += 60.0  # the whole machine slept
    tower.turn()
    tower.pass_time(HANG_S - 5 * TURN_S)
    assert len(tower.links) == 1


def test_one_that_dies_is_followed_at_once_and_one_that_dies_young_a_little_later() -> None:
    tower = Watchtower()
    tower.begin()
    tower.pass_time(HEALTHY_S + TURN_S, alive=True)
    tower.link.closed = True
    tower.turn()
    tower.turn()
    assert len(tower.links) == 2
    tower.link.closed = True
    tower.turn(Heartbeat())
    tower.turn()
    assert len(tower.links) == 2
    tower.pass_time(RETRY_S + TURN_S)
    assert len(tower.links) == 3
    assert sum("ended unexpectedly, by SIGSEGV; another one is starting" in text for text in tower.said) == 2


def test_what_it_said_last_still_counts() -> None:
    tower = Watchtower()
    tower.begin()
    tower.link.closed = True
    tower.turn(ON)
    tower.pass_time(RETRY_S + TURN_S)
    assert tower.link.start_up.left.releases == ((NoteOff(1, 40), "model"),)


def test_without_a_midi_system_it_tries_again_every_second_and_says_so_once_until_it_is_back() -> None:
    tower = Watchtower()
    tower.begin()
    tower.pass_time(HEALTHY_S + TURN_S, alive=True)
    tower.pass_time(HANG_S + 2 * TURN_S)
    for _ in range(200):
        tower.turn(NoPorts("JACK is gone."))
        tower.pass_time(RETRY_S + TURN_S)
    assert 180 < len(tower.links) <= 202
    assert sum("waits for it" in text for text in tower.said) == 1
    assert tower.said[-1].startswith("JACK is gone.")
    tower.turn(Heartbeat(), Notice("in: here"))
    tower.pass_time(60.0, alive=True)
    assert tower.said[-1] == "in: here"
    links = len(tower.links)
    tower.turn(NoPorts("JACK is gone again."))
    tower.pass_time(RETRY_S + TURN_S)
    assert sum("waits for it" in text for text in tower.said) == 2
    assert len(tower.links) == links + 1


def test_without_a_midi_system_from_the_first_it_is_an_error() -> None:
    tower = Watchtower()
    tower.turn()
    with pytest.raises(PortError, match="No MIDI system"):
        tower.turn(NoPorts("No MIDI system answers."))
    assert tower.link.ended


def test_one_that_never_opens_its_ports_has_more_time_and_another_one_and_then_it_is_an_error() -> None:
    tower = Watchtower()
    tower.turn()
    tower.pass_time(START_LIMIT_S - TURN_S)
    assert not tower.link.ended
    tower.pass_time(RETRY_S + 3 * TURN_S)
    assert len(tower.links) == 2
    with pytest.raises(PortError, match="before its ports were open, twice; restart the MIDI system"):
        tower.pass_time(START_LIMIT_S + TURN_S)


def test_a_first_one_that_dies_is_followed_by_one_that_plays() -> None:
    tower = Watchtower()
    tower.turn()
    tower.link.closed = True
    tower.pass_time(RETRY_S + 2 * TURN_S)
    tower.begin()
    assert tower.supervisor.ready
    assert len(tower.links) == 2


def test_a_machine_that_gives_no_process_is_asked_again() -> None:
    tower = Watchtower()
    tower.begin()
    tower.refuse = True
    tower.link.closed = True
    tower.pass_time(5.0)
    assert len(tower.links) == 1
    tower.refuse = False
    tower.pass_time(RETRY_S + TURN_S)
    assert len(tower.links) == 2


def test_told_to_finish_it_says_so_once_and_waits_for_the_last_word() -> None:
    tower = Watchtower()
    tower.begin(ON)
    tower.supervisor.finish()
    tower.pass_time(CLOSE_LIMIT_S - 2 * TURN_S)  # a driver takes its time
    assert tower.link.orders == [Finish()]
    tower.turn(Done({"planned_notes": 3}))
    assert tower.supervisor.done == Done({"planned_notes": 3})
    tower.pass_time(10.0)
    assert len(tower.links) == 1


def test_one_that_dies_while_it_finishes_is_followed_only_if_it_left_a_note() -> None:
    for messages, links in (((ON,), 2), ((), 1)):
        tower = Watchtower()
        tower.begin(*messages)
        tower.supervisor.finish()
        tower.turn()
        tower.link.closed = True
        tower.pass_time(RETRY_S + 3 * TURN_S)
        assert len(tower.links) == links
        assert tower.link.orders == [Finish()]


def test_the_last_notes_are_not_ended_in_vain_for_ever() -> None:
    tower = Watchtower()
    tower.begin(ON)
    tower.supervisor.finish()
    tower.turn()
    for _ in range(10):
        tower.link.closed = True
        tower.pass_time(RETRY_S + 2 * TURN_S)
    assert len(tower.links) == 2


def test_after_its_seconds_it_is_over() -> None:
    tower = Watchtower(seconds=2.0)
    tower.turn()
    tower.pass_time(5.0, alive=True)  # not ready yet
    tower.turn(Ready("fake-v1", 8))
    tower.pass_time(1.9, alive=True)
    assert tower.link.orders == []
    tower.pass_time(0.3, alive=True)
    assert tower.link.orders == [Finish()]


def test_a_band_that_was_ready_once_has_played_even_if_it_ends_before_the_next_process_is_ready() -> None:
    tower = Watchtower(seconds=2.0)
    tower.turn()
    assert not tower.supervisor.ready
    tower.turn(Heartbeat(), Ready("fake-v1", 8), ANCHOR)
    tower.link.closed = True
    tower.pass_time(2.5, alive=True)
    assert len(tower.links) == 2
    assert tower.link.orders == [Finish()]
    tower.turn(Done())
    assert tower.supervisor.ready


def test_one_journal_holds_what_all_port_processes_played() -> None:
    tower = Watchtower()
    tower.begin(EngineStatus(0.0, True), ON)
    tower.link.closed = True
    tower.turn()
    tower.pass_time(RETRY_S + TURN_S)
    off = Sent(NoteOff(1, 40), "model", 13.0, 6.0)
    tower.turn(Heartbeat(), ANCHOR, off, Heartbeat(lost=2))
    tower.journal.close()
    journal = read_journal(tower.disk.data)
    assert journal.entries == (ANCHOR, EngineStatus(0.0, True), ON, off)
    assert tower.journal.lost == 2
    assert EngineStatus(0.0, True) in read_end(tower.disk.data)


def watch_of(tmp_path: Path, read: Callable[[], Set]) -> SetWatch:
    path = tmp_path / "my.toml"
    path.write_text("1")
    return SetWatch(path, read)


def test_a_set_that_is_saved_goes_down_and_what_needs_a_new_start_is_said(tmp_path: Path) -> None:
    new = Set(tempo_bpm=99, model="open", in_port=("IAC",), channels=BAND.channels[:1])
    watch = watch_of(tmp_path, lambda: new)
    tower = Watchtower(watch)
    tower.begin()
    watch.path.write_text("another")
    tower.pass_time(1.0, alive=True)
    taken = Set(tempo_bpm=99, channels=BAND.channels[:1])
    assert tower.link.orders == [taken]
    assert tower.said[-2:] == [
        f"{watch.path}: the saved set plays now.",
        f"{watch.path}: the new in_port, model counts when jam is started again.",
    ]
    tower.link.closed = True
    tower.turn()
    tower.pass_time(RETRY_S + TURN_S)
    assert tower.link.start_up.band == taken


def test_knobs_stay_as_they_stand_when_the_set_is_saved_and_when_a_port_process_dies(tmp_path: Path) -> None:
    watch = watch_of(tmp_path, lambda: replace(BAND, name="Saved", nucleus=0.5))
    tower = Watchtower(watch)
    tower.begin(Command("temperature", value=0.0), Command("nucleus", value=0.0))
    watch.path.write_text("another")
    tower.pass_time(1.0, alive=True)
    expected = replace(BAND, name="Saved", nucleus=0.5, temperature=KNOBS["temperature"].lowest)
    assert tower.link.orders == [expected]
    tower.link.closed = True
    tower.turn()
    tower.pass_time(RETRY_S + TURN_S)
    assert tower.link.start_up.band == expected


def test_the_zone_of_an_mpe_keyboard_outlives_the_port_process_to_which_the_keyboard_told_it(tmp_path: Path) -> None:
    tower = Watchtower(watch_of(tmp_path, lambda: BAND))
    tower.begin(Command(MPE, 0, 5))
    tower.link.closed = True
    tower.turn()
    tower.pass_time(RETRY_S + TURN_S)
    assert tower.link.start_up.band == replace(BAND, mpe=(5, 0))


def test_a_set_with_problems_is_not_taken_and_every_problem_is_said_once(tmp_path: Path) -> None:
    def read() -> Set:
        raise SetError(["my.toml: one thing.", "my.toml: another."])

    watch = watch_of(tmp_path, read)
    tower = Watchtower(watch)
    tower.begin()
    watch.path.write_text("another")
    tower.pass_time(3.0, alive=True)
    assert tower.said[1:] == ["my.toml: one thing.", "my.toml: another.", "The band plays on as it was."]
    assert tower.link.orders == []


def test_a_set_between_two_names_is_waited_for(tmp_path: Path) -> None:
    watch = watch_of(tmp_path, lambda: BAND)
    tower = Watchtower(watch)
    tower.begin()
    watch.path.unlink()
    tower.pass_time(1.0, alive=True)
    assert tower.link.orders == []
    watch.path.write_text("another")
    tower.pass_time(1.0, alive=True)
    assert tower.link.orders == [BAND]


def test_the_demo_goes_on_where_it_is_by_now_after_a_restart() -> None:
    tower = Watchtower()
    musician = ((1.0, NoteOn(0, 60, 90)), (9.0, NoteOff(0, 60)))
    tower.supervisor = Supervisor(StartUp(BAND, 1, musician=musician), tower.said.append, None, start=tower._start)
    tower.begin()
    tower.pass_time(6.0, alive=True)
    tower.link.closed = True
    tower.turn()
    tower.turn()
    ((at_s, event),) = tower.link.start_up.musician
    assert at_s == pytest.approx(3.0)
    assert event == NoteOff(0, 60)


def test_a_crash_is_told_with_its_reason_and_before_the_ports_were_open_twice_it_is_the_end() -> None:
    tower = Watchtower()
    tower.turn()
    tower.link.closed = True
    tower.turn(Crashed("ImportError: no rtmidi"))
    assert tower.said == ["The port process ended unexpectedly (ImportError: no rtmidi); another one is starting."]
    tower.pass_time(RETRY_S + TURN_S)
    tower.link.closed = True
    with pytest.raises(CrashError, match=r"by SIGSEGV before its ports were open, twice"):
        tower.turn()


def test_its_own_heart_beats_down_the_line() -> None:
    tower = Watchtower()
    tower.begin()
    tower.pass_time(10.0, alive=True)
    assert 10.0 / (HEARTBEAT_S + TURN_S) <= tower.link.beats <= 10.0 / HEARTBEAT_S


class BadWatch(SetWatch):
    """A set file that is saved at once, and raises whatever it is given."""

    def __init__(self, fault: Exception) -> None:
        self.path = Path("bad.toml")
        self._fault: Exception | None = fault
        self.read = self._raise

    def changed(self, now_s: float) -> bool:  # noqa: ARG002
        return self._fault is not None

    def _raise(self) -> Set:
        assert self._fault is not None
        fault, self._fault = self._fault, None
        raise fault


@pytest.mark.parametrize("fault", [OverflowError("int too large"), RecursionError(), ValueError("4300 digits")])
def test_whatever_a_saved_set_does_to_its_reader_the_band_plays_on(fault: Exception) -> None:
    tower = Watchtower(BadWatch(fault))
    tower.begin(ON)
    tower.pass_time(60.0, alive=True)
    assert len(tower.links) == 1
    assert not tower.link.orders
    assert any("bad.toml: the set cannot be read" in text for text in tower.said)
    assert tower.said[-1] == "The band plays on as it was."


def test_a_fault_of_its_own_lets_the_port_process_end_its_notes_by_itself() -> None:
    tower = Watchtower()
    tower.begin(ON)
    tower.link.messages.append(Notice("something"))

    def fail(_text: str) -> None:
        raise RuntimeError("a fault of the supervisor's own")

    tower.supervisor._say = fail
    with pytest.raises(RuntimeError, match="of the supervisor's own"):
        tower.supervisor.run()
    assert tower.link.left_s == [CLOSE_LIMIT_S + LISTENER_LIMIT_S]
    assert tower.link.ended


def test_told_to_end_while_nobody_plays_it_starts_one_more_that_lets_go_of_what_was_left() -> None:
    tower = Watchtower()
    tower.begin(Sent(Control(0, 64, 127), "musician", 11.0, 2.0))
    tower.link.closed = True
    tower.turn()
    tower.supervisor.finish()
    tower.pass_time(RETRY_S + 2 * TURN_S)
    assert len(tower.links) == 2
    assert (Control(0, 64, 0), "musician") in tower.link.start_up.left.releases
    assert tower.link.orders == [] or isinstance(tower.link.orders[0], Finish)
    tower.turn(Heartbeat(), Done())
    assert tower.supervisor._over


def test_one_after_the_other_that_crashes_makes_the_end_a_failure() -> None:
    tower = Watchtower()
    tower.begin()
    for _ in range(3):
        tower.link.closed = True
        tower.turn(Crashed("RuntimeError: again"))
        tower.pass_time(RETRY_S + TURN_S)
    tower.supervisor.finish()
    tower.turn(Heartbeat(), Done())
    with pytest.raises(CrashError, match="3 times in a row"):
        tower.supervisor.run()


def test_told_to_end_while_the_midi_system_is_away_it_waits_for_it_a_little_since_something_was_left() -> None:
    tower = Watchtower()
    tower.begin(ON)
    tower.turn(NoPorts("JACK is gone."))
    tower.pass_time(RETRY_S + TURN_S)
    tower.turn(NoPorts("JACK is gone."))
    tower.supervisor.finish()
    began_s = tower.now_s
    while not tower.supervisor._over:
        tower.pass_time(TURN_S)
        if not tower.link.ended:
            tower.turn(NoPorts("JACK is gone."))
    assert LISTENER_LIMIT_S <= tower.now_s - began_s < LISTENER_LIMIT_S + 2 * RETRY_S
    assert len(tower.links) > 3


def test_where_no_process_is_to_be_had_it_is_told_once_and_the_end_comes_all_the_same() -> None:
    tower = Watchtower()
    tower.begin(ON)
    tower.refuse = True
    tower.link.closed = True
    tower.pass_time(30.0)
    assert sum("cannot be started (no process to be had)" in text for text in tower.said) == 1
    tower.supervisor.finish()
    tower.pass_time(3 * RETRY_S)
    assert tower.supervisor._over


def test_what_processes_write_on_standard_error_goes_into_the_journal_between_the_notes_and_is_not_said() -> None:
    tower = Watchtower()
    tower.begin(ON)
    tower.log.lines = ["Cannot read socket fd = 9", "'mb != NULL' failed"]
    tower.turn()
    tower.turn(HELD)
    tower.journal.close()
    assert b'\n["log",100.000000,"Cannot read socket fd = 9"]\n["log"' in tower.disk.data
    journal = read_journal(tower.disk.data)
    assert journal.entries == (ANCHOR, ON, HELD)
    assert (journal.lost, journal.damaged_lines) == (0, 0)
    assert [entry for entry in read_end(tower.disk.data) if isinstance(entry, Sent)] == [ON, HELD]
    assert not any("socket" in text for text in tower.said)


@pytest.mark.parametrize("has_journal", [True, False])
def test_what_the_midi_system_lost_is_passed_on_to_the_port_process_with_a_journal_or_without(
    has_journal: bool,
) -> None:
    tower = Watchtower()
    if not has_journal:
        tower.supervisor = Supervisor(StartUp(BAND, 1), tower.said.append, start=tower._start, log=tower.log)
    tower.begin()
    tower.log.losses = 3
    tower.turn()
    tower.turn()
    assert tower.link.orders == [InputLost(3)]


CURE = "remove the folder"


def test_one_that_hangs_while_it_opens_its_ports_is_an_error_with_the_cure_if_there_is_one() -> None:
    tower = Watchtower()
    tower.cure = CURE
    tower.turn()
    with pytest.raises(PortError, match="hung while it opened its ports; remove the folder"):
        tower.pass_time(START_LIMIT_S + 2 * TURN_S)
    assert len(tower.links) == 1
    assert tower.link.ended


def test_in_mid_performance_the_cure_is_told_once_and_the_band_waits_for_it() -> None:
    tower = Watchtower()
    tower.cure = CURE
    tower.begin(ON)
    tower.link.closed = True  # JACK was restarted
    tower.pass_time(10 * (START_LIMIT_S + RETRY_S))
    assert 8 <= len(tower.links) <= 11
    assert sum(CURE in text for text in tower.said) == 1
    tower.pass_time(RETRY_S, alive=True)
    assert tower.link.start_up.left.releases == ((NoteOff(1, 40), "model"),)
    said = len(tower.said)
    tower.pass_time(60.0, alive=True)
    assert not tower.link.ended
    assert len(tower.said) == said


def test_one_that_hangs_after_its_ports_were_open_needs_no_such_cure() -> None:
    tower = Watchtower()
    tower.cure = CURE
    tower.begin()
    tower.pass_time(HANG_S + 2 * TURN_S)
    assert "as it does when the MIDI system dies" in tower.said[-1]


class DeadDisk:
    """A set file on a disk that does not answer."""

    path = Path("dead/my.toml")

    def __init__(self) -> None:
        self.thread = SetFileThread(SetWatch(self.path, Set))
        self.thread._looks_since_s = 100.0

    def take(self) -> SavedSet | None:
        return self.thread.take()

    def trouble(self, now_s: float) -> str | None:
        return self.thread.trouble(now_s)


def test_a_set_file_whose_disk_does_not_answer_is_reported_once_and_everything_else_goes_on() -> None:
    tower, dead = Watchtower(), DeadDisk()
    tower.supervisor = Supervisor(StartUp(BAND, 1), tower.said.append, None, dead, start=tower._start)
    tower.begin(ON)
    tower.pass_time(HEALTHY_S + 3 * SLOW_S, alive=True)
    said = [text for text in tower.said if "does not answer" in text]
    assert said == ["dead/my.toml: its disk does not answer; what you save counts as soon as it does."]
    tower.link.closed = True
    tower.turn()
    tower.turn()
    assert len(tower.links) == 2
    dead.thread._looks_since_s = None
    tower.pass_time(1.0, alive=True)
    dead.thread._looks_since_s = tower.now_s
    tower.pass_time(2 * SLOW_S, alive=True)
    assert sum("does not answer" in text for text in tower.said) == 2
