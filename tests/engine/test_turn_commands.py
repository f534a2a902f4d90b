"""The table of what the musician's commands do to the band."""

from __future__ import annotations

from fakes import FakePredictor

from bollylive.clock.anchor import Anchor
from bollylive.engine.band_state import BandState
from bollylive.engine.engine import Engine
from bollylive.engine.rest_and_wake import RestAndWake
from bollylive.engine.turn_commands import CommandTable
from bollylive.engine.turn_taking import TurnTaking
from bollylive.engine.variation_requests import VariationRequests
from bollylive.midi.messages import NoteOn
from bollylive.protocol import Heard
from bollylive.sets.controls import Command
from bollylive.sets.live_set import LiveSet
from bollylive.sets.settings import ChannelSet, Set

BAND = Set(tempo_bpm=120, channels=(ChannelSet(0), ChannelSet(1, role="accompany")))


def test_an_unknown_command_shows_only_that_the_musician_is_there() -> None:
    state = BandState(LiveSet(BAND), 8, (1, 2), own_downbeat=True)
    requests = VariationRequests(state)
    turns = TurnTaking(state, requests)
    commands = CommandTable(state, turns, requests, RestAndWake(state, turns))
    assert commands.obey(Command("no such command"), 4.0) == []
    assert (state.awake, state.touched_tick) == (False, 96)


def test_sleep_releases_every_channel_and_hand_over_wakes_the_band() -> None:
    engine = Engine(BAND, FakePredictor(), seed=1)
    engine.handle(Anchor(0.0, 0.5, 0.0))
    engine.handle(Heard(NoteOn(0, 60, 90), 1.0, 2.0))
    assert engine.status.awake
    released = engine.handle(Heard(Command("sleep"), 2.0, 4.0))
    assert {getattr(release, "channel", None) for release in released} == {0, 1}
    assert not engine.status.awake
    engine.handle(Heard(Command("hand over"), 3.0, 6.0))
    assert engine.status.awake
