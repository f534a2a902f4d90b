"""Which voice has the melody."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.data.melody import busiest_voice, find_melody


def line(voice: int, *pitches: int, step: int = 24, durations: tuple[int, ...] = ()) -> NDArray[np.int32]:
    """One voice of a note every `step` ticks; 0 puts them into one chord."""
    lengths = durations or (12,) * len(pitches)
    return np.array([(i * step, lengths[i], pitch, 80, voice) for i, pitch in enumerate(pitches)], dtype=np.int32)


def test_the_highest_candidate_has_the_melody() -> None:
    notes = np.concatenate([line(0, 60, 62), line(1, 72, 70), line(2, 90, 91)])
    assert find_melody(notes, [0, 1]) == 1
    assert find_melody(notes, [0, 1, 2]) == 2
    assert find_melody(notes, []) is None
    assert find_melody(notes, [7]) is None


def test_the_first_of_equals_has_it() -> None:
    assert find_melody(np.concatenate([line(0, 60), line(1, 60)]), [1, 0]) == 1


def test_chords_have_no_melody_or_count_against_it() -> None:
    notes = np.concatenate([line(0, 60, 62), line(1, 70, 74, step=0)])
    assert find_melody(notes, [0, 1]) == 1
    assert find_melody(notes, [0, 1], largest_chord=1.5) == 0
    assert find_melody(notes, [1], largest_chord=1.5) is None
    assert find_melody(notes, [0, 1], chord_semitones=10) == 1
    assert find_melody(notes, [0, 1], chord_semitones=12) == 0


def test_height_is_over_notes_or_over_time() -> None:
    notes = np.concatenate([line(0, 60, 80, durations=(90, 10)), line(1, 65, 66)])
    assert find_melody(notes, [0, 1]) == 0
    assert find_melody(notes, [0, 1], by_duration=True) == 1


def test_the_busiest_voice_has_most_notes() -> None:
    assert busiest_voice(np.concatenate([line(0, 60), line(1, 40, 41)])) == 1
