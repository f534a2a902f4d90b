"""An MPE keyboard plays each note on a channel of its own, and is one player to the band."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bollylive.clock.anchor import Anchor
from bollylive.clock.clock import Clock
from bollylive.io.note_scheduler import Scheduler
from bollylive.io.router import Router
from bollylive.midi.messages import Control, Event, LostSourceRelease, Note, NoteOff, NoteOn, Program, Raw
from bollylive.protocol import Heard, Play, Sent
from bollylive.sets.control_set import ControlSet
from bollylive.sets.controls import MPE, PANIC, Command
from bollylive.sets.live_set import LiveSet
from bollylive.sets.settings import ChannelSet, Set

TRIO = (
    ChannelSet(0, "Sitar"),
    ChannelSet(1, "Bass", "accompany"),
    ChannelSet(8, "Strings", "accompany"),
)


def configuration(master: int, members: int) -> list[Event]:
    """The MPE Configuration Message."""
    return [Control(master, 101, 0), Control(master, 100, 6), Control(master, 6, members)]


def bend(channel: int, value: int) -> Raw:
    return Raw(bytes([0xE0 | channel, 0, value]))


def pressure(channel: int, value: int) -> Raw:
    return Raw(bytes([0xD0 | channel, value]))


class Desk:
    """A router, and what leaves it: to the outputs, to the band, and to the journal."""

    def __init__(self, band: Set) -> None:
        self.sent: list[Sent] = []
        self.heard: list[Event | Command] = []
        self.withheld: list[Sent] = []
        self.live = LiveSet(band)
        self.router = Router(
            Clock(120, 0.0), Scheduler(), self.sent.extend, self._report, self.live, self.withheld.append
        )
        self.now_s = 0.0

    def _report(self, message: Heard | Anchor) -> None:
        if isinstance(message, Heard):
            self.heard.append(message.event)

    def play(self, *events: Event) -> None:
        for event in events:
            self.now_s += 0.25
            self.router.handle(event, self.now_s)

    def taken(self) -> tuple[list[Event], list[Event | Command]]:
        """What left since the last call, and what the band heard."""
        left, heard = [sent.event for sent in self.sent], list(self.heard)
        self.sent.clear()
        self.heard.clear()
        return left, heard


def zone(members: int = 15, controls: tuple[ControlSet, ...] = (), *, thru: bool = True) -> Desk:
    return Desk(Set(mpe=(members, 0), channels=(ChannelSet(0, "Sitar"),), controls=controls, thru=thru))


def test_a_chord_on_fifteen_channels_is_one_player_and_leaves_as_it_came() -> None:
    desk = zone()
    chord: list[Event] = []
    for member in range(1, 16):
        chord += [bend(member, 60 + member), Control(member, 74, member), NoteOn(member, 40 + member, 90)]
        chord += [pressure(member, 5), bend(member, 70)]
    desk.play(*chord)
    assert desk.taken() == (chord, [NoteOn(0, 40 + member, 90) for member in range(1, 16)])
    releases = [NoteOff(member, 40 + member, 3) for member in range(1, 16)]
    desk.play(*releases)
    assert desk.taken() == (releases, [NoteOff(0, 40 + member, 3) for member in range(1, 16)])


@pytest.mark.parametrize(
    ("master", "members", "inside", "outside"),
    [(0, 15, [1, 15], []), (0, 5, [1, 5], [6, 15]), (15, 15, [14, 0], []), (15, 4, [14, 11], [10, 0])],
)
def test_a_keyboard_says_which_channels_it_plays_on(
    master: int, members: int, inside: list[int], outside: list[int]
) -> None:
    desk = Desk(Set())
    desk.play(*configuration(master, members))
    left, heard = desk.taken()
    assert left == configuration(master, members)
    assert Command(MPE, master, members) in heard
    for channel in inside:
        desk.play(NoteOn(channel, 60, 90), NoteOff(channel, 60))
        assert desk.taken()[1] == [NoteOn(master, 60, 90), NoteOff(master, 60)]
    for channel in outside:
        desk.play(NoteOn(channel, 60, 90), NoteOff(channel, 60))
        assert desk.taken()[1] == [NoteOn(channel, 60, 90), NoteOff(channel, 60)]


def test_a_zone_of_no_members_is_no_zone() -> None:
    desk = zone()
    desk.play(*configuration(0, 0))
    desk.taken()
    desk.play(NoteOn(3, 60, 90))
    assert desk.taken() == ([NoteOn(3, 60, 90)], [NoteOn(3, 60, 90)])


@pytest.mark.parametrize(
    "events",
    [
        configuration(3, 5),  # no master channel
        configuration(0, 16),  # more channels than there are
        [Control(0, 99, 0), Control(0, 98, 6), Control(0, 6, 5)],  # a parameter of the device's own
        [Control(0, 101, 0), Control(0, 100, 0), Control(0, 6, 5)],  # the range of the bend
        [Control(0, 100, 6), Control(0, 6, 5)],  # half a selection
        configuration(0, 0),  # it is off already
    ],
)
def test_what_is_no_configuration_sets_up_no_zone(events: list[Event]) -> None:
    desk = Desk(Set())
    desk.play(*events)
    assert not [asked for asked in desk.taken()[1] if isinstance(asked, Command)]


def test_two_zones_share_the_channels_and_the_newer_one_wins() -> None:
    desk = Desk(Set())
    desk.play(*configuration(0, 7), *configuration(15, 7))
    assert desk.live.band.mpe == (7, 7)
    desk.play(*configuration(15, 10))
    assert desk.live.band.mpe == (4, 10)
    desk.play(*configuration(0, 15))
    assert desk.live.band.mpe == (15, 0)


def test_one_pitch_on_two_channels_is_struck_again_and_ends_with_the_last() -> None:
    desk = zone()
    events: list[Event] = [NoteOn(1, 60, 90), NoteOn(2, 60, 80), NoteOff(1, 60), NoteOff(2, 60)]
    desk.play(*events)
    assert desk.taken() == (events, [NoteOn(0, 60, 90), NoteOn(0, 60, 80), NoteOff(0, 60)])


def test_a_pedal_of_the_master_channel_is_the_players() -> None:
    desk = zone()
    pedal: list[Event] = [Control(0, 64, 127), NoteOn(4, 60, 90), NoteOff(4, 60), Control(0, 64, 0)]
    desk.play(*pedal)
    assert desk.taken() == (pedal, [Control(0, 64, 127), NoteOn(0, 60, 90), NoteOff(0, 60), Control(0, 64, 0)])


def test_what_shapes_a_note_is_neither_music_nor_a_command() -> None:
    controls = (ControlSet("cc", 74, "tap"), ControlSet("cc", 64, "again"), ControlSet("program", 3, "keep"))
    desk = zone(controls=controls)
    shapes: list[Event] = [Control(2, 74, 127), Control(2, 64, 127), Program(2, 3), bend(2, 5), Control(2, 1, 9)]
    desk.play(*shapes)
    assert desk.taken() == (shapes, [])
    assert desk.router.commands == 0
    desk.play(Control(0, 64, 127))
    assert desk.taken() == ([], [Command("again")])


def test_a_key_that_is_a_command_is_one_on_whichever_channel_it_comes() -> None:
    desk = zone(controls=(ControlSet("note", 36, "keep", channel=0),))
    desk.play(NoteOn(7, 36, 90), NoteOff(7, 36), NoteOn(8, 37, 90))
    assert desk.taken() == ([NoteOn(8, 37, 90)], [Command("keep"), NoteOn(0, 37, 90)])


@pytest.mark.parametrize("number", [120, 123])
def test_the_end_of_all_notes_on_the_master_channel_ends_those_of_the_members(number: int) -> None:
    desk = zone()
    desk.play(NoteOn(1, 60, 90), NoteOn(2, 64, 90))
    desk.taken()
    desk.play(Control(0, number, 0))
    assert desk.taken() == ([NoteOff(1, 60), NoteOff(2, 64)], [Control(0, number, 0)])
    desk.play(NoteOn(1, 60, 90), NoteOff(1, 60))
    assert desk.taken()[1] == [NoteOn(0, 60, 90), NoteOff(0, 60)]


def test_the_end_of_all_notes_on_a_member_channel_ends_its_own_alone() -> None:
    desk = zone()
    desk.play(NoteOn(1, 60, 90), NoteOn(2, 64, 90), NoteOn(3, 60, 90))
    desk.taken()
    desk.play(Control(2, 123, 0))
    assert desk.taken() == ([NoteOff(2, 64)], [NoteOff(0, 64)])
    desk.play(Control(1, 123, 0))
    assert desk.taken() == ([NoteOff(1, 60)], [])  # the same pitch is held on another channel
    desk.play(NoteOff(3, 60))
    assert desk.taken() == ([NoteOff(3, 60)], [NoteOff(0, 60)])


def test_a_reset_of_the_master_channel_brings_the_bends_of_the_members_to_rest() -> None:
    desk = zone()
    desk.play(bend(1, 10), Control(0, 64, 127))
    desk.taken()
    desk.play(Control(0, 121, 0))
    assert desk.taken() == ([Control(0, 64, 0), bend(1, 64)], [Control(0, 64, 0)])


def test_a_panic_of_the_daw_is_one() -> None:
    desk = zone()
    desk.play(NoteOn(1, 60, 90))
    for channel in range(16):
        desk.router.handle(Control(channel, 123, 0), desk.now_s + channel / 1000)
    left, heard = desk.taken()
    assert left == [NoteOn(1, 60, 90), NoteOff(1, 60)]
    assert heard == [NoteOn(0, 60, 90), Control(0, 123, 0), Command(PANIC)]


def test_what_a_lost_keyboard_held_ends_on_its_channels_and_for_the_band() -> None:
    desk = zone()
    desk.play(NoteOn(5, 60, 90), bend(5, 3))
    desk.taken()
    for release in (bend(5, 64), NoteOff(5, 60)):
        desk.router.take(LostSourceRelease(release), desk.now_s)
    assert desk.taken() == ([bend(5, 64), NoteOff(5, 60)], [NoteOff(0, 60)])


def test_a_zone_in_the_middle_ends_for_the_band_what_its_channels_held() -> None:
    desk = Desk(Set())
    desk.play(NoteOn(1, 60, 90), NoteOn(9, 40, 90))
    desk.taken()
    desk.play(*configuration(0, 5))
    left, heard = desk.taken()
    assert left == configuration(0, 5)  # outside it sounds on
    ends = [event for event in heard if isinstance(event, Control) and event.number == 123]
    assert ends == [Control(channel, 123, 0) for channel in range(1, 6)]
    assert heard.index(ends[-1]) < heard.index(Command(MPE, 0, 5))
    desk.play(NoteOff(1, 60))
    assert desk.taken()[0] == [NoteOff(1, 60)]


def test_the_end_of_a_zone_ends_for_the_band_what_its_player_held() -> None:
    desk = zone(5)
    desk.play(NoteOn(1, 60, 90))
    desk.taken()
    desk.play(*configuration(0, 0))
    desk.play(NoteOff(1, 60))
    left, heard = desk.taken()
    assert Control(0, 123, 0) in heard
    assert left[-1] == NoteOff(1, 60)


def test_the_band_leaves_the_channels_of_the_zone_and_this_is_told_once() -> None:
    desk = Desk(Set(channels=TRIO))
    desk.router.obey(Play(Note(1, 40, 80, 0.0, None), 0), 0.0)
    desk.router.obey(Play(Note(8, 70, 80, 0.0, None), 0), 0.0)
    desk.router.tick(0.0)
    assert desk.taken()[0] == [NoteOn(1, 40, 80), NoteOn(8, 70, 80)]
    assert desk.router.take_problem() is None
    desk.play(*configuration(0, 5))
    assert desk.taken()[0] == [*configuration(0, 5)[:2], NoteOff(1, 40), configuration(0, 5)[2]]
    assert desk.router.obey(Play(Note(1, 40, 80, 9.0, None), 0), desk.now_s) is None
    assert desk.router.obey(Play(Note(8, 71, 80, 9.0, None), 0), desk.now_s) is not None
    assert desk.router.take_problem() == (
        "The MPE zone of channel 1 leaves nobody to play these channels of the set: 2 (Bass); give them other "
        "channels, or make the zone smaller."
    )
    assert desk.router.take_problem() is None
    desk.play(*configuration(0, 5))
    assert desk.router.take_problem() is None


def test_a_player_who_does_not_pass_through_is_heard_on_one_channel() -> None:
    desk = zone(thru=False)
    desk.play(NoteOn(3, 60, 90), bend(3, 5), NoteOff(3, 60))
    assert desk.taken() == ([], [NoteOn(0, 60, 90), NoteOff(0, 60)])
    assert [(sent.event, sent.part) for sent in desk.withheld] == [(NoteOn(0, 60, 90), None), (NoteOff(0, 60), None)]


def test_each_message_says_whose_it_is() -> None:
    desk = zone(5)
    desk.play(NoteOn(3, 60, 90), bend(3, 5), NoteOn(0, 61, 90), NoteOn(9, 62, 90))
    assert [sent.part for sent in desk.sent] == [0, 0, None, None]
    desk.sent.clear()
    desk.router.silence(desk.now_s)
    assert (desk.sent[0].event, desk.sent[0].part) == (NoteOff(3, 60), 0)


def test_a_saved_set_begins_and_ends_a_zone() -> None:
    desk = zone(0)
    desk.router.use(replace(desk.live.band, mpe=(4, 0)), 0.0)
    desk.play(NoteOn(3, 60, 90))
    assert desk.taken()[1][-1] == NoteOn(0, 60, 90)
    desk.router.use(replace(desk.live.band, mpe=(0, 0)), 1.0)
    desk.play(NoteOn(3, 62, 90))
    assert desk.taken()[1][-1] == NoteOn(3, 62, 90)
