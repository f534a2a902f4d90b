"""Held notes that move with the harmony: which, when, where to, and who knows of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from chords import C_MAJOR, F_MAJOR, Chords, cycle
from fakes import FakePredictor, sounding

from bollylive.clock.anchor import Anchor
from bollylive.engine.band_state import BandState
from bollylive.engine.conductor import Conductor
from bollylive.engine.history import Entry
from bollylive.engine.moving_notes import LONGEST_TICKS, MOST_MOVES, MOVES_TICKS, SIXTEENTH_TICKS, MovingNotes
from bollylive.engine.planner import Planner
from bollylive.journal.restore import restore
from bollylive.midi.assembler import Assembler
from bollylive.midi.messages import Note, NoteOff, NoteOn
from bollylive.model import codec
from bollylive.model.context import SOUNDING
from bollylive.offline import OfflineBand
from bollylive.protocol import EngineStatus, Instruction, Move, Sent
from bollylive.sets.live_set import LiveSet
from bollylive.sets.parts import PartName
from bollylive.sets.settings import ChannelSet, Set

LEAD, PAD, BASS = ChannelSet(0, role="player"), ChannelSet(1, role="accompany", program=48, part=("pad",)), 2
BAND = Set(tempo_bpm=120, energy=0.0, channels=(LEAD, PAD, ChannelSet(BASS, role="accompany", program=32)))
CHANGE = 96


def planner(state: BandState) -> Planner:
    """A planner whose band nobody conducts."""
    return Planner(state, Conductor(state, None, 0))


class Loft:
    """A pad on channel 1 that holds notes, and chords that change under it; the song is at `earliest`."""

    def __init__(self, *chords: tuple[int, frozenset[int] | None], pad: ChannelSet = PAD) -> None:
        self.state = BandState(LiveSet(replace(BAND, channels=(LEAD, pad))), 64, (1, 2), own_downbeat=False)
        self.state.grid.follow(Anchor(0.0, 0.5, 0.0))
        self.state.awake = True
        self.pad = self.state.parts.part(1)
        self.pad.enter(10_000)
        self.moving = MovingNotes(
            self.state,
            planner(self.state),
            Chords(*chords),
        )

    def hold(self, *pitches: int, since: int = 0, ticks: int = 192, velocity: int = 100) -> None:
        """The pad has struck pitches, for so many ticks."""
        for pitch in pitches:
            self.state.add(self.pad, Entry(since, pitch, ticks, 90, by_model=True, played_velocity=velocity))
        self.settle()

    def press(self, tick: int, pitch: int) -> None:
        """The musician presses a key."""
        lead = self.state.parts.part(0)
        self.state.band_notes.add(0, lead.instrument, Entry(tick, pitch, 0, 90))

    def lift(self, tick: int, pitch: int, pressed: int) -> None:
        """They lift it again."""
        self.state.band_notes.close(0, pressed, pitch, tick - pressed)

    def settle(self) -> None:
        """The model says when the pad plays next: not for long."""
        if self.pad.history.entries:
            self.pad.history.store_next(len(self.pad.history.entries) - 1, None)

    def moves(self, earliest: int) -> dict[int, int | None]:
        """What moves at a tick: each pitch that ends, and the one in its place."""
        return {move.pitch: move.note.pitch if move.note else None for move in self.instructions(earliest)}

    def instructions(self, earliest: int) -> list[Move]:
        """What is to be done at a tick."""
        moves = [instruction for instruction in self.moving.advance(earliest) if isinstance(instruction, Move)]
        self.settle()
        return moves

    @property
    def notes(self) -> list[tuple[int, int, int]]:
        """The pad's buffer: tick, pitch and length of its notes."""
        entries = self.pad.history.entries
        return [(e.tick, e.pitch, e.duration_ticks) for e in entries if e.pitch != codec.REST]


def changing(*pitches: int, to: frozenset[int] | None = F_MAJOR, pad: ChannelSet = PAD) -> Loft:
    """A pad that holds some pitches for two bars, from the beginning; after the first the chord changes."""
    loft = Loft((0, C_MAJOR), (CHANGE, to), pad=pad)
    loft.hold(*pitches)
    loft.moving.advance(1)  # the first chord
    return loft


def test_what_the_new_chord_does_not_have_moves_to_its_nearest_tone_when_it_comes() -> None:
    loft = changing(60, 64, 67)
    assert loft.moving.next_tick(2) == CHANGE - loft.state.commit_ticks
    assert loft.instructions(CHANGE - loft.state.commit_ticks - 1) == []
    assert loft.instructions(CHANGE - loft.state.commit_ticks) == [
        Move(1, 64, 4.0, Note(1, 65, 80, 4.0, 4.0), 0),
        Move(1, 67, 4.0, Note(1, 69, 80, 4.0, 4.0), 0),
    ]
    assert loft.moving.next_tick(CHANGE) is None
    assert loft.moves(CHANGE) == {}


def test_the_buffer_and_the_others_know_what_really_sounded() -> None:
    loft = changing(60, 64)
    loft.instructions(CHANGE - 6)
    assert loft.notes == [(0, 60, 192), (0, 64, 96), (96, 65, 96)]
    before, after = loft.state.band_notes.context([BASS, BASS], [CHANGE - 1, CHANGE + 1])[:, SOUNDING]
    assert [set(heard.nonzero()[0]) for heard in (before, after)] == [{0, 4}, {0, 5}]
    assert loft.pad.history.entries[-1].by_model
    assert list(loft.pad.history.newest_pitches()) == [65, 64, 60]


def test_the_rhythm_of_a_voice_stays_when_its_notes_move() -> None:
    loft = changing(64)
    due = loft.pad.due_tick, loft.pad.playing and loft.pad.playing.step
    loft.instructions(CHANGE - 6)
    assert (loft.pad.due_tick, loft.pad.playing and loft.pad.playing.step) == due
    assert loft.pad.history.entries[-1].tick == CHANGE


@pytest.mark.parametrize("tones", [C_MAJOR, frozenset(range(12)), None])
def test_where_nothing_is_foreign_or_no_chord_stands_nothing_moves(tones: frozenset[int] | None) -> None:
    assert changing(60, 64, 67, to=tones).moves(CHANGE - 6) == {}


def test_a_note_that_finds_no_tone_is_let_go() -> None:
    narrow = replace(PAD, lowest=62, highest=64)
    loft = changing(64, pad=narrow)
    assert loft.instructions(CHANGE - 6) == [Move(1, 64, 4.0, None, 0)]
    assert loft.notes == [(0, 64, 96)]


def test_no_tone_is_struck_that_sounds_or_begins_there_and_a_free_class_goes_before_one_that_sounds() -> None:
    loft = changing(65, 67)
    loft.hold(69, since=CHANGE)
    assert loft.moves(CHANGE - 6) == {67: 72}
    assert changing(67).moves(CHANGE - 6) == {67: 65}  # 65 and 69 are as near
    assert changing(67, 77).moves(CHANGE - 6) == {67: 69}


def test_each_of_two_notes_finds_a_tone_of_its_own() -> None:
    assert changing(66, 67).moves(CHANGE - 6) == {66: 65, 67: 69}


def test_no_note_moves_to_a_semitone_from_what_the_musician_holds() -> None:
    loft = changing(64)
    loft.press(0, 66)
    assert loft.moves(CHANGE - 6) == {64: 60}
    loft = changing(64)
    loft.press(0, 66)
    loft.lift(12, 66, pressed=0)
    assert loft.moves(CHANGE - 6) == {64: 65}


def test_a_new_note_of_the_musicians_moves_what_grinds_against_it_after_a_sixteenth() -> None:
    loft = changing(64)
    loft.press(24, 77)
    assert loft.moving.next_tick(25) == 24 + SIXTEENTH_TICKS - 1
    assert loft.moves(28) == {}
    assert loft.instructions(29) == [Move(1, 64, 30 / 24, Note(1, 67, 80, 30 / 24, (192 - 30) / 24), 0)]
    assert loft.moves(40) == {}


def test_a_short_note_of_the_musicians_moves_nothing_and_one_that_was_looked_at_moves_nothing_again() -> None:
    loft = changing(64)
    loft.press(24, 65)
    loft.lift(27, 65, pressed=24)
    assert loft.moves(29) == {}
    loft.press(40, 65)
    assert list(loft.moves(45)) == [64]
    loft.hold(64, since=50)
    assert loft.moves(70) == {}


def test_while_there_is_no_chord_nothing_moves_nor_wakes_the_engine() -> None:
    loft = Loft((48, None), (96, C_MAJOR))
    loft.hold(64)
    loft.press(0, 65)
    assert loft.moving.next_tick(1) == 48 - loft.state.commit_ticks
    loft.press(50, 63)
    assert [loft.moves(tick) for tick in (5, 42, 55)] == [{}, {}, {}]
    assert loft.moving.next_tick(60) == 96 - loft.state.commit_ticks


def test_a_note_that_ends_or_began_within_a_sixteenth_stays() -> None:
    loft = changing()
    loft.hold(67, ticks=CHANGE + SIXTEENTH_TICKS - 1)
    loft.hold(64, since=CHANGE - SIXTEENTH_TICKS + 1)
    assert loft.moves(CHANGE - 6) == {}
    loft = changing()
    loft.hold(67, ticks=CHANGE + SIXTEENTH_TICKS)
    loft.hold(64, since=CHANGE - SIXTEENTH_TICKS)
    assert loft.moves(CHANGE - 6) == {64: 65, 67: 69}


def test_a_moved_note_moves_again_and_grows_softer() -> None:
    loft = Loft((0, C_MAJOR), (48, F_MAJOR), (96, C_MAJOR))
    loft.hold(64)
    (first,), (second,) = loft.instructions(42), loft.instructions(90)
    assert first.note is not None
    assert second == Move(1, first.note.pitch, 4.0, Note(1, 64, 64, 4.0, 4.0), 0)
    assert loft.notes == [(0, 64, 48), (48, 65, 48), (96, 64, 96)]


def test_a_moved_note_lasts_eight_beats_at_most() -> None:
    loft = changing()
    loft.hold(64, ticks=16 * 24)
    (move,) = loft.instructions(CHANGE - 6)
    assert move.note is not None
    assert move.note.duration_beats == LONGEST_TICKS / 24 == 8.0


def test_a_turn_and_the_longest_note_of_a_channel_end_a_moved_note_too() -> None:
    loft = changing(64)
    assert loft.pad.playing is not None
    loft.pad.playing.until_tick = 150
    (move,) = loft.instructions(CHANGE - 6)
    assert move.note is not None
    assert move.note.duration_beats == (150 - CHANGE) / 24
    assert changing(64, pad=replace(PAD, longest_beats=4)).moves(CHANGE - 6) == {}  # it does not sound any more


def test_what_is_only_planned_stays_and_so_does_a_part_that_does_not_play_or_may_not_move() -> None:
    loft = changing(64)
    loft.pad.history.entries[-1].played_velocity = 0
    assert loft.moves(CHANGE - 6) == {}
    loft = changing(64)
    loft.pad.playing = None
    assert loft.moves(CHANGE - 6) == {}
    loft = changing(64)
    parts: list[tuple[PartName, ...]] = [(), ("line", "answer"), ("comp", "line")]
    moved = [changing(64, pad=replace(PAD, part=part)).moves(CHANGE - 6) for part in parts]
    assert moved == [{}, {}, {64: 65}]


def test_a_note_that_was_struck_again_has_ended() -> None:
    loft = changing(64)
    loft.hold(64, since=24, ticks=12)
    assert loft.moves(CHANGE - 6) == {}
    loft = changing(64)
    loft.hold(64, since=48, ticks=96)
    (move,) = loft.instructions(CHANGE - 6)
    assert move.note is not None
    assert move.note.duration_beats == 2.0


def test_at_most_a_few_notes_move_in_four_beats() -> None:
    loft = Loft(*((48 * i, (C_MAJOR, F_MAJOR)[i % 2]) for i in range(9)))
    loft.hold(64, 67, 76, ticks=480)
    ticks = [48 * i for i in range(9) for _ in loft.instructions(48 * i - 6)]
    assert all(later - sooner >= MOVES_TICKS for sooner, later in zip(ticks, ticks[MOST_MOVES:], strict=False))
    assert loft.moving.counts[1] == len(ticks) >= 2 * MOST_MOVES


def test_nothing_moves_before_all_notes_are_chosen_and_a_change_may_be_a_sixteenth_late() -> None:
    loft = changing(64)
    loft.pad.history.entries[-1].queried = False
    assert loft.moving.advance(CHANGE - 6) == []
    loft.settle()
    loft.pad.enter(CHANGE)
    assert loft.moving.advance(CHANGE - 6) == []
    loft.pad.enter(10_000)
    (late,) = loft.instructions(CHANGE + SIXTEENTH_TICKS)
    assert late.at_beat == (CHANGE + SIXTEENTH_TICKS + 1) / 24
    assert changing(64).moves(CHANGE + SIXTEENTH_TICKS + 1) == {}


def test_without_chords_there_is_nothing_to_do() -> None:
    state = BandState(LiveSet(BAND), 64, (1, 2), own_downbeat=False)
    moving = MovingNotes(state, planner(state), Conductor(state, None, 0))
    state.band_notes.add(0, 0, Entry(0, 60, 0, 90))
    assert moving.next_tick(0) is None
    assert moving.advance(0) == []


def played(band: OfflineBand, seconds: float = 12.0) -> OfflineBand:
    """The musician plays a scale in half notes, and the pad plays along."""
    for i in range(int(seconds)):
        pitch = (60, 62, 64, 65, 67, 69, 71, 72)[i % 8]
        band.play(NoteOn(0, pitch, 90), float(i))
        band.play(NoteOff(0, pitch), i + 0.9)
    band.advance(seconds)
    return band


def notes_of(sent: list[Sent], channel: int) -> list[Note]:
    """The model's notes as they really sounded."""
    assembler, notes = Assembler(), list[Note]()
    for message in sent:
        if isinstance(message.event, NoteOn | NoteOff) and message.by == "model":
            notes += [note for note in assembler.handle(message.event, message.beat) if note.duration_beats is not None]
    return sorted((note for note in notes if note.channel == channel), key=lambda note: (note.onset_beats, note.pitch))


def performance(harmony: Chords, seed: int = 3) -> tuple[OfflineBand, list[Move]]:
    """A band with a pad that plays by chords, and all moves that it was told."""
    band, moves = OfflineBand(BAND, FakePredictor((0, 0, 36), 128), seed, harmony=harmony), list[Move]()
    obey = band._router.obey

    def watched(instruction: Instruction, now_s: float) -> Note | None:
        if isinstance(instruction, Move):
            assert instruction.at_beat >= band.anchor.beat_at(now_s)  # it is there before its beat
            moves.append(instruction)
        return obey(instruction, now_s)

    band._router.obey = watched  # type: ignore[method-assign, assignment]
    return played(band), moves


@pytest.mark.parametrize("seed", range(3))
def test_in_a_performance_the_buffer_holds_the_notes_that_sounded(seed: int) -> None:
    band, moves = performance(cycle(16), seed)
    assert len(moves) >= 6
    assert {move.channel for move in moves} == {1}  # the bass keeps its notes
    band.advance(30.0)
    band.close()
    assert not sounding(band.sent)
    sounded = {
        (round(note.onset_beats * 24), note.pitch): round((note.duration_beats or 0) * 24)
        for note in notes_of(band.sent, 1)
    }
    history = band.engine._state.parts.part(1).history
    remembered = {(e.tick, e.pitch): e.duration_ticks for e in history.entries if e.by_model and e.pitch < codec.REST}
    begun = {key: ticks for key, ticks in remembered.items() if key[0] < 24 * 24}
    assert set(begun) <= set(sounded)
    for (tick, pitch), ticks in begun.items():
        struck_again = min((t for t, p in sounded if p == pitch and t > tick), default=tick + ticks)
        assert sounded[tick, pitch] == min(ticks, struck_again - tick)
    for move in moves:
        if move.note is not None:
            assert (round(move.at_beat * 24), move.note.pitch) in sounded


def test_an_engine_that_takes_over_remembers_what_was_moved() -> None:
    band, moves = performance(cycle(16))
    messages: list[Sent | Anchor | EngineStatus] = [band.anchor, *band.sent, band.engine.status]
    past = restore(messages, band.now_s, 256)
    restored = {(note.pitch, round(note.onset_beats * 24)) for note, by in past.notes if by == "model"}
    now_beat = band.anchor.beat_at(band.now_s)
    moved = {(m.note.pitch, round(m.at_beat * 24)) for m in moves if m.note is not None and m.at_beat < now_beat}
    assert len(moved) >= 4
    assert moved <= restored
