"""What an earlier process left sounding, pedalled or bent."""

from __future__ import annotations

from bollylive.io.hanging_notes import HangingNotes
from bollylive.io.held_state import HeldState
from bollylive.midi.messages import Control, Event, NoteOff, NoteOn, Program, Raw
from bollylive.midi.parser import state_key
from bollylive.protocol import InheritedState

BENT, STRAIGHT = Raw(b"\xe2\x00\x60"), Raw(b"\xe2\x00\x40")
LEFT = InheritedState(
    ((Control(0, 64, 0), "musician"), (STRAIGHT, "musician"), (NoteOff(0, 64), "musician"), (NoteOff(1, 40), "model"))
)
RESETS: list[Event] = [Control(5, number, 0) for number in (64, 66, 69, 121, 123)]


def ended(hanging: HangingNotes, now_s: float) -> list[Event]:
    return [event for event, _ in hanging.end(now_s)]


class Heir(HangingNotes):
    """What ends the notes that were left, and what is at the outputs by all that is sent."""

    def __init__(self, left: InheritedState = LEFT, now_s: float = 0.0) -> None:
        self.at_outputs = HeldState()
        super().__init__(self.at_outputs)
        self.inherit(left, now_s)

    def send(self, event: Event) -> None:
        self.at_outputs.note(event, state_key(event))


def test_who_inherits_nothing_ends_nothing_and_waits_for_nobody() -> None:
    for hanging in (HangingNotes(HeldState()), Heir(InheritedState())):
        hanging.listen(1, 0.0)
        assert hanging.end(0.0) == []
        assert not hanging.wait


def test_it_is_let_go_of_at_once_and_in_the_name_of_who_played_it() -> None:
    hanging = Heir()
    assert tuple(hanging.end(0.0)) == LEFT.releases
    assert hanging.end(0.0) == []


def test_it_is_let_go_of_again_while_who_listens_may_be_joining() -> None:
    hanging = Heir(now_s=7.0)
    told_s = [step / 10 for step in range(70, 170) if hanging.end(step / 10)]
    assert told_s == [7.0, 7.5, 8.5, 11.0]


def test_where_nobody_can_be_seen_the_last_time_is_waited_for() -> None:
    hanging = Heir()
    hanging.end(1.5)
    assert hanging.wait
    hanging.end(4.0)
    assert not hanging.wait


def test_what_is_struck_pressed_or_bent_anew_is_left_alone() -> None:
    hanging = Heir()
    hanging.end(0.0)
    hanging.send(NoteOn(0, 64, 90))
    assert ended(hanging, 0.5) == [Control(0, 64, 0), STRAIGHT, NoteOff(1, 40)]
    hanging.send(Control(0, 64, 127))
    hanging.send(BENT)
    assert ended(hanging, 1.5) == [NoteOff(1, 40)]


def test_a_channel_is_reset_until_somebody_plays_there() -> None:
    hanging = Heir(InheritedState((), (5,)))
    assert ended(hanging, 0.0) == RESETS
    others: tuple[Event, ...] = (*RESETS, Program(5, 40), NoteOff(5, 60), Control(5, 7, 100))
    for event in others:
        hanging.send(event)
    assert ended(hanging, 0.5) == RESETS
    hanging.send(NoteOn(5, 60, 90))
    assert ended(hanging, 1.5) == []


def test_who_begins_to_listen_hears_everything_at_once_whatever_was_played_to_nobody() -> None:
    hanging = Heir(InheritedState(LEFT.releases, (5,)))
    hanging.listen(0, 0.0)
    hanging.end(4.0)
    for event in (NoteOn(0, 64, 90), NoteOn(5, 60, 90)):
        hanging.send(event)
    assert hanging.wait
    assert hanging.end(60.0) == []
    hanging.listen(0, 60.0)
    assert hanging.end(60.0) == []
    hanging.listen(1, 60.1)
    assert ended(hanging, 60.1) == [word for word, _ in LEFT.releases] + RESETS
    assert not hanging.wait


def test_who_begins_to_listen_while_others_do_hears_what_is_not_played_anew() -> None:
    hanging = Heir()
    hanging.listen(1, 0.0)
    hanging.end(0.0)
    assert not hanging.wait
    hanging.send(NoteOn(0, 64, 90))
    hanging.listen(2, 0.2)
    assert ended(hanging, 0.2) == [Control(0, 64, 0), STRAIGHT, NoteOff(1, 40)]


def test_however_late_somebody_begins_to_listen_what_is_played_by_then_goes_on() -> None:
    hanging = Heir(InheritedState(LEFT.releases, (5, 6)))
    hanging.listen(1, 0.0)
    hanging.end(4.0)
    for event in (NoteOn(0, 64, 90), Control(0, 64, 127), NoteOn(5, 60, 90)):
        hanging.send(event)
    hanging.listen(2, 3600.0)
    again = ended(hanging, 3600.0)
    assert again[:2] == [STRAIGHT, NoteOff(1, 40)]
    assert {event.channel for event in again[2:] if isinstance(event, Control)} == {6}
    hanging.end(3604.0)
    hanging.listen(None, 3605.0)  # a look that saw nothing
    hanging.listen(2, 3606.0)
    assert hanging.end(3606.0) == []


def test_who_begins_to_listen_while_the_audio_system_stalls_hears_it_several_times() -> None:
    hanging = Heir()
    hanging.listen(0, 0.0)
    hanging.end(4.0)
    hanging.listen(1, 8.0)
    everything = [word for word, _ in LEFT.releases]
    assert [ended(hanging, 8.0 + after_s) for after_s in (0.0, 0.1, 0.5, 1.0, 1.5, 4.0, 60.0)] == [
        everything,
        [],
        everything,
        [],
        everything,
        everything,
        [],
    ]
