"""What the io process does with each message."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from bollylive.clock.anchor import Anchor, LinkBeat, PlayerBeat
from bollylive.clock.clock import Clock
from bollylive.io.note_scheduler import Scheduler
from bollylive.io.router import Router
from bollylive.midi.messages import (
    Continue,
    Control,
    Event,
    LostSourceRelease,
    Note,
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
from bollylive.protocol import Heard, Move, Play, Release, Sent
from bollylive.sets.control_set import ControlSet
from bollylive.sets.controls import Command
from bollylive.sets.live_set import LiveSet
from bollylive.sets.settings import ChannelSet, Set

ON, OFF = NoteOn(0, 60, 100), NoteOff(0, 60)


class Desk:
    """A router at 120 beats per minute from 0 s on, thru on channels 0 and 1, and what comes out of it."""

    def __init__(self, band: Set | None = None) -> None:
        self.sent: list[Sent] = []
        self.reported: list[Heard | Anchor] = []
        self.clock = Clock(120, 0.0)
        passed = tuple(ChannelSet(channel, thru=True) for channel in (0, 1))
        band = replace(band or Set(), thru=False, channels=passed)
        self.router = Router(self.clock, Scheduler(), self.sent.extend, self.reported.append, LiveSet(band))

    def play(self, onset: float, duration: float = 1.0, channel: int = 5, epoch: int = 0, now_s: float = 0.0) -> None:
        self.router.obey(Play(Note(channel, 60, 100, onset, duration), epoch), now_s)

    def move(self, at_beat: float, to: int | None, channel: int = 5, epoch: int = 0, now_s: float = 0.0) -> Note | None:
        note = None if to is None else Note(channel, to, 90, at_beat, 4.0)
        return self.router.obey(Move(channel, 60, at_beat, note, epoch), now_s)

    def taken(self) -> list[Event]:
        events = [sent.event for sent in self.sent]
        self.sent.clear()
        return events


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize(
    "event", [ON, Control(0, 1, 64), Control(0, 64, 127), Program(0, 5), Raw(b"\xe0\x01\x02"), Raw(b"\xf0\x01\xf7")]
)
def test_the_musician_passes_through_at_once(desk: Desk, event: Event) -> None:
    desk.router.handle(event, 1.0)
    assert desk.sent == [Sent(event, "musician", 1.0, 2.0)]


@pytest.mark.parametrize("event", [NoteOn(4, 60, 100), Control(4, 1, 64), Program(4, 5), Raw(b"\xe4\x01\x02")])
def test_nothing_passes_on_the_other_channels(desk: Desk, event: Event) -> None:
    desk.router.handle(event, 1.0)
    assert desk.sent == []


@pytest.mark.parametrize("event", [Tick(), Start(), Continue(), Stop(), Position(4), Tempo(99)])
def test_clock_words_do_not_pass(desk: Desk, event: Event) -> None:
    desk.router.handle(event, 1.0)
    assert desk.sent == []


@pytest.mark.parametrize("event", [ON, OFF, Control(0, 1, 64), Program(0, 5), NoteOn(4, 60, 100)])
def test_the_engine_hears_the_musician_on_every_channel(desk: Desk, event: Event) -> None:
    desk.router.handle(event, 1.0)
    assert desk.reported == [Heard(event, 1.0, 2.0)]


def test_the_engine_is_told_when_time_changes_and_only_then(desk: Desk) -> None:
    desk.router.handle(Start(), 1.0)
    for i in range(48):
        desk.router.handle(Tick(), 1.01 + i * 0.5 / 24)
    assert desk.reported == [
        Anchor(0.0, 0.5, 1.0, running=False, epoch=1, followed=True),
        Anchor(0.0, 0.5, 1.01, running=True, epoch=1, followed=True),
    ]


def test_a_link_session_is_followed_and_its_stop_ends_the_models_notes(desk: Desk) -> None:
    desk.router.take(LinkBeat(5.0, 120, 1.0, peers=1, playing=True), 1.0)
    assert desk.reported == [Anchor(2.0, 0.5, 1.0, bar_beat=1.0)]
    desk.play(2.0)
    desk.router.tick(1.01)
    desk.router.take(LinkBeat(5.1, 120, 1.05, peers=1, playing=False), 1.05)
    assert [sent.event for sent in desk.sent] == [NoteOn(5, 60, 100), NoteOff(5, 60)]
    assert not desk.clock.anchor.running
    assert desk.reported[-1] == desk.clock.anchor


@pytest.mark.parametrize("playing", [True, False])
def test_a_link_session_that_was_read_before_the_last_tick_turns_no_time_back(desk: Desk, playing: bool) -> None:
    desk.router.take(LinkBeat(5.0, 120, 1.0, peers=1, playing=True), 1.0)
    desk.play(4.0)
    desk.router.tick(2.02)
    beat = desk.clock.beat_at(2.02)
    desk.sent.clear()
    late = LinkBeat(7.25 if playing else 7.0, 120, 2.0, peers=1, playing=playing)  # by a quarter of a beat, or a Stop
    desk.router.take(late, 2.02)
    assert desk.clock.beat_at(2.02) == pytest.approx(beat)
    assert desk.reported[-1] == desk.clock.anchor
    assert desk.clock.anchor.at_s == 2.02
    assert [(sent.event, sent.at_s) for sent in desk.sent] == ([] if playing else [(NoteOff(5, 60), 2.02)])


def test_a_link_session_that_was_read_earlier_has_gone_on_since(desk: Desk) -> None:
    desk.router.take(LinkBeat(5.0, 120, 1.0, peers=1), 1.5)
    assert desk.clock.anchor == Anchor(3.0, 0.5, 1.5, bar_beat=1.0)


def test_the_musicians_own_beat_is_followed_and_told_to_the_engine(desk: Desk) -> None:
    desk.router.obey(PlayerBeat(2.0, 0.55, 1.0, 0), 1.0)
    assert desk.reported == [Anchor(2.0, 0.55, 1.0)]


def test_a_lost_clock_is_reported(desk: Desk) -> None:
    desk.router.handle(Start(), 1.0)
    desk.router.tick(4.0)
    assert desk.reported[-1] == Anchor(0.0, 0.5, 4.0, running=True, epoch=1)


def test_a_planned_note_leaves_when_due_with_its_beat_and_its_lateness(desk: Desk) -> None:
    desk.play(2.0)
    assert desk.router.next_due() == pytest.approx(1.0)
    desk.router.tick(0.999)
    assert desk.sent == []
    desk.router.tick(1.002)
    assert desk.sent[0].event == NoteOn(5, 60, 100)
    assert (desk.sent[0].by, desk.sent[0].at_s, desk.sent[0].beat) == ("model", 1.002, 2.0)
    assert desk.sent[0].late_s == pytest.approx(0.002)
    desk.router.tick(1.5)
    assert desk.sent[1].event == NoteOff(5, 60)
    assert desk.router.next_due() is None


def test_a_note_moves_at_its_beat_and_both_messages_are_reported_as_sent(desk: Desk) -> None:
    desk.play(0.0, 4.0)
    desk.router.tick(0.0)
    assert desk.move(2.0, 62) == Note(5, 62, 90, 2.0, 4.0)
    desk.sent.clear()
    assert desk.router.next_due() == pytest.approx(1.0)
    desk.router.tick(1.0)
    assert desk.sent == [
        Sent(NoteOff(5, 60), "model", 1.0, 2.0),
        Sent(NoteOn(5, 62, 90), "model", 1.0, 2.0),
    ]
    desk.router.tick(2.0)
    assert desk.sent[2] == Sent(NoteOff(5, 62), "model", 2.0, 4.0)


def test_a_note_that_is_let_go_ends_alone(desk: Desk) -> None:
    desk.play(0.0, 4.0)
    desk.router.obey(Play(Note(5, 64, 90, 0.0, 4.0), 0), 0.0)
    desk.router.tick(0.0)
    desk.taken()
    assert desk.move(2.0, None) is None
    desk.router.tick(1.0)
    assert desk.taken() == [NoteOff(5, 60)]


def test_a_move_of_another_epoch_of_a_lost_channel_or_while_the_song_stands_is_dropped(desk: Desk) -> None:
    desk.play(0.0, 4.0)
    desk.router.tick(0.0)
    desk.taken()
    assert desk.move(1.0, 62, epoch=1) is None
    desk.router.use(Set(channels=(ChannelSet(6, role="player"),)), 0.0)
    assert desk.move(1.0, 62, channel=6) is None
    desk.router.tick(1.0)
    assert desk.taken() == []
    desk.router.handle(Stop(), 1.1)
    assert desk.taken() == [NoteOff(5, 60)]
    assert desk.move(2.5, 62, now_s=1.1) is None
    assert desk.router.model_notes.dropped_stale == 3
    assert desk.router.next_due() is None


@pytest.mark.parametrize("event", [Stop(), Start(), Position(8)])
def test_where_the_song_stops_or_jumps_a_note_that_was_to_move_just_ends(desk: Desk, event: Event) -> None:
    desk.play(0.0, 4.0)
    desk.router.tick(0.0)
    desk.move(1.0, 62)
    desk.taken()
    desk.router.handle(event, 0.1)
    desk.router.handle(Continue(), 0.2)
    desk.router.handle(Tick(), 0.3)
    desk.router.tick(2.0)
    assert desk.taken() == [NoteOff(5, 60)]


def test_a_release_between_a_move_and_its_beat_ends_the_note_and_nothing_begins(desk: Desk) -> None:
    desk.play(0.0, 4.0)
    desk.router.tick(0.0)
    desk.move(1.0, 62)
    desk.taken()
    desk.router.obey(Release(5, 0.25), 0.1)
    desk.router.tick(2.0)
    assert desk.taken() == [NoteOff(5, 60)]


def test_a_move_has_the_delay_the_keys_and_the_loudness_of_its_channel() -> None:
    desk = Desk()
    later = ChannelSet(5, role="accompany", delay_ms=100.0, percussion=((60, 36), (62, 38)), loudest=70)
    desk.router.use(Set(thru=False, channels=(later,)), 0.0)
    desk.play(0.0, 4.0)
    desk.router.tick(0.1)
    planned = desk.move(2.0, 62, now_s=0.1)
    assert planned is not None
    assert planned.pitch == 38
    assert planned.onset_beats == pytest.approx(2.2)
    desk.taken()
    desk.router.tick(1.09)
    assert desk.taken() == []
    desk.router.tick(1.101)
    assert [type(event) for event in desk.taken()] == [NoteOff, NoteOn]
    assert desk.router.next_due() == pytest.approx(2.1)


def test_taps_set_the_tempo_and_the_sam_and_are_not_played() -> None:
    desk = Desk(Set(controls=(ControlSet("note", 60, "tap", channel=0), ControlSet("cc", 1, "sam"))))
    for i in range(3):
        desk.router.handle(ON, 1.0 + i)
        desk.router.handle(OFF, 1.1 + i)
    assert desk.reported == [Anchor(6.0, 1.0, 3.0), Heard(Tempo(60.0), 3.0, 6.0)]
    desk.reported.clear()
    desk.router.handle(Control(0, 1, 127), 4.0)
    assert desk.reported == [Heard(Command("sam"), 4.0, 7.0)]
    assert desk.sent == []
    desk.router.handle(NoteOn(1, 60, 100), 4.0)
    assert desk.taken() == [NoteOn(1, 60, 100)]


def test_a_tempo_change_moves_what_is_planned(desk: Desk) -> None:
    desk.play(2.0)
    desk.router.handle(Tempo(60), 0.5)
    assert desk.router.next_due() == pytest.approx(1.5)


def test_a_note_of_a_past_epoch_is_dropped(desk: Desk) -> None:
    desk.router.handle(Start(), 0.0)
    desk.play(0.0, epoch=0)
    desk.router.handle(Tick(), 0.1)
    desk.router.tick(0.1)
    assert desk.sent == []
    assert desk.router.model_notes.dropped_stale == 1


def test_a_note_for_a_channel_that_the_model_has_lost_meanwhile_is_dropped(desk: Desk) -> None:
    desk.router.use(Set(channels=(ChannelSet(5, role="player"),)), 0.0)
    desk.play(2.0)
    desk.router.tick(1.0)
    assert desk.sent == []
    assert desk.router.model_notes.dropped_stale == 1


def test_what_was_under_way_when_the_song_stopped_is_not_played_when_it_goes_on(desk: Desk) -> None:
    desk.router.handle(Stop(), 0.0)
    desk.play(0.0)
    desk.router.tick(0.5)
    assert desk.router.next_due() is None
    desk.router.handle(Continue(), 0.6)
    desk.router.handle(Tick(), 0.7)
    desk.router.tick(0.8)
    assert desk.taken() == []
    assert desk.router.model_notes.dropped_stale == 1


@pytest.mark.parametrize("event", [Stop(), Start(), Position(8)])
def test_stop_and_jumps_end_the_model_but_not_the_musician(desk: Desk, event: Event) -> None:
    desk.router.handle(ON, 0.0)
    desk.play(0.0)
    desk.play(1.0)
    desk.router.tick(0.0)
    desk.taken()
    desk.router.handle(event, 0.1)
    assert desk.sent == [Sent(NoteOff(5, 60), "model", 0.1, 0.2)]
    assert desk.router.next_due() is None
    desk.router.handle(OFF, 0.2)
    assert desk.sent[-1].event == OFF


def test_the_engine_releases_its_own_notes_of_one_channel(desk: Desk) -> None:
    desk.play(0.0, channel=5)
    desk.play(0.0, channel=6)
    desk.router.tick(0.0)
    desk.taken()
    desk.router.obey(Release(5), 0.1)
    assert desk.taken() == [NoteOff(5, 60)]


@pytest.mark.parametrize("number", [120, 123])
def test_a_reset_of_the_daw_ends_the_channel_and_does_not_pass(desk: Desk, number: int) -> None:
    desk.play(0.0, channel=0)
    desk.router.tick(0.0)
    desk.router.handle(NoteOn(0, 70, 90), 0.0)
    desk.router.handle(NoteOn(1, 70, 90), 0.0)
    desk.taken()
    desk.router.handle(Control(0, number, 0), 0.1)
    assert desk.taken() == [NoteOff(0, 60), NoteOff(0, 70)]


def test_a_reset_of_the_controllers_ends_the_model_only(desk: Desk) -> None:
    desk.play(0.0, channel=0)
    desk.router.tick(0.0)
    desk.router.handle(NoteOn(0, 70, 90), 0.0)
    desk.taken()
    desk.router.handle(Control(0, 121, 0), 0.1)
    assert desk.taken() == [NoteOff(0, 60)]


def test_silence_ends_everybody_and_forgets_the_plan(desk: Desk) -> None:
    desk.router.handle(ON, 0.0)
    desk.play(0.0)
    desk.play(9.0)
    desk.router.tick(0.0)
    desk.taken()
    desk.router.silence(0.1)
    assert desk.taken() == [OFF, NoteOff(5, 60)]
    assert desk.router.next_due() is None


def test_closing_leaves_silence_on_every_channel_used(desk: Desk) -> None:
    desk.router.handle(ON, 0.0)
    desk.router.handle(Control(9, 1, 1), 0.0)
    desk.router.program(5, 24, 0.0)
    desk.taken()
    desk.router.close(1.0)
    assert desk.taken() == [OFF, *[Control(channel, number, 0) for channel in (0, 5, 9) for number in (123, 120)]]


def test_an_instrument_gets_its_program(desk: Desk) -> None:
    desk.router.program(3, 104, 0.5)
    assert desk.sent == [Sent(Program(3, 104), "model", 0.5, 1.0)]


def test_a_flood_of_notes_is_survived(desk: Desk) -> None:
    for i in range(10_000):
        desk.router.handle(NoteOn(i % 3, i % 128, 100), 0.0)
        desk.play(1.0 + i % 7, channel=i % 16)
    for beat in range(10):
        desk.router.tick(beat * 0.5)
    desk.router.close(9.0)
    sounding = set()
    for event in desk.taken():
        if isinstance(event, NoteOn):
            assert (event.channel, event.pitch) not in sounding
            sounding.add((event.channel, event.pitch))
        elif isinstance(event, NoteOff):
            sounding.remove((event.channel, event.pitch))
    assert not sounding


def test_a_flood_of_a_wheel_and_a_pedal_ends_where_they_were_left(desk: Desk) -> None:
    for i in range(10_000):
        desk.router.handle(Control(0, 1, i % 128), 1.0)
        desk.router.handle(Control(0, 64, 127 * (i % 2)), 1.0)
    for event in (Control(0, 1, 77), Control(0, 64, 0)):
        desk.router.handle(event, 1.0)
    assert len(desk.taken()) < 3000
    desk.router.tick(1.1)
    assert desk.taken()[-2:] == [Control(0, 1, 77), Control(0, 64, 0)]
    assert desk.router.take_problem() is not None
    assert desk.router.take_problem() is None


def test_what_leaves_is_in_order_of_time(desk: Desk) -> None:
    for onset in (3.0, 1.0, 2.0, 1.5):
        desk.play(onset, 0.25)
    for step in range(400):
        desk.router.tick(step * 0.005)
    assert len(desk.sent) == 8
    assert all(a.at_s <= b.at_s and a.beat <= b.beat for a, b in pairwise(desk.sent))


def claimed(*controls: ControlSet) -> Set:
    """The desk's set, with controls."""
    return Set(thru=False, channels=tuple(ChannelSet(c, thru=True) for c in (0, 1)), controls=controls)


def test_a_key_or_a_pedal_that_a_saved_set_makes_a_command_is_let_go_of_first() -> None:
    desk = Desk()
    for event in (Control(0, 64, 127), Control(0, 1, 90), ON):
        desk.router.handle(event, 0.0)
    desk.taken()
    controls = ControlSet("note", 60, "hand over", 0), ControlSet("cc", 64, "keep"), ControlSet("cc", 1, "energy")
    desk.router.use(claimed(*controls), 1.0)
    assert desk.taken() == [Control(0, 1, 0), Control(0, 64, 0), NoteOff(0, 60)]
    assert [heard.event for heard in desk.reported if isinstance(heard, Heard)][-3:] == [
        Control(0, 1, 0),
        Control(0, 64, 0),
        NoteOff(0, 60),
    ]


def test_a_cable_that_is_pulled_turns_no_knob_and_presses_nothing() -> None:
    desk = Desk(Set())
    desk.router.use(claimed(ControlSet("cc", 11, "hand over"), ControlSet("cc", 1, "energy")), 0.0)
    desk.router.handle(Control(0, 11, 90), 0.1)
    reported = len(desk.reported)
    for word in (Control(0, 11, 127), Control(0, 1, 0)):
        desk.router.let_go(LostSourceRelease(word), 1.0)
    assert len(desk.reported) == reported
    assert desk.taken() == []
    desk.router.handle(Control(0, 11, 64), 2.0)  # a new press, for the pedal is up since
    assert len(desk.reported) == reported + 1


def test_a_cable_that_is_pulled_lets_go_of_what_it_held() -> None:
    desk = Desk()
    for event in (Control(0, 64, 127), ON):
        desk.router.handle(event, 0.0)
    desk.taken()
    for word in (Control(0, 64, 0), OFF):
        desk.router.let_go(LostSourceRelease(word), 1.0)
    assert desk.taken() == [Control(0, 64, 0), OFF]


def test_a_pedal_goes_on_for_the_engine_where_its_thru_is_closed_and_comes_up_there_when_it_does() -> None:
    desk = Desk()
    desk.router.handle(Control(0, 64, 127), 0.0)
    desk.taken()
    desk.router.use(Set(thru=False), 1.0)
    assert desk.taken() == [Control(0, 64, 0)]
    desk.router.handle(Control(0, 64, 0), 2.0)
    assert desk.taken() == []
    assert desk.reported[-1] == Heard(Control(0, 64, 0), 2.0, 4.0)


def test_a_command_of_any_source_is_asked_of_the_engine(desk: Desk) -> None:
    """A web panel or OSC gives commands, and no events that a set makes commands of."""
    desk.router.take(Command("vary", 3), 1.0)
    assert desk.reported == [Heard(Command("vary", 3), 1.0, 2.0)]


def test_what_does_not_pass_through_is_recorded_with_its_own_key_and_heard_with_the_models() -> None:
    withheld: list[Sent] = []
    heard: list[Heard | Anchor] = []
    band = Set(channels=(ChannelSet(2, role="player", thru=False, percussion=((60, 36),)),))
    router = Router(Clock(120, 0.0), Scheduler(), lambda _: None, heard.append, LiveSet(band), withheld.append)
    router.handle(NoteOn(2, 36, 90), 1.0)
    assert withheld == [Sent(NoteOn(2, 36, 90), "musician", 1.0, 2.0)]
    assert heard == [Heard(NoteOn(2, 60, 90), 1.0, 2.0)]


def test_the_newest_command_is_known_for_those_who_watch_also_one_that_the_engine_never_hears_of() -> None:
    desk = Desk(Set(controls=(ControlSet("note", 60, "tap", channel=0), ControlSet("cc", 1, "energy", on=2))))
    assert (desk.router.asked, desk.router.commands) == (None, 0)
    desk.router.handle(ON, 1.0)
    assert (desk.router.asked, desk.router.commands) == (Command("tap"), 1)
    desk.router.handle(Control(3, 1, 127), 1.5)
    desk.router.handle(NoteOn(1, 60, 100), 2.0)
    assert (desk.router.asked, desk.router.commands) == (Command("energy", 2, 1.0), 2)
