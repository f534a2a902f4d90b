"""A band around a melody: what it keeps, what it may not do, and what the stage writes."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from tunes import dadra_song, keherwa_song

from bollylive.model.codec import PERCUSSION
from training.__main__ import main
from training.arranging.arrange import arrange, common_tonic, has_melodies
from training.arranging.arrangement import arrange_song, clean, lead_notes
from training.arranging.bandkind import draw_band
from training.arranging.bass import HIGHEST, LOWEST, play_bass
from training.arranging.chart import Chart, Chord, Section, Tone, swing, swung
from training.arranging.chords import play_comping, play_pad, play_tanpura, voice_chord, voicings
from training.arranging.counter import gaps_of, scale_step
from training.arranging.form import draw_form, first_sam
from training.arranging.harmonise import harmonise, joined, split_slots
from training.arranging.kit import play_cymbals, play_kit
from training.arranging.metre import Metre, find_metre
from training.arranging.talas import TALAS
from training.data.corpus import DURATION, ONSET, PITCH, VELOCITY, VOICE, Song, load_corpus, save_corpus
from training.data.tonality import Key, find_key
from training.errors import TrainingError

_VARIANTS = range(1, 13)


def _arranged(song: Song, variant: int, *, raga: bool = False, seed: int = 1) -> Song:
    melody = lead_notes(song)
    tonic = 0 if raga else None
    metre, key = find_metre(melody, raga=raga), find_key(melody, raga=raga, tonic=tonic)
    return arrange_song(song, metre, key, seed, variant, raga=raga)


def _voices(song: Song, programs: range) -> list[np.ndarray[tuple[int, ...], np.dtype[np.int32]]]:
    return [song.notes[song.notes[:, VOICE] == v] for v, i in enumerate(song.instruments) if int(i) in programs]


def test_the_same_seed_gives_the_same_notes() -> None:
    first, again = (_arranged(keherwa_song(), 3) for _ in range(2))
    assert np.array_equal(first.notes, again.notes)
    assert np.array_equal(first.instruments, again.instruments)


def test_another_variant_or_seed_gives_another_band() -> None:
    one = _arranged(keherwa_song(), 1)
    assert len({len(_arranged(keherwa_song(), variant).notes) for variant in _VARIANTS}) > 6
    assert len(one.notes) != len(_arranged(keherwa_song(), 1, seed=2).notes)


@pytest.mark.parametrize("variant", _VARIANTS)
@pytest.mark.parametrize("raga", [False, True])
def test_the_melody_is_there_as_it_was(variant: int, raga: bool) -> None:
    song = keherwa_song()
    arranged = _arranged(song, variant, raga=raga)
    lasts = int(song.notes[-1, ONSET])

    def sings_it(voice: int) -> bool:
        notes = arranged.notes[arranged.notes[:, VOICE] == voice]
        for start in notes[:, ONSET]:
            part = notes[(notes[:, ONSET] >= start) & (notes[:, ONSET] <= start + lasts)]
            if len(part) == len(song.notes) and np.array_equal(part[:, ONSET] - start, song.notes[:, ONSET]):
                return bool(
                    np.array_equal(part[:, PITCH], song.notes[:, PITCH])
                    and np.array_equal(part[:, DURATION], song.notes[:, DURATION])
                )
        return False

    assert any(sings_it(voice) for voice in range(len(arranged.instruments)))


@pytest.mark.parametrize("variant", _VARIANTS)
def test_a_transposed_melody_has_a_transposed_band(variant: int) -> None:
    here, there = (_arranged(keherwa_song(transpose=t), variant) for t in (0, 5))
    assert np.array_equal(here.instruments, there.instruments)
    for voice, program in enumerate(here.instruments):
        lows, highs = (song.notes[song.notes[:, VOICE] == voice] for song in (here, there))
        if program == PERCUSSION:
            assert np.array_equal(lows, highs)
        elif 32 <= program < 40:
            on_bar = [
                {(int(n[ONSET]), (int(n[PITCH]) - t) % 12) for n in part if n[ONSET] % 96 == 0}
                for part, t in ((lows, 0), (highs, 5))
            ]
            assert on_bar[0] == on_bar[1]


@pytest.mark.parametrize("variant", _VARIANTS)
def test_the_bass_stays_in_its_register_and_the_melody_is_the_loudest(variant: int) -> None:
    song = _arranged(dadra_song(), variant)
    for bass in _voices(song, range(32, 40)):
        assert bass[:, PITCH].min() >= LOWEST
        assert bass[:, PITCH].max() <= HIGHEST
    loud = [float(part[:, VELOCITY].mean()) for part in _voices(song, range(128))]
    assert max(loud) > 85
    assert sorted(loud)[:-1] == [level for level in sorted(loud) if level < 80]


@pytest.mark.parametrize("variant", _VARIANTS)
def test_every_note_is_one_that_midi_can_play(variant: int) -> None:
    song = _arranged(keherwa_song(), variant)
    assert song.notes[:, ONSET].min() >= 0
    assert song.notes[:, DURATION].min() >= 1
    assert song.notes[:, PITCH].min() >= 0
    assert song.notes[:, PITCH].max() < 128
    assert 1 <= song.notes[:, VELOCITY].min() <= song.notes[:, VELOCITY].max() <= 127
    assert len(np.unique(song.notes[:, [ONSET, PITCH, VOICE]], axis=0)) == len(song.notes)
    assert (np.diff(song.notes[:, ONSET]) >= 0).all()


@pytest.mark.parametrize("variant", _VARIANTS)
def test_a_raga_is_accompanied_by_its_scale_alone(variant: int) -> None:
    song = _arranged(keherwa_song(), variant, raga=True)
    own = set((keherwa_song().notes[:, PITCH] % 12).tolist())
    for part in _voices(song, range(128)):
        assert set((part[:, PITCH] % 12).tolist()) <= own
    assert not _voices(song, range(32, 40))


def test_bars_are_the_talas_and_the_name_says_which_variant() -> None:
    song = _arranged(dadra_song(), 2)
    assert song.bars.tolist() == [[0, find_metre(dadra_song().notes, raga=False).cycle]]
    assert (song.name, song.work) == ("tune.mid#2", "tune")


def test_chords_hold_most_of_what_is_sung() -> None:
    notes = keherwa_song().notes
    metre, key = find_metre(notes, raga=False), find_key(notes, raga=False)
    chords = harmonise(notes, split_slots(0, 1536, metre, halves=True), metre, key, random.Random(1))
    held = [
        int(n[DURATION])
        for n in notes
        if int(n[PITCH]) % 12 in next(c for c in chords if n[ONSET] < c.end).classes and n[DURATION] >= 24
    ]
    assert sum(held) > 0.75 * sum(int(n[DURATION]) for n in notes if n[DURATION] >= 24)
    assert (chords[-1].root, chords[-1].minor) == (0, False)


def test_chords_follow_without_a_gap_and_repeated_ones_are_joined() -> None:
    notes = keherwa_song().notes
    metre = find_metre(notes, raga=False)
    slots = split_slots(0, 384, metre, halves=False)
    assert slots == [(0, 96), (96, 192), (192, 288), (288, 384)]
    chords = [Chord(*slots[0], 0, False), Chord(*slots[1], 0, False), Chord(*slots[2], 0, True)]
    assert joined(chords) == [Chord(0, 192, 0, False), Chord(192, 288, 0, True)]


def test_voices_move_little_from_chord_to_chord() -> None:
    led = voicings([Chord(0, 1, 0, False), Chord(1, 2, 5, False), Chord(2, 3, 7, False), Chord(3, 4, 0, False)])
    for (_, here), (_, there) in pairwise(led):
        assert max(abs(a - b) for a, b in zip(here, there, strict=True)) <= 4
    assert {p % 12 for p in voice_chord(Chord(0, 1, 9, True), ())} == {9, 0, 4}


def test_a_scale_step_leaves_out_what_the_scale_lacks() -> None:
    key = Key(0, (0, 2, 4, 7, 9), False)
    assert [scale_step(key, 60, steps) for steps in (1, 2, 3, -1, -5)] == [62, 64, 67, 57, 48]


def test_only_long_rests_are_answered() -> None:
    melody = [Tone(0, 24, 60, 90), Tone(24, 12, 62, 90), Tone(96, 12, 64, 90)]
    assert gaps_of(melody, 0, 96) == [(36, 96, 62)]


def test_an_upbeat_sounds_before_the_first_verse() -> None:
    notes = keherwa_song().notes.copy()
    notes[:, ONSET] += 24
    notes = np.concatenate([np.array([[0, 24, 55, 100, 0]], dtype=np.int32), notes])
    metre = find_metre(notes, raga=False)
    assert first_sam(notes, metre) == 24
    form = draw_form(notes, metre, random.Random(1))
    assert form.sections[0].kind == "intro"


def test_swing_delays_the_half_beat_only() -> None:
    assert [swung(tick, 4) for tick in (0, 6, 12, 18, 24, 36)] == [0, 8, 16, 20, 24, 40]
    assert swing([Tone(12, 12, 60, 80)], 4) == [Tone(16, 8, 60, 80)]


def test_a_struck_pitch_ends_the_one_that_still_sounds() -> None:
    part = [Tone(0, 48, 60, 80), Tone(24, 12, 60, 70), Tone(24, 12, 60, 90), Tone(-1, 5, 40, 50)]
    assert clean(part) == [Tone(0, 24, 60, 80), Tone(24, 12, 60, 90)]


def _prepared(folder: Path) -> Path:
    save_corpus([keherwa_song(), keherwa_song(transpose=2, valid=True)], folder / "melodies.npz")
    duo = keherwa_song()
    band = Song("duo", "duo", False, duo.notes, np.array([73, 0], dtype=np.int16), duo.bars)
    save_corpus([band], folder / "bands.npz")
    return folder


def test_the_stage_arranges_melodies_and_marks_them_synthetic(tmp_path: Path) -> None:
    data = _prepared(tmp_path)
    command = ["arrange", "--data", str(data), "--variants", "2", "--workers", "1"]
    assert main(command) == 0
    songs = load_corpus(data / "arranged-melodies.npz")
    assert [song.valid for song in songs] == [False, False, True, True]
    assert not (data / "arranged-bands.npz").exists()
    entry = json.loads((data / "manifest.json").read_text())["arranged-melodies"]
    assert (entry["songs"], entry["valid_songs"], entry["synthetic"], entry["from"]) == (4, 2, True, "melodies")
    assert entry["notes"] == sum(len(song.notes) for song in songs)


def test_arranging_again_arranges_no_arrangement(tmp_path: Path) -> None:
    data = _prepared(tmp_path)
    for _ in range(2):
        arrange(data, None, 1, 1, 1)
    assert sorted(path.name for path in data.glob("arranged-*.npz")) == ["arranged-melodies.npz"]


def test_a_missing_corpus_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="'film'; there are bands, melodies"):
        arrange(_prepared(tmp_path), ["film"], 1, 1, 1)


def test_a_corpus_of_bands_or_drums_wants_no_band(tmp_path: Path) -> None:
    data = _prepared(tmp_path)
    song = keherwa_song()
    drums = Song("d", "d", False, song.notes, np.array([PERCUSSION], dtype=np.int16), song.bars)
    save_corpus([drums], data / "drums.npz")
    assert [has_melodies(data / f"{name}.npz") for name in ("melodies", "bands", "drums")] == [True, False, False]


def test_a_folder_without_melodies_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="run prepare"):
        arrange(tmp_path, None, 1, 1, 1)


def test_songs_of_a_raga_corpus_vote_on_sa() -> None:
    assert common_tonic([keherwa_song(transpose=t) for t in (3, 3, 8)]) == 3


def test_who_answers_never_sounds_like_the_melody() -> None:
    bands = [draw_band(random.Random(seed), raga=seed % 2 == 0, grooves=True) for seed in range(300)]
    assert sum(band.counter is not None for band in bands) > 100
    assert not any(band.counter == band.lead for band in bands)
    assert {band.kind for band in bands} == {"raga", "film", "modern", "bhajan", "ghazal", "folk"}


def test_a_bass_walks_into_the_next_chord_by_a_step() -> None:
    chart = _two_chords()
    still = play_bass(chart, frozenset(), random.Random(2), walks=0.0)
    walking = play_bass(chart, frozenset(), random.Random(2), walks=1.0)
    assert {t.pitch % 12 for t in still} <= {0, 5, 7}
    before = next(t for t in walking if t.onset == 96 - 12)
    target = next(t for t in walking if t.onset == 96)
    assert 1 <= abs(before.pitch - target.pitch) <= 2
    assert target.pitch % 12 == 5


def test_a_pad_holds_each_chord_and_comping_plays_its_tones() -> None:
    chart = _two_chords()
    pad = play_pad(chart, frozenset(), random.Random(1))
    assert {t.pitch % 12 for t in pad if t.onset == 96} == {5, 9, 0}
    assert {t.duration for t in pad if t.onset == 96} == {96}
    for chops in (False, True):
        for tone in play_comping(chart, frozenset(), random.Random(1), chops=chops):
            assert tone.pitch % 12 in chart.chord_at(tone.onset).classes


def test_a_kit_marks_where_a_section_begins_and_rolls_where_it_ends() -> None:
    chart = _two_chords()
    part = play_kit(chart, {36: "X...x...", 42: "xxxxxxxx"}, frozenset(), random.Random(1))
    assert [t.onset for t in part if t.pitch == 49] == [0, 192]
    assert {t.onset for t in part if t.pitch in {38, 45}} >= {168, 174, 180, 186}
    assert not [t for t in part if t.pitch == 42 and 168 <= t.onset < 192]


def test_manjira_ring_on_sam_and_close_between() -> None:
    part = play_cymbals(_two_chords(), frozenset())
    assert [(t.onset, t.pitch) for t in part if t.onset < 96] == [(0, 81), (24, 80), (48, 81), (72, 80)]


def test_the_tanpura_begins_with_pa_or_with_what_the_raga_has_instead() -> None:
    for scale, first in (((0, 2, 4, 5, 7), 7), ((0, 2, 4, 5, 9), 5), ((0, 1, 4, 6, 11), 11)):
        chart = replace(_two_chords(), key=Key(2, scale, False))
        pitches = [(t.pitch - 2) % 12 for t in play_tanpura(chart, frozenset(), 24)][:4]
        assert pitches == [first, 0, 0, 0]


def _two_chords() -> Chart:
    metre = Metre(TALAS["keherwa"], 12, 0)
    sections = (Section("verse", 0, 192), Section("outro", 192, 288))
    chords = (Chord(0, 96, 0, False), Chord(96, 192, 5, False), Chord(192, 288, 0, False))
    return Chart(metre, Key(0, (0, 2, 4, 5, 7, 9, 11), False), sections, chords)
