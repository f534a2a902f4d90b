"""What a cable that is pulled out leaves behind."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bollylive.io.held_state import HeldState
from bollylive.midi.messages import Control, Event, NoteOff, NoteOn, Program, Raw
from bollylive.midi.parser import state_key


def note(held: HeldState, event: Event) -> list[Event]:
    return held.note(event, state_key(event))


def _held(*events: Event) -> HeldState:
    held = HeldState()
    for event in events:
        note(held, event)
    return held


def test_what_sounds_is_ended_once_and_pedals_are_lifted_first() -> None:
    held = _held(NoteOn(0, 60, 90), NoteOn(1, 40, 90), Control(1, 64, 127), NoteOn(0, 64, 90), NoteOff(0, 64))
    assert held.end() == [Control(1, 64, 0), NoteOff(0, 60), NoteOff(1, 40)]
    assert held.end() == []


def test_what_another_cable_holds_too_goes_on() -> None:
    held = _held(NoteOn(0, 60, 90), NoteOn(0, 62, 90), Control(0, 64, 127), Control(1, 64, 127))
    other = _held(NoteOn(0, 60, 90), Control(0, 64, 127))
    assert held.end([other]) == [Control(1, 64, 0), NoteOff(0, 62)]
    assert held.end() == []


def test_resets_end_what_they_end() -> None:
    assert _held(NoteOn(0, 60, 90), NoteOn(1, 60, 90), Control(0, 123, 0)).end() == [NoteOff(1, 60)]
    assert _held(NoteOn(0, 60, 90), Control(0, 64, 127), Control(0, 121, 0)).end() == [NoteOff(0, 60)]
    assert _held(Control(0, 64, 127), Control(0, 64, 0)).end() == []
    assert _held(Control(0, 64, 127), Control(0, 64, 63)).end() == [Control(0, 64, 0)]  # half a pedal


def test_the_last_program_of_each_channel_is_known() -> None:
    held = _held(Program(1, 32), Program(0, 73), Program(1, 33))
    assert held.programs() == [Program(0, 73), Program(1, 33)]


_KEYS = st.tuples(st.integers(0, 1), st.integers(60, 62))
_EVENTS = st.one_of(
    _KEYS.map(lambda key: NoteOn(*key, 90)),
    _KEYS.map(lambda key: NoteOff(*key)),
    st.builds(Control, st.integers(0, 1), st.sampled_from([64, 120, 121, 123]), st.sampled_from([0, 127])),
)


@given(st.lists(_EVENTS))
def test_after_its_ends_a_cable_holds_nothing(events: list[Event]) -> None:
    ends = _held(*events).end()
    assert _held(*events, *ends).end() == []


BENT, PRESSED, AFTERTOUCH = Raw(b"\xe1\x00\x60"), Raw(b"\xd1\x50"), Raw(b"\xa1\x3c\x40")


def test_wheels_pressure_and_every_held_controller_are_let_go_of_before_the_notes() -> None:
    held = _held(
        NoteOn(1, 60, 90), BENT, PRESSED, AFTERTOUCH, Control(1, 1, 90), Control(1, 66, 127), Control(1, 11, 40)
    )
    assert held.end() == [
        Raw(b"\xa1\x3c\x00"),
        Control(1, 1, 0),
        Control(1, 11, 127),
        Control(1, 66, 0),
        Raw(b"\xd1\x00"),
        Raw(b"\xe1\x00\x40"),
        NoteOff(1, 60),
    ]


def test_what_is_back_at_rest_is_not_held_and_volume_never_is() -> None:
    assert not _held(BENT, Raw(b"\xe1\x00\x40"), Control(0, 1, 9), Control(0, 1, 0), Control(0, 7, 90)).end()
    assert _held(BENT, PRESSED, NoteOn(1, 60, 90), Control(1, 121, 0)).end() == [NoteOff(1, 60)]


def test_each_event_tells_what_it_let_go_of() -> None:
    held = _held(NoteOn(1, 60, 90), BENT)
    assert note(held, Control(1, 123, 0)) == [NoteOff(1, 60)]
    assert note(held, Control(1, 121, 0)) == [Raw(b"\xe1\x00\x40")]
    assert note(held, NoteOff(1, 60)) == [NoteOff(1, 60)]
    assert note(held, NoteOn(1, 60, 90)) == []
