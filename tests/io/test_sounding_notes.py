"""What an io process would leave behind."""

from __future__ import annotations

from bollylive.clock.anchor import Anchor
from bollylive.io.sounding_notes import SoundingNotes
from bollylive.midi.messages import Control, Event, NoteOff, NoteOn, Player, Program, Raw
from bollylive.protocol import InheritedState, Sent
from bollylive.sets.live_set import LiveSet
from bollylive.sets.settings import ChannelSet, Set

ANCHOR = Anchor(4.0, 0.5, 1.0)
BAND = Set(
    default_role="off",
    channels=(ChannelSet(0, "Flute"), ChannelSet(1, "Bass"), ChannelSet(2, "Violin", thru=False)),
)
CHANNELS = (0, 1, 2)
BENT, STRAIGHT = Raw(b"\xe1\x00\x60"), Raw(b"\xe1\x00\x40")
PRESSED, RELEASED = Raw(b"\xd1\x40"), Raw(b"\xd1\x00")


def sent(event: Event, at_s: float = 1.0, by: Player = "musician") -> Sent:
    return Sent(event, by, at_s, 2 * at_s + 2.0)


def notes_of(*messages: Sent | Anchor) -> SoundingNotes:
    notes = SoundingNotes(LiveSet(BAND))
    for message in messages:
        notes.add(message)
    return notes


ON, OFF = sent(NoteOn(0, 64, 90)), sent(NoteOff(0, 64), 2.0)


def test_what_sounds_is_left_and_what_ended_long_ago_is_not() -> None:
    notes = notes_of(ANCHOR, ON, OFF, sent(NoteOn(1, 40, 80), 12.5, "model"))
    assert notes.left == InheritedState(((NoteOff(1, 40), "model"),), CHANNELS)


def test_what_has_just_ended_is_ended_once_more_since_nobody_knows_whether_that_was_heard() -> None:
    notes = notes_of(ANCHOR, ON, OFF, sent(NoteOn(1, 40, 80), 11.5, "model"))
    assert notes.left == InheritedState(((NoteOff(0, 64), "musician"), (NoteOff(1, 40), "model")), CHANNELS)


def test_pedals_wheels_and_pressure_are_left_before_the_notes_and_what_was_lifted_just_now_too() -> None:
    down, up = Control(1, 64, 127), Control(1, 64, 0)
    messages: tuple[Event, ...] = (BENT, PRESSED, NoteOn(1, 40, 80), Control(1, 1, 99), Control(1, 7, 40), down)
    left = notes_of(*(sent(message) for message in messages)).left
    assert [message for message, _ in left.releases] == [Control(1, 1, 0), up, RELEASED, STRAIGHT, NoteOff(1, 40)]
    assert [message for message, _ in notes_of(sent(down), sent(up, 5.0)).left.releases] == [up]
    assert notes_of(sent(down), sent(up, 5.0), sent(Program(1, 3), 15.5)).left.releases == ()


def test_who_has_played_nothing_leaves_nothing() -> None:
    assert notes_of(ANCHOR).left == InheritedState()
    assert not notes_of(ANCHOR).has_played


def test_the_last_anchor_counts() -> None:
    later = Anchor(8.0, 0.5, 3.0)
    assert notes_of(ANCHOR, later).anchor == later
    assert notes_of().anchor is None


def test_every_channel_that_may_be_heard_is_reset_besides_for_the_last_words_may_be_unknown() -> None:
    assert notes_of(sent(NoteOn(9, 36, 90), by="model"), sent(NoteOff(9, 36), by="model")).left.channels == (
        0,
        1,
        2,
        9,
    )


def test_who_sounds_elsewhere_leaves_nothing_but_the_model_on_that_channel_does() -> None:
    own = sent(NoteOn(2, 64, 90))
    assert not notes_of(ANCHOR, own).has_played
    assert notes_of(own, sent(NoteOn(2, 67, 90), 2.0, "model")).left.releases == ((NoteOff(2, 67), "model"),)


def test_what_a_saved_set_lets_go_of_is_not_held_though_its_channel_is_closed_by_then() -> None:
    notes = SoundingNotes(live := LiveSet(BAND))
    for message in (ON, sent(Control(0, 64, 127))):
        notes.add(message)
    live.band = Set(default_role="off")
    for message in (sent(Control(0, 64, 0), 2.0), sent(NoteOff(0, 64), 2.0), sent(NoteOn(5, 40, 90), 13.0, "model")):
        notes.add(message)
    assert [message for message, _ in notes.left.releases] == [NoteOff(5, 40)]


def test_what_was_inherited_is_left_to_the_next_one_as_well() -> None:
    left = InheritedState(((NoteOff(3, 50), "model"),), (3,))
    notes = notes_of()
    notes.inherit(left)
    assert notes.has_played
    assert notes.left == InheritedState(left.releases, (0, 1, 2, 3))
