"""The checkpoint: what it holds, and that repeating it changes nothing."""

from __future__ import annotations

import pytest
from disks import FakeDisk
from hypothesis import given
from hypothesis import strategies as st
from journals import read_journal, replay

from bollylive.clock.anchor import Anchor
from bollylive.journal.checkpoint import Checkpoint, Entry, without_repeats
from bollylive.journal.lines import Header, header_line, line_of
from bollylive.journal.reader import read_end
from bollylive.journal.restore import restore
from bollylive.journal.writer import JournalWriter
from bollylive.midi.messages import Control, Event, NoteOff, NoteOn, Player, Program
from bollylive.protocol import EngineStatus, Sent

ANCHOR = Anchor(0.0, 0.5, 0.0)
END_S = 1e6


def sent(event: Event, beat: float = 1.0, by: Player = "musician") -> Sent:
    return Sent(event, by, beat / 2, beat)


def state_after(*entries: Entry) -> list[Entry]:
    checkpoint = Checkpoint()
    for entry in entries:
        checkpoint.update(entry)
    return checkpoint.entries


def test_it_holds_the_newest_of_everything_in_order() -> None:
    on, pedal = sent(NoteOn(0, 60, 80)), sent(Control(0, 64, 127))
    first, last = (sent(Program(1, n), n, "model") for n in (1, 3))
    other = sent(Program(1, 2), 2)
    assert state_after(on, pedal, ANCHOR, first, other, last, EngineStatus(0.0, True), EngineStatus(1.0, True)) == [
        *(ANCHOR, EngineStatus(1.0, True), other, last, pedal, on)
    ]


@pytest.mark.parametrize("end", [NoteOff(0, 60), Control(0, 123, 0), Control(0, 120, 0)])
def test_a_note_is_held_until_it_ends(end: Event) -> None:
    held = sent(NoteOn(0, 60, 80)), sent(NoteOn(1, 60, 80)), sent(NoteOn(0, 60, 80), by="model")
    assert state_after(ANCHOR, *held, sent(end)) == [ANCHOR, *held[1:]]


@pytest.mark.parametrize("anchor", [Anchor(9.0, 0.5, 3.0, epoch=1), Anchor(9.0, 0.5, 3.0, running=False)])
def test_a_jump_or_a_stop_ends_all_notes(anchor: Anchor) -> None:
    assert state_after(ANCHOR, sent(NoteOn(0, 60, 80)), anchor, sent(NoteOff(0, 50))) == [anchor]
    assert state_after(ANCHOR, sent(NoteOn(0, 60, 80)), Anchor(9.0, 0.4, 3.0))[1:] == [sent(NoteOn(0, 60, 80))]


@pytest.mark.parametrize("up", [Control(0, 64, 63), Control(0, 121, 0)])
def test_a_pedal_is_held_while_it_is_down(up: Control) -> None:
    assert state_after(sent(Control(0, 64, 64)), sent(up)) == []


_entries = st.lists(
    st.builds(
        sent,
        st.builds(NoteOn, st.integers(0, 1), st.integers(60, 62), st.integers(1, 127))
        | st.builds(NoteOff, st.integers(0, 1), st.integers(60, 62))
        | st.builds(Control, st.integers(0, 1), st.sampled_from([1, 64, 120, 121, 123]), st.integers(0, 127))
        | st.builds(Program, st.integers(0, 1), st.integers(0, 127)),
        st.integers(0, 64).map(float),
        st.sampled_from(["musician", "model"]),
    )
    | st.builds(Anchor, st.integers(0, 64).map(float), st.just(0.5), st.just(0.0), st.booleans(), st.integers(0, 2))
    | st.builds(EngineStatus, st.integers(0, 9).map(float), st.booleans()),
    max_size=40,
).map(lambda entries: [ANCHOR, *entries])


@given(_entries, st.integers(1, 4))
def test_repeats_change_nothing_for_a_reader_that_starts_at_the_beginning(entries: list[Entry], each: int) -> None:
    checkpoint = Checkpoint()
    again = list[Entry]()
    for place, entry in enumerate(entries):
        if place % each == 0:
            again += checkpoint.entries
        again.append(entry)
        checkpoint.update(entry)
    plain, repeated = (header_line(Header()) + b"".join(map(line_of, each)) for each in (entries, again))
    assert replay(read_journal(repeated)) == replay(read_journal(plain))
    assert restore(read_end(repeated), END_S, 8) == restore(read_end(plain), END_S, 8)


@given(_entries, st.data())
def test_the_state_is_known_from_a_checkpoint_on(entries: list[Entry], data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(entries)))
    repeated = [*state_after(*entries[:cut]), *entries[cut:]]
    assert state_after(*repeated) == state_after(*entries)
    assert list(without_repeats([*entries[:cut], *state_after(*entries[:cut])])) == list(without_repeats(entries[:cut]))


def test_checkpoints_neither_double_a_tempo_nor_move_a_note() -> None:
    entries: list[Entry] = [
        ANCHOR,
        *(sent(event, beat) for beat in range(40) for event in (NoteOn(0, 60, 80), NoteOff(0, 60))),
    ]
    disk = FakeDisk()
    writer = JournalWriter(disk)
    for entry in entries:
        writer.add(entry)
        writer._bytes_since_checkpoint = 1 << 20
    writer.flush()
    tracks, tempos, _ = replay(disk.journal())
    assert tempos == ((0.0, 120.0),)
    assert [note.onset_beats for note in tracks[0].notes] == [float(beat) for beat in range(40)]
