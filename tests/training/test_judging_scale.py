"""Keys, signatures and ragas of small music."""

from __future__ import annotations

import numpy as np
import pytest
from takes import notes_of, take, voice

from training.errors import TrainingError
from training.judging.ragas import RAGAS, Raga, outside_raga, raga_of
from training.judging.scale import is_harmonic_minor, key_of, notes_in_leads_key, own_notes, signature_of, time_in

WHITE = {0, 2, 4, 5, 7, 9, 11}


def line(*pitches: int, beats: float = 1.0) -> list[tuple[float, float, int]]:
    return [(i * beats, beats, pitch) for i, pitch in enumerate(pitches)]


def sound(**times: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    names = ["C", "Cs", "D", "Ds", "E", "F", "Fs", "G", "Gs", "A", "As", "B"]
    return np.array([times.get(name, 0.0) for name in names])


def test_a_key_is_known_by_its_profile_and_one_note_has_none() -> None:
    assert key_of(sound(C=4, D=1, E=2, F=1, G=3, A=1, B=1)) == (0, False)
    assert key_of(sound(A=4, B=1, C=2, D=1, E=3, F=1, G=1)) == (9, True)
    assert key_of(sound(C=4)) is None
    assert key_of(np.ones(12)) is None  # every note alike is no key


def test_white_notes_have_no_sharp_whatever_note_is_at_home() -> None:
    """Krumhansl's profiles hear this as G major, with a note that nobody plays."""
    about_g = sound(G=8, D=5, B=4, C=1, E=2, A=2, F=1)
    assert key_of(about_g) == (7, False)
    assert signature_of(about_g) == WHITE


def test_of_signatures_that_fit_as_well_the_one_with_the_best_key_is_taken() -> None:
    assert signature_of(sound(C=4, D=1, E=3, G=3, A=1)) == WHITE  # F has B flat, G has F sharp
    assert signature_of(sound(D=4, E=1, Fs=3, A=3, B=1)) == {(pitch + 2) % 12 for pitch in WHITE}


def test_one_short_strange_note_changes_no_signature_but_is_the_musicians_own_from_2_percent_on() -> None:
    tune = line(57, 59, 60, 62, 64, 65, 67, 69, 64, 60, 57)  # eleven beats of A minor
    assert own_notes(notes_of(tune)) == WHITE
    assert own_notes(notes_of([*tune, (11, 0.2, 68)])) == WHITE  # 1.8 %
    assert own_notes(notes_of([*tune, (11, 0.25, 68)])) == WHITE | {8}  # the raised seventh, 2.2 %
    assert own_notes(notes_of([])) == set(range(12))


def test_time_in_ones_own_notes_is_counted_note_by_note_and_within_the_take() -> None:
    band = voice("other", [(0, 3, 60), (0, 1, 66), (3, 5, 61)])  # of the last note one beat lies in the bar
    assert time_in(frozenset(WHITE), take(band, voice("lead", [(0, 4, 61)]), bars=1)) == 3 / 5
    assert time_in(frozenset(WHITE), take(voice("drums", [(0, 4, 60)]), bars=1)) is None


def test_notes_in_the_leads_key_are_those_of_its_last_eight_bars() -> None:
    """The lead plays C major for eight bars and then eight bars of D flat major; the band stays in C.

    In bars 1 to 8 all of the band's notes fit. In bar 16, with nothing but D flat heard, two of its seven do.
    """
    scale = [0, 4, 7, 0, 2, 4, 5, 7, 9, 11, 0, 0, 7, 4, 0, 0]
    c_major = [60 + step for step in scale] * 2
    lead = voice("lead", line(*c_major, *(pitch + 1 for pitch in c_major)))
    band = voice("other", [(4 * bar + i / 2, 0.5, pitch) for bar in range(16) for i, pitch in enumerate(WHITE)])
    whole = take(lead, band, bars=16)
    assert notes_in_leads_key(whole.part(0, 8)) == 1.0
    assert notes_in_leads_key(whole.part(15, 16)) == 2 / 7
    assert notes_in_leads_key(take(band, bars=16)) is None


def test_a_minor_key_has_both_sevenths() -> None:
    lead = voice("lead", line(57, 60, 64, 57, 59, 60, 62, 64, 65, 64, 57, 57))
    band = voice("other", [(8, 1, 67), (9, 1, 68), (10, 1, 66), (11, 1, 57)])
    assert notes_in_leads_key(take(lead, band, bars=3)) == 3 / 4


def test_harmonic_minor_has_its_raised_seventh_and_not_the_other() -> None:
    minor = [57, 60, 64, 57, 59, 60, 62, 64, 65, 64, 57]
    assert is_harmonic_minor(notes_of(line(*minor, 68, 57)))
    assert not is_harmonic_minor(notes_of(line(*minor, 67, 57)))
    assert not is_harmonic_minor(notes_of(line(*minor)))
    assert not is_harmonic_minor(notes_of(line(60, 62, 64, 65, 67, 69, 71, 72, 67, 64, 60)))
    assert not is_harmonic_minor(notes_of([]))


def test_a_raga_on_its_sa_has_its_own_notes_and_no_others() -> None:
    bhairav = raga_of("Bhairav", "D")
    assert bhairav == Raga(frozenset({0, 1, 4, 5, 7, 8, 11}), 2)
    played = notes_of([*line(62, 63, 66, 67, 69, 70, 73, 74), (8, 1, 64), (9, 1, 65)])
    assert outside_raga(played, 16, bhairav) == 2 / 10
    assert outside_raga(played, 8, bhairav) == 0.0
    assert outside_raga(notes_of([]), 8, bhairav) is None


def test_every_raga_has_its_sa_and_five_to_eight_notes() -> None:
    assert len(RAGAS) == 11
    assert all(0 in degrees and 5 <= len(degrees) <= 8 and max(degrees) < 12 for degrees in RAGAS.values())
    assert raga_of("yaman", "Bb").sa == 10


@pytest.mark.parametrize(("name", "sa", "why"), [("yamen", "C", "no raga"), ("yaman", "H", "no note for Sa")])
def test_what_is_no_raga_and_no_note_is_said(name: str, sa: str, why: str) -> None:
    with pytest.raises(TrainingError, match=why):
        raga_of(name, sa)
