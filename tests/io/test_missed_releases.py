"""What a listener missed who was away."""

from __future__ import annotations

from bollylive.io.held_state import HeldState
from bollylive.io.missed_releases import MissedReleases
from bollylive.midi.messages import Control, Event, NoteOff, NoteOn
from bollylive.midi.parser import state_key

DOWN, UP = Control(0, 64, 127), Control(0, 64, 0)


class Output(MissedReleases):
    """An output to which messages are sent."""

    def __init__(self) -> None:
        self.at_outputs = HeldState()
        super().__init__(self.at_outputs)

    def send(self, event: Event, at_s: float) -> None:
        self.add(self.at_outputs.note(event, state_key(event)), at_s)


def played(*events: tuple[float, Event], listeners: int | None = 1) -> Output:
    missed_releases = Output()
    missed_releases.listen(listeners, 0.0)
    for at_s, event in events:
        missed_releases.send(event, at_s)
    return missed_releases


def test_who_is_back_hears_what_was_let_go_of_meanwhile_but_not_of_what_still_sounds() -> None:
    missed_releases = played((1.0, NoteOn(0, 60, 90)), (1.0, NoteOn(0, 64, 90)), (1.0, DOWN))
    assert missed_releases.listen(0, 2.0) == []
    for event in (NoteOff(0, 60), UP, NoteOff(0, 64), NoteOn(0, 64, 80)):
        missed_releases.send(event, 5.0)
    assert missed_releases.listen(1, 60.0) == [UP, NoteOff(0, 60)]
    assert missed_releases.listen(2, 61.0) == []


def test_they_may_have_left_a_moment_before_it_was_seen() -> None:
    missed_releases = played(
        (1.0, NoteOn(0, 60, 90)), (1.0, NoteOn(0, 62, 90)), (1.2, NoteOff(0, 60)), (1.9, NoteOff(0, 62))
    )
    missed_releases.listen(0, 2.0)
    assert missed_releases.listen(1, 3.0) == [NoteOff(0, 62)]


def test_one_of_two_may_leave_and_come_back() -> None:
    missed_releases = played((1.0, NoteOn(0, 60, 90)), listeners=2)
    missed_releases.listen(1, 2.0)
    missed_releases.send(NoteOff(0, 60), 3.0)
    assert missed_releases.listen(2, 4.0) == [NoteOff(0, 60)]


def test_who_comes_for_the_first_time_missed_nothing_and_where_nobody_is_seen_nothing_is_sent() -> None:
    for seen in ((0, 1), (None, None), (None, 1)):
        missed_releases = played((1.0, NoteOn(0, 60, 90)), (1.1, NoteOff(0, 60)), listeners=seen[0])
        assert missed_releases.listen(seen[1], 1.2) == []


def test_a_look_that_sees_nothing_changes_nothing() -> None:
    missed_releases = played((1.0, NoteOn(0, 60, 90)))
    missed_releases.listen(0, 2.0)
    missed_releases.send(NoteOff(0, 60), 2.5)
    assert missed_releases.listen(None, 3.0) == []
    assert missed_releases.listen(1, 4.0) == [NoteOff(0, 60)]
