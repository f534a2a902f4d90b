"""What is wrong with a voice in itself."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from training.listening.excerpt import Excerpt
from training.listening.repetition import describe_voices, equal_pitch_runs, repeated_figures, same_bars


def voice(pitches: list[int], steps: list[int] | int = 12, channel: int = 0) -> NDArray[np.int32]:
    """Notes a given number of ticks apart."""
    apart = [steps] * len(pitches) if isinstance(steps, int) else steps
    onsets = np.cumsum([0, *apart])[: len(pitches)]
    rows = [(onset, 6, pitch, 64, channel) for onset, pitch in zip(onsets, pitches, strict=True)]
    return np.array(rows, dtype=np.int32).reshape(-1, 5)


def excerpt(bars: int = 2) -> Excerpt:
    return Excerpt("tiny", "a", voice([]), {0: 73, 1: 40}, {0: (60, 72), 1: (40, 50)}, 0, 96, bars)


def test_a_figure_that_comes_again_is_counted_and_one_in_another_rhythm_is_not() -> None:
    assert repeated_figures(voice([60, 62, 64, 65] * 3), 4) == (9 - 4, 9)
    assert repeated_figures(voice(list(range(60, 72))), 4) == (0, 9)
    assert repeated_figures(voice([60, 62, 64, 65] * 2, [6, 6, 6, 24, 6, 6, 12, 6]), 4) == (0, 5)
    assert repeated_figures(voice([60, 62]), 4) == (0, 0)


def test_a_run_of_one_pitch_is_a_machine_gun_only_in_equal_steps() -> None:
    assert equal_pitch_runs(voice([60] * 8 + [62])) == [(8, True), (1, False)]
    assert equal_pitch_runs(voice([60] * 8, [12, 12, 6, 12, 12, 12, 12, 12])) == [(8, False)]
    uneven = describe_voices([(excerpt(), voice([60] * 8, [12, 12, 6, 12, 12, 12, 12, 12]), [0])])
    assert (uneven["stuck"], uneven["machine_gun"]) == (1, 0)
    assert describe_voices([(excerpt(), voice([60] * 7), [0])])["stuck"] == 0


def test_a_bar_is_the_same_as_the_one_before_only_with_all_its_pitches_and_places() -> None:
    bar = [60, 62, 64, 65]
    assert same_bars(voice(bar * 3, 24), 96) == (2, 2)
    assert same_bars(voice([*bar, 60, 62, 64, 67], 24), 96) == (0, 1)
    assert same_bars(voice([*bar, *bar], [24, 24, 24, 24, 24, 12, 36, 24]), 96) == (0, 1)
    assert same_bars(voice([60, 60], 192), 96) == (0, 1)  # a bar of silence lies between
    assert same_bars(voice(bar, 24), 96) == (0, 0)


def test_the_shares_are_of_all_voices_that_are_listed() -> None:
    stuck = voice([60] * 8 + [90, 62])
    figures = describe_voices([(excerpt(), stuck, [0, 1])])
    assert figures["stuck"] == figures["machine_gun"] == pytest.approx(0.8)
    assert figures["longest_run"] == 8
    assert figures["silent_voices"] == 0.5
    assert figures["out_of_range"] == pytest.approx(0.1)
    assert figures["notes_per_bar"] == pytest.approx(10 / 4)
    assert figures["off_grid"] == 0
    assert figures["velocity"] == 64


def test_what_is_on_neither_sixteenth_nor_triplet_is_off_the_grid() -> None:
    figures = describe_voices([(excerpt(), voice([60, 62, 64, 65], [6, 2, 2, 2]), [0])])  # 0, 6, 8, 10
    assert figures["off_grid"] == 0.25


def test_percussion_may_repeat_itself() -> None:
    figures = describe_voices([(excerpt(), voice([36] * 16, channel=9), [9])])
    assert figures["stuck"] == figures["repeated_4"] == figures["longest_run"] == figures["same_bar"] == 0
    assert figures["same_drum_bar"] == 1
    assert figures["notes_per_bar"] == 8


def test_nothing_at_all_gives_figures_too() -> None:
    figures = describe_voices([(excerpt(), voice([]), [0])])
    assert figures["silent_voices"] == 1
    assert figures["notes_per_bar"] == 0
