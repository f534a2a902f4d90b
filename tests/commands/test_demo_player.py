from __future__ import annotations

from itertools import pairwise

from bollylive.demo_player import BARS, BEATS_PER_BAR, demo_notes

YAMAN = {0, 2, 4, 6, 7, 9, 11}  # pitch classes over C: the major scale with a raised fourth


def test_the_phrase_keeps_to_raga_yaman_and_uses_all_of_it() -> None:
    assert {note.pitch % 12 for note in demo_notes()} == YAMAN


def test_every_bar_is_full() -> None:
    assert {len(bar.split()) for bar in BARS} == {8}


def test_it_is_eight_bars_of_one_voice() -> None:
    notes = demo_notes()
    ends = [note.onset_beats + (note.duration_beats or 0.0) for note in notes]
    assert all(end <= later.onset_beats for end, later in zip(ends, notes[1:], strict=False))
    assert all(before.onset_beats < later.onset_beats for before, later in pairwise(notes))
    assert 7 * BEATS_PER_BAR < ends[-1] <= 8 * BEATS_PER_BAR


def test_a_held_word_sounds_on_and_a_silence_does_not() -> None:
    by_onset = {note.onset_beats: note.duration_beats or 0.0 for note in demo_notes()}
    assert 1.0 < by_onset[1.0] < 1.5  # G - - in the first bar
    assert 14.5 not in by_onset  # S - _ _ in the fourth: held to 15, then silent
    assert by_onset[14.0] <= 1.0


def test_it_is_easy_to_play_on_a_melody_instrument() -> None:
    notes = demo_notes(channel=3)
    assert {note.channel for note in notes} == {3}
    assert all(55 <= note.pitch <= 79 and 60 <= note.velocity <= 110 for note in notes)
    assert max(abs(before.pitch - later.pitch) for before, later in pairwise(notes)) <= 12
