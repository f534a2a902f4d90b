"""Chords, bass and clashes of small music whose figures are worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from takes import chords, notes_of, take, voice

from training.judging.chords import CHORDS, Chord, chord_of, chord_track, chroma, differ
from training.judging.harmony import ChordTrack, band_chords, bass_on_root, clash
from training.judging.take import NO_NOTES

C, F, G, A = 0, 5, 7, 9
MINOR, SEVENTH = (0, 3, 7), (0, 4, 7, 10)


def test_a_chroma_is_the_time_that_each_pitch_class_sounds_within_a_stretch() -> None:
    sound = chroma(notes_of([(-1, 2, 60), (0, 4, 72), (1, 0.5, 64), (3, 5, 67)]), 0, 4)
    assert sound.tolist() == [1 + 4, 0, 0, 0, 0.5, 0, 0, 1, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("pitches", "chord"),
    [
        ([60, 64, 67], Chord(0, "major")),
        ([57, 60, 64], Chord(9, "minor")),
        ([59, 62, 65], Chord(11, "dim")),
        ([67, 72, 74], Chord(7, "sus")),
        ([55, 59, 62, 65], Chord(7, "seventh")),
    ],
)
def test_each_kind_of_chord_is_known_by_its_tones(pitches: list[int], chord: Chord) -> None:
    assert chord_of(chroma(notes_of([(0, 2, pitch) for pitch in pitches]), 0, 2)) == chord


def test_silence_has_no_chord() -> None:
    assert chord_of(np.zeros(12)) is None


def test_the_bass_tells_two_readings_of_the_same_notes_apart() -> None:
    sound = np.bincount([0, 4, 9, 7], minlength=12).astype(float)  # C6 or A minor 7
    assert chord_of(sound, bass=0) == Chord(0, "major")
    assert chord_of(sound, bass=9) == Chord(9, "minor")


def test_a_chord_that_stands_is_kept_while_nothing_speaks_against_it() -> None:
    fifth = np.bincount([0, 7], minlength=12).astype(float)
    assert chord_of(fifth) == chord_of(fifth, last=Chord(0, "major")) == Chord(0, "major")
    assert chord_of(fifth, last=Chord(0, "minor")) == Chord(0, "minor")


def test_a_track_of_chords_has_one_for_each_stretch_and_hears_the_bass() -> None:
    track = chord_track(notes_of(chords(C, F)), NO_NOTES, 2.0, 3)
    assert track == [Chord(0, "major"), Chord(5, "major"), None]
    assert chord_track(NO_NOTES, notes_of([(0, 4, 43)]), 2.0, 2) == [Chord(7, "major")] * 2


def test_only_another_root_or_major_for_minor_is_a_change() -> None:
    assert differ(Chord(0, "major"), Chord(0, "minor"))
    assert differ(Chord(0, "major"), Chord(7, "major"))
    assert not differ(Chord(0, "major"), Chord(0, "seventh"))
    assert not differ(Chord(0, "minor"), Chord(0, "sus"))


def test_changes_longest_chord_and_agreement_are_those_of_the_half_bars() -> None:
    # | C C | F G | C C | C - | F G |: changes C-F, F-G, G-C, C-F, F-G in five bars; C stands from bar 3 into bar 4,
    # and the silence after it counts as its own: four halves.
    c, f, g = (Chord(root, "major") for root in (C, F, G))
    track = ChordTrack([c, c, f, g, c, c, c, None, f, g], per_bar=2)
    assert track.changes_per_bar() == 5 / 5
    assert track.longest() == 2.0
    # 2 bars before: C-C, C-C, F-C, (G, none), C-F, C-G: two of the five that both sound.
    assert track.agreement(2) == 2 / 5
    assert track.agreement(8) is None
    assert track.different() == 3
    assert track.part(1, 2).chords == [f, g]


def test_the_band_has_its_chords_without_lead_and_drums() -> None:
    lead, drums = voice("lead", [(0, 16, 66)]), voice("drums", [(0, 16, 42)])
    track = band_chords(take(lead, voice("other", chords(C, F, G, C, C, F, G, C)), drums, bars=4))
    assert track is not None
    assert [chord.root for chord in track.chords if chord] == [C, F, G, C, C, F, G, C]
    assert track.agreement(2) == 1.0
    assert band_chords(take(lead, voice("other", chords(C, F)), drums, bars=4)) is None  # six notes


def test_a_bar_of_three_has_one_chord() -> None:
    track = band_chords(take(voice("other", chords(C, F, G, beats=3.0)), bars=3, bar_beats=3.0))
    assert track is not None
    assert (track.per_bar, track.changes_per_bar()) == (1, 2 / 3)


def test_the_bass_is_asked_for_the_root_at_beat_one_and_at_all() -> None:
    # Four bars of C, F, G, C. At beat 1 the bass has C, F, D, C: three of four. On beat 3: G, F, G, E: two of four.
    # One more note lies where nobody sounds, and does not count.
    harmony = voice("other", chords(C, F, G, C, beats=4.0))
    bass = [(0, 1, 36), (2, 1, 43), (4, 1, 41), (6, 1, 41), (8, 1, 38), (10, 1, 43), (12, 1, 36), (14, 1, 40)]
    assert bass_on_root(take(harmony, voice("bass", [*bass, (16, 1, 36)]), bars=5)) == (3 / 4, 5 / 8)
    assert bass_on_root(take(harmony, voice("bass", bass[:7]), bars=4)) == (None, None)


def test_a_human_bass_is_on_beat_one_within_a_fiftieth_of_a_bar() -> None:
    harmony = voice("other", chords(C, C, C, C, beats=4.0))
    late = [(4 * bar + 0.07, 1, 36) for bar in range(4)] + [(4 * bar + 0.1, 1, 43) for bar in range(4)]
    assert bass_on_root(take(harmony, voice("bass", late), bars=4)) == (1.0, 0.5)


def test_a_clash_is_a_semitone_against_the_leads_newest_note_at_an_eighth() -> None:
    # The lead holds C for two beats, then rests: four eighths. Beside it sound C sharp (two of them), B an octave
    # lower (one), E (four), and the bass's C (four): 3 of 11. Drums do not count, nor what sounds after the lead.
    lead = voice("lead", [(0, 2, 72)])
    other = voice("other", [(0, 1, 61), (1, 0.5, 47), (0, 4, 64), (2, 2, 61)])
    piece = take(lead, other, voice("bass", [(0, 4, 36)]), voice("drums", [(0, 2, 37)]), bars=1)
    assert clash(piece) == 3 / 11
    assert clash(take(other, bars=1)) is None


def test_a_lead_that_goes_on_while_a_note_is_held_is_heard_by_its_newest_note() -> None:
    lead = voice("lead", [(0, 2, 72), (1, 1, 76)])
    assert clash(take(lead, voice("other", [(0, 2, 65)]), bars=1)) == 2 / 4


def test_all_sixty_chords_are_different() -> None:
    assert len(set(CHORDS)) == 60
