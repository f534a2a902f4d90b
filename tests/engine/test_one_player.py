"""To the band an MPE keyboard, with a channel for each note, is one player; on virtual time, with a fake model."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from fakes import FakePredictor, ons, sounding

from bollylive.midi.messages import Control, Event, NoteOff, NoteOn, Raw
from bollylive.offline import OfflineBand
from bollylive.sets.settings import ChannelSet, Set

CONFIGURATION = (Control(0, 101, 0), Control(0, 100, 6), Control(0, 6, 15))


def play_chords(offline: OfflineBand) -> None:
    """Chords whose notes go from member channel to member channel, each bent alone."""
    for i in range(20):
        member, at_s = 1 + i % 15, 1.0 + 0.25 * i
        events: Iterable[Event] = (Raw(bytes([0xE0 | member, 0, 70])), NoteOn(member, 60 + i % 5, 90))
        for event in events:
            offline.play(event, at_s)
        offline.play(NoteOff(member, 60 + i % 5), at_s + 0.2)


@pytest.mark.parametrize("says", [True, False])
def test_fifteen_channels_are_one_voice_of_the_band(says: bool) -> None:
    """The keyboard says so by its message, or the set does."""
    band = Set(tempo_bpm=120, mpe=(0, 0) if says else (15, 0), channels=(ChannelSet(0),))
    offline = OfflineBand(band, FakePredictor(buffer_notes=32), seed=1)
    for event in CONFIGURATION if says else ():
        offline.play(event, 0.5)
    play_chords(offline)
    offline.advance(20.0)
    parts = {part.channel: part for part in offline.engine.snapshot(20.0).parts}
    assert [channel for channel, part in parts.items() if part.newest] == [0]
    assert {sent.event.channel for sent, _ in ons(offline.sent) if isinstance(sent.event, NoteOn)} == {0}
    assert {note.channel for _, note in ons(offline.sent, by="musician")} == set(range(1, 16))
    offline.close()
    assert sounding(offline.sent) == set()


def test_without_a_zone_each_channel_is_an_instrument() -> None:
    offline = OfflineBand(Set(tempo_bpm=120, channels=(ChannelSet(0),)), FakePredictor(buffer_notes=32), seed=1)
    play_chords(offline)
    assert len([part for part in offline.engine.snapshot(6.0).parts if part.newest]) == 15
