"""Controllers, keys and program changes that are commands, and knobs that are turned."""

from __future__ import annotations

import pytest

from bollylive.midi.messages import Control, Event, NoteOff, NoteOn, Program, Start
from bollylive.sets.control_set import ControlSet
from bollylive.sets.controls import Command, Controls, change_set
from bollylive.sets.settings import CHANNEL_SETTINGS, KNOBS, ChannelSet, Set

BAND = Set(channels=(ChannelSet(0, role="player"), ChannelSet(1, role="accompany"), ChannelSet(2)))


def controls(*given: ControlSet) -> Controls:
    return Controls(Set(controls=given))


def test_a_controller_commands_once_when_it_goes_down_and_is_no_music_when_it_comes_up() -> None:
    desk = controls(ControlSet("cc", 81, "again", on=3))
    moved = [desk.read(Control(0, 81, value)) for value in (63, 64, 127, 64, 63, 0, 127)]
    asked = Command("again", 3)
    assert moved == [True, asked, True, True, True, True, asked]


def test_a_pad_that_never_says_that_it_is_up_commands_each_time() -> None:
    desk = controls(ControlSet("cc", 81, "tap"))
    assert [desk.read(Control(0, 81, 100)) for _ in range(3)] == [Command("tap")] * 3


def test_two_pedals_of_one_number_are_two() -> None:
    desk = controls(ControlSet("cc", 81, "keep", channel=0, on=0), ControlSet("cc", 81, "vary", channel=1, on=1))
    assert desk.read(Control(0, 81, 127)) == Command("keep", 0)
    assert desk.read(Control(1, 81, 127)) == Command("vary", 1)
    assert desk.read(Control(2, 81, 127)) is False


def test_a_key_commands_on_its_channel_alone() -> None:
    desk = controls(ControlSet("note", 36, "sam", channel=9), ControlSet("note", 37, "tap", channel=9))
    assert desk.read(NoteOn(9, 36, 1)) == Command("sam")
    assert desk.read(NoteOff(9, 36)) is True
    assert desk.read(NoteOn(9, 37, 1)) == Command("tap")
    assert desk.read(NoteOn(0, 36, 100)) is False
    assert desk.read(NoteOn(9, 38, 100)) is False


def test_a_program_change_can_be_a_command() -> None:
    desk = controls(ControlSet("program", 5, "hand over", channel=0, on=0))
    assert desk.read(Program(0, 5)) == Command("hand over", 0)
    assert desk.read(Program(0, 6)) is False


@pytest.mark.parametrize("before", [(ControlSet("cc", 81, "again"),), ()])
def test_a_pedal_that_is_down_when_another_set_comes_is_not_pressed_by_going_further_down(
    before: tuple[ControlSet, ...],
) -> None:
    old = controls(*before)
    old.read(Control(0, 81, 90))
    desk = Controls(Set(controls=(ControlSet("cc", 81, "keep"),)), old)
    assert [desk.read(Control(0, 81, value)) for value in (110, 127, 0, 64)] == [True, True, True, Command("keep")]
    assert desk.read(Control(1, 81, 110)) == Command("keep")  # another one, which was never heard of


@pytest.mark.parametrize(("value", "place"), [(0, 0.0), (127, 1.0)])
def test_a_knob_says_where_it_stands_at_every_move(value: int, place: float) -> None:
    desk = controls(ControlSet("cc", 1, "temperature"))
    assert desk.read(Control(2, 1, value)) == desk.read(Control(2, 1, value)) == Command("temperature", None, place)


@pytest.mark.parametrize("event", [Control(0, 80, 127), NoteOn(0, 0, 1), NoteOff(0, 0), Program(0, 0), Start()])
def test_without_a_control_nothing_is_a_command(event: Event) -> None:
    assert controls().read(event) is False


def place_of(band: Set, knob: str) -> list[float]:
    """Where a knob stands: once for a band, or for each of its channels."""
    return [getattr(one, knob) for one in (band.channels if knob in CHANNEL_SETTINGS else [band])]


@pytest.mark.parametrize("knob", KNOBS)
def test_a_knob_goes_from_the_lowest_to_the_highest_and_no_further(knob: str) -> None:
    lowest, highest = KNOBS[knob].lowest, KNOBS[knob].highest
    for place, value in ((-1.0, lowest), (0.0, lowest), (1.0, highest), (1.5, highest)):
        assert place_of(change_set(BAND, Command(knob, None, place)), knob)[-1] == value


def test_density_is_turned_on_every_channel_that_the_model_plays_or_on_one() -> None:
    assert place_of(change_set(BAND, Command("density", None, 0.0)), "density") == [0, -2, -2]
    assert place_of(change_set(BAND, Command("density", 2, 1.0)), "density") == [0, 0, 2]
    assert place_of(change_set(BAND, Command("density", 0, 1.0)), "density") == [0, 0, 0]


def test_half_of_the_way_is_in_the_middle_of_the_range() -> None:
    assert change_set(BAND, Command("temperature", None, 0.5)).temperature == pytest.approx((0.1 + 3.0) / 2)
