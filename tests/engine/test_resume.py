"""An engine that goes on where another one ended, and one that plays another set from now on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from chords import FakeConductor
from fakes import FakePredictor, ons, sounding

from bollylive.clock.anchor import Anchor
from bollylive.engine.engine import Engine
from bollylive.engine.turn_taking import FADE_BEATS
from bollylive.journal.restore import RestoredState, restore
from bollylive.midi.messages import Note, NoteOff, NoteOn
from bollylive.model import codec
from bollylive.model.codec import PERCUSSION
from bollylive.offline import OfflineBand
from bollylive.protocol import EngineStatus, Heard, Play, Release, Sent
from bollylive.sets.settings import ChannelSet, Set

MELODY, BASS, PAD = ChannelSet(0, "Melody"), ChannelSet(1, "Bass", "accompany", 32), ChannelSet(2, "Pad", "player", 48)
BAND = Set(tempo_bpm=120, rest_after_beats=0, channels=(MELODY, BASS, PAD))


def rehearsed(seconds: float, band: Set = BAND, conductor: FakeConductor | None = None) -> OfflineBand:
    """A band that the musician has woken with a note at a half of a second, and that plays."""
    predictor = FakePredictor()
    predictor.chord_predictor = conductor
    offline = OfflineBand(band, predictor, seed=1)
    offline.play(NoteOn(0, 64, 90), 0.5)
    offline.play(NoteOff(0, 64), 0.9)
    offline.advance(seconds)
    return offline


def past_of(offline: OfflineBand) -> RestoredState:
    messages: list[Sent | Anchor | EngineStatus] = [offline.anchor, *offline.sent, offline.engine.status]
    return restore(messages, offline.now_s, 16)


def plays(engine: Engine, from_s: float, seconds: float) -> list[Note]:
    """What an engine commits in a number of seconds."""
    notes = []
    now_s = from_s
    while now_s < from_s + seconds:
        notes += [instruction.note for instruction in engine.tick(now_s) if isinstance(instruction, Play)]
        now_s += 0.01
    return notes


def test_the_band_goes_on_with_its_buffers_and_without_a_new_note() -> None:
    offline = rehearsed(6.0)
    predictor = FakePredictor()
    engine = Engine(BAND, predictor, seed=2)
    engine.resume(past_of(offline), offline.now_s)
    assert engine.status == offline.engine.status
    assert engine.status.awake
    notes = plays(engine, offline.now_s, 4.0)
    assert {note.channel for note in notes} == {0, 1}
    now_beat = offline.anchor.beat_at(offline.now_s)
    assert all(note.onset_beats > now_beat - 0.05 for note in notes)
    played = {on.pitch for _, on in ons(offline.sent, 1)}
    assert played & set(predictor.heard[:, codec.PITCH].tolist())  # the model has heard what the bass played before


def test_a_tabla_that_strikes_keys_of_its_own_remembers_what_they_mean() -> None:
    tabla = replace(BASS, percussion=((60, 36), (61, 38)))
    offline = rehearsed(6.0, replace(BAND, channels=(MELODY, tabla, PAD)))
    assert {on.pitch for _, on in ons(offline.sent, 1)} <= {36, 38}
    predictor = FakePredictor()
    engine = Engine(offline.engine.band, predictor, seed=2)
    engine.resume(past_of(offline), offline.now_s)
    plays(engine, offline.now_s, 1.0)
    struck = [
        row[codec.PITCH]
        for question in predictor.questions
        for row in question.rows[0]
        if row[codec.INSTRUMENT] == PERCUSSION
    ]
    assert {60, 61} & set(struck)
    assert not {36, 38} & set(struck)


def test_bars_begin_where_they_began() -> None:
    offline = rehearsed(6.0)
    engine = Engine(BAND, FakePredictor(), seed=2)
    engine.resume(past_of(offline), offline.now_s)
    assert engine.status.zero_beats == offline.engine.status.zero_beats == pytest.approx(1.0)


def test_the_harmony_goes_on_with_the_chords_that_were_planned() -> None:
    chords = FakeConductor(certain=45)
    offline = rehearsed(6.0, conductor=chords)
    predictor = FakePredictor()
    predictor.chord_predictor = after = FakeConductor(certain=35)
    engine = Engine(BAND, predictor, seed=2)
    engine.resume(replace(past_of(offline), chords=((1.0, 45), (3.0, 25), (5.0, 45))), offline.now_s)
    plays(engine, offline.now_s, 4.0)
    _, asked, *_ = after.asked[0]
    assert asked[-5:-1] == [45, 25, 45, 45]
    assert engine.status.chord is not None
    assert engine.status.chord[1] == 35


def test_a_key_that_was_held_is_heard_to_come_up() -> None:
    anchor = Anchor(0.0, 0.5, 0.0)
    past = RestoredState(anchor, EngineStatus(1.0, True), {}, ((Note(0, 64, 90, 1.0, None), "musician"),))
    engine = Engine(BAND, FakePredictor(), seed=2)
    engine.resume(past, 4.0)
    assert not [note for note in plays(engine, 4.0, 4.0) if note.channel == 0]
    engine.handle(Heard(NoteOff(0, 64), 8.0, 16.0))
    assert [note for note in plays(engine, 8.0, 4.0) if note.channel == 0]


def test_a_band_that_slept_sleeps_on_and_nothing_is_remembered_of_nothing() -> None:
    for past in (RestoredState(), replace(past_of(rehearsed(3.0)), status=EngineStatus())):
        engine = Engine(BAND, FakePredictor(), seed=2)
        engine.resume(past, 3.0)
        assert plays(engine, 3.0, 4.0) == []


def test_a_part_that_has_yet_to_enter_does_so_at_a_bar_line() -> None:
    late = replace(BAND, channels=(MELODY, replace(BASS, entry_bars=2)))
    engine = Engine(late, FakePredictor(), seed=2)
    past = past_of(rehearsed(1.5, late))
    engine.resume(past, 1.5)
    first = min(note.onset_beats for note in plays(engine, 1.5, 6.0) if note.channel == 1)
    assert first == pytest.approx(1.0 + 8.0)


def test_a_part_that_may_no_longer_play_falls_silent_and_the_others_play_on() -> None:
    offline = rehearsed(4.0)
    changed = replace(BAND, channels=(MELODY, replace(BASS, role="player"), replace(PAD, role="accompany")))
    assert offline.engine.use(changed, offline.now_s) == [Release(1, FADE_BEATS), Release(2, FADE_BEATS)]
    notes = plays(offline.engine, offline.now_s, 4.0)
    assert {note.channel for note in notes} == {0, 2}
    bar_beats = min(note.onset_beats for note in notes if note.channel == 2) - offline.engine.status.zero_beats
    assert bar_beats % 4 == pytest.approx(0.0)


def test_a_new_range_counts_beyond_the_commit_line() -> None:
    offline = rehearsed(4.0)
    offline.engine.use(replace(BAND, channels=(MELODY, replace(BASS, lowest=100, highest=110))), offline.now_s)
    line = offline.anchor.beat_at(offline.now_s) + BAND.commit_beats
    notes = [note for note in plays(offline.engine, offline.now_s, 4.0) if note.channel == 1]
    assert notes
    assert all(100 <= note.pitch <= 110 for note in notes if note.onset_beats > line + 0.05)


def test_a_key_held_on_a_channel_that_is_switched_off_holds_nothing_up() -> None:
    band = replace(BAND, rest_after_beats=4.0)
    offline = rehearsed(2.0, band)
    offline.play(NoteOn(2, 60, 90), 2.0)
    offline.engine.use(replace(band, channels=(MELODY, BASS, replace(PAD, role="off"))), 2.1)
    plays(offline.engine, 2.1, 8.0)
    assert not offline.engine.status.awake


def test_sets_that_change_all_the_time_leave_no_note() -> None:
    offline = rehearsed(3.0)
    other = replace(BAND, channels=(replace(MELODY, role="off"), replace(BASS, role="continue"), PAD))
    for i in range(100):
        for instruction in offline.engine.use(BAND if i % 2 else other, offline.now_s):
            offline._router.obey(instruction, offline.now_s)
        offline.advance(offline.now_s + 0.05)
    heard = len(ons(offline.sent))
    offline.advance(offline.now_s + 4.0)
    assert len(ons(offline.sent)) > heard
    offline.close()
    assert not sounding(offline.sent)
