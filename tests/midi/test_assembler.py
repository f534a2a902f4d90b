"""On/off pairs to notes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bollylive.midi.assembler import SHORTEST_BEATS, Assembler
from bollylive.midi.messages import Control, Note, NoteOff, NoteOn

ON, OFF = NoteOn(0, 60, 100), NoteOff(0, 60)
OPENED = Note(0, 60, 100, 1.0, None)
PEDAL_DOWN, PEDAL_UP = Control(0, 64, 127), Control(0, 64, 0)


def closed(duration: float) -> Note:
    return replace(OPENED, duration_beats=duration)


def test_a_note_is_returned_when_it_opens_and_when_it_closes() -> None:
    assembler = Assembler()
    assert assembler.handle(ON, 1.0) == [OPENED]
    assert assembler.held(0)
    assert assembler.handle(OFF, 1.5) == [closed(0.5)]
    assert not assembler.held(0)


def test_striking_a_pitch_again_closes_the_earlier_note() -> None:
    assembler = Assembler()
    assembler.handle(ON, 1.0)
    assert assembler.handle(ON, 1.25) == [closed(0.25), replace(OPENED, onset_beats=1.25)]


def test_orphan_offs_are_ignored() -> None:
    assert Assembler().handle(OFF, 1.0) == []


@pytest.mark.parametrize("beat", [1.0, 0.5])
def test_no_note_is_shorter_than_the_shortest(beat: float) -> None:
    assembler = Assembler()
    assembler.handle(ON, 1.0)
    assert assembler.handle(OFF, beat) == [closed(SHORTEST_BEATS)]


@pytest.mark.parametrize("lift", [PEDAL_UP, Control(0, 64, 63), Control(0, 121, 0)])
def test_the_pedal_extends_a_note_until_it_lifts(lift: Control) -> None:
    assembler = Assembler()
    assembler.handle(PEDAL_DOWN, 0.0)
    assembler.handle(ON, 1.0)
    assert assembler.handle(OFF, 1.5) == []
    assert not assembler.held(0)
    assert assembler.handle(lift, 3.0) == [closed(2.0)]


def test_the_pedal_extends_a_note_until_its_pitch_is_struck_again() -> None:
    assembler = Assembler()
    assembler.handle(PEDAL_DOWN, 0.0)
    assembler.handle(ON, 1.0)
    assembler.handle(OFF, 1.5)
    assert assembler.handle(ON, 2.0)[0] == closed(1.0)


def test_a_lifting_pedal_leaves_the_keys_that_are_down() -> None:
    assembler = Assembler()
    assembler.handle(PEDAL_DOWN, 0.0)
    assembler.handle(ON, 1.0)
    assert assembler.handle(PEDAL_UP, 2.0) == []
    assert assembler.handle(OFF, 3.0) == [closed(2.0)]


def test_the_pedal_is_of_one_channel() -> None:
    assembler = Assembler()
    assembler.handle(Control(1, 64, 127), 0.0)
    assembler.handle(ON, 1.0)
    assert assembler.handle(OFF, 2.0) == [closed(1.0)]


@pytest.mark.parametrize("number", [120, 123])
def test_a_reset_closes_the_notes_of_its_channel(number: int) -> None:
    assembler = Assembler()
    assembler.handle(ON, 1.0)
    assembler.handle(NoteOn(1, 60, 100), 1.0)
    assert assembler.handle(Control(0, number, 0), 2.0) == [closed(1.0)]
    assert assembler.held(1)


def test_what_the_pedal_holds_outlives_all_notes_off_but_not_all_sound_off() -> None:
    assembler = Assembler()
    assembler.handle(Control(0, 64, 127), 0.0)
    assembler.handle(ON, 1.0)
    assert assembler.handle(Control(0, 123, 0), 1.5) == []
    assert not assembler.held(0)
    assert assembler.handle(Control(0, 64, 0), 2.0) == [closed(1.0)]
    assembler.handle(Control(0, 64, 127), 2.0)
    assembler.handle(NoteOn(0, 62, 100), 2.0)
    assert len(assembler.handle(Control(0, 120, 0), 3.0)) == 1


def test_other_controls_close_nothing() -> None:
    assembler = Assembler()
    assembler.handle(ON, 1.0)
    assert assembler.handle(Control(0, 1, 0), 2.0) == []


def test_at_the_end_everything_closes() -> None:
    assembler = Assembler()
    assembler.handle(ON, 1.0)
    assembler.handle(NoteOn(3, 40, 1), 1.5)
    assert assembler.close_all(2.0) == [closed(1.0), Note(3, 40, 1, 1.5, 0.5)]
    assert assembler.close_all(3.0) == []


CHANNEL, PITCH = st.integers(0, 1), st.integers(60, 62)
EVENTS: st.SearchStrategy[NoteOn | NoteOff | Control] = st.one_of(
    st.builds(NoteOn, CHANNEL, PITCH, st.integers(1, 127)),
    st.builds(NoteOff, CHANNEL, PITCH),
    st.builds(Control, CHANNEL, st.sampled_from([64, 120, 121, 123, 7]), st.sampled_from([0, 127])),
)


@given(st.lists(st.tuples(EVENTS, st.floats(0, 1)), max_size=60))
def test_every_note_that_opens_closes_once_and_notes_of_a_pitch_do_not_overlap(
    steps: list[tuple[NoteOn | NoteOff | Control, float]],
) -> None:
    assembler = Assembler()
    beat = 0.0
    notes: list[Note] = []
    for event, pause in steps:
        beat += pause
        notes += assembler.handle(event, beat)
    notes += assembler.close_all(beat)
    opened = [note for note in notes if note.duration_beats is None]
    ended = [note for note in notes if note.duration_beats is not None]
    assert len(opened) == sum(isinstance(event, NoteOn) for event, _ in steps)
    assert sorted(map(repr, opened)) == sorted(repr(replace(note, duration_beats=None)) for note in ended)
    assert all(note.duration_beats is not None and note.duration_beats >= SHORTEST_BEATS for note in ended)
    assert not assembler.held(0)
    assert not assembler.held(1)
