"""What a journal tells a new engine of the music before it."""

from __future__ import annotations

from typing import TypeAlias

from bollylive.clock.anchor import Anchor
from bollylive.journal.lines import Header, anchor_line, header_line, line_of, sent_line, status_line
from bollylive.journal.reader import read_end
from bollylive.journal.restore import RestoredState, restore
from bollylive.midi.messages import Control, Note, NoteOff, NoteOn, Player, Program, Raw
from bollylive.protocol import EngineStatus, Sent

Entry: TypeAlias = Sent | Anchor | EngineStatus

ANCHOR = Anchor(0.0, 0.5, 0.0)


def played(onset: float, duration: float, channel: int = 0, pitch: int = 60, by: Player = "musician") -> list[Entry]:
    return [
        Sent(NoteOn(channel, pitch, 80), by, onset / 2, onset),
        Sent(NoteOff(channel, pitch), by, (onset + duration) / 2, onset + duration),
    ]


def test_notes_come_back_with_their_beats_and_who_played_them() -> None:
    past = restore([ANCHOR, *played(1.0, 0.5), *played(2.0, 1.0, 1, by="model")], 10.0, 8)
    assert past.notes == ((Note(0, 60, 80, 1.0, 0.5), "musician"), (Note(1, 60, 80, 2.0, 1.0), "model"))
    assert past.anchor == ANCHOR


def test_only_the_last_notes_of_each_channel_are_kept() -> None:
    entries = [entry for i in range(20) for entry in played(float(i), 0.5, pitch=40 + i)]
    past = restore([ANCHOR, *played(0.0, 0.5, 1), *entries], 100.0, 4)
    assert [(note.channel, note.pitch) for note, _ in past.notes] == [(1, 60), (0, 56), (0, 57), (0, 58), (0, 59)]


def test_what_comes_later_is_left_to_those_who_hear_it_themselves() -> None:
    past = restore([ANCHOR, *played(1.0, 0.5), *played(9.0, 0.5), Anchor(20.0, 0.5, 10.0, epoch=1)], 4.0, 8)
    assert [note.onset_beats for note, _ in past.notes] == [1.0]
    assert past.anchor == ANCHOR


def test_a_key_may_still_be_held_but_the_models_notes_have_ended() -> None:
    entries = [ANCHOR, played(1.0, 9.0)[0], played(2.0, 9.0, 1, by="model")[0]]
    (held, _), (ended, _) = restore(entries, 2.0, 8).notes
    assert held.duration_beats is None
    assert ended.duration_beats == 2.0
    (released, _), _ = restore(entries, 2.0, 8, keys_held=False).notes
    assert released.duration_beats == 3.0


def test_after_a_jump_the_notes_lie_where_the_song_goes_on() -> None:
    jump = Anchor(64.0, 0.5, 2.0, epoch=1, followed=True)
    past = restore([ANCHOR, *played(1.0, 0.5), played(3.0, 9.0)[0], jump], 10.0, 8)
    assert [(note.onset_beats, note.duration_beats) for note, _ in past.notes] == [(61.0, 0.5), (63.0, 1.0)]
    assert past.anchor == jump


def test_what_is_played_while_the_song_is_stopped_is_not_restored() -> None:
    stop = Anchor(4.0, 0.5, 2.0, running=False, followed=True)
    go_on = Anchor(4.0, 0.5, 30.0, followed=True)
    past = restore([ANCHOR, *played(1.0, 0.5), stop, *played(4.0, 0.0), go_on], 40.0, 8)
    assert [note.onset_beats for note, _ in past.notes] == [1.0]


def test_where_the_beginning_is_cut_off_nothing_counts_before_the_first_anchor() -> None:
    assert restore(played(1.0, 0.5), 10.0, 8) == RestoredState()
    assert len(restore([*played(1.0, 0.5), ANCHOR, *played(2.0, 0.5)], 10.0, 8).notes) == 1


def test_a_key_that_was_held_before_the_first_anchor_is_not_taken_for_one_of_its_beats() -> None:
    on, off = played(3.0, 200.0)
    assert restore([on, Anchor(100.0, 0.5, 50.0), off], 200.0, 8).notes == ()


def test_programs_and_bearing_are_the_last_ones() -> None:
    entries: list[Entry] = [ANCHOR, Sent(Program(3, 5), "model", 0.0, 0.0), Sent(Program(3, 73), "musician", 1.0, 2.0)]
    past = restore([EngineStatus(1.0, True), *entries, EngineStatus(2.5, False)], 10.0, 8)
    assert past.programs == {3: 73}
    assert past.status == EngineStatus(2.5, False)


def test_chords_are_restored_as_they_were_planned_last_and_move_with_a_jump() -> None:
    statuses = [EngineStatus(0.0, True, chord) for chord in ((0.0, 5), (2.0, 25), (2.0, 30), (4.0, 5))]
    assert restore([ANCHOR, *statuses], 10.0, 8).chords == ((0.0, 5), (2.0, 30), (4.0, 5))
    jump = Anchor(100.0, 0.5, 3.0, epoch=1)
    assert restore([ANCHOR, *statuses[:2], jump], 10.0, 8).chords == ((94.0, 5), (96.0, 25))


def test_a_chord_is_read_back_and_one_that_no_version_knows_is_damage() -> None:
    entries: list[Entry] = [ANCHOR, EngineStatus(1.5, True, (2.0, 45))]
    assert read_end(header_line(Header()) + b"".join(map(line_of, entries))) == entries
    assert read_end(b"".join([b"0\n", anchor_line(ANCHOR), b'["bearing",1.0,1,2.0,-7]\n'])) == [ANCHOR]


def test_a_sound_that_the_set_sends_is_not_what_the_model_plays() -> None:
    """It ends what the musician has chosen; from then on the set says what the model plays."""
    chosen: list[Entry] = [ANCHOR, Sent(Program(3, 73), "musician", 1.0, 2.0)]
    assert restore(chosen, 10.0, 8).programs == {3: 73}
    assert restore([*chosen, Sent(Program(3, 105), "model", 2.0, 4.0)], 10.0, 8).programs == {}


def test_a_pedal_holds_a_note() -> None:
    down, up = (Sent(Control(0, 64, value), "musician", at, at) for value, at in ((127, 0.5), (0, 4.0)))
    past = restore([ANCHOR, down, *played(1.0, 0.5), up], 10.0, 8)
    assert past.notes[0][0].duration_beats == 3.0


def test_a_note_that_only_the_pedal_holds_has_ended_for_the_new_engine() -> None:
    on, off = played(1.0, 1.0)
    ((note, _),) = restore([ANCHOR, Sent(Control(0, 64, 127), "musician", 0.1, 0.2), on, off], 4.0, 8).notes
    assert note.duration_beats == 7.0


def test_nothing_is_known_of_nothing() -> None:
    assert restore([], 1.0, 8) == RestoredState()


def test_the_end_of_a_journal_is_read_from_the_middle_of_a_line_and_past_what_is_damaged() -> None:
    entries: list[Entry] = [ANCHOR, EngineStatus(1.5, True), *played(1.0, 0.5)]
    notes = [sent_line(entry) for entry in played(1.0, 0.5) if isinstance(entry, Sent)]
    lines = [anchor_line(ANCHOR), status_line(EngineStatus(1.5, True)), *notes]
    whole = header_line(Header()) + b"".join(lines)
    assert read_end(whole) == entries
    assert read_end(whole[:-3]) == entries[:-1]
    assert read_end(b'0,0,"90' + b'\n["lost",3]\nnonsense\n' + b"".join(lines)) == entries
    assert read_end(b"") == []


def test_reading_the_end_begins_with_an_anchor_and_takes_what_is_said_again_once() -> None:
    on, off = played(1.0, 9.0)
    checkpoint: list[Entry] = [ANCHOR, EngineStatus(1.5, True), Sent(Program(0, 5), "model", 0.0, 0.0), on]
    entries = [*played(2.0, 0.5, 1), *checkpoint, *played(3.0, 0.5, 1), *checkpoint, off]
    data = b"0\n" + b"".join(map(line_of, entries))
    assert read_end(data) == [*checkpoint, *played(3.0, 0.5, 1), off]
    assert [note.duration_beats for note, _ in restore(read_end(data), 100.0, 8).notes] == [9.0, 0.5]


def test_a_wheel_and_controllers_that_hold_nothing_are_left_out_unread() -> None:
    moved: list[Entry] = [Sent(Raw(b"\xe0\x00\x40"), "musician", 1.0, 1.0), Sent(Control(0, 1, 64), "model", 1.0, 1.0)]
    kept: list[Entry] = [Sent(Control(0, number, 127), "musician", 1.0, 1.0) for number in (64, 120, 121, 123)]
    data = b"0\n" + b"".join(map(line_of, [ANCHOR, *moved, *kept]))
    assert read_end(data) == [ANCHOR, *kept]
