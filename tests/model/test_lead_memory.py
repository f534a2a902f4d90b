from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from bollylive.model.chord_predictor import LeadSteps
from bollylive.model.lead_memory import HALF_LIFE_BEATS, remember, signature, signature_of_steps
from bollylive.model.predictor import Floats

C_MAJOR = (0, 2, 4, 5, 7, 9, 11)


def lead_of(rows: Sequence[tuple[int, ...]]) -> LeadSteps:
    """Steps in each of which some classes sound for as long."""
    chroma = np.zeros((len(rows), 12), dtype=np.float32)
    for row, classes in zip(chroma, rows, strict=True):
        row[list(classes)] = 1 / max(len(classes), 1)
    return LeadSteps(chroma, chroma, chroma, chroma)


def sound(*classes: int) -> Floats:
    """A memory of some classes, each for as long."""
    memory = np.zeros(12, dtype=np.float32)
    np.add.at(memory, list(classes), 1)
    return memory


def test_a_class_counts_half_after_128_beats_of_playing() -> None:
    steps = round(HALF_LIFE_BEATS / 2)
    memory = remember(lead_of([(0,)] + [(7,)] * steps), 2.0)
    assert memory[0, 0] == 1
    assert memory[-1, 0] == pytest.approx(0.5, rel=0.02)


def test_a_pause_forgets_nothing() -> None:
    played = remember(lead_of([(0,), (4,)] + [()] * 100), 2.0)
    assert np.array_equal(played[2], played[-1])
    assert played[-1, 0] < played[-1, 4] == 1


def test_the_newest_step_is_heard_as_far_as_it_is_early() -> None:
    lead = lead_of([(0,), (7,)])
    late = LeadSteps(lead.chroma, lead.early * np.float32(0.5), lead.held, lead.first)
    assert remember(late, 2.0)[:, (0, 7)].tolist() == [[0.5, 0.0], [1.0, 0.5]]


@pytest.mark.parametrize("tonic", range(12))
def test_seven_notes_are_their_signature_in_every_key(tonic: int) -> None:
    assert signature(sound(*((tonic + degree) % 12 for degree in C_MAJOR)), None) == tonic


def test_white_notes_without_b_and_with_much_of_g_have_no_sharp() -> None:
    assert signature(sound(7, 7, 7, 7, 2, 2, 4, 4, 0, 9, 5), None) == 0


def test_a_signature_stays_until_another_is_likelier_by_a_margin() -> None:
    both = sound(*(2, 4, 7, 9) * 10, 5, 6)  # with F or F sharp, as likely
    assert signature(both, 0) == 0
    assert signature(both, 7) == 7
    assert signature(sound(0, 2, 4, 6, 6, 7, 9, 11), 0) == 7


def test_silence_changes_nothing() -> None:
    assert signature(sound(), None) == 0
    assert signature(sound(), 5) == 5


def test_the_signature_of_steps_is_that_after_one_after_another() -> None:
    memories = np.stack([sound(2, 6, 9, 1), sound(*(2, 4, 7, 9) * 10, 5, 6), sound()])
    now = None
    for memory in memories:
        now = signature(memory, now)
    assert signature_of_steps(memories) == now
