"""What pedals and wheels hold, and which of a DAW's resets change anything."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bollylive.io.controller_state import ControllerState
from bollylive.midi.messages import Control, Event, NoteOff, NoteOn, Raw
from bollylive.sets.controls import PANIC, Command

PEDAL, UP = Control(0, 64, 127), Control(0, 64, 0)
BURST = [Control(channel, number, 0) for number in (64, 123, 121) for channel in range(16)]


SLEEP = Command(PANIC)


def told(controllers: ControllerState, events: Sequence[Event], now_s: float = 0.0) -> list[Event | Command]:
    """What the engine has to know of these events, all at once."""
    pairs = [pair for event in events for pair in controllers.read(event, now_s)]
    return [meaning for _, meaning in pairs if meaning is not None]


def read(controllers: ControllerState, event: Event) -> list[Event]:
    """What an event amounts to."""
    return [each for each, _ in controllers.read(event, 0.0)]


def test_a_pedal_that_is_up_cannot_go_up() -> None:
    controllers = ControllerState()
    assert read(controllers, UP) == []
    assert read(controllers, PEDAL) == [PEDAL]
    assert read(controllers, UP) == [UP]
    assert read(controllers, UP) == []


def test_a_pedal_moves_in_all_its_positions() -> None:
    controllers = ControllerState()
    positions: list[Event] = [Control(0, 64, value) for value in (20, 90, 20, 0)]
    assert [word for event in positions for word in read(controllers, event)] == positions


def test_the_end_of_all_sound_lifts_the_pedals_of_its_channel_and_leaves_the_wheels() -> None:
    controllers = ControllerState()
    for event in (PEDAL, Control(0, 66, 127), Control(0, 1, 50), Control(1, 64, 127)):
        read(controllers, event)
    assert read(controllers, Control(0, 120, 0)) == [UP, Control(0, 66, 0), Control(0, 120, 0)]


def test_a_reset_of_the_controllers_brings_everything_to_rest_that_is_not() -> None:
    controllers = ControllerState()
    for event in (
        PEDAL,
        Control(0, 1, 50),
        Control(0, 11, 30),
        Raw(b"\xe0\x01\x02"),
        Raw(b"\xd0\x09"),
        Control(0, 7, 9),
    ):
        read(controllers, event)
    at_rest = [Control(0, 1, 0), Control(0, 11, 127), UP, Raw(b"\xd0\x00"), Raw(b"\xe0\x00\x40")]
    assert read(controllers, Control(0, 121, 0)) == [*at_rest, Control(0, 121, 0)]
    assert read(controllers, Control(0, 121, 0)) == [Control(0, 121, 0)]


def test_a_wheel_that_the_musician_brings_to_rest_is_not_held() -> None:
    controllers = ControllerState()
    for event in (Raw(b"\xe3\x01\x02"), Raw(b"\xe3\x00\x40"), Control(3, 1, 5), Control(3, 1, 0)):
        read(controllers, event)
    assert controllers.let_go() == []


def test_a_burst_of_resets_puts_the_band_to_sleep_once() -> None:
    controllers = ControllerState()
    told(controllers, [NoteOn(2, 60, 90)])
    assert told(controllers, list(BURST)) == [Control(2, 123, 0), SLEEP]
    assert told(controllers, BURST * 2, 0.01) == []


def test_what_is_played_after_a_burst_is_ended_by_the_next() -> None:
    controllers = ControllerState()
    told(controllers, list(BURST))
    told(controllers, [NoteOn(5, 60, 90), Control(6, 64, 127)], 1.0)
    assert told(controllers, list(BURST), 2.0) == [Control(6, 64, 0), SLEEP]


@pytest.mark.parametrize("number", [120, 123])
def test_the_end_of_all_notes_that_comes_alone_is_told_to_its_channel_if_anything_was_played_there(number: int) -> None:
    controllers, end = ControllerState(), Control(0, number, 0)
    assert told(controllers, [end]) == []
    for i in range(1, 20):  # a keyboard that sends it whenever its last key comes up
        assert told(controllers, [NoteOn(0, 60, 90), NoteOff(0, 60), end], i * 0.11)[2:] == [end]
    assert told(controllers, [Control(1, number, 0)], 9.0) == []


def test_the_keys_of_a_chord_that_come_up_with_the_end_of_all_notes_each_are_no_panic() -> None:
    controllers = ControllerState()
    told(controllers, [NoteOn(0, pitch, 90) for pitch in (60, 64, 67)])
    ends: list[Event] = [word for pitch in (60, 64, 67) for word in (NoteOff(0, pitch), Control(0, 123, 0))]
    assert told(controllers, ends, 1.0) == ends


@pytest.mark.parametrize("second", [Control(0, 123, 0), Control(0, 120, 0)])
def test_the_second_end_of_all_notes_in_a_row_is_a_panic(second: Control) -> None:
    controllers = ControllerState()
    told(controllers, [NoteOn(0, 60, 90)])
    assert told(controllers, [Control(0, 123, 0)], 1.0) == [Control(0, 123, 0)]
    assert told(controllers, [second], 1.05) == [SLEEP]


@pytest.mark.parametrize("layers", [2, 4])
def test_the_end_of_all_notes_on_each_layer_of_a_keyboard_is_no_panic(layers: int) -> None:
    controllers = ControllerState()
    for i in range(9):
        told(controllers, [NoteOn(channel, 60, 90) for channel in range(layers)], i * 0.05)
        ends: list[Event] = [Control(channel, 123, 0) for channel in range(layers)]
        assert told(controllers, ends, i * 0.05 + 0.02) == ends


def test_the_end_of_all_notes_on_more_channels_than_a_key_plays_on_is_a_panic() -> None:
    controllers = ControllerState()
    told(controllers, [NoteOn(0, 60, 90)])
    assert told(controllers, [Control(channel, 123, 0) for channel in range(16)])[-1] == SLEEP


@pytest.mark.parametrize("number", [124, 125, 126, 127])
def test_a_mode_message_ends_all_notes_and_passes(number: int) -> None:
    controllers, mode = ControllerState(), Control(0, number, 1)
    told(controllers, [NoteOn(0, 60, 90)])
    end = Control(0, 123, 0)
    assert controllers.read(mode, 0.0) == [(end, end), (mode, None)]


def test_what_the_pedal_holds_goes_on_when_all_keys_come_up() -> None:
    controllers = ControllerState()
    told(controllers, [PEDAL, NoteOn(0, 60, 90)])
    assert read(controllers, Control(0, 123, 0)) == [Control(0, 123, 0)]
    assert read(controllers, UP) == [UP]


CHANNELS = st.integers(0, 2)
EVENTS = st.one_of(
    st.builds(NoteOn, CHANNELS, st.integers(60, 61), st.just(90)),
    st.builds(Control, CHANNELS, st.sampled_from([1, 11, 64, 66, 120, 121, 123]), st.sampled_from([0, 1, 64, 127])),
    st.builds(
        lambda channel, data: Raw(bytes([0xE0 | channel]) + data), CHANNELS, st.sampled_from([b"\0\x40", b"\1\2"])
    ),
)


@given(st.lists(EVENTS, max_size=40))
def test_after_the_last_word_everything_that_passed_on_is_at_rest(events: list[Event]) -> None:
    controllers = ControllerState()
    state: dict[tuple[int, int], object] = {}
    passed = [word for event in events for word in read(controllers, event)]
    for word in [*passed, *controllers.let_go()]:
        if isinstance(word, Control) and word.number < 120:
            state[word.channel, word.number] = word.value
        elif isinstance(word, Raw):
            state[word.data[0], 0] = word.data[1:]
    assert all(value == (127 if key[1] == 11 else 0) or value == b"\0\x40" for key, value in state.items())


@given(st.lists(EVENTS, max_size=40))
def test_the_engine_knows_of_the_end_of_every_note_that_it_knows_of(events: list[Event]) -> None:
    controllers = ControllerState()
    sounding: set[int] = set()  # channels
    for event in told(controllers, [*events, *BURST]):
        if isinstance(event, NoteOn):
            sounding.add(event.channel)
        elif event == SLEEP:
            sounding.clear()
        elif isinstance(event, Control) and event.number in (120, 123):
            sounding.discard(event.channel)
    assert not sounding
