"""MIDI bytes to events and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bollylive.midi.messages import (
    Continue,
    Control,
    Event,
    NoteOff,
    NoteOn,
    Position,
    Program,
    Raw,
    Start,
    Stop,
    Tempo,
    Tick,
)
from bollylive.midi.parser import SYSEX_LIMIT_BYTES, Parser, state_key, to_bytes

CHANNEL = st.integers(0, 15)
DATA = st.integers(0, 127)
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(NoteOn, CHANNEL, DATA, st.integers(1, 127)),
    st.builds(NoteOff, CHANNEL, DATA, DATA),
    st.builds(Control, CHANNEL, DATA, DATA),
    st.builds(Program, CHANNEL, DATA),
    st.builds(Position, st.integers(0, 16383)),
    st.sampled_from([Tick(), Start(), Continue(), Stop()]),
    st.builds(lambda channel, lsb, msb: Raw(bytes([0xE0 | channel, lsb, msb])), CHANNEL, DATA, DATA),
    st.builds(lambda channel, value: Raw(bytes([0xD0 | channel, value])), CHANNEL, DATA),
    st.builds(lambda data: Raw(bytes([0xF0, *data, 0xF7])), st.lists(DATA, max_size=20)),
)


def read(*data: int) -> tuple[list[Event], int]:
    parser = Parser()
    return parser.feed(data), parser.dropped


@given(st.lists(EVENTS, max_size=20), st.integers(1, 5))
def test_what_is_written_reads_back_whatever_the_pieces(events: list[Event], piece: int) -> None:
    data = b"".join(to_bytes(event) for event in events)
    parser = Parser()
    parsed = [event for i in range(0, len(data), piece) for event in parser.feed(data[i : i + piece])]
    assert parsed == events
    assert parser.dropped == 0


@given(st.lists(st.integers(-1, 300), max_size=60))
def test_arbitrary_bytes_never_raise_and_give_only_writable_events(data: list[int]) -> None:
    events, _ = read(*data)
    assert all(to_bytes(event) for event in events)


@given(st.lists(EVENTS, max_size=10), st.lists(st.integers(0, 255), max_size=30))
def test_the_parser_recovers_after_garbage(events: list[Event], garbage: list[int]) -> None:
    parser = Parser()
    parser.feed(garbage)
    parser.feed([0xF6])  # a tune request ends whatever was under way
    assert parser.feed(b"".join(to_bytes(event) for event in events)) == events


def test_a_note_on_of_velocity_zero_is_a_note_off() -> None:
    assert read(0x93, 60, 0) == ([NoteOff(3, 60, 64)], 0)


def test_running_status_is_expanded() -> None:
    assert read(0x90, 60, 100, 64, 90, 60, 0) == ([NoteOn(0, 60, 100), NoteOn(0, 64, 90), NoteOff(0, 60)], 0)


def test_running_status_lasts_from_one_piece_to_the_next() -> None:
    parser = Parser()
    assert parser.feed([0xC5, 7]) == [Program(5, 7)]
    assert parser.feed([8]) == [Program(5, 8)]


def test_realtime_bytes_may_stand_inside_any_message() -> None:
    assert read(0x90, 0xF8, 60, 0xFA, 100) == ([Tick(), Start(), NoteOn(0, 60, 100)], 0)
    assert read(0xF0, 1, 0xF8, 2, 0xF7) == ([Tick(), Raw(b"\xf0\x01\x02\xf7")], 0)


def test_song_position_is_least_significant_byte_first() -> None:
    assert read(0xF2, 4, 1) == ([Position(132)], 0)


def test_sensing_time_code_and_tune_request_say_nothing() -> None:
    assert read(0xFE, 0xF1, 5, 0xF3, 2, 0xF6) == ([], 0)


def test_a_system_reset_ends_all_notes_on_every_channel() -> None:
    events, dropped = read(0x90, 60, 90, 0xFF)
    assert events[1:] == [Control(channel, number, 0) for number in (121, 123) for channel in range(16)]
    assert dropped == 0


@pytest.mark.parametrize(
    ("data", "dropped"),
    [
        ([60, 100], 2),
        ([0x90, 60, 0x80, 60, 64], 1),
        ([0xF0, 1, 2, 0x80, 60, 64], 1),
        ([0xF7], 1),
        ([0xF4], 1),
        ([0x90, 60, 100, 0xF6, 61], 1),
        ([-1, 256], 2),
    ],
)
def test_what_cannot_be_understood_is_counted(data: list[int], dropped: int) -> None:
    assert read(*data)[1] == dropped


def test_a_sysex_without_end_is_dropped() -> None:
    parser = Parser()
    assert parser.feed([0xF0, *([1] * SYSEX_LIMIT_BYTES)]) == []
    assert parser.dropped == 1


@pytest.mark.parametrize(
    "event", [Tempo(120), NoteOn(0, 60, 0), NoteOn(16, 60, 1), Control(0, 128, 0), Position(16384)]
)
def test_what_has_no_message_is_refused(event: Event) -> None:
    with pytest.raises(ValueError, match="MIDI message"):
        to_bytes(event)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (NoteOn(0, 60, 90), NoteOff(0, 60)),
        (Control(0, 64, 0), Control(0, 64, 127)),
        (Program(3, 1), Program(3, 2)),
        (Raw(b"\xe0\x00\x40"), Raw(b"\xe0\x00\x50")),  # pitch bend
        (Raw(b"\xa0\x3c\x10"), Raw(b"\xa0\x3c\x20")),  # aftertouch of one key
        (Raw(b"\xd0\x10"), Raw(b"\xd0\x20")),  # aftertouch of a channel
    ],
)
def test_events_that_set_the_same_state_have_the_same_key(one: Event, other: Event) -> None:
    assert state_key(one) == state_key(other) != ()


def test_events_that_set_different_states_have_different_keys() -> None:
    events: list[Event] = [
        *(
            NoteOn(0, 60, 90),
            NoteOn(0, 61, 90),
            NoteOn(1, 60, 90),
            Control(0, 60, 90),
            Control(0, 61, 90),
            Program(0, 60),
        ),
        *(Raw(b"\xa0\x3c\x10"), Raw(b"\xa0\x3d\x10"), Raw(b"\xd0\x3c"), Raw(b"\xe0\x00\x40")),
        *(Raw(b"\xf0\x01\xf7"), Raw(b"\xf0\x02\xf7")),
    ]
    assert len({state_key(event) for event in events}) == len(events)


@pytest.mark.parametrize("event", [Tick(), Start(), Continue(), Stop(), Position(4), Tempo(120)])
def test_timing_sets_no_state(event: Event) -> None:
    assert state_key(event) == ()
