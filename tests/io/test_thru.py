"""What the musician plays leaves again."""

from __future__ import annotations

import pytest

from bollylive.io.note_scheduler import Scheduler
from bollylive.io.thru import Thru
from bollylive.midi.messages import Control, Event, Note, NoteOff, NoteOn, Player, Program, Raw, Tick
from bollylive.sets.settings import ChannelSet, Set

SYSEX = Raw(b"\xf0\x7e\x01\xf7")


class Desk:
    """Thru on channel 0 alone, unless a test names other channels."""

    def __init__(self, *channels: int) -> None:
        self.scheduler = Scheduler()
        band = Set(thru=False, channels=tuple(ChannelSet(channel, thru=True) for channel in channels))
        self.thru = Thru(self.scheduler, band)

    def read(self, event: Event) -> list[tuple[Event, Player]]:
        return list(self.thru.read(event))

    def let_the_model_play(self, channel: int, pitch: int = 60) -> None:
        self.scheduler.plan(Note(channel, pitch, 80, 0.0, None))
        list(self.scheduler.due(0.0, 0.5))


@pytest.mark.parametrize(
    "event", [NoteOn(0, 60, 90), Control(0, 1, 64), Control(0, 64, 127), Program(0, 5), Raw(b"\xe0\x01\x02"), SYSEX]
)
def test_on_a_channel_that_passes_it_leaves_as_it_came(event: Event) -> None:
    assert Desk(0).read(event) == [(event, "musician")]


@pytest.mark.parametrize(
    "event", [NoteOn(1, 60, 90), NoteOff(1, 60), Control(1, 1, 64), Program(1, 5), Raw(b"\xe1\0\0")]
)
def test_on_another_nothing_leaves(event: Event) -> None:
    assert Desk(0).read(event) == []


def test_a_sysex_passes_if_any_channel_does() -> None:
    assert Desk().read(SYSEX) == []
    assert Desk(7).read(SYSEX) == [(SYSEX, "musician")]


def test_a_clock_does_not_pass() -> None:
    assert Desk(0).read(Tick()) == []


def test_a_key_that_comes_up_ends_its_own_note_once() -> None:
    desk = Desk(0)
    desk.read(NoteOn(0, 60, 90))
    assert desk.read(NoteOff(0, 60, 3)) == [(NoteOff(0, 60, 3), "musician")]
    assert desk.read(NoteOff(0, 60, 3)) == []


def test_the_musician_takes_a_pitch_from_the_model() -> None:
    desk = Desk(0)
    desk.let_the_model_play(0)
    assert desk.read(NoteOn(0, 60, 90)) == [(NoteOff(0, 60), "model"), (NoteOn(0, 60, 90), "musician")]


@pytest.mark.parametrize("number", [120, 123])
def test_the_end_of_all_notes_ends_those_of_both_on_any_channel_and_does_not_pass(number: int) -> None:
    desk = Desk(0)
    desk.let_the_model_play(0, 60)
    desk.read(NoteOn(0, 70, 90))
    desk.let_the_model_play(5, 60)
    assert desk.read(Control(0, number, 0)) == [(NoteOff(0, 60), "model"), (NoteOff(0, 70), "musician")]
    assert desk.read(Control(5, number, 0)) == [(NoteOff(5, 60), "model")]


def test_a_reset_of_the_controllers_ends_the_models_notes_alone() -> None:
    desk = Desk(0)
    desk.let_the_model_play(0, 60)
    desk.read(NoteOn(0, 70, 90))
    assert desk.read(Control(0, 121, 0)) == [(NoteOff(0, 60), "model")]


def test_where_the_musician_is_heard_and_does_not_pass_is_known() -> None:
    channels = (ChannelSet(0, role="player"), ChannelSet(1, role="off"), ChannelSet(2, thru=False))
    thru = Thru(Scheduler(), Set(channels=channels))
    assert 0 in thru.channels
    assert thru.withheld == {2}
    assert not {1, 2} & thru.channels
