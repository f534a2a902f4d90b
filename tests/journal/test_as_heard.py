"""What an MPE keyboard played comes back from a journal as the music of one player."""

from __future__ import annotations

import pytest
from fakes import FakePredictor
from journals import read_journal

from bollylive.clock.anchor import Anchor
from bollylive.engine.engine import Engine
from bollylive.io.sounding_notes import SoundingNotes
from bollylive.journal.checkpoint import Entry
from bollylive.journal.lines import Header, header_line, line_of
from bollylive.journal.recording import Recording
from bollylive.journal.restore import restore
from bollylive.midi.messages import Control, Event, Note, NoteOff, NoteOn, Raw
from bollylive.offline import OfflineBand
from bollylive.protocol import Sent, is_recorded
from bollylive.sets.live_set import LiveSet
from bollylive.sets.settings import ChannelSet, Set

BAND = Set(tempo_bpm=120, mpe=(15, 0), channels=(ChannelSet(0, "Sitar", role="player"),))
UNTIL_S = 100.0


def sent(event: Event, beat: float, part: int | None = 0) -> Sent:
    return Sent(event, "musician", beat / 2, beat, part=part)


def through_a_journal(*entries: Entry) -> tuple[Entry, ...]:
    return read_journal(b"".join([header_line(Header()), *map(line_of, entries)])).entries


CHORD = (
    Anchor(0.0, 0.5, 0.0),
    sent(Control(0, 64, 127), 0.5, None),
    sent(Raw(b"\xe1\x00\x50"), 1.0),
    sent(NoteOn(1, 60, 90), 1.0),
    sent(NoteOn(2, 64, 80), 1.5),
    sent(Control(2, 74, 9), 1.75),
    sent(NoteOff(1, 60), 2.0),
    sent(Control(0, 64, 0), 3.0, None),
    sent(NoteOn(3, 64, 70), 3.5),
    sent(NoteOff(2, 64), 4.0),
    sent(NoteOff(3, 64), 5.0),
)
NOTES = (Note(0, 60, 90, 1.0, 2.0), Note(0, 64, 80, 1.5, 2.0), Note(0, 64, 70, 3.5, 1.5))


def test_a_journal_knows_whose_each_message_is() -> None:
    assert through_a_journal(*CHORD) == CHORD


@pytest.mark.parametrize("part", ["16", "-1", "1.0", "true", '"0"', "0,0"])
def test_a_part_that_makes_no_sense_is_a_damaged_line(part: str) -> None:
    journal = read_journal(header_line(Header()) + f'["musician",1.0,2.0,"913c64",{part}]\n'.encode())
    assert journal.entries == ()
    assert journal.damaged_lines == 1


def test_a_new_engine_and_a_recording_have_the_notes_of_one_player() -> None:
    entries = through_a_journal(*CHORD)
    assert restore(entries, UNTIL_S, 8).notes == tuple((note, "musician") for note in NOTES)
    recording = Recording({0: "Sitar"})
    for entry in entries:
        recording.add(entry)
    (track,) = recording.tracks()
    assert (track.name, track.channel) == ("1 Sitar (musician)", 0)
    assert [note.pitch for note in track.notes] == [60, 64, 64]


def test_a_key_that_was_down_when_the_zone_began_ends_on_its_own_channel() -> None:
    entries = (Anchor(0.0, 0.5, 0.0), sent(NoteOn(3, 60, 90), 1.0, None), sent(NoteOff(3, 60), 2.0))
    assert restore(entries, UNTIL_S, 8).notes == ((Note(3, 60, 90, 1.0, 1.0), "musician"),)


def test_what_is_left_sounding_is_known_by_the_channels_on_which_it_sounds() -> None:
    notes = SoundingNotes(LiveSet(Set()))
    for entry in through_a_journal(*CHORD[:5]):
        if isinstance(entry, Sent | Anchor):
            notes.add(entry)
    releases = [release for release, _ in notes.left.releases]
    assert [release for release in releases if isinstance(release, NoteOff)] == [NoteOff(1, 60), NoteOff(2, 64)]
    assert Raw(b"\xe1\x00\x40") in releases


def test_the_channels_of_a_zone_are_reset_though_nothing_of_them_was_reported() -> None:
    notes = SoundingNotes(LiveSet(Set(mpe=(3, 0), default_role="off", channels=(ChannelSet(0),))))
    notes.add(sent(NoteOn(0, 60, 90), 1.0, None))
    assert notes.left.channels == (0, 1, 2, 3)


def test_an_engine_that_is_killed_is_followed_by_one_that_knows_one_player() -> None:
    offline = OfflineBand(BAND, FakePredictor(), seed=1)
    anchor = offline.anchor
    for i in range(30):
        offline.play(NoteOn(1 + i % 15, 50 + i % 7, 90), 1.0 + 0.25 * i)
        offline.play(NoteOff(1 + i % 15, 50 + i % 7), 1.2 + 0.25 * i)
    now_s = 9.0
    offline.advance(now_s)
    entries: list[Entry] = [anchor, *(message for message in offline.sent if is_recorded(message.event))]
    past = restore(through_a_journal(*entries), now_s, 16)
    assert {note.channel for note, _ in past.notes} == {0}
    engine = Engine(BAND, FakePredictor(), 1)
    engine.resume(past, now_s)
    assert [part.channel for part in engine.snapshot(now_s).parts if part.role != "off"] == [0]
