"""A synthesiser hears its sounds again when it may have forgotten them."""

from __future__ import annotations

import pytest

from bollylive.clock.clock import Clock
from bollylive.io.note_scheduler import Scheduler
from bollylive.io.program_reminder import is_reset
from bollylive.io.router import Router
from bollylive.midi.messages import Control, Event, NoteOn, Program, Raw
from bollylive.protocol import Sent
from bollylive.sets.live_set import LiveSet
from bollylive.sets.settings import Set

GM = "f07e7f0901f7"
RESETS = [GM, "f07e7f0903f7", "f07e7f0902f7", "f04110421240007f0041f7", "f04110421200007f0001f7", "f043104c00007e00f7"]
NOTE = NoteOn(0, 60, 90)


class Desk:
    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self.router = Router(Clock(120, 0.0), Scheduler(), self.sent.extend, lambda _: None, LiveSet(Set()))
        self.router.listen(1, 0.0)
        self.router.program(1, 33, 0.0)
        self.now_s = 0.0

    def play(self, *events: Event) -> list[Event]:
        """What leaves for what the musician plays."""
        self.sent.clear()
        for event in events:
            self.now_s += 0.1
            self.router.handle(event, self.now_s)
            self.router.tick(self.now_s + 0.01)
        return [sent.event for sent in self.sent]


@pytest.mark.parametrize("reset", RESETS)
def test_after_a_reset_the_programs_come_before_the_first_note_and_only_there(reset: str) -> None:
    desk, sysex = Desk(), Raw(bytes.fromhex(reset))
    assert desk.play(sysex, Control(0, 1, 5), NOTE) == [sysex, Control(0, 1, 5), Program(1, 33), NOTE]
    assert desk.play(NoteOn(0, 62, 90)) == [NoteOn(0, 62, 90)]


def test_what_the_musician_sets_after_a_reset_is_what_counts() -> None:
    desk = Desk()
    desk.play(Program(0, 4), Raw(bytes.fromhex(GM)), Program(1, 40))
    assert desk.play(NOTE) == [Program(1, 40), NOTE]


def test_a_new_listener_hears_bank_program_levels_and_bend_range() -> None:
    desk = Desk()
    bend_range: list[Event] = [Control(0, 101, 0), Control(0, 100, 0), Control(0, 6, 12)]
    desk.play(Control(0, 0, 8), Program(0, 4), Control(0, 7, 90), *bend_range, Control(0, 0, 9))
    desk.sent.clear()
    desk.router.listen(2, 5.0)
    null = [Control(0, 101, 127), Control(0, 100, 127)]
    assert [sent.event for sent in desk.sent] == [
        *(Control(0, 0, 8), Program(0, 4), Control(0, 7, 90)),
        *bend_range,
        *null,
        Program(1, 33),
    ]
    desk.sent.clear()
    desk.router.listen(1, 6.0)
    desk.router.listen(None, 7.0)
    assert desk.sent == []


@pytest.mark.parametrize("data", ["f07e7f0601f7", "f041104212400130", "f0f7", "f0411042124001300455f7"])
def test_another_sysex_resets_nothing(data: str) -> None:
    assert not is_reset(bytes.fromhex(data))
