from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from music import write_melody
from tiny import little_song, read

from bollylive.model import codec
from bollylive.model.bar_echoes import ECHO_FIELDS, ECHOES, NO_ECHO
from bollylive.model.context import (
    CONTEXT_SIZE,
    KICK,
    ONSET_NOW,
    OTHER_PERCUSSION,
    SINCE_ONSET,
    SNARE,
    SOUNDING,
    VOICES,
)
from training.baselines.flat import flatten
from training.data.corpus import ONSET, PITCH, VELOCITY, VOICE, Song
from training.sequences import sequence as sequence_room
from training.sequences.dataset import Batches, collate, draw_augment, forget, hold
from training.sequences.sequence import Augment, cut_songs, draw_places, make_sequence, some_sequences

FLUTE, HARMONIUM, BASS, DRUMS = (73, 20, 33, codec.PERCUSSION)


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Song:
    return little_song(tmp_path_factory.mktemp("song"))


def _voice(song: Song, instrument: int) -> int:
    return int(np.flatnonzero(song.instruments == instrument)[0])


def _melody(folder: Path, notes: list[tuple[float, int]]) -> Song:
    """A song of these notes, filled up at its end to be long enough to be read."""
    end = notes[-1][0] + 1
    return read(write_melody(folder / "melody.mid", notes + [(end + i, 60) for i in range(8 - len(notes))]))


def _notes(rows: codec.Rows) -> codec.Rows:
    notes: codec.Rows = rows[rows[:, codec.PITCH] != codec.REST]
    return notes


def test_rows_tell_the_notes_of_the_voice_after_a_rest_of_the_lead_in(song: Song) -> None:
    voice = _voice(song, FLUTE)
    rows = make_sequence(song, voice, 0, 100, Augment(lead_in=12)).rows
    own = song.notes[song.notes[:, VOICE] == voice]
    assert rows[0, codec.PITCH] == codec.REST
    assert rows[0, codec.NEXT] == codec.CHOOSE  # nobody chose when a voice comes in
    assert rows[1, codec.ONSET] == 12
    assert _notes(rows)[:, codec.PITCH].tolist() == own[:, PITCH].tolist()
    assert set(rows[:, codec.INSTRUMENT].tolist()) == {FLUTE}


def test_each_next_is_the_onset_of_the_row_after_it(song: Song) -> None:
    rows = make_sequence(song, _voice(song, HARMONIUM), 3, 20, Augment()).rows
    assert rows[1:-1, codec.NEXT].tolist() == rows[2:, codec.ONSET].tolist()


def test_rests_fill_a_silence_so_that_no_row_is_further_than_a_wait_from_the_next(tmp_path: Path) -> None:
    song = _melody(tmp_path, [(0.0, 60), (7.0, 62)])
    rows = make_sequence(song, 0, 0, 100, Augment()).rows
    words = [
        60 if pitch == 60 else "rest" if pitch == codec.REST else pitch for pitch in rows[:6, codec.PITCH].tolist()
    ]
    assert words == ["rest", 60, "rest", "rest", "rest", 62]
    assert rows[:6, codec.NEXT].tolist() == [codec.CHOOSE, codec.WAIT, codec.WAIT, codec.WAIT, 24, 24]
    assert rows[5, codec.PREVIOUS] == 60


def test_a_sequence_ends_before_a_silence_that_is_longer_than_anybody_waits(tmp_path: Path) -> None:
    song = _melody(tmp_path, [(0.0, 60), (1.0, 62), (100.0, 64)])
    rows = make_sequence(song, 0, 0, 100, Augment()).rows
    assert _notes(rows)[:, codec.PITCH].tolist() == [60, 62]
    assert rows[-1, codec.NEXT] == codec.CHOOSE


def test_a_voice_longer_than_asked_is_cut_and_its_last_row_still_knows_what_follows(song: Song) -> None:
    voice = _voice(song, FLUTE)
    short, long = (make_sequence(song, voice, 0, length, Augment()).rows for length in (10, 11))
    assert len(short) == 10
    assert short[-1, 4] == long[-1, 0]


def test_the_last_row_waits_where_a_rest_follows_the_cut(tmp_path: Path) -> None:
    song = _melody(tmp_path, [(0.0, 60), (7.0, 62)])
    assert make_sequence(song, 0, 0, 2, Augment()).rows[-1, codec.NEXT] == codec.WAIT


def test_the_place_in_the_bar_counts_from_the_last_bar_line(song: Song) -> None:
    rows = make_sequence(song, _voice(song, BASS), 0, 50, Augment()).rows
    assert set(_notes(rows)[:, codec.PLACE].tolist()) == {0, 48}
    assert set(rows[:, codec.CYCLE].tolist()) == {96}


def test_transposing_moves_pitched_voices_and_their_harmony_but_no_drum(song: Song) -> None:
    voice, drums = _voice(song, FLUTE), _voice(song, DRUMS)
    plain, moved = (make_sequence(song, voice, 0, 40, Augment(transpose=by)) for by in (0, 3))
    assert (_notes(moved.rows)[:, codec.PITCH] - _notes(plain.rows)[:, codec.PITCH]).tolist() == [3] * len(
        _notes(plain.rows)
    )
    assert np.allclose(moved.context[:, SOUNDING], np.roll(plain.context[:, SOUNDING], 3, axis=1))
    beat, same = (make_sequence(song, drums, 0, 40, Augment(transpose=by)).rows for by in (0, 3))
    assert np.array_equal(beat, same)


def test_louder_stays_within_midi(song: Song) -> None:
    voice = _voice(song, FLUTE)
    loud = _notes(make_sequence(song, voice, 0, 40, Augment(louder=100)).rows)
    soft = _notes(make_sequence(song, voice, 0, 40, Augment(louder=-127)).rows)
    assert set(loud[:, 3].tolist()) == {codec.VELOCITIES - 1}
    assert set(soft[:, 3].tolist()) == {0}


def test_without_context_nothing_is_heard_and_the_missing_are_not_heard(song: Song) -> None:
    voice = _voice(song, FLUTE)
    others = frozenset(range(len(song.instruments))) - {voice}
    silent = make_sequence(song, voice, 0, 40, Augment(without_context=True))
    alone = make_sequence(song, voice, 0, 40, Augment(missing=others))
    undrummed = make_sequence(song, voice, 0, 40, Augment(missing=frozenset({_voice(song, DRUMS)})))
    assert not silent.context.any()
    assert np.array_equal(alone.context, silent.context)
    assert not undrummed.context[:, [KICK, SNARE, OTHER_PERCUSSION]].any()
    assert undrummed.context[:, SOUNDING].any()


def test_what_is_heard_late_is_what_sounded_earlier(song: Song) -> None:
    everybody = frozenset(range(len(song.instruments)))
    drums = _voice(song, DRUMS)  # the last to decide at a tick, so they hear the others' onsets there
    now, late = (make_sequence(song, drums, 0, 40, Augment(lag=lag, lagging=everybody)).context for lag in (0, 12))
    assert now[:, ONSET_NOW].any()
    assert not late[:, ONSET_NOW].any()  # an onset right now is never known
    assert late[:, SINCE_ONSET].max() < now[:, SINCE_ONSET].max()


def test_only_who_lags_is_heard_late(song: Song) -> None:
    bass, harmonium = _voice(song, BASS), _voice(song, HARMONIUM)
    drums = _voice(song, DRUMS)
    context = [
        make_sequence(song, drums, 0, 40, Augment(lag=48, lagging=frozenset(lagging))).context
        for lagging in ((), (bass,), (bass, harmonium))
    ]
    sounding = [float(one[:, VOICES].sum()) for one in context]
    assert sounding == sorted(sounding, reverse=True)
    assert len(set(sounding)) == 3


def test_a_change_of_key_moves_what_came_before_it_voice_by_voice(song: Song) -> None:
    flute, bass, drums = (_voice(song, instrument) for instrument in (FLUTE, BASS, DRUMS))
    ticks = np.zeros(len(song.instruments), dtype=np.int64)
    ticks[flute], ticks[drums] = 4 * 96, 99 * 96
    change = Augment(key_change=2, key_ticks=ticks)
    for voice, bars in ((flute, 4), (bass, 0), (drums, 0)):
        plain, moved = (make_sequence(song, voice, 0, 60, augment).rows for augment in (Augment(), change))
        onset = song.notes[song.notes[:, VOICE] == voice][: len(_notes(plain)), ONSET]
        assert (_notes(moved)[:, 1] - _notes(plain)[:, 1]).tolist() == (2 * (onset < bars * 96)).tolist()


@given(st.sampled_from([FLUTE, HARMONIUM, DRUMS]), st.sampled_from([0.1, 0.5, 1.0]), st.integers(0, 99))
def test_a_voice_with_input_noise_hears_other_pitches_and_still_wants_the_real_ones(
    song: Song, instrument: int, share: float, seed: int
) -> None:
    voice = _voice(song, instrument)
    plain = make_sequence(song, voice, 0, 60, Augment())
    noisy = make_sequence(song, voice, 0, 60, Augment(input_noise=share, seed=seed))
    words = [0, 1, 2, 3, 4, 5, 6, 7]
    assert np.array_equal(noisy.rows[:, words], plain.rows[:, words])
    assert np.array_equal(np.delete(noisy.heard, [1, 8], axis=1), np.delete(plain.rows, [1, 8], axis=1))
    assert np.array_equal(noisy.rows[:, codec.PREVIOUS], noisy.heard[:, codec.PREVIOUS])
    sounded = codec.REST
    for pitch, previous in noisy.heard[:, [codec.PITCH, codec.PREVIOUS]].tolist():
        assert previous == sounded
        sounded = sounded if pitch == codec.REST else pitch
    in_chord = (noisy.rows[:, codec.ONSET] == 0) & (noisy.rows[:, codec.PITCH] != codec.REST)
    assert (noisy.rows[in_chord, codec.PITCH] > noisy.rows[in_chord, codec.PREVIOUS]).all()
    assert instrument == DRUMS or share < 1 or not np.array_equal(noisy.heard, plain.rows)


def test_a_melody_that_came_alone_may_be_sung_by_another(song: Song) -> None:
    assert set(make_sequence(song, 0, 0, 20, Augment(instrument=65)).rows[:, codec.INSTRUMENT].tolist()) == {65}


@given(st.integers(0, 2**32))
def test_whatever_is_drawn_makes_rows_the_model_can_take(song: Song, seed: int) -> None:
    rng = np.random.default_rng(seed)
    voice = int(rng.integers(len(song.instruments)))
    augment = draw_augment(song, voice, 0, 40, rng)
    sequence = hold(make_sequence(song, voice, int(rng.integers(10)), 24, augment), rng)
    rows = sequence.heard
    sizes = (codec.ONSETS, codec.PITCHES + 1, codec.DURATIONS + 1, codec.VELOCITIES)
    assert voice not in augment.missing
    for column, size in enumerate(sizes):
        assert ((rows[:, column] >= 0) & (rows[:, column] < size)).all()
    assert ((rows[1:-1, codec.NEXT] >= 0) & (rows[1:-1, codec.NEXT] < codec.ONSETS)).all()
    assert sequence.context.shape == (len(rows), CONTEXT_SIZE)
    assert ((sequence.context >= 0) & (sequence.context <= 1)).all()


def test_holding_hides_durations_from_the_state_but_not_from_the_score(song: Song) -> None:
    plain = make_sequence(song, _voice(song, HARMONIUM), 0, 30, Augment())
    held = [hold(plain, np.random.default_rng(seed)) for seed in range(20)]
    assert all(np.array_equal(sequence.rows, plain.rows) for sequence in held)
    assert any((sequence.heard[:, codec.DURATION] == codec.HELD).any() for sequence in held)
    for sequence in held:
        changed = (sequence.heard != sequence.rows).any(axis=1)
        assert (sequence.heard[changed, codec.DURATION] == codec.HELD).all()
        assert (sequence.rows[changed, codec.PITCH] != codec.REST).all()


def test_a_beat_that_repeats_each_bar_is_its_own_echo(song: Song) -> None:
    sequence = make_sequence(song, _voice(song, DRUMS), 0, 60, Augment(transpose=3))
    later = sequence.rows[:, codec.PITCH] != codec.REST
    later[:30] = False
    assert np.array_equal(sequence.echoes[later, 0, 0], sequence.rows[later, codec.PITCH])


def test_echoes_are_transposed_with_the_song(song: Song) -> None:
    plain, moved = (make_sequence(song, _voice(song, FLUTE), 0, 60, Augment(transpose=by)).echoes for by in (0, 3))
    told = plain[..., 0] != codec.REST
    assert told.any()
    assert np.array_equal(moved[told][:, 0], plain[told][:, 0] + 3)
    assert np.array_equal(moved[..., 1:], plain[..., 1:])


def test_forgetting_takes_whole_echoes_away_and_leaves_most_sequences_alone(song: Song) -> None:
    plain = make_sequence(song, _voice(song, DRUMS), 0, 60, Augment())
    assert all((plain.echoes[:, slot] != NO_ECHO).any() for slot in range(ECHOES))
    whole = 0
    for seed in range(40):
        forgot = forget(plain, np.random.default_rng(seed))
        assert np.array_equal(forgot.rows, plain.rows)
        gone = [(forgot.echoes[:, slot] == NO_ECHO).all() for slot in range(ECHOES)]
        for slot in range(ECHOES):
            assert gone[slot] or np.array_equal(forgot.echoes[:, slot], plain.echoes[:, slot])
        whole += not any(gone)
    assert 20 < whole < 40


def test_a_note_that_is_still_held_sounds_in_the_echoes_as_long_as_it_was(song: Song) -> None:
    plain = make_sequence(song, _voice(song, DRUMS), 0, 60, Augment())
    held = [hold(plain, np.random.default_rng(seed)) for seed in range(20)]
    assert any((sequence.heard != plain.heard).any() for sequence in held)
    assert all(np.array_equal(sequence.echoes, plain.echoes) for sequence in held)


def test_echoes_are_searched_for_only_where_they_are_asked_for_and_once(
    song: Song, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[int] = []

    def count(rows: codec.Rows, ticks: codec.Rows) -> codec.Rows:
        searched.append(len(rows))
        return np.zeros((len(rows), ECHOES, len(ECHO_FIELDS)), dtype=np.int64)

    monkeypatch.setattr(sequence_room, "find_echoes", count)
    sequences = list(cut_songs([song], 30))
    flatten(sequences)
    forgot = forget(hold(sequences[0], np.random.default_rng(0)), np.random.default_rng(0))
    assert searched == []
    assert forgot.echoes is forgot.echoes
    assert searched == [len(forgot.rows)]


def test_padding_asks_for_nothing(song: Song) -> None:
    sequence = make_sequence(song, 0, 0, 10, Augment())
    rows, heard, echoes, context = collate([sequence, make_sequence(song, 1, 0, 5, Augment())], 12)
    assert rows.shape == heard.shape == (2, 12, len(codec.FIELDS))
    assert np.array_equal(rows[0, :10].numpy(), sequence.rows)
    assert set(rows[1, 5:, codec.PITCH].tolist()) == {codec.REST}
    assert set(rows[1, 5:, codec.NEXT].tolist()) == {codec.CHOOSE}
    assert not context[1, 5:].any()
    assert (echoes[1, 5:] == torch.tensor(NO_ECHO)).all()


def test_cutting_a_song_takes_every_note_once(tmp_path: Path, song: Song) -> None:
    gaps = _melody(tmp_path, [(0.0, 60), (5.0, 62), (50.0, 64), (51.0, 65)])
    for each in (song, gaps):
        sequences = list(cut_songs([each], 16))
        taken = sorted(pitch for s in sequences for pitch in _notes(s.rows)[:, codec.PITCH].tolist())
        assert taken == sorted(each.notes[:, PITCH].tolist())
        assert max(len(s.rows) for s in sequences) <= 16


def test_the_same_seed_takes_the_same_sequences(song: Song) -> None:
    first, again, other = (some_sequences([song], 16, 5, seed) for seed in (1, 1, 2))
    assert len(first) == 5
    assert all(np.array_equal(a.rows, b.rows) for a, b in zip(first, again, strict=True))
    assert not all(np.array_equal(a.rows, b.rows) for a, b in zip(first, other, strict=True))
    assert some_sequences([], 16, 5, 1) == []


def test_few_sequences_tell_of_many_songs_and_voices(tmp_path: Path) -> None:
    songs = [little_song(tmp_path, seed) for seed in range(3)]
    places = draw_places(songs, 16, 6, 1)
    assert [places[i][0].name for i in range(3)] == [places[i][0].name for i in range(3, 6)]
    assert len({place[0].name for place in places}) == 3
    assert all(places[i][1] != places[i + 3][1] for i in range(3))
    every = draw_places(songs, 16, 1000, 1)
    assert len({(song.name, voice, first) for song, voice, first in every}) == len(every)
    assert {first % 16 for _, _, first in every} == {0}
    for song, voice, first in every:
        assert first < (song.notes[:, VOICE] == voice).sum()


def test_batches_are_the_same_for_a_seed_and_of_the_shape_asked_for(song: Song) -> None:
    first, again = (list(islice(Batches([(1.0, [song])], 3, 12, seed=5), 2)) for _ in range(2))
    for a, b in zip(first, again, strict=True):
        assert all(torch.equal(x, y) for x, y in zip(a, b, strict=True))
        assert [tuple(x.shape) for x in a] == [
            (3, 12, 9),
            (3, 12, 9),
            (3, 12, ECHOES, len(ECHO_FIELDS)),
            (3, 12, CONTEXT_SIZE),
        ]


def test_corpora_are_drawn_by_their_weight(tmp_path: Path, song: Song) -> None:
    melody = _melody(tmp_path, [(0.0, 60), (1.0, 62)])
    batches = Batches([(9.0, [song]), (1.0, [melody])], 1, 24, seed=3)
    rng = np.random.default_rng(0)
    # Only the melody's notes come alone: nobody else is heard.
    silent = sum(not batches.draw(rng).context.any() for _ in range(200))
    assert 10 < silent < 80


def test_loudness_and_time_of_the_song_itself_are_not_touched(song: Song) -> None:
    before = song.notes.copy()
    make_sequence(song, 0, 0, 20, Augment(transpose=5, louder=9, lag=12, lagging=frozenset({0})))
    assert np.array_equal(song.notes[:, [ONSET, VELOCITY, PITCH]], before[:, [ONSET, VELOCITY, PITCH]])
